package snippet_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/snippet"
)

var ctx = context.Background()

func make1(t *testing.T, k *desktest.Desk, s *snippet.Service, actor desk.UserID, x snippet.Snippet) snippet.Snippet {
	t.Helper()
	var out snippet.Snippet
	k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = s.Create(ctx, tx, desk.ByUser(actor), x)
		return err
	})
	return out
}

func TestWhoSeesAndChangesAText(t *testing.T) { // WS-12
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := snippet.New(k.Clock, k.Events)
		ann, bo, cy := k.User(), k.User(), k.User()
		team := k.Team("repair", ann, bo)
		own := make1(t, k, s, ann.ID, snippet.Snippet{Kind: "snippet", Name: "Mine", HTML: "<p>x</p>", Visibility: "private", OwnerID: ann.ID})
		ours := make1(t, k, s, ann.ID, snippet.Snippet{Kind: "snippet", Name: "Ours", HTML: "<p>x</p>", Visibility: "team", TeamID: team.ID, OwnerID: ann.ID})
		all := make1(t, k, s, ann.ID, snippet.Snippet{Kind: "template", Name: "Everybody's", HTML: "<p>x</p>", Visibility: "everyone", OwnerID: ann.ID})
		sees := func(r snippet.Reader) (out []string) {
			for _, x := range desktest.Must[[]snippet.Snippet](t)(s.List(ctx, d, r)) {
				out = append(out, x.Name)
			}
			return out
		}
		teams := []desk.TeamID{team.ID}
		for _, c := range []struct {
			who  snippet.Reader
			want []string
		}{
			{snippet.Reader{User: ann.ID, Teams: teams}, []string{"Everybody's", "Mine", "Ours"}},
			{snippet.Reader{User: bo.ID, Teams: teams}, []string{"Everybody's", "Ours"}},
			{snippet.Reader{User: cy.ID}, []string{"Everybody's"}},
			{snippet.Reader{User: cy.ID, Admin: true}, []string{"Everybody's", "Ours"}},
		} {
			if got := sees(c.who); !slices.Equal(got, c.want) {
				t.Errorf("%+v sees %v, not %v", c.who, got, c.want)
			}
		}
		name := "Changed"
		try := func(r snippet.Reader, id desk.SnippetID) desk.Code {
			return desk.CodeOf(k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := s.Update(ctx, tx, desk.ByUser(r.User), r, id, snippet.Change{Name: &name})
				return err
			}))
		}
		if c := try(snippet.Reader{User: bo.ID, Teams: teams}, own.ID); c != desk.NotFound {
			t.Errorf("another's private text: %q", c)
		}
		if c := try(snippet.Reader{User: cy.ID}, all.ID); c != desk.Forbidden {
			t.Errorf("everybody's text by anybody: %q", c)
		}
		if c := try(snippet.Reader{User: bo.ID, Teams: teams}, ours.ID); c != "" {
			t.Errorf("the team's text by its member: %q", c)
		}
		// What a private text says stands in no event that others could read.
		for _, e := range k.EventsOf(desk.EvSnippetCreated) {
			if strings.Contains(string(e.Data), "Mine") && strings.Contains(string(e.Data), "after") {
				t.Errorf("event %s", e.Data)
			}
		}
	})
}

func TestATextIsRefusedWithReasons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		s := snippet.New(k.Clock, k.Events)
		for _, c := range []struct {
			x      snippet.Snippet
			reason string
		}{
			{snippet.Snippet{Kind: "snippet", Name: " ", HTML: "x", Visibility: "everyone"}, "snippet.name_missing"},
			{snippet.Snippet{Kind: "snippet", Name: "a", Visibility: "everyone"}, "snippet.empty"},
			{snippet.Snippet{Kind: "snippet", Name: "a", HTML: "{{contact.shoe_size}}", Visibility: "everyone"}, "snippet.token_unknown"},
			{snippet.Snippet{Kind: "snippet", Name: "a", HTML: "x", Visibility: "team"}, "snippet.team_missing"},
			{snippet.Snippet{Kind: "snippet", Name: "a", HTML: "x", Visibility: "private"}, "snippet.owner_missing"},
			{snippet.Snippet{Kind: "template", Name: "a", HTML: "x", Visibility: "everyone", Actions: snippet.Actions{Snooze: "for ever"}}, "snippet.snooze"},
		} {
			err := k.Try(func(ctx context.Context, tx *db.Tx) error { _, err := s.Create(ctx, tx, desk.System, c.x); return err })
			if desk.ReasonOf(err) != c.reason {
				t.Errorf("%+v: %v, not %s", c.x, err, c.reason)
			}
		}
		one := make1(t, k, s, 0, snippet.Snippet{Kind: "snippet", Name: "Same name", HTML: `<p onclick="x()">y</p><script>z</script>`, Visibility: "everyone"})
		two := make1(t, k, s, 0, snippet.Snippet{Kind: "snippet", Name: "Same name", HTML: "<p>y</p>", Visibility: "everyone"})
		if one.Slug != "same-name" || two.Slug != "same-name-2" || strings.Contains(one.HTML, "script") || strings.Contains(one.HTML, "onclick") {
			t.Errorf("%+v, %+v", one, two)
		}
	})
}

func TestTokensAreFilledEscapedAndMissingOnesTold(t *testing.T) { // WS-12
	s := snippet.Draft("Ticket {{ticket.number}}", "<p>Dear {{ contact.first_name | customer }}, {{agent.name}} and {{contact.phone}}{{&nbsp;contact.property.tier }}</p>")
	f := s.Fill(map[string]string{"ticket.number": "7", "agent.name": "Ann <script>", "contact.property.tier": "gold"})
	if f.Subject != "Ticket 7" || !strings.Contains(f.HTML, "Dear customer, Ann &lt;script&gt; and {{contact.phone}}gold") || !slices.Equal(f.Missing, []string{"contact.phone"}) {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(f.Text, "Ann <script>") {
		t.Errorf("as text: %q", f.Text)
	}
	in := snippet.Snippet{Subject: "About {{ticket.subject}}", HTML: `<p><a href="{{contact.property.site}}">{{contact.name}}</a></p>`}
	if f := in.Fill(map[string]string{"ticket.subject": "x\r\nBcc: eve@x.example", "contact.property.site": "javascript:alert(1)", "contact.name": `<img src=x onerror=y>`}); strings.ContainsAny(f.Subject, "\r\n") ||
		strings.Contains(f.HTML, "javascript") || strings.Contains(f.HTML, "<img") {
		t.Errorf("%+v", f)
	}
	if f = s.Fill(map[string]string{"contact.first_name": "Mira"}); !strings.Contains(f.HTML, "Dear Mira,") {
		t.Errorf("%+v", f)
	}
}
