package widget_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/visitor"
)

// CO-04, CO-06, CO-09, TR-11: before an explicit consent the server takes nothing; a browser that declines is forgotten with its session, and may change its mind.
func TestNothingIsTakenBeforeConsent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"privacy":{"consent":"explicit"}}`)
		ctx := context.Background()
		b := r.browser()
		hello := b.hello(nil).want(200, `"visitor":null`, `"kind":"explicit"`, `"tracking":false`)
		if n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM visitors"); n != 0 {
			t.Errorf("%d browsers are kept before consent", n)
		}
		version := get[widget.HelloOut](hello).Flow.Consent.Version
		b.arrive(map[string]any{"account": r.acc.ID.String()})
		b.send(map[string]any{"text": "Too early"}).want(403, "consent.required")
		b.do("POST", "/widget/profile", map[string]any{"email": "mira@example.com", "account": r.acc.ID.String()}).want(403, "consent.required")
		b.do("POST", "/widget/profile", map[string]any{"email": "mira@example.com"}).want(403, "consent.required")
		b.do("POST", "/widget/files?name=a.txt&account="+r.acc.ID.String(), []byte("hi")).want(403, "consent.required")
		r.Account(func(n *inbox.NewAccount) { n.Channel, n.Slug = chat.Name, "second" }) // another channel that asks nothing is no way around
		b.do("POST", "/widget/profile", map[string]any{"email": "mira@example.com"}).want(403, "consent.required")
		b.hello(map[string]any{"reason": "event", "claims": map[string]any{"email": "mira@example.com", "name": "Mira"}}).want(200)
		if n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM visitors WHERE claimed_email <> ''"); n != 0 {
			t.Error("a page's claim is kept before consent")
		}
		for _, table := range []string{"messages", "inbound_raw", "contacts", "threads"} {
			if n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM "+table); n != 0 {
				t.Errorf("%d rows in %s before consent", n, table)
			}
		}
		agree := func(action, version string) *answer {
			return b.do("POST", "/widget/consent", map[string]any{"account": r.acc.ID.String(), "action": action, "version": version, "locale": "en"})
		}
		agree("given", "old").want(409, "consent.changed")
		agree("declined", version).want(200, `"state":"declined"`)
		v, _ := r.Visitors.Get(ctx, d, id[desk.VisitorID](t, b.id))
		if !v.SessionOnly || v.Tracked || v.IP != "" || v.ExpiresAt > r.Clock.Ms().Add(visitor.SessionKept) {
			t.Errorf("after declining: %+v", v)
		}
		b.send(map[string]any{"text": "No"}).want(403, "consent.required")
		agree("given", version).want(200, `"state":"given"`)
		sent := b.say("", "Now")
		b.hello(nil).want(200, `"tracking":true`, `"session_only":false`)
		agree("withdrawn", version).want(200, `"state":"withdrawn"`)
		b.send(map[string]any{"thread": sent.Thread.ID.String(), "text": "After all not"}).want(403, "consent.required")
		b.do("GET", "/widget/consent", nil).want(200, `"given"`, `"withdrawn"`, `"declined"`, "Do you agree")
	})
}

// CO-04: who writes has agreed to the notice that was shown, in its words.
func TestWritingIsAgreeingWhereThatIsSaid(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"privacy":{"consent":"implicit","text":{"en":"By writing you agree.","da":"Ved at skrive er du enig."}}}`)
		b := r.browser()
		b.hello(map[string]any{"locale": "da"}).want(200, "Ved at skrive er du enig.")
		b.do("POST", "/widget/messages", map[string]any{"id": uuid(), "text": "Hej", "locale": "da", "flow": map[string]any{"id": r.flow.ID.String()}}).want(201)
		b.do("GET", "/widget/consent", nil).want(200, `"given"`, "Ved at skrive er du enig.", `"kind":"implicit"`)
	})
}

// TR-04, TR-10, TR-11, TR-12, CH-27: what is kept of pages and addresses is what the channel, the browser and the page allow.
func TestWhatIsKeptOfAVisitIsWhatIsAllowed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		of := func(b *browser) visitor.Visitor {
			v, err := r.Visitors.Get(ctx, d, id[desk.VisitorID](t, b.id))
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		b := r.browser()
		b.hello(map[string]any{"url": "https://shop.example/a?utm_source=x", "title": "A", "referrer": "https://search.example/", "timezone": "Europe/Copenhagen"})
		b.hello(map[string]any{"url": "https://shop.example/b", "title": "B", "reason": "navigate"})
		b.hello(map[string]any{"url": "https://shop.example/b", "reason": "refresh"})
		b.do("POST", "/widget/view", map[string]any{"token": b.token, "url": "https://shop.example/c", "title": "C"}).want(204)
		b.do("POST", "/widget/event", map[string]any{"token": b.token, "url": "https://shop.example/c", "name": "added to basket", "data": map[string]any{"sku": "NC1"}}).want(204)
		v := of(b)
		if v.FirstURL != "https://shop.example/a?utm_source=x" || v.Referrer != "https://search.example/" || v.PageURL != "https://shop.example/c" || v.Views != 3 || v.IP != "127.0.0.0" || !v.Tracked || v.Visits != 1 {
			t.Errorf("%+v", v)
		}
		trail, err := r.Visitors.Trail(ctx, d, v.ID, 0, 10)
		if err != nil || len(trail.Items) != 4 || trail.Items[0].Name != "added to basket" || trail.Items[3].Title != "A" {
			t.Errorf("%+v %v", trail, err)
		}
		if months := v.ExpiresAt.Time().Sub(r.Clock.Now()).Hours() / 24 / 30; months < 12.5 || months > 13.5 {
			t.Errorf("known for %.1f months", months)
		}
		r.advance(time.Hour)
		b.hello(nil)
		if v = of(b); v.Visits != 2 {
			t.Errorf("%d visits", v.Visits)
		}
		b.headers["Sec-GPC"] = "1"
		b.hello(nil).want(200, `"tracking":false`)
		if v = of(b); v.Tracked || v.PageURL != "" || v.Views != 0 || v.FirstURL != "" {
			t.Errorf("after the browser said no: %+v", v)
		}
		if trail, _ = r.Visitors.Trail(ctx, d, v.ID, 0, 10); len(trail.Items) != 0 {
			t.Errorf("pages are kept: %+v", trail)
		}
		sent := b.say("", "Chat works all the same")
		if th, _ := r.Threads.Get(ctx, d, sent.Thread.ID); th.Origin != nil && th.Origin.URL != "" {
			t.Errorf("the page is kept: %+v", th.Origin)
		}
		fresh := r.browser()
		fresh.headers["Sec-GPC"] = "1"
		fresh.hello(nil).want(200, `"visitor":null`)
		fresh.arrive(map[string]any{"account": r.acc.ID.String(), "session_only": true}).want(200, `"session_only":true`)
		fresh.say("", "Without a trace")
		v = of(fresh)
		if !v.SessionOnly || v.IP != "" || v.Tracked {
			t.Errorf("%+v", v)
		}
		shell := v.ID
		r.advance(visitor.SessionKept + time.Minute)
		fresh.do("GET", "/widget/threads", nil).want(401, "visitor.expired")
		if err := r.Visitors.Expire(ctx, d, 180); err != nil {
			t.Fatal(err)
		}
		if v, err = r.Visitors.Get(ctx, d, shell); err != nil || v.UserAgent != "" || v.Language != "" || v.EndedAt == 0 {
			t.Errorf("what is left of a session: %+v %v", v, err)
		}
		bot := r.browser()
		bot.headers["User-Agent"] = "Mozilla/5.0 (compatible; SomeBot/2.1; +http://bot.example)"
		bot.hello(nil).want(200, `"visitor":null`)
	})
}

// TR-12: the address is kept whole, in part or not at all.
func TestAddressesAreKeptAsTheChannelSays(t *testing.T) {
	for _, c := range []struct{ mode, ip, want string }{
		{"keep", "203.0.113.7", "203.0.113.7"}, {"truncate", "203.0.113.7", "203.0.113.0"}, {"drop", "203.0.113.7", ""},
		{"keep", "2001:db8:1:2::7", "2001:db8:1:2::7"}, {"truncate", "2001:db8:1:2::7", "2001:db8:1::"}, {"truncate", "::ffff:203.0.113.7", "203.0.113.0"}, {"truncate", "nonsense", ""},
	} {
		if got := visitor.Address(c.mode, c.ip); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.mode, c.ip, got, c.want)
		}
	}
}

// Refused with a reason that is counted: another site's page, a foreign origin, no token, a banned person on every browser of theirs, a page of a domain that is not allowed.
func TestWhatIsNotAVisitorsOwnIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"surface":"both","domains":["shop.example","*.shop.example"],"privacy":{"ip":"keep"}}`)
		ctx := context.Background()
		b := r.browser()
		b.hello(nil).want(200, `"launcher":true`)
		b.headers["Sec-Fetch-Site"] = "cross-site"
		b.send(map[string]any{"text": "From another page"}).want(403, "widget.cross_site")
		b.headers = map[string]string{"Origin": "https://evil.example"}
		b.do("GET", "/widget/threads", nil).want(403, "widget.cross_site")
		b.headers = map[string]string{"Origin": base}
		b.do("GET", "/widget/threads", nil).want(200)
		b.headers = map[string]string{}
		nobody := r.browser()
		nobody.do("GET", "/widget/threads", nil).want(401, "visitor.token_missing")
		nobody.token = "kv1_guess"
		nobody.do("GET", "/widget/threads", nil).want(401, "visitor.token_unknown")
		nobody.do("GET", "/widget/nothing", nil).want(404)
		evil := r.browser()
		evil.headers["Origin"] = "https://evil.example"
		if a := evil.do("POST", "/widget/hello", map[string]any{"url": "https://shop.example/"}).want(200); strings.TrimSpace(a.body) != "{}" {
			t.Errorf("another domain gets %s", a.body)
		}
		for _, lie := range []map[string]any{{"url": "https://shop.example/", "surface": "mobile"}, {"url": base + "/x"}} {
			if a := evil.do("POST", "/widget/hello", lie).want(200); strings.TrimSpace(a.body) != "{}" {
				t.Errorf("another domain that says %v gets %s", lie, a.body)
			}
		}
		evil.headers["Origin"] = "null"
		if a := evil.do("POST", "/widget/hello", map[string]any{"url": "https://shop.example/"}).want(200); strings.TrimSpace(a.body) != "{}" {
			t.Errorf("a page without an origin gets %s", a.body)
		}
		evil.headers["Origin"] = "https://www.shop.example"
		evil.do("POST", "/widget/hello", map[string]any{"url": "https://www.shop.example/"}).want(200, `"launcher":true`)
		mira := r.token("mira@example.com", "", "")
		phone, laptop := r.browser(), r.browser()
		phone.headers["User-Agent"], laptop.headers["User-Agent"] = "Phone/1", "Laptop/1"
		phone.hello(map[string]any{"identity": mira})
		laptop.hello(map[string]any{"identity": mira})
		agent := r.User()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Visitors.Ban(ctx, tx, desk.ByUser(agent.ID), id[desk.VisitorID](t, phone.id), "rude")
			return err
		})
		for _, banned := range []*browser{phone, laptop} {
			banned.send(map[string]any{"text": "Still here"}).want(403, "visitor.banned", "!rude")
			banned.hello(nil).want(403, "visitor.banned")
		}
		again := r.browser() // the cookie is gone, the program and the address are the same
		again.headers["User-Agent"] = "Phone/1"
		again.hello(nil)
		again.send(map[string]any{"text": "Me again"}).want(403, "visitor.banned")
		other := r.browser()
		other.headers["User-Agent"] = "Tablet/1"
		other.hello(nil).want(200)
		other.do("POST", "/widget/identify", mira).want(200)
		other.send(map[string]any{"text": "Me, proven"}).want(403, "visitor.banned")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Visitors.Unban(ctx, tx, desk.ByUser(agent.ID), id[desk.VisitorID](t, phone.id))
			return err
		})
		laptop.say("", "Sorry")
		counted := r.Guard.Refused()
		for _, reason := range []string{"widget.cross_site", "visitor.token_missing", "visitor.token_unknown", "visitor.banned"} {
			if counted[reason] == 0 {
				t.Errorf("%s is not counted: %v", reason, counted)
			}
		}
		if v, _ := r.Visitors.Get(ctx, d, id[desk.VisitorID](t, phone.id)); v.BannedAt != 0 {
			t.Errorf("%+v", v)
		}
	})
}

// CH-30: files are what they are found to be, as large and as many as is allowed, named by a receipt that nobody else can use, and never run in a browser.
func TestFilesAreTakenAndHandedOverSafely(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"files":{"enabled":true,"max_mb":1}}`)
		b := r.browser()
		b.hello(nil)
		var pic bytes.Buffer
		_ = png.Encode(&pic, image.NewRGBA(image.Rect(0, 0, 64, 48)))
		shot := get[widget.Uploaded](b.do("POST", "/widget/files?name=../../shot.png", pic.Bytes()).want(201))
		page := get[widget.Uploaded](b.do("POST", "/widget/files?name=picture.png", []byte("<!doctype html><script>alert(1)</script>")).want(201))
		svg := get[widget.Uploaded](b.do("POST", "/widget/files?name=x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)).want(201))
		if shot.Type != "image/png" || page.Type != "text/html" {
			t.Errorf("%+v %+v", shot, page)
		}
		b.do("POST", "/widget/files?name=big", bytes.Repeat([]byte{1}, 1<<20+1)).want(413, "files.too_large")
		b.do("POST", "/widget/files?name=empty", []byte{}).want(422, "files.empty")
		sent := get[widget.Sent](b.send(map[string]any{"text": "See", "files": []string{shot.Receipt, page.Receipt, svg.Receipt}}).want(201))
		f := sent.Message.Files
		if len(f) != 3 || !f[0].Image || f[0].Width != 64 || f[0].Height != 48 || f[0].Name != "shot.png" || f[1].Image || f[2].Image {
			t.Fatalf("%+v", f)
		}
		anybody := r.browser()
		a := anybody.do("GET", f[0].URL, nil).want(200)
		if a.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "inline") || a.body != pic.String() {
			t.Errorf("%v", a.header)
		}
		for _, x := range f[1:] {
			a = anybody.do("GET", x.URL, nil).want(200)
			if a.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %v", x.Name, a.header)
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(csp, "sandbox") {
			t.Errorf("%v", a.header)
		}
		path, _, _ := strings.Cut(f[0].URL, "?")
		anybody.do("GET", path+"?sig=x.y", nil).want(403, "url.signature")
		thief := r.browser()
		thief.hello(nil)
		thief.send(map[string]any{"text": "Mine", "files": []string{shot.Receipt}}).want(422, "files.receipt")
		b.send(map[string]any{"text": "Forged", "files": []string{shot.Receipt + "x"}}).want(422, "files.receipt")
		many := make([]string, 11)
		for i := range many {
			many[i] = shot.Receipt
		}
		b.send(map[string]any{"text": "Many", "files": many}).want(413, "message.too_many_files")
		r.advance(7 * time.Hour)
		b.send(map[string]any{"text": "Late", "files": []string{shot.Receipt}}).want(422, "files.receipt")
		b.send(map[string]any{"text": strings.Repeat("ä", 10_001)}).want(413, "message.too_long")
		b.send(map[string]any{"text": "  "}).want(422, "message.empty")
		b.send(map[string]any{"id": "x y", "text": "a"}).want(422, "message.id")
		b.do("POST", "/widget/messages", []byte("{")).want(422, "request.invalid")
		b.do("POST", "/widget/messages", []byte(`{"text":"`+strings.Repeat("a", 200<<10)+`"}`)).want(413)
		got := b.say("", "a\x00b\u202ec\x1bd").Message.Text
		if got != "abcd" {
			t.Errorf("%q", got)
		}
	})
}

// TR-10: a page that tells without end fills no disk: of a browser the newest are kept.
func TestATrailHasAnEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		b := r.browser()
		b.hello(nil)
		v := id[desk.VisitorID](t, b.id)
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2100) INSERT INTO visitor_views (id, visitor_id, kind, name, url, title, referrer, data, at)
				SELECT i, $1, 'event', 'flood', '', '', '', '{}', 0 FROM n`, v)
			return err
		})
		b.do("POST", "/widget/event", map[string]any{"token": b.token, "url": "https://shop.example/", "name": "the last"}).want(204)
		n, _ := db.One(ctx, d, db.Column[int], "SELECT COUNT(*) FROM visitor_views")
		p, err := r.Visitors.Trail(ctx, d, v, 0, 1)
		if n != 2000 || err != nil || len(p.Items) != 1 || p.Items[0].Name != "the last" {
			t.Errorf("%d are kept, the newest is %+v %v", n, p.Items, err)
		}
	})
}
