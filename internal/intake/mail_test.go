package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/intake"
)

// Real mail, byte for byte, through the real parser.

func eachMail(t *testing.T, fn func(t *testing.T, w *world, a *email.Adapter)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := email.New(email.Options{Hostname: desktest.Host, TokenKey: []byte("a key of this test, long enough.")})
		fn(t, newWorld(t, d, a), a)
	})
}

// eml delivers a mail as SMTP would.
func (w *world) eml(acc desk.ChannelAccount, from, rcpt, text string) {
	w.t.Helper()
	raw := channel.Raw{
		Account: acc.ID, Channel: acc.Channel, Body: []byte(strings.ReplaceAll(strings.TrimLeft(text, "\n"), "\n", "\r\n")), At: time.Now(),
		Envelope: channel.Envelope{From: from, Null: from == "", To: []string{rcpt}},
	}
	raw.Dedupe = email.DedupeKey(raw)
	must(w.t, w.Deliver(context.Background(), []channel.Raw{raw}))
}

func TestRealMailWalksIn(t *testing.T) { // EM-01, EM-29, EM-30, EM-32
	eachMail(t, func(t *testing.T, w *world, a *email.Adapter) {
		ann := w.User(desktest.Named("Ann Holm"))
		acc := w.support
		w.eml(acc, "mira@x.example", acc.Address, `
From: =?utf-8?q?Mira_Okoy=C3=A9?= <mira@x.example>
To: support@acme.example
Subject: Where is my order?
Message-ID: <root@x.example>
Date: Fri, 20 Nov 2026 10:00:00 +0100

It has not come.
`)
		root := w.filed("root@x.example")
		if root.Text != "It has not come." || root.From.Name != "Mira Okoyé" || w.contactOf("mira@x.example").FirstName != "Mira" {
			t.Fatalf("%+v", root)
		}
		tok := a.SignToken(root.ThreadID)
		ours := a.NewRemoteID(acc, tok)
		w.sends(ann, root.ThreadID, ours, "mira@x.example")
		w.eml(acc, "mira@x.example", email.PlusAddress(acc.Address, tok), fmt.Sprintf(`
From: Mira <mira@x.example>
To: <%s>
Subject: Re: Where is my order?
Message-ID: <reply@x.example>

Thank you!

On Fri, 20 Nov 2026 at 10:00, Support <support@acme.example> wrote:
> It is on its way.
`, email.PlusAddress(acc.Address, tok)))
		reply := w.filed("reply@x.example")
		if reply.ThreadID != root.ThreadID || reply.Text != "Thank you!" || !strings.Contains(reply.QuotedText, "on its way") || reply.Truncation != desk.LatestReplyOnly {
			t.Fatalf("a reply that lost its references, with our token: %+v", reply)
		}
		w.eml(acc, "eve@z.example", acc.Address, fmt.Sprintf(`
From: eve@z.example
To: support@acme.example
Subject: Re: Where is my order?
Message-ID: <eve@z.example>
In-Reply-To: <%s>
References: <root@x.example> <%s>

Send it to me instead.
`, ours, ours))
		if m := w.filed("eve@z.example"); m.ThreadID == root.ThreadID || !flagged(m, desk.FlagStranger) {
			t.Fatalf("a stranger who knows our Message-ID joined: %+v", m)
		}
		w.eml(acc, "", email.PlusAddress(acc.Address, tok), fmt.Sprintf(`
From: MAILER-DAEMON@mx.x.example
To: support@acme.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn@mx.x.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.example

Final-Recipient: rfc822; mira@x.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 mailbox unknown

--b
Content-Type: text/rfc822-headers

Message-ID: <%s>
Subject: Re: Where is my order?

--b--
`, ours))
		dsn := w.filed("dsn@mx.x.example")
		sent, err := w.Threads.Message(context.Background(), w.DB, dsn.InReplyTo)
		must(t, err)
		if sent.RemoteID != ours || sent.Status != desk.StatusFailed || !strings.Contains(sent.StatusReason, "mailbox unknown") || dsn.ThreadID != root.ThreadID {
			t.Fatalf("%s %s", sent.Status, sent.StatusReason)
		}
		// Our own mail comes back, as from a Cc to the team's address.
		w.eml(acc, acc.Address, acc.Address, fmt.Sprintf(`
From: Support <support@acme.example>
To: mira@x.example
Cc: support@acme.example
Subject: Re: Where is my order?
Message-ID: <%s>
In-Reply-To: <root@x.example>

An answer
`, ours))
		if e := w.entry(ours); e.State != intake.StateDuplicate || e.Disposition != desk.DispOwn || e.FiledAs != sent.ID {
			t.Fatalf("%+v", e)
		}
		if w.tickets() != 2 || w.contacts() != 2 {
			t.Fatalf("%d tickets, %d contacts", w.tickets(), w.contacts())
		}
	})
}

func TestRealForwardAndRedelivery(t *testing.T) { // EM-26, EM-33
	eachMail(t, func(t *testing.T, w *world, _ *email.Adapter) {
		acc := w.support
		const fwd = `
From: Pat <pat@x.example>
To: support@acme.example
Subject: Fwd: Broken pedal
Message-ID: <fwd@x.example>
Date: Fri, 20 Nov 2026 10:00:00 +0100

Please help her.

---------- Forwarded message ---------
From: Mira Okoye <mira@y.example>
Date: Thu, 19 Nov 2026 at 09:00
Subject: Broken pedal
To: Pat <pat@x.example>

My pedal broke.
`
		w.eml(acc, "pat@x.example", acc.Address, fwd)
		w.eml(acc, "pat@x.example", acc.Address, "Received: from another.relay\n"+strings.TrimLeft(fwd, "\n"))
		other := w.Account(desktest.At("help@acme.example"))
		w.eml(other, "pat@x.example", other.Address, "Received: from a third.relay\nDelivered-To: help@acme.example\n"+strings.TrimLeft(fwd, "\n"))
		m := w.filed("fwd@x.example")
		if m.ContactID != w.contactOf("mira@y.example").ID || m.Forward == nil || m.Forward.Used != "original" || w.messages() != 1 || w.tickets() != 1 {
			t.Fatalf("%d messages; %+v", w.messages(), m)
		}
		es, err := w.ByMessageID(context.Background(), "<fwd@x.example>")
		must(t, err)
		if len(es) != 2 || es[0].Duplicates != 1 || es[1].State != intake.StateDuplicate {
			t.Fatalf("%+v", es)
		}
	})
}
