package spam_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/spam"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

var ctx = context.Background()

func rule(t *testing.T, action, value string) spam.Rule {
	t.Helper()
	r, err := spam.Read(value, action, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// changes counts the recorded changes of an object.
func changes(k *desktest.Desk, object string) (n int) {
	for _, ev := range k.EventsOf(desk.EvSettingsChanged) {
		if strings.Contains(string(ev.Data), `"object":"`+object+`"`) {
			n++
		}
	}
	return n
}

func TestTheVerdict(t *testing.T) { // EM-35, EM-36
	rules := []spam.Rule{
		rule(t, spam.Deny, "eve@mail.example"), rule(t, spam.Deny, "@promo.example"), rule(t, spam.Allow, "good@promo.example"), rule(t, spam.Allow, "partner.example"),
		rule(t, spam.Deny, "bad@partner.example"), rule(t, spam.Deny, "+4512345678"),
	}
	all := map[string]bool{spam.Marketing: true, spam.Automated: true, spam.RoleAddress: true, spam.Spoofed: true}
	from := func(a ...string) spam.Facts { return spam.Facts{Addresses: a} }
	marked := func(f spam.Facts, marks ...string) spam.Facts { f.Marks = marks; return f }
	reply := func(f spam.Facts) spam.Facts { f.Reply = true; return f }
	for name, c := range map[string]struct {
		facts   spam.Facts
		held    map[string]bool
		want    string
		allowed bool
	}{
		"an ordinary sender":                              {facts: from("mira@home.example"), held: all},
		"a denied address":                                {facts: from("eve@mail.example"), want: spam.DeniedSender},
		"with a tag behind a plus":                        {facts: from("eve+x1@mail.example"), want: spam.DeniedSender},
		"another at the same domain":                      {facts: from("ada@mail.example"), held: all},
		"a denied domain":                                 {facts: from("x@promo.example"), want: spam.DeniedDomain},
		"a domain below it":                               {facts: from("x@news.eu.promo.example"), want: spam.DeniedDomain},
		"a name that only ends like it":                   {facts: from("x@notpromo.example"), held: all},
		"an allowed address in a denied domain":           {facts: from("good@promo.example"), allowed: true},
		"allow wins over a closer deny":                   {facts: from("bad@partner.example"), allowed: true},
		"allow wins over every filter":                    {facts: marked(from("noreply@sub.partner.example"), spam.Marketing, spam.RoleAddress), held: all, allowed: true},
		"deny wins over a known conversation":             {facts: reply(from("eve@mail.example")), want: spam.DeniedSender},
		"a filter does not hold a reply":                  {facts: reply(marked(from("shop@home.example"), spam.Marketing)), held: all},
		"a filter holds what begins":                      {facts: marked(from("shop@home.example"), spam.Automated, spam.Marketing), held: all, want: spam.Marketing},
		"a filter that is off":                            {facts: marked(from("shop@home.example"), spam.Marketing), held: map[string]bool{spam.Automated: true}},
		"spoofed is the first reason":                     {facts: spam.Facts{Addresses: []string{"a@home.example"}, Marks: []string{spam.Marketing}, Spoofed: true}, held: all, want: spam.Spoofed},
		"a colleague is never held":                       {facts: spam.Facts{Addresses: []string{"x@promo.example"}, Team: true}, held: all},
		"who wrote a forwarded mail first counts too":     {facts: from("mira@home.example", "eve@mail.example"), want: spam.DeniedSender},
		"a telephone number":                              {facts: from("+4512345678"), want: spam.DeniedSender},
		"nobody's address":                                {facts: from(), held: all},
		"a domain of very many parts ends at a known one": {facts: from("x@" + strings.Repeat("a.", 40) + "promo.example"), want: spam.DeniedDomain},
	} {
		v := spam.Judge(rules, c.held, c.facts)
		if v.Hold != (c.want != "") || v.Reason != c.want || v.Allowed != c.allowed {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestEntriesAreReadAsPeopleTypeThem(t *testing.T) { // EM-35
	for in, want := range map[string]string{
		"  Eve@Mail.Example ": "address eve@mail.example", "<eve@mail.example>": "address eve@mail.example", "@promo.example": "domain promo.example",
		"*.promo.example": "domain promo.example", "Promo.Example.": "domain promo.example", "bücher.example": "domain xn--bcher-kva.example", "news.promo.co.uk": "domain news.promo.co.uk",
		"com": "", "co.uk": "", "": "", "not a domain": "", "a@": "", "127.0.0.1": "", "promo..example": "", "http://promo.example/x": "", "+4512345678": "address +4512345678",
	} {
		r, err := spam.Read(in, spam.Deny, "")
		got := strings.TrimSpace(r.Kind + " " + r.Value)
		if err != nil {
			got = ""
		}
		if got != want {
			t.Errorf("%q: %q, want %q (%v)", in, got, want, err)
		}
	}
	if _, err := spam.Read("a@b.example", "maybe", ""); desk.CodeOf(err) != desk.Invalid {
		t.Error("an action that is none")
	}
}

func TestListsAreKept(t *testing.T) { // EM-35
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := spam.New(d, k.Clock, k.Events)
		ann := k.User()
		k.Account(desktest.At("support@acme.example"))
		put := func(action, value string) (r spam.Rule, err error) {
			if r, err = spam.Read(value, action, "seen too often"); err != nil {
				return r, err
			}
			return r, k.Try(func(ctx context.Context, tx *db.Tx) (err error) {
				r, err = s.Put(ctx, tx, desk.ByUser(ann.ID), r)
				return err
			})
		}
		must := func(r spam.Rule, err error) spam.Rule {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		promo := must(put(spam.Deny, "promo.example"))
		must(put(spam.Deny, "eve@mail.example"))
		must(put(spam.Deny, "eve@mail.example"))
		if n := changes(k, "sender_rule"); n != 2 {
			t.Fatalf("%d events for two changes", n)
		}
		_, home, _ := strings.Cut(ann.Email, "@")
		for _, own := range []string{ann.Email, "support@acme.example", "acme.example", "@acme.example", home} {
			if _, err := put(spam.Deny, own); desk.ReasonOf(err) != "sender_rule.ours" {
				t.Errorf("%s was denied: %v", own, err)
			}
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Hit(ctx, tx, promo.ID) })
		rules, held, err := s.For(ctx, d, []string{"x@news.promo.example", "other@home.example"})
		if err != nil || len(rules) != 1 || rules[0].Hits != 1 || rules[0].LastHit == 0 || len(held) != 0 {
			t.Fatalf("%+v %v %v", rules, held, err)
		}
		if now := must(put(spam.Allow, "promo.example")); now.ID != promo.ID || now.Action != spam.Allow || now.Hits != 0 {
			t.Fatalf("moved to the other list: %+v", now)
		}
		allow, deny, err := s.Counts(ctx, d)
		if err != nil || allow != 1 || deny != 1 {
			t.Fatal(allow, deny, err)
		}
		if rs, err := s.Rules(ctx, d, spam.Filter{Action: spam.Deny, Query: "MAIL"}); err != nil || len(rs) != 1 || rs[0].Value != "eve@mail.example" || rs[0].CreatedBy != ann.ID {
			t.Fatalf("%+v %v", rs, err)
		}
		if rs, err := s.Rules(ctx, d, spam.Filter{After: "eve@mail.example"}); err != nil || len(rs) != 1 || rs[0].Value != "promo.example" {
			t.Fatalf("%+v %v", rs, err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Remove(ctx, tx, desk.ByUser(ann.ID), promo.ID) })
		k.Write(func(ctx context.Context, tx *db.Tx) error { return s.Remove(ctx, tx, desk.ByUser(ann.ID), promo.ID) })
		if _, err := s.Get(ctx, d, promo.ID); desk.CodeOf(err) != desk.NotFound {
			t.Fatal(err)
		}
	})
}

func TestFiltersAreOffAtFirst(t *testing.T) { // EM-36
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := spam.New(d, k.Clock, k.Events)
		if got, err := s.Settings(ctx, d); err != nil || got != (spam.Settings{}) {
			t.Fatalf("%+v %v", got, err)
		}
		set := func(c spam.Change) (got spam.Settings, err error) {
			err = k.Try(func(ctx context.Context, tx *db.Tx) error {
				got, err = s.SetSettings(ctx, tx, desk.System, c)
				return err
			})
			return got, err
		}
		if got, err := set(spam.Change{spam.Marketing: true, spam.Spoofed: true}); err != nil || got != (spam.Settings{Marketing: true, Spoofed: true}) {
			t.Fatalf("%+v %v", got, err)
		}
		if got, err := set(spam.Change{spam.Spoofed: false}); err != nil || got != (spam.Settings{Marketing: true}) {
			t.Fatalf("%+v %v", got, err)
		}
		if _, err := set(spam.Change{"everything": true}); desk.ReasonOf(err) != "spam.kind_unknown" {
			t.Fatal(err)
		}
		if _, held, err := s.For(ctx, d, nil); err != nil || !held[spam.Marketing] || held[spam.Spoofed] {
			t.Fatal(held, err)
		}
		if n := changes(k, "spam_filter"); n != 2 {
			t.Fatalf("%d events", n)
		}
	})
}

func TestThePreviewJudgesByStoredFacts(t *testing.T) { // EM-36
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := spam.New(d, k.Clock, k.Events)
		acc := k.Account()
		begin := func(from string, answered bool, marks ...string) desk.Ticket {
			tk := k.Ticket()
			th := k.Thread(tk, acc)
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Threads.AppendWith(ctx, tx, desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Incoming, From: desk.Party{Kind: desk.AddrEmail, Address: from},
					Subject: "From " + from, Disposition: desk.DispNormal, Status: desk.StatusReceived}, thread.Extra{Data: map[string]any{"marks": marks}})
				return err
			})
			if answered {
				k.Message(th, func(m *desk.Message) { m.Direction, m.Actor = desk.Outgoing, desk.ByUser(k.User().ID) })
			}
			return tk
		}
		begin("shop@a.example", false, spam.Marketing)
		begin("shop@b.example", true, spam.Marketing, spam.Automated)
		begin("shop@friend.example", false, spam.Marketing)
		begin("mira@home.example", true)
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := s.Put(ctx, tx, desk.System, rule(t, spam.Allow, "friend.example"))
			return err
		})
		p, err := s.Preview(ctx, 30)
		if err != nil || p.Seen != 4 {
			t.Fatalf("%+v %v", p, err)
		}
		got := map[string]spam.PreviewKind{}
		for _, kind := range p.Kinds {
			got[kind.Kind] = kind
		}
		if m := got[spam.Marketing]; m.Count != 2 || m.Answered != 1 || len(m.Examples) != 2 || m.Examples[0].From != "shop@b.example" || !m.Examples[0].Answered || m.Examples[0].Number == 0 {
			t.Errorf("marketing: %+v", m)
		}
		if a := got[spam.Automated]; a.Count != 1 {
			t.Errorf("automated: %+v", a)
		}
		if r := got[spam.RoleAddress]; r.Count != 0 || len(r.Examples) != 0 {
			t.Errorf("role: %+v", r)
		}
		k.Clock.Set(k.Clock.Now().Add(40 * 24 * time.Hour))
		if p, err = s.Preview(ctx, 30); err != nil || p.Seen != 0 {
			t.Errorf("after 40 days: %+v %v", p, err)
		}
	})
}

func TestWhatIsHeldIsToldForADigest(t *testing.T) { // EM-36
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := spam.New(d, k.Clock, k.Events)
		since := k.Clock.Ms() - 1
		hide := func(reason string) desk.Ticket {
			return k.Ticket(func(n *ticket.NewTicket) { n.Hidden, n.HiddenReason = desk.HiddenSpam, reason })
		}
		hide(spam.Marketing)
		one := hide(spam.DeniedSender)
		hide(spam.Marketing)
		hide("") // a person's own decision
		h, err := s.HeldSince(ctx, d, since, nil, 2)
		if err != nil || h.Total != 3 || len(h.Newest) != 2 || len(h.Reasons) != 2 || h.Reasons[0] != (spam.Reason{Reason: spam.DeniedSender, Count: 1}) || h.Reasons[1].Count != 2 {
			t.Fatalf("%+v %v", h, err)
		}
		if h, err = s.HeldSince(ctx, d, since, []desk.InboxID{one.InboxID + 1}, 2); err != nil || h.Total != 0 {
			t.Fatalf("another inbox: %+v %v", h, err)
		}
	})
}
