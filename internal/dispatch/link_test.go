package dispatch_test

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
)

var aLink = regexp.MustCompile(`https?://[a-z.]+/f/[A-Za-z0-9_-]+`)

// linking makes the rig one whose channel carries 1 MB and whose larger files go as links.
func linking(t *testing.T, d *db.DB, base, large string) (*rig, conversation, func(name string, size int64) desk.AttachmentID) {
	t.Helper()
	r := newRig(t, d, dispatch.Windows{})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	r.links = dispatch.Links{Base: u, Key: []byte("of the tests"), Keep: 10 * 24 * time.Hour,
		Words: func(context.Context, db.Queryer) (string, string, error) { return "da", "Europe/Copenhagen", nil }}
	r.line.can = channel.Abilities{MaxEncoded: 1 << 20, LargeFiles: large}
	r.start(dispatch.Windows{})
	c := r.conversation()
	return r, c, func(name string, size int64) desk.AttachmentID {
		var a desk.Attachment
		r.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			a, err = r.Threads.Upload(ctx, tx, c.agent.ID, desk.Attachment{Name: name, Type: "application/zip", Size: size, SHA256: strings.Repeat("a", 64)})
			return err
		})
		return a.ID
	}
}

func TestEveryTryOfAMessageSendsTheSameLinks(t *testing.T) { // EM-39
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, c, up := linking(t, d, "https://desk.example.com", channel.LargeLink)
		var tries []channel.Outbound
		r.line.answers(func(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
			tries = append(tries, out)
			if len(tries) == 1 {
				return channel.Receipt{}, &channel.SendError{Fault: channel.Transient, Public: "Busy."}
			}
			return r.line.deliver(ctx, out)
		})
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
			cmd.Content = dispatch.Content{HTML: "<p>See the <b>drawings</b></p>", Attachments: []desk.AttachmentID{up("small.zip", 1000), up("Tegning <1>.zip", 3<<20)}}
		})
		if a := m.Attachments; len(a) != 2 || a[0].As != desk.AsFile || a[0].LinkUntil != 0 || a[1].As != desk.AsLink || a[1].LinkUntil < m.CreatedAt.Add(10*24*time.Hour-time.Minute) || a[1].LinkUntil > r.Clock.Ms().Add(10*24*time.Hour) {
			t.Fatalf("queued with %+v", a)
		}
		if strings.Contains(m.HTML, "/f/") || strings.Contains(m.Text, "/f/") {
			t.Error("what the agent wrote was changed")
		}
		r.run()
		r.until("the first try", func() bool { return r.message(m.ID).StatusReason == "Busy." })
		r.line.mu.Lock()
		r.line.can.MaxEncoded = 100 << 20 // whatever the account is set to by now
		r.line.mu.Unlock()
		r.later(2 * time.Hour)
		got := r.waitFor(m.ID, desk.StatusSent)
		if len(tries) != 2 || tries[0].Text != tries[1].Text || tries[0].HTML != tries[1].HTML || len(tries[0].Attachments) != 1 || len(tries[1].Attachments) != 1 {
			t.Fatalf("tries differ: %+v", tries)
		}
		o := tries[1]
		if o.Attachments[0].Name != "small.zip" {
			t.Errorf("went with %+v", o.Attachments)
		}
		link := aLink.FindString(o.Text)
		if !strings.HasPrefix(o.Text, "See the drawings\n\nFiler, der er for store til mailen:\n\nTegning <1>.zip (3,0 MB, tilgængelig til ") || link == "" {
			t.Errorf("text %q", o.Text)
		}
		if !strings.HasPrefix(o.HTML, "<p>See the <b>drawings</b></p>") || !strings.Contains(o.HTML, `<a href="`+link+`">Tegning &lt;1&gt;.zip</a> (3,0 MB, tilgængelig til `) {
			t.Errorf("html %q", o.HTML)
		}
		// The link leads to the file, and says whom to ask once it has ended.
		token := link[strings.LastIndexByte(link, '/')+1:]
		f, err := r.s.Linked(ctx, token)
		if err != nil || f.ID != got.Attachments[1].ID || f.Expired || f.Company != "Acme" || f.Ask != c.acc.Address || f.Locale != "da" {
			t.Errorf("%+v %v", f, err)
		}
		r.Clock.Advance(10 * 24 * time.Hour)
		if f, err = r.s.Linked(ctx, token); err != nil || !f.Expired {
			t.Errorf("after its end: %+v %v", f, err)
		}
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "DELETE FROM messages WHERE id = $1", m.ID)
			return err
		})
		if _, err := r.s.Linked(ctx, token); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("of a removed message: %v", err)
		}
	})
}

func TestLinksThatEndedBeforeTheMessageWentOutAreMadeAnewByAPerson(t *testing.T) { // EM-39
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r, c, up := linking(t, d, "https://desk.example.com", channel.LargeLink)
		m := r.reply(c, func(cmd *dispatch.ReplyCommand) { cmd.Attachments = []desk.AttachmentID{up("film.mp4", 3<<20)} })
		r.Clock.Advance(11 * 24 * time.Hour)
		r.run()
		failed := r.waitFor(m.ID, desk.StatusFailed)
		if !strings.Contains(failed.StatusReason, "links") || len(r.line.outbox()) != 0 {
			t.Errorf("%q, %d went out", failed.StatusReason, len(r.line.outbox()))
		}
		if _, err := r.s.Resend(ctx, desk.ByUser(c.agent.ID), m.ID, nil); err != nil {
			t.Fatal(err)
		}
		sent := r.waitFor(m.ID, desk.StatusSent)
		if until := sent.Attachments[0].LinkUntil; until < r.Clock.Ms().Add(9*24*time.Hour) {
			t.Errorf("works until %v", until)
		}
		if out := r.line.outbox(); len(out) != 1 || aLink.FindString(out[0].Text) == "" || out[0].HTML == "" {
			t.Errorf("went out as %+v", out)
		}
	})
}

func TestAPictureTooLargeForTheTextBecomesALinkInIt(t *testing.T) { // EM-39
	r, c, up := linking(t, dbtest.SQLite(t), "https://desk.example.com", channel.LargeLink)
	img := up("plan.png", 3<<20)
	m := r.reply(c, func(cmd *dispatch.ReplyCommand) {
		cmd.Attachments = []desk.AttachmentID{img}
		cmd.HTML = `<p>Look: <img src="/api/attachments/` + img.String() + `?inline=1" alt="a plan"> here</p>`
	})
	r.run()
	r.waitFor(m.ID, desk.StatusSent)
	out := r.line.outbox()[0]
	if strings.Contains(out.HTML, "cid:") || strings.Contains(out.HTML, "<img") || !strings.Contains(out.HTML, `<p>Look: <a href="`+aLink.FindString(out.Text)+`">plan.png</a> here</p>`) {
		t.Errorf("html %q", out.HTML)
	}
}

func TestWhatNeitherFitsNorCanGoAsALinkIsRefusedWithTheReason(t *testing.T) { // EM-39
	for name, tc := range map[string]struct {
		base, large string
		pictures    bool
		reason      string
		can         string
	}{
		"the account refuses":     {"https://desk.example.com", channel.LargeRefuse, false, "attachments.too_large", channel.LargeRefuse},
		"nobody reaches the link": {"http://localhost:8080", channel.LargeLink, false, "attachments.link_unreachable", channel.LargeRefuse},
		"a private address":       {"https://192.168.1.5", channel.LargeLink, false, "attachments.link_unreachable", channel.LargeRefuse},
		"pictures":                {"https://desk.example.com", channel.LargeLink, true, "attachments.pictures_too_large", channel.LargeLink},
	} {
		t.Run(name, func(t *testing.T) {
			r, c, up := linking(t, dbtest.SQLite(t), tc.base, tc.large)
			ids := []desk.AttachmentID{up("a.zip", 3<<20)}
			html := ""
			if tc.pictures {
				ids = []desk.AttachmentID{up("a.png", 300<<10), up("b.png", 300<<10)}
				for _, id := range ids {
					html += `<img src="/api/attachments/` + id.String() + `?inline=1">`
				}
			}
			_, err := r.tryReply(c, func(cmd *dispatch.ReplyCommand) { cmd.Attachments, cmd.HTML = ids, html })
			if desk.ReasonOf(err) != tc.reason || desk.CodeOf(err) != desk.TooLarge || asError(err).Field != "attachments" || !strings.Contains(desk.PublicOf(err), "1.0 MB") {
				t.Errorf("%v", err)
			}
			can := r.s.Can(c.acc)
			if can.LargeFiles != tc.can || (can.LinkAbove > 0) != (tc.can == channel.LargeLink) || tc.can == channel.LargeRefuse && can.MaxAttachments > 800<<10 {
				t.Errorf("the composer is told %+v", can)
			}
		})
	}
}
