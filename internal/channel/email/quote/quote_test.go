package quote

import (
	"sort"
	"strings"
	"testing"
)

// EM-29: every sample has the words NEW in what the sender wrote and OLD in the history.
func TestTextIsSplitAtTheHistory(t *testing.T) {
	for name, s := range map[string]string{
		"gmail en":            "NEW\n\nOn Tue, Mar 12, 2024 at 10:15 AM Ann Holm <ann@x.example> wrote:\n\n> OLD\n> OLD",
		"gmail wrapped":       "NEW\n\nOn Tue, Mar 12, 2024 at 10:15 AM Ann Holm of the Long Name\n<ann@x.example> wrote:\n\n> OLD",
		"gmail wrapped 3":     "NEW\n\nOn Tue, Mar 12, 2024 at 10:15 AM\nAnn Holm of the Long Name\n<ann@x.example> wrote:\n> OLD",
		"greeting above":      "NEW Ann\nOn 12 March 2024 10:15, Ann <ann@x.example> wrote:\n> OLD",
		"unmarked":            "NEW\n\nOn Tue, Mar 12, 2024 at 10:15 AM Ann Holm <ann@x.example> wrote:\n\nOLD\n\nOLD",
		"gmail de":            "NEW\n\nAm Di., 12. März 2024 um 10:15 Uhr schrieb Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail fr":            "NEW\n\nLe mar. 12 mars 2024 à 10:15, Ann Holm <ann@x.example> a écrit :\n\n> OLD",
		"gmail es":            "NEW\n\nEl mar, 12 mar 2024 a las 10:15, Ann Holm (<ann@x.example>) escribió:\n\n> OLD",
		"gmail it":            "NEW\n\nIl giorno mar 12 mar 2024 alle ore 10:15 Ann Holm <ann@x.example> ha scritto:\n\n> OLD",
		"gmail nl":            "NEW\n\nOp di 12 mrt 2024 om 10:15 schreef Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail pt-br":         "NEW\n\nEm ter., 12 de mar. de 2024 às 10:15, Ann Holm <ann@x.example> escreveu:\n\n> OLD",
		"gmail da":            "NEW\n\nDen tir. 12. mar. 2024 kl. 10.15 skrev Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail sv":            "NEW\n\nDen tis 12 mars 2024 kl 10:15 skrev Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail fi":            "NEW\n\nti 12. maalisk. 2024 klo 10.15 Ann Holm (ann@x.example) kirjoitti:\n\n> OLD",
		"gmail nb":            "NEW\n\ntir. 12. mar. 2024 kl. 10:15 skrev Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail pl":            "NEW\n\nwt., 12 mar 2024 o 10:15 Ann Holm <ann@x.example> napisał(a):\n\n> OLD",
		"gmail cs":            "NEW\n\nút 12. 3. 2024 v 10:15 odesílatel Ann Holm <ann@x.example> napsal:\n\n> OLD",
		"gmail ru":            "NEW\n\nвт, 12 мар. 2024 г. в 10:15, Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail ja":            "NEW\n\n2024年3月12日(火) 10:15 Ann Holm <ann@x.example>:\n\n> OLD",
		"gmail zh":            "NEW\n\nAnn Holm <ann@x.example> 于2024年3月12日周二 10:15写道：\n\n> OLD",
		"gmail ko":            "NEW\n\n2024년 3월 12일 (화) 오전 10:15, Ann Holm <ann@x.example>님이 작성:\n\n> OLD",
		"gmail tr":            "NEW\n\nAnn Holm <ann@x.example>, 12 Mar 2024 Sal, 10:15 tarihinde şunu yazdı:\n\n> OLD",
		"gmail hu":            "NEW\n\nAnn Holm <ann@x.example> ezt írta (időpont: 2024. márc. 12., K, 10:15):\n\n> OLD",
		"gmail el":            "NEW\n\nΣτις Τρί 12 Μαρ 2024 στις 10:15 π.μ., ο χρήστης Ann Holm <ann@x.example> έγραψε:\n\n> OLD",
		"apple":               "NEW\n\n> On 12 Mar 2024, at 10:15, Ann Holm <ann@x.example> wrote:\n> \n> OLD",
		"apple de":            "NEW\n\n> Am 12.03.2024 um 10:15 schrieb Ann Holm <ann@x.example>:\n> \n> OLD",
		"thunderbird":         "NEW\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> OLD\n> OLD",
		"thunderbird de":      "NEW\n\nAm 12.03.2024 um 10:15 schrieb Ann Holm:\n> OLD",
		"thunderbird pl":      "NEW\n\nW dniu 12.03.2024 o 10:15, Ann Holm pisze:\n> OLD",
		"outlook":             "NEW\n\nFrom: Ann Holm <ann@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo <bo@x.example>\nSubject: RE: Order\n\nOLD",
		"outlook line":        "NEW\n\n________________________________\nFrom: Ann Holm <ann@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo\nSubject: RE: Order\n\nOLD",
		"outlook names":       "NEW\n\nVon: Ann Holm\nGesendet: Dienstag, 12. März 2024 10:15\nAn: Bo Berg\nBetreff: AW: Bestellung\n\nOLD",
		"outlook fr":          "NEW\n\nDe : Ann Holm <ann@x.example>\nEnvoyé : mardi 12 mars 2024 10:15\nÀ : Bo\nObjet : RE: Commande\n\nOLD",
		"original":            "NEW\n\n-----Original Message-----\nFrom: Ann Holm\nSent: x\n\nOLD",
		"original de":         "NEW\n\n-----Ursprüngliche Nachricht-----\nVon: Ann Holm\nGesendet: x\n\nOLD",
		"original fi":         "NEW\n\n-----Alkuperäinen viesti-----\nLähettäjä: Ann Holm\n\nOLD",
		"samsung":             "NEW\n\n-------- Original message --------\nFrom: Ann Holm <ann@x.example> \nDate: 12/03/2024 10:15 (GMT+01:00) \nTo: Bo \nSubject: Order \n\nOLD",
		"proton":              "NEW\n\nSent with Proton Mail secure email.\n\nOn Tuesday, March 12th, 2024 at 10:15 AM, Ann Holm <ann@x.example> wrote:\n\n> OLD",
		"proton old":          "NEW\n\n------- Original Message -------\nOn Tuesday, March 12th, 2024 at 10:15 AM, Ann Holm <ann@x.example> wrote:\n\n> OLD",
		"yandex":              "NEW\n\n12.03.2024, 10:15, \"Ann Holm\" <ann@x.example>:\n> OLD",
		"mail.ru":             "NEW\n\nВторник, 12 марта 2024, 10:15 +03:00 от Ann Holm <ann@x.example>:\n> OLD",
		"gmx":                 "NEW\n\nGesendet: Dienstag, 12. März 2024 um 10:15 Uhr\nVon: \"Ann Holm\" <ann@x.example>\nAn: bo@x.example\nBetreff: Aw: Order\n\nOLD",
		"bottom posting":      "On 12/03/2024 10:15, Ann Holm wrote:\n> OLD\n> OLD\n\nNEW",
		"quote, no line":      "NEW\n\n> OLD\n> OLD",
		"name only":           "NEW\n\nAnn Holm wrote:\n> OLD",
		"broken wrap":         "NEW\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> OLD a line that is so long that the mailer of the sender had to break\nit here\n> OLD",
		"signature":           "NEW\n\n-- \nBo Berg NEW\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> OLD",
		"footer after":        "NEW\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> OLD\n\n_______\nNEW footer of a list",
		"forwarded inside":    "NEW\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> ---------- Forwarded message ---------\n> From: Cy OLD <cy@x.example>\n> Subject: OLD",
		"lotus":               "NEW\n\n-----Ann Holm/ACME wrote: -----\nTo: Bo\nFrom: Ann Holm <ann@x.example>\nDate: 12/03/2024 10:15\nSubject: Order\n\nOLD",
		"zimbra":              "NEW\n\n----- Original Message -----\nFrom: \"Ann Holm\" <ann@x.example>\nTo: \"Bo\" <bo@x.example>\nSent: Tuesday, 12 March, 2024 10:15:00\nSubject: Order\n\nOLD",
		"prose before a date": "NEW, as I said in 2023: fine.\n\nOn 12/03/2024 10:15, Ann Holm wrote:\n> OLD",
	} {
		t.Run(name, func(t *testing.T) {
			check(t, Split(Input{Plain: s}))
		})
	}
}

func check(t *testing.T, o Output) {
	t.Helper()
	if !o.Split || !strings.Contains(o.Text, "NEW") || strings.Contains(o.Text, "OLD") || !strings.Contains(o.QuotedText, "OLD") || strings.Contains(o.QuotedText, "NEW") {
		t.Fatalf("split %v\nlatest %q\nquoted %q", o.Split, o.Text, o.QuotedText)
	}
	if strings.Contains(o.Text, "wrote:") || strings.Contains(o.Text, "Ann Holm <") {
		t.Errorf("the attribution stays in the latest part: %q", o.Text)
	}
}

func TestHTMLIsSplitAtTheHistory(t *testing.T) {
	for name, s := range map[string]string{
		"gmail":             `<div dir="ltr">NEW</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Mar 12, 2024 at 10:15 AM Ann Holm &lt;<a href="mailto:ann@x.example">ann@x.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div>OLD</div></blockquote></div>`,
		"gmail old":         `NEW<div class="gmail_extra"><br><div class="gmail_quote">On 12 March 2024 at 10:15, Ann Holm <span dir="ltr">&lt;ann@x.example&gt;</span> wrote:<br><blockquote class="gmail_quote">OLD</blockquote></div></div>`,
		"gmail signature":   `<div dir="ltr">NEW<br clear="all"><div>-- <br><div class="gmail_signature">Bo NEW</div></div></div><div class="gmail_quote gmail_quote_container"><div class="gmail_attr">Am Di., 12. März 2024 um 10:15 Uhr schrieb Ann Holm &lt;ann@x.example&gt;:</div><blockquote class="gmail_quote">OLD</blockquote></div>`,
		"gmail table reply": `<div dir="ltr"><table><tr><td>NEW</td></tr></table></div><div class="gmail_quote"><div class="gmail_attr">Unbekannt 12</div><blockquote class="gmail_quote">OLD</blockquote></div>`,
		"outlook desktop":   `<html><head><style>p{}</style></head><body><div class="WordSection1"><p class="MsoNormal">NEW<o:p></o:p></p><div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Ann Holm &lt;ann@x.example&gt; <br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> Bo<br><b>Subject:</b> RE: Order</p></div></div><p class="MsoNormal">OLD</p></div></body></html>`,
		"outlook web":       `<div>NEW</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font><b>From:</b> Ann Holm<br><b>Sent:</b> x<br></font></div><div>OLD</div>`,
		"outlook mac":       `<div>NEW</div><span id="OLK_SRC_BODY_SECTION"><div><span>From: </span>Ann</div><div>OLD</div></span>`,
		"outlook ios":       `<div>NEW</div><div id="mail-editor-reference-message-container"><div class="ms-outlook-mobile-reference-message skipProofing">OLD</div></div>`,
		"hotmail":           `<div>NEW</div><hr id="stopSpelling">Date: Tue, 12 Mar 2024<br>OLD`,
		"yahoo":             `<div>NEW</div><div class="ydp1 yahoo_quoted" id="yahoo_quoted_1"><div>On Tuesday, March 12, 2024 at 10:15:00 AM GMT+1, Ann Holm wrote: </div><div>OLD</div></div>`,
		"apple":             `<div>NEW<br><blockquote type="cite"><div>On 12 Mar 2024, at 10:15, Ann Holm &lt;ann@x.example&gt; wrote:</div><br><div>OLD</div></blockquote></div>`,
		"apple ios":         `<div dir="ltr">NEW</div><div dir="ltr"><br><blockquote type="cite">On 12 Mar 2024, at 10:15, Ann Holm wrote:<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">OLD</div></blockquote>`,
		"thunderbird":       `<p>NEW</p><div class="moz-cite-prefix">On 12/03/2024 10:15, Ann Holm wrote:<br></div><blockquote type="cite" cite="mid:x"><p>OLD</p></blockquote>`,
		"thunderbird below": `<div class="moz-cite-prefix">On 12/03/2024 10:15, Ann Holm wrote:<br></div><blockquote type="cite" cite="mid:x"><p>OLD</p></blockquote><p>NEW</p>`,
		"proton":            `<div>NEW</div><div class="protonmail_quote">On Tuesday, March 12th, 2024 at 10:15 AM, Ann Holm wrote:<br><blockquote class="protonmail_quote" type="cite">OLD</blockquote></div>`,
		"zimbra":            `<div>NEW<br></div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Ann Holm"<br></div><div data-marker="__QUOTED_TEXT__">OLD</div>`,
		"windows mail":      `<div>NEW</div><div style="padding-top: 5px; border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;"><div><font><b>From:</b>&nbsp;Ann Holm<br><b>Sent:</b>&nbsp;Tuesday, March 12, 2024 10:15 AM<br><b>To:</b>&nbsp;Bo<br><b>Subject:</b>&nbsp;Order</font></div></div><div>OLD</div>`,
		"gmx":               `<div>NEW</div><div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;"><div><b>Gesendet:</b> x<br><b>Von:</b> Ann</div>OLD</div>`,
		"mail.ru":           `<div>NEW</div><br>Вторник, 12 марта 2024, 10:15 +03:00 от Ann Holm &lt;ann@x.example&gt;:<br><blockquote style="border-left:1px solid #0857A6; margin:10px;">OLD</blockquote>`,
		"yandex":            `<div>NEW</div><div>12.03.2024, 10:15, "Ann Holm" &lt;ann@x.example&gt;:</div><blockquote><p>OLD</p></blockquote>`,
		"roundcube":         `<p>NEW</p><p id="reply-intro">On 2024-03-12 10:15, Ann Holm wrote:</p><blockquote type="cite" style="padding: 0 0.4em">OLD</blockquote>`,
		"samsung":           `<div>NEW</div><div><br></div><div style="font-size:100%"><!-- originalMessage --><div>-------- Original message --------</div><div>From: Ann Holm &lt;ann@x.example&gt; </div><div>Date: 12/03/2024 10:15 (GMT+01:00) </div><div>To: Bo </div><div>Subject: Order </div></div><div>OLD</div>`,
		"unmarked div":      `<div>NEW</div><div>Le mar. 12 mars 2024 à 10:15, Ann Holm &lt;ann@x.example&gt; a écrit :</div><div>OLD</div><div>OLD</div>`,
		"notes":             `<div>NEW</div><div>-----Ann Holm/ACME wrote: -----</div><div>To: Bo</div><div>From: Ann Holm &lt;ann@x.example&gt;</div><div>Date: 12/03/2024 10:15</div><div>Subject: Order</div><p>OLD</p>`,
		"freshdesk":         `<div>NEW</div><div class="freshdesk_quote"><blockquote class="freshdesk_quote">On Tue, 12 Mar, 2024 at 10:15 AM, Ann wrote: OLD</blockquote></div>`,
		"footer after":      `<div>NEW</div><div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 12, 2024 at 10:15 AM Ann Holm &lt;a@x.example&gt; wrote:</div><blockquote class="gmail_quote">OLD</blockquote></div><p>NEW disclaimer</p>`,
	} {
		t.Run(name, func(t *testing.T) {
			o := Split(Input{HTML: s})
			if !o.Split || !strings.Contains(o.HTML, "NEW") || strings.Contains(o.HTML, "OLD") || !strings.Contains(o.QuotedHTML, "OLD") || strings.Contains(o.QuotedHTML, "NEW") {
				t.Fatalf("split %v\nlatest %s\nquoted %s", o.Split, o.HTML, o.QuotedHTML)
			}
			if strings.Contains(o.Text, "Ann") || !strings.Contains(o.Text, "NEW") {
				t.Errorf("text %q", o.Text)
			}
		})
	}
}

// What the sender wrote between quoted lines is never folded, and the mail is then shown whole.
func TestWordsBetweenQuotesAreNeverFolded(t *testing.T) {
	for name, in := range map[string]Input{
		"text":  {Plain: "On 12/03/2024 10:15, Ann wrote:\n> question 1\n\nNEW one\n\n> question 2\n\nNEW two"},
		"top":   {Plain: "NEW, see below.\n\nOn 12/03/2024 10:15, Ann wrote:\n> question 1\n\nNEW one is a longer line\n\n> question 2"},
		"gmail": {HTML: `<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 12, 2024 at 10:15 AM Ann &lt;a@x.example&gt; wrote:</div><blockquote class="gmail_quote">question 1</blockquote><div>NEW one</div><blockquote class="gmail_quote">question 2</blockquote><div>NEW two</div></div>`},
		"both":  {Plain: "NEW zero\n\nOn 12/03/2024 10:15, Ann wrote:\n> question 1\n> NEW one", HTML: `<p>NEW zero</p><blockquote type="cite">question 1</blockquote><p>NEW one</p><blockquote type="cite">question 2</blockquote>`},
	} {
		o := Split(in)
		if o.Split || o.QuotedText != "" || o.QuotedHTML != "" {
			t.Errorf("%s: folded: %+v", name, o)
		}
	}
}

func TestLatestIsNeverEmptyWhenTheMailIsNot(t *testing.T) {
	for name, in := range map[string]Input{
		"only quoted":        {Plain: "On 12/03/2024 10:15, Ann wrote:\n> all\n> of it"},
		"only quoted html":   {HTML: `<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 12, 2024 at 10:15 AM Ann &lt;a@x.example&gt; wrote:</div><blockquote class="gmail_quote">all</blockquote></div>`},
		"header block first": {Plain: "From: Ann <a@x.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Bo\nSubject: Order\n\nall"},
	} {
		o := Split(in)
		if o.Split || strings.TrimSpace(o.Text) == "" && strings.TrimSpace(o.HTML) == "" {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestOrdinaryMailIsNotSplit(t *testing.T) {
	for name, in := range map[string]Input{
		"prose":      {Plain: "Hello,\n\nlast week on Tuesday he wrote: never mind.\n\nRegards"},
		"reported":   {Plain: "Hello,\n\nOn 12.03.2024 at 10:15 your colleague wrote:\nWe will refund you.\n\nBut nothing came."},
		"colon":      {Plain: "I need on 12 March:\n- a table\n- a chair"},
		"journey":    {Plain: "From: Berlin\nTo: Paris\nDate: 12 March 2024 10:15\n\nPlease book."},
		"indent":     {HTML: `<div>a<blockquote style="margin:0 0 0 40px;border:none;padding:0px">b</blockquote>c</div>`},
		"newsletter": {HTML: `<table><tr><td>Sale</td></tr></table>`},
		"dashes":     {Plain: "a\n-----\nb\n_____\nc"},
	} {
		if o := Split(in); o.Split {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestNothingIsLostBySplitting(t *testing.T) {
	in := "NEW one\nNEW two\n\nOn 12/03/2024 10:15, Ann wrote:\n> OLD one\n> OLD two\n\nNEW three"
	o := Split(Input{Plain: in})
	all := o.Text + "\n" + o.QuotedText
	for _, l := range strings.Split(in, "\n") {
		if !strings.Contains(all, l) {
			t.Errorf("%q is lost", l)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("NEW\n\nOn Tue, Mar 12, 2024 at 10:15 AM Ann <a@x.example> wrote:\n> OLD", "")
	f.Add("", `<div>NEW</div><div class="gmail_quote"><blockquote class="gmail_quote">OLD</blockquote>x</div>`)
	f.Add("a\n_____\nFrom: a@b\nTo: c\nSubject: d\n", `<table><tr><td>a<hr id=stopSpelling>b</table><blockquote type=cite>c</blockquote>d`)
	f.Fuzz(func(t *testing.T, plain, html string) {
		if len(plain)+len(html) > 64<<10 {
			return
		}
		o := Split(Input{Plain: plain, HTML: html})
		if strings.TrimSpace(plain) != "" && strings.TrimSpace(o.Text) == "" && !strings.Contains(o.HTML, "<img") && strings.TrimSpace(o.HTML) == "" {
			t.Fatalf("the latest part of %q, %q is empty", plain, html)
		}
		if html == "" { // nothing of a text is lost
			all := words(o.Text + "\n" + o.QuotedText)
			if all != words(plain) && len(all) != len(words(plain)) {
				t.Fatalf("lost words: %q became %q", words(plain), all)
			}
		}
	})
}

func words(s string) string {
	f := strings.Fields(s)
	sort.Strings(f)
	return strings.Join(f, " ")
}
