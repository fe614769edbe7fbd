package notice

import (
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

func mail(t *testing.T, raw string) Mail {
	t.Helper()
	tree, err := mime.Read([]byte(raw), mime.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.Contents(tree.Root)
	if err != nil {
		t.Fatal(err)
	}
	h := tree.Root.Header
	a := mime.FirstAddress(mime.ParseAddresses(h.Get("from")))
	return Mail{Tree: tree, Header: h, Content: c, Text: c.Plain, Subject: h.Text("subject"), From: desk.Party{Address: a.Addr, Name: a.Name}}
}

// EM-31: what a machine wrote gets no automatic answer; only answers of machines are auto-replies.
func TestDispositionFollowsTheHeader(t *testing.T) {
	const from = "From: Mira <mira@c.example>\n"
	for name, c := range map[string]struct {
		raw         string
		disposition desk.Disposition
		answerable  bool
	}{
		"person":                  {from + "Subject: x\n\nHello", desk.DispNormal, true},
		"auto-submitted no":       {from + "Auto-Submitted: no\n\nHello", desk.DispNormal, true},
		"auto-replied":            {from + "Auto-Submitted: auto-replied\n\nHello", desk.DispAutoReply, false},
		"auto-replied with param": {from + "Auto-Submitted: Auto-Replied; owner-email=\"x\"\n\nHello", desk.DispAutoReply, false},
		"comment in value":        {from + "Auto-Submitted: auto-replied (vacation)\n\nHello", desk.DispAutoReply, false},
		"auto-generated":          {from + "Auto-Submitted: auto-generated\nSubject: DOWN\n\nHello", desk.DispNormal, false},
		"auto-notified":           {from + "Auto-Submitted: auto-notified\n\nHello", desk.DispNormal, false},
		"x-autoreply":             {from + "X-Autoreply: yes\n\nHello", desk.DispAutoReply, false},
		"x-autorespond":           {from + "X-Autorespond: away\n\nHello", desk.DispAutoReply, false},
		"precedence auto_reply":   {from + "Precedence: auto_reply\n\nHello", desk.DispAutoReply, false},
		"precedence bulk":         {from + "Precedence: bulk\n\nHello", desk.DispNormal, false},
		"precedence junk":         {from + "Precedence: junk\n\nHello", desk.DispNormal, false},
		"precedence list":         {from + "Precedence: list\n\nHello", desk.DispList, false},
		"list-id":                 {from + "List-Id: <a.b>\n\nHello", desk.DispList, false},
		"list-unsubscribe":        {from + "List-Unsubscribe: <mailto:x@y>\n\nHello", desk.DispList, false},
		"empty list-id":           {from + "List-Id:\n\nHello", desk.DispNormal, true},
		"suppress all":            {from + "X-Auto-Response-Suppress: All\n\nHello", desk.DispNormal, false},
		"suppress DR only":        {from + "X-Auto-Response-Suppress: DR, RN\n\nHello", desk.DispNormal, true},
		"x-loop":                  {from + "X-Loop: x\n\nHello", desk.DispNormal, false},
		"null path":               {"Return-Path: <>\n" + from + "\nHello", desk.DispNormal, false},
		"absence subject alone":   {from + "Subject: Out of office chairs\n\nHello", desk.DispNormal, true},
		"absence and machine":     {from + "Subject: Abwesenheitsnotiz: x\nX-Auto-Response-Suppress: All\n\nHello", desk.DispAutoReply, false},
		"absence and null path":   {"Return-Path: <>\n" + from + "Subject: Réponse automatique : x\n\nHello", desk.DispAutoReply, false},
		"form about a parcel":     {"Return-Path: <>\nFrom: Shop form <form@c.example>\nSubject: Parcel\n\nMy parcel could not be delivered.\nAddress: mira@c.example\n", desk.DispNormal, false},
		"postmaster, a person":    {"From: postmaster@c.example\nSubject: Your mail\n\nYour mail was not delivered to us.\n\nadmin@c.example", desk.DispNormal, false},
		"form about holidays":     {from + "Auto-Submitted: auto-generated\nSubject: Vacation rental\n\nHello", desk.DispNormal, false},
		"weak word in an answer":  {from + "Auto-Submitted: auto-generated\nIn-Reply-To: <a@b>\nSubject: Urlaub bis 3.5.\n\nHello", desk.DispAutoReply, false},
		"no-reply":                {"From: Shop <no_reply@c.example>\n\nHello", desk.DispNormal, false},
		"no sender":               {"Subject: x\n\nHello", desk.DispNormal, false},
		"daemon, no report":       {"From: postmaster@c.example\nSubject: Question\n\nHello, who runs this?", desk.DispNormal, false},
		"list of an auto reply":   {from + "List-Id: <a.b>\nAuto-Submitted: auto-replied\n\nHello", desk.DispAutoReply, false},
		"person speaks of bounce": {from + "Subject: Undelivered parcel\n\nMy parcel could not be delivered.", desk.DispNormal, true},
	} {
		v := Decide(mail(t, c.raw))
		if v.Disposition != c.disposition || (v.AutoReply == "") != c.answerable {
			t.Errorf("%s: %s, %q", name, v.Disposition, v.AutoReply)
		}
	}
}

// EM-32: reports in prose name who did not get the mail, why, and which mail it was.
func TestReportsInProse(t *testing.T) {
	for name, c := range map[string]struct {
		raw, address, action, status, id string
	}{
		"postfix prose":  {"From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nTo: us@acme.example\n\nThis is the mail system at host mx.example.\n\n<gone@c.example>: host mx[1.2.3.4] said: 550 5.1.1\n    User unknown (in reply to RCPT TO command)\n", "gone@c.example", "failed", "5.1.1", ""},
		"warning":        {"From: Mailer-Daemon@mx.example\nSubject: Warning: could not send message for past 4 hours\n\n    ** THIS IS A WARNING MESSAGE ONLY **\n\n   ----- The following addresses had transient non-fatal errors -----\n<gone@c.example>\n\n   ----- Transcript of session follows -----\n<gone@c.example>... Deferred: 451 4.7.1 try later\n", "gone@c.example", "delayed", "4.7.1", ""},
		"german":         {"From: MAILER-DAEMON@mx.example\nSubject: Mail delivery failed: returning message to sender\n\nEine Nachricht konnte nicht zugestellt werden:\n\ngone@c.example:\n554 5.4.4 Host unknown\n\n--- Der Text der Nachricht folgt ---\n\nMessage-ID: <orig@acme.example>\n", "gone@c.example", "failed", "5.4.4", "orig@acme.example"},
		"null path only": {"Return-Path: <>\nFrom: System <robot@c.example>\nSubject: Delivery failure\n\nYour message could not be delivered to:\n\ngone@c.example\n\nReason: 550 mailbox unavailable\n\nMessage-ID: <orig@acme.example>\n", "gone@c.example", "failed", "5.0.0", "orig@acme.example"},
		"attached":       {"From: MAILER-DAEMON@mx.example\nSubject: failure\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSorry, 550 5.7.1 refused:\n<gone@c.example>\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <orig@acme.example>\nSubject: x\n\ny\n--b--\n", "gone@c.example", "failed", "5.7.1", "orig@acme.example"},
	} {
		v := Decide(mail(t, c.raw))
		if v.Bounce == nil || len(v.Bounce.Recipients) != 1 {
			t.Errorf("%s: %+v", name, v.Bounce)
			continue
		}
		r := v.Bounce.Recipients[0]
		if r.Address != c.address || r.Action != c.action || r.Status != c.status || v.Bounce.OriginalMessageID != c.id {
			t.Errorf("%s: %+v %q", name, r, v.Bounce.OriginalMessageID)
		}
	}
}

// EM-14: the code and the link of a confirmation reach the administrator.
func TestVerificationMails(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want *channel.Verification
	}{
		"gmail de":          {"From: Gmail-Team <forwarding-noreply@google.com>\nTo: in@hosted.example\nSubject: (#987654321) Gmail-Weiterleitungsbestätigung – E-Mail von ann@acme.example empfangen\n\nann@acme.example möchte …\n\nhttps://mail-settings.google.com/mail/vf-abc\nhttps://mail-settings.google.com/mail/uf-abc\n", &channel.Verification{Provider: "Gmail", Code: "987654321", Link: "https://mail-settings.google.com/mail/vf-abc", Address: "ann@acme.example"}},
		"zoho":              {"From: Zoho Mail <noreply@zohomail.com>\nTo: in@hosted.example\nSubject: Confirm email forwarding\n\nann@acme.example wants to forward mail to you.\nConfirmation code: 4821937\nhttps://mail.zoho.com/confirm?x=1\n", &channel.Verification{Provider: "Zoho", Code: "4821937", Link: "https://mail.zoho.com/confirm?x=1", Address: "ann@acme.example"}},
		"html":              {"From: Yahoo <no-reply@cc.yahoo-inc.com>\nTo: in@hosted.example\nSubject: Please verify your forwarding address\nContent-Type: text/html\n\n<p>ann@yahoo.com</p><a href=\"https://login.yahoo.com/verify?t=1&amp;u=2\">Verify</a>", &channel.Verification{Provider: "Yahoo", Link: "https://login.yahoo.com/verify?t=1&u=2"}},
		"customer at yahoo": {"From: Mira <mira@yahoo.com>\nSubject: forwarding does not work\n\nMy code 12345 https://x.example/verify\n", nil},
		"google other":      {"From: Google <no-reply@accounts.google.com>\nSubject: Security alert\n\nCode 123456\n", nil},
		"proton newsletter": {"From: Proton <no-reply@notify.proton.me>\nSubject: News\n\nNow with forwarding. https://proton.me/x\n", nil},
	} {
		m := mail(t, c.raw)
		v := Decide(m)
		if c.want == nil {
			if v.Verify != nil {
				t.Errorf("%s: %+v", name, v.Verify)
			}
			continue
		}
		if v.Disposition != desk.DispVerification || v.Verify == nil || v.Verify.Code != c.want.Code || v.Verify.Link != c.want.Link || v.Verify.Provider != c.want.Provider || c.want.Address != "" && v.Verify.Address != c.want.Address {
			t.Errorf("%s: %s %+v", name, v.Disposition, v.Verify)
		}
	}
}
