package forward

import (
	"testing"
	"time"
)

const pasted = "From: Mira Quist <mira@c.example>\nDate: Tue, 12 Mar 2024 10:15:00 +0100\nTo: bo@acme.example\nSubject: You won"

// EM-26: header lines that a customer pasted to ask about them make no forward; the same lines are one when the mail bears their subject, a rule stands
// over them, or the mail's own subject says so.
func TestPastedHeaderLinesAreNoForward(t *testing.T) {
	raw := "Received: from a by b; Tue, 12 Mar 2024 10:15:00 +0100\n" + pasted + "\nMessage-ID: <x@c.example>"
	for name, c := range map[string]struct {
		subject, text, html string
		forward             bool
	}{
		"asked about":       {"Is this yours?", "I got this:\n\n" + pasted + "\n\nIs it real?", "", false},
		"raw header":        {"You won", "Why so slow?\n\n" + raw + "\n\nThanks", "", false},
		"form":              {"New contact", "A visitor wrote.\n\nFrom: Mira Quist <mira@c.example>\nSubject: Question\nMessage: Where?\nDate: 12 March 2024 10:15", "", false},
		"same subject":      {"You won", "Please handle.\n\n" + pasted + "\n\nHello", "", true},
		"rule of a program": {"Please handle", "See below\n________________________________\n" + pasted + "\n\nHello", "", true},
		"border":            {"Please handle", "", `<p>See</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Mira Quist &lt;mira@c.example&gt;<br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> Bo<br><b>Subject:</b> You won</p></div><p>Hello</p>`, true},
		"subject says so":   {"Fwd: odd", "I got this:\n\n" + pasted + "\n\nHello", "", true},
		"nothing above":     {"odd", pasted + "\n\nHello", "", true},
	} {
		o := Detect(Input{Subject: c.subject, Plain: c.text, HTML: c.html})
		if (o != nil) != c.forward || o != nil && o.Address != "mira@c.example" {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// EM-26: programs that name the sender in their own way.
func TestUnusualBlocksNameTheOriginalSender(t *testing.T) {
	want := time.Date(2024, 3, 12, 9, 15, 0, 0, time.UTC)
	cet := time.FixedZone("", 3600)
	block := "Von: %s\nGesendet: Dienstag, 12. März 2024 10:15\nAn: Support\nBetreff: Order\n\nHallo"
	with := func(from string) string { return "Bitte\n\n" + replaceOnce(block, from) }
	for name, c := range map[string]struct {
		subject, text, html string
		undated             bool
	}{
		"on behalf de":       {subject: "WG: Order", text: with("Sekretariat <office@c.example> im Auftrag von Mira Quist <mira@c.example>")},
		"on behalf fr":       {subject: "TR: Order", text: with("Bureau <office@c.example> de la part de Mira Quist <mira@c.example>")},
		"on behalf nb":       {subject: "VS: Order", text: with("Kontor <office@c.example> på vegne av Mira Quist <mira@c.example>")},
		"reply to alone":     {subject: "Fw: Order", text: "  Original Message  \nFrom: Mira Quist\nSent: Tuesday, March 12, 2024 10:15\nTo: Support\nReply To: mira@c.example\nSubject: Order\n\nHello"},
		"orange":             {subject: "TR: Order", text: "Voir\n\n> Message du 12/03/24 10:15\n> De : \"Mira Quist\" <mira@c.example>\n> A : support@acme.example\n> Copie à : \n> Objet : Order\n> \n> Bonjour", undated: true},
		"groupwise":          {subject: "Fwd: Order", text: ">>> Mira Quist <mira@c.example> 12.03.2024 10:15 >>>\nHello"},
		"iso date":           {subject: "Fwd: Order", text: "-----Original-Nachricht-----\nBetreff: Order\nDatum: 2024-03-12T10:15:00+0100\nVon: \"Mira Quist\" <mira@c.example>\nAn: \"Support\" <support@acme.example>\n\nHallo"},
		"importance first":   {subject: "WG: Order", text: "Wichtigkeit: Hoch\n" + replaceOnce(block, "Mira Quist <mira@c.example>")},
		"many recipients":    {subject: "FW: Order", text: "From: Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: a@x.example;\nb@x.example;\nc@x.example;\nd@x.example;\ne@x.example;\nf@x.example\nSubject: Order\n\nHello"},
		"labels apart":       {subject: "FW: Order", html: "<p>From:</p><p>Mira Quist &lt;mira@c.example&gt;</p><p>Sent:</p><p>Tuesday, March 12, 2024 10:15 AM</p><p>To:</p><p>Support</p><p>Subject:</p><p>Order</p><p>Hello</p>"},
		"address as element": {subject: "FW: Order", html: "<p><b>From:</b> Mira Quist <mira@c.example><br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> Support<br><b>Subject:</b> Order</p><p>Hello"},
		"two tags":           {subject: "[EXT] [SPAM] Fwd: Order", text: "See\n\n" + replaceOnce(block, "Mira Quist <mira@c.example>")},
		"quoted as a reply":  {subject: "Fwd: Order", text: "See\n\nOn Tue, Mar 12, 2024 at 10:15 AM Mira Quist <mira@c.example> wrote:\n> Hello"},
	} {
		o := Detect(Input{Subject: c.subject, Plain: c.text, HTML: c.html, Zone: cet})
		if o == nil || o.Address != "mira@c.example" || o.Name != "Mira Quist" {
			t.Errorf("%s: %+v", name, o)
			continue
		}
		if !o.Date.Equal(want) && !c.undated {
			t.Errorf("%s: %v", name, o.Date)
		}
	}
}

func replaceOnce(block, from string) string {
	for i := 0; i+1 < len(block); i++ {
		if block[i] == '%' && block[i+1] == 's' {
			return block[:i] + from + block[i+2:]
		}
	}
	return block
}
