package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/inbox"
)

func update(k *desktest.Desk, id desk.ChannelAccountID, c inbox.AccountChange) (a desk.ChannelAccount, err error) {
	err = k.Try(func(ctx context.Context, tx *db.Tx) error {
		a, err = k.Inboxes.UpdateAccount(ctx, tx, desk.System, id, c)
		return err
	})
	return a, err
}

func create(k *desktest.Desk, actor desk.Actor, n inbox.NewAccount) (a desk.ChannelAccount, err error) {
	if n.Channel == "" {
		n.Channel = "post"
	}
	if n.InboxID == 0 {
		n.InboxID = k.Helpdesk().ID
	}
	err = k.DB.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		a, err = k.Inboxes.CreateAccount(ctx, tx, actor, n)
		return err
	})
	return a, err
}

func ptr[T any](v T) *T { return &v }

func TestAShortNameThatIsMadeIsFree(t *testing.T) { // GEN-20: the second channel of a name connects like the first
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		var n atomic.Int64
		at := func() json.RawMessage {
			return fmt.Appendf(nil, `{"kind":"hosted","address":"a%d@acme.example"}`, n.Add(1))
		}
		named := func(slug, name string) (string, error) {
			a, err := create(k, desk.System, inbox.NewAccount{Slug: slug, Name: name, Operator: true, Settings: at()})
			if err != nil {
				return "", err
			}
			kept, err := k.Inboxes.Account(context.Background(), d, a.ID)
			if err == nil && kept.Slug != a.Slug {
				t.Errorf("told %q, kept %q", a.Slug, kept.Slug)
			}
			return a.Slug, err
		}
		for i, c := range []struct{ slug, name, want string }{{"", "Form", "form"}, {"", "Form", "form-2"}, {"", "form!", "form-3"}, {"form-4", "Form", "form-4"}, {"", "Form", "form-5"}, {"", "連絡", "post"}, {"", "問い合わせ", "post-2"}} {
			if got, err := named(c.slug, c.name); err != nil || got != c.want {
				t.Errorf("%d: %q, %v; want %q", i, got, err, c.want)
			}
		}
		if _, err := named("form", "Form"); desk.ReasonOf(err) != "channel_account.slug_taken" {
			t.Errorf("a given short name: %v", err)
		}
		for _, err := range desktest.Together(d, 4, func(ctx context.Context, tx *db.Tx, _ int) error {
			_, err := k.Inboxes.CreateAccount(ctx, tx, desk.System, inbox.NewAccount{Name: "At once", Channel: "post", InboxID: k.Helpdesk().ID, Operator: true, Settings: at()})
			return err
		}) {
			if err != nil {
				t.Errorf("together: %v", err)
			}
		}
	})
}

func TestThereIsOneHelpDesk(t *testing.T) { // IH-01, IH-08
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
					_, err := k.Inboxes.CreateInbox(ctx, tx, desk.System, inbox.NewInbox{Name: fmt.Sprint("Desk ", i), Kind: desk.KindHelpdesk})
					return err
				})
				if desk.ReasonOf(err) != "inbox.one_helpdesk" || !strings.Contains(desk.PublicOf(err), "“Help desk”") {
					t.Errorf("err = %v", err)
				}
			}()
		}
		wg.Wait()
		k.Inbox("sales")
		err := k.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Inboxes.CreateInbox(ctx, tx, desk.System, inbox.NewInbox{Name: "Sales", Slug: "sales"})
			return err
		})
		if desk.ReasonOf(err) != "inbox.slug_taken" {
			t.Errorf("err = %v", err)
		}
		var more []desk.InboxID
		for _, want := range []string{"sales-2", "sales-3"} { // a short name that nobody chose is one that is free
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				b, err := k.Inboxes.CreateInbox(ctx, tx, desk.System, inbox.NewInbox{Name: "Sales"})
				if err != nil || b.Slug != want {
					t.Errorf("%q %v, want %s", b.Slug, err, want)
				}
				more = append(more, b.ID)
				return err
			})
		}
		for _, id := range more {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.ArchiveInbox(ctx, tx, desk.System, id) })
		}
		bs, err := k.Inboxes.Inboxes(ctx, d)
		if err != nil || len(bs) != 2 || bs[0].Kind != desk.KindHelpdesk || !bs[0].Access.Everyone {
			t.Fatalf("%+v %v", bs, err)
		}
		for reason, id := range map[string]desk.InboxID{"inbox.helpdesk_stays": bs[0].ID} {
			if err := k.Try(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.ArchiveInbox(ctx, tx, desk.System, id) }); desk.ReasonOf(err) != reason {
				t.Errorf("err = %v", err)
			}
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.ArchiveInbox(ctx, tx, desk.System, bs[1].ID)
		})
		k.Inbox("sales") // its short name is free again
	})
}

func TestChannelsMakeTicketsByTheirPlace(t *testing.T) { // GEN-05, GEN-06, IH-02, IH-03, RT-01, RT-06
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		acc := k.Account()
		if acc.Ticket.Create != "always" || acc.Assign.To != "no_one" || !acc.Assign.AvailableOnly || !acc.Active || !acc.Authorized {
			t.Errorf("in the help desk: %+v", acc)
		}
		sales := k.Inbox("sales")
		if acc := k.Account(desktest.In(sales)); acc.Ticket.Create != "never" {
			t.Errorf("in an inbox: %+v", acc.Ticket)
		}
		if acc := k.Account(desktest.In(sales), func(n *inbox.NewAccount) { n.Ticket = &desk.TicketPolicy{Create: "always", Priority: "high"} }); acc.Ticket.Create != "always" {
			t.Errorf("switched on in an inbox: %+v", acc.Ticket)
		}
		if acc := k.Account(func(n *inbox.NewAccount) { n.Ticket = &desk.TicketPolicy{Create: "never"} }); acc.Ticket.Create != "never" { // GEN-05 beyond: a noisy channel floods nothing
			t.Errorf("switched off in the help desk: %+v", acc.Ticket)
		}
		for reason, n := range map[string]inbox.NewAccount{
			"channel_account.when_missing":   {Ticket: &desk.TicketPolicy{Create: "when"}},
			"condition.op":                   {Ticket: &desk.TicketPolicy{Create: "when", When: &desk.Conditions{When: []desk.Condition{{Field: "subject", Op: "smells", Values: []string{"x"}}}}}},
			"channel_account.owner_unknown":  {Ticket: &desk.TicketPolicy{Owner: "somebody"}},
			"channel_account.create_unknown": {Ticket: &desk.TicketPolicy{Create: "sometimes"}},
			"ticket.pipeline_unknown":        {Ticket: &desk.TicketPolicy{Pipeline: "gone"}},
			"ticket.status_unknown":          {Ticket: &desk.TicketPolicy{Status: "gone"}},
			"ticket.priority_unknown":        {Ticket: &desk.TicketPolicy{Priority: "soon"}},
			"property.unknown":               {Ticket: &desk.TicketPolicy{Properties: map[string]any{"gone": 1}}},
			"assign.to_unknown":              {Assign: &desk.AssignPolicy{To: "robots"}},
			"assign.by_unknown":              {Assign: &desk.AssignPolicy{By: "dice"}},
			"assign.users_missing":           {Assign: &desk.AssignPolicy{To: "users"}},
			"assign.user_unknown":            {Assign: &desk.AssignPolicy{To: "users", Users: []string{"x@acme.example"}}},
			"assign.team_unknown":            {Assign: &desk.AssignPolicy{To: "teams", Teams: []string{"x"}}},
			"channel.unknown":                {Channel: "pigeon"},
			"channel_account.inbox_unknown":  {InboxID: 5},
			"post.address_missing":           {Settings: json.RawMessage(`{"kind":"hosted"}`)},
		} {
			n.Name, n.Operator = "X", true
			if n.Settings == nil {
				n.Settings = json.RawMessage(`{"kind":"hosted","address":"x@acme.example"}`)
			}
			if _, err := create(k, desk.System, n); desk.ReasonOf(err) != reason || desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%s: %v", reason, err)
			}
		}
	})
}

func TestSecretsAreSealedAndKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc, err := create(k, desk.System, inbox.NewAccount{Name: "Mail", Operator: true, Settings: json.RawMessage(`{"kind":"fetched","address":"Mail@ACME.example","password":"hunter2","server.host":"mx","server":{"key":"k1"}}`)})
		if err != nil || acc.Address != "mail@acme.example" {
			t.Fatalf("%+v %v", acc, err)
		}
		secrets := func() string {
			t.Helper()
			a, err := k.Inboxes.AccountWithSecrets(ctx, d, acc.ID)
			if err != nil {
				t.Fatal(err)
			}
			return string(a.Secrets)
		}
		if got := secrets(); got != `{"password":"hunter2","server":{"key":"k1"}}` {
			t.Errorf("secrets %s", got)
		}
		t.Run("neither the settings, nor the row, nor the events show them", func(t *testing.T) {
			var row string
			if err := d.QueryRow(ctx, `SELECT settings || secrets FROM channel_accounts WHERE id = $1`, acc.ID).Scan(&row); err != nil || strings.Contains(row, "hunter2") || strings.Contains(row, "k1\"") {
				t.Errorf("row %s", row)
			}
			if string(acc.Settings) != `{"address":"Mail@ACME.example","kind":"fetched","server":{"host":"mx"}}` {
				t.Errorf("settings %s", acc.Settings)
			}
			for _, ev := range k.EventsOf("") {
				if bytes.Contains(ev.Data, []byte("hunter2")) {
					t.Errorf("event %s", ev.Data)
				}
			}
		})
		t.Run("left out or empty is kept, null removes, a value replaces", func(t *testing.T) {
			for _, c := range []struct{ settings, secrets, want string }{
				{`{"kind":"fetched","address":"mail@acme.example"}`, ``, `{"password":"hunter2","server":{"key":"k1"}}`},
				{`{"kind":"fetched","address":"mail@acme.example","password":""}`, `{"server.key":null}`, `{"password":"hunter2"}`},
				{``, `{"password":"hunter3"}`, `{"password":"hunter3"}`},
			} {
				ch := inbox.AccountChange{}
				if c.settings != "" {
					ch.Settings = json.RawMessage(c.settings)
				}
				if c.secrets != "" {
					ch.Secrets = json.RawMessage(c.secrets)
				}
				if _, err := update(k, acc.ID, ch); err != nil || secrets() != c.want {
					t.Errorf("%s %s: %s %v", c.settings, c.secrets, secrets(), err)
				}
			}
			if _, err := update(k, acc.ID, inbox.AccountChange{Secrets: json.RawMessage(`{"password":null}`)}); desk.ReasonOf(err) != "post.password_missing" {
				t.Errorf("err = %v", err)
			}
		})
		t.Run("nothing changed is no event", func(t *testing.T) {
			n := len(k.EventsOf(""))
			if _, err := update(k, acc.ID, inbox.AccountChange{Name: ptr("Mail"), Secrets: json.RawMessage(`{"password":"hunter3"}`)}); err != nil || len(k.EventsOf("")) != n {
				t.Errorf("%d more events, %v", len(k.EventsOf(""))-n, err)
			}
		})
		t.Run("a refreshed token replaces them all", func(t *testing.T) {
			k.Write(func(ctx context.Context, tx *db.Tx) error {
				return k.Inboxes.SaveSecrets(ctx, tx, acc.ID, []byte(`{"password":"hunter4"}`))
			})
			if secrets() != `{"password":"hunter4"}` {
				t.Error(secrets())
			}
		})
		t.Run("a stale edit is refused", func(t *testing.T) {
			if _, err := update(k, acc.ID, inbox.AccountChange{Name: ptr("Other"), ExpectVersion: 1}); desk.ReasonOf(err) != "channel_account.stale" {
				t.Errorf("err = %v", err)
			}
		})
	})
}

func TestActiveAndAuthorizedAreApart(t *testing.T) { // GEN-13, GEN-20, GEN-21
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc := k.Account()
		get := func() desk.ChannelAccount {
			a, err := k.Inboxes.Account(ctx, d, acc.ID)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		state := func(s desk.AccountState, reason string) {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.SetState(ctx, tx, acc.ID, s, reason) })
		}
		for range 3 {
			state(desk.StateReconnect, "The password was refused.")
		}
		if a := get(); a.Authorized || !a.Active || a.State != desk.StateReconnect {
			t.Errorf("dead credentials: %+v", a)
		}
		if n := len(k.EventsOf(desk.EvAccountState)); n != 1 {
			t.Errorf("%d events: a repeated state is none", n)
		}
		state(desk.StateTrouble, "")
		if a := get(); a.Authorized {
			t.Error("trouble does not authorize")
		}
		state(desk.StateConnected, "")
		if a := get(); !a.Authorized {
			t.Error("a connection authorizes")
		}
		off := false
		if a, err := update(k, acc.ID, inbox.AccountChange{Active: &off}); err != nil || a.Active || !a.Authorized || a.State != desk.StateConnected {
			t.Errorf("switched off: %+v %v", a, err)
		}
		as, err := k.Inboxes.Accounts(ctx, d, inbox.Filter{ActiveOnly: true, Inbox: acc.InboxID})
		if err != nil || len(as) != 1 || as[0].Slug != inbox.FallbackSlug {
			t.Errorf("%+v %v", as, err)
		}
	})
}

func TestTermsAreAcceptedAndKept(t *testing.T) { // EM-06
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann := k.User(desktest.Role(desk.RoleAdmin))
		n := inbox.NewAccount{Name: "Mail", Settings: json.RawMessage(`{"kind":"hosted","address":"mail@acme.example"}`)}
		for _, version := range []string{"", "0"} {
			n.Terms = version
			if _, err := create(k, desk.ByUser(ann.ID), n); desk.ReasonOf(err) != "terms.not_accepted" {
				t.Fatalf("version %q: %v", version, err)
			}
		}
		n.Terms = desktest.PostTerms
		acc, err := create(k, desk.ByUser(ann.ID), n)
		if err != nil {
			t.Fatal(err)
		}
		xs, err := k.Inboxes.Acceptances(ctx, d, acc.ID)
		if err != nil || len(xs) != 1 || xs[0].UserID != ann.ID || xs[0].Version != "1" || xs[0].Text != "It reads.\nIt stores." || xs[0].AcceptedAt == 0 {
			t.Fatalf("%+v %v", xs, err)
		}
		if evs := k.EventsOf(desk.EvTermsAccepted); evs[len(evs)-1].Actor != desk.ByUser(ann.ID) {
			t.Errorf("%+v", evs)
		}
		if xs, _ := k.Inboxes.Acceptances(ctx, d, k.Account().ID); len(xs) != 1 || xs[0].UserID != 0 {
			t.Errorf("by a settings file: %+v", xs)
		}
	})
}

func TestAnAddressIsPersonalOrATeams(t *testing.T) { // EM-09, EM-10, EM-47
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		ann, bo := k.User(desktest.Named("Ann Holm")), k.User()
		personal := func(u desk.User, address string) error {
			return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				return k.Inboxes.HoldPersonal(ctx, tx, desk.AddrEmail, address, u.ID)
			})
		}
		team := func(name, address string) error {
			_, err := create(k, desk.System, inbox.NewAccount{Name: name, Operator: true, Settings: fmt.Appendf(nil, `{"kind":"hosted","address":%q}`, address)})
			return err
		}
		if err := team("Help", "help@acme.example"); err != nil {
			t.Fatal(err)
		}
		err := personal(ann, "HELP@acme.example")
		if want := "help@acme.example is already the team address of “Help” (Help desk)."; desk.PublicOf(err) != want || desk.CodeOf(err) != desk.Conflict {
			t.Errorf("team first: %v", err)
		}
		if err := team("Help 2", "help@acme.example"); desk.ReasonOf(err) != "address.team" {
			t.Errorf("two teams: %v", err)
		}
		if err := personal(ann, "ann@acme.example"); err != nil {
			t.Fatal(err)
		}
		if err := personal(ann, "ann@acme.example"); err != nil {
			t.Errorf("her own again: %v", err)
		}
		if err := personal(bo, "ann@acme.example"); desk.ReasonOf(err) != "address.personal" {
			t.Errorf("another's: %v", err)
		}
		if err := team("Ann", "Ann@ACME.example"); !strings.HasPrefix(desk.PublicOf(err), "ann@acme.example is already the personal mailbox of Ann Holm.") {
			t.Errorf("personal first: %v", err)
		}
		if _, ok, err := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, "ann@acme.example"); ok || err != nil {
			t.Errorf("a personal mailbox is nobody else's: %v %v", ok, err)
		}
		t.Run("in either order at once, one has it", func(t *testing.T) {
			box := k.Helpdesk().ID
			for round := range 10 {
				address := fmt.Sprintf("race%d@acme.example", round)
				errs := desktest.Together(d, 4, func(ctx context.Context, tx *db.Tx, i int) error {
					if i < 2 {
						return k.Inboxes.HoldPersonal(ctx, tx, desk.AddrEmail, address, []desk.UserID{ann.ID, bo.ID}[i])
					}
					_, err := k.Inboxes.CreateAccount(ctx, tx, desk.System, inbox.NewAccount{Name: fmt.Sprintf("Race %d %d", round, i), Channel: "post", InboxID: box,
						Operator: true, Settings: fmt.Appendf(nil, `{"kind":"hosted","address":%q}`, address)})
					return err
				})
				won := 0
				for _, err := range errs {
					if err == nil {
						won++
					} else if desk.CodeOf(err) != desk.Conflict {
						t.Errorf("err = %v", err)
					}
				}
				var held, accounts int
				if err := d.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM address_registry WHERE value = $1), (SELECT COUNT(*) FROM channel_accounts WHERE address = $2)`, address, address).Scan(&held, &accounts); err != nil {
					t.Fatal(err)
				}
				if won != 1 || held != 1 || accounts > 1 {
					t.Fatalf("%s: %d winners, %d rows, %d accounts", address, won, held, accounts)
				}
			}
		})
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.ReleasePersonal(ctx, tx, desk.AddrEmail, "ann@acme.example", ann.ID)
		})
		if err := team("Ann", "ann@acme.example"); err != nil {
			t.Errorf("after it was freed: %v", err)
		}
	})
}

func TestFindAddress(t *testing.T) { // EM-13, EM-14
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc := k.Account(desktest.At("help@acme.example"))
		hosted, err := k.Inboxes.HostedAddress(ctx, d, acc.ID)
		if err != nil || !strings.HasPrefix(hosted, acc.Slug+"-") || !strings.HasSuffix(hosted, "@"+desktest.Host) || len(hosted) < len(acc.Slug)+13+len(desktest.Host) {
			t.Fatalf("hosted address %q, %v", hosted, err)
		}
		for address, want := range map[string]bool{
			"help@acme.example": true, "HELP@Acme.Example": true, "help+anything@acme.example": true, hosted: true, "help+a+b@acme.example": true,
			"helpx@acme.example": false, "+x@acme.example": false, "": false, "help": false,
		} {
			got, ok, err := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, address)
			if err != nil || ok != want || ok && got.ID != acc.ID {
				t.Errorf("%q: %v %v", address, ok, err)
			}
		}
		plus := k.Account(desktest.At("help+vip@acme.example"))
		if got, _, _ := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, "help+vip@acme.example"); got.ID != plus.ID {
			t.Error("an address with a plus of its own")
		}
		t.Run("moving an account's address frees the old one", func(t *testing.T) {
			if _, err := update(k, acc.ID, inbox.AccountChange{Settings: json.RawMessage(`{"kind":"hosted","address":"care@acme.example"}`)}); err != nil {
				t.Fatal(err)
			}
			for address, want := range map[string]bool{"care@acme.example": true, "help@acme.example": false, hosted: true} {
				if _, ok, err := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, address); ok != want || err != nil {
					t.Errorf("%s: %v %v", address, ok, err)
				}
			}
		})
		t.Run("taking another's address changes nothing", func(t *testing.T) {
			_, err := update(k, acc.ID, inbox.AccountChange{Settings: json.RawMessage(`{"kind":"hosted","address":"help+vip@acme.example"}`)})
			if desk.ReasonOf(err) != "address.team" {
				t.Fatalf("err = %v", err)
			}
			if _, ok, _ := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, "care@acme.example"); !ok {
				t.Error("its own address was lost")
			}
		})
	})
}

func TestARemovedChannelKeepsItsHistory(t *testing.T) { // GEN-14
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc := k.Account(desktest.At("help@acme.example"))
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.SetCursor(ctx, tx, acc.ID, "INBOX", []byte("5"))
		})
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.ArchiveAccount(ctx, tx, desk.System, acc.ID)
		})
		a, err := k.Inboxes.Account(ctx, d, acc.ID)
		if err != nil || a.ArchivedAt == 0 || a.Active || a.Address != "help@acme.example" {
			t.Fatalf("%+v %v", a, err)
		}
		if _, ok, _ := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, "help@acme.example"); ok {
			t.Error("it still takes mail")
		}
		if _, err := k.Inboxes.AccountBySlug(ctx, d, acc.Slug); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("err = %v", err)
		}
		if v, _ := k.Inboxes.Cursor(ctx, d, acc.ID, "INBOX"); v != nil {
			t.Error("its cursor is left")
		}
		again := k.Account(desktest.At("help@acme.example"), func(n *inbox.NewAccount) { n.Slug = acc.Slug })
		if again.ID == acc.ID {
			t.Error("the same row")
		}
		if len(k.EventsOf(desk.EvAccountRemoved)) != 1 {
			t.Error("not told")
		}
	})
}

func TestTheFallbackAddressTakesMailFromFirstStart(t *testing.T) { // EM-13
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		find := func(address string) (desk.ChannelAccount, bool) {
			a, ok, err := k.Inboxes.FindAddress(ctx, d, desk.AddrEmail, address)
			if err != nil {
				t.Fatal(err)
			}
			return a, ok
		}
		acc, ok := find("support@" + desktest.Host)
		if !ok || acc.InboxID != k.Helpdesk().ID || !acc.Active || acc.Ticket.Create != "always" {
			t.Fatalf("%+v %v", acc, ok)
		}
		ensure := func(host string) {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.EnsureDefaults(ctx, tx, host) })
		}
		n := len(k.EventsOf(""))
		ensure(desktest.Host)
		if len(k.EventsOf("")) != n {
			t.Error("the second start changed something")
		}
		if err := k.Try(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.ArchiveAccount(ctx, tx, desk.System, acc.ID)
		}); desk.ReasonOf(err) != "channel_account.fallback_stays" {
			t.Errorf("err = %v", err)
		}
		t.Run("it follows the host", func(t *testing.T) {
			ensure("help.example")
			if a, ok := find("support@help.example"); !ok || a.ID != acc.ID {
				t.Error("not at the new host")
			}
			if _, ok := find("support@" + desktest.Host); ok {
				t.Error("still at the old host")
			}
			if h, _ := k.Inboxes.HostedAddress(ctx, d, acc.ID); !strings.HasSuffix(h, "@help.example") {
				t.Errorf("hosted %q", h)
			}
			ensure(desktest.Host)
		})
		t.Run("it yields to a team that names the address", func(t *testing.T) {
			team := k.Account(desktest.At("support@" + desktest.Host))
			if a, ok := find("support@" + desktest.Host); !ok || a.ID != team.ID {
				t.Fatalf("%+v", a)
			}
			h, err := k.Inboxes.HostedAddress(ctx, d, acc.ID)
			if a, ok := find(h); !ok || a.ID != acc.ID || err != nil {
				t.Errorf("the fallback is lost: %q %v", h, err)
			}
			ensure(desktest.Host)
			if a, _ := find("support@" + desktest.Host); a.ID != team.ID {
				t.Error("the next start took it back")
			}
			if _, err := create(k, desk.System, inbox.NewAccount{Name: "Third", Operator: true, Settings: json.RawMessage(`{"kind":"hosted","address":"support@` + desktest.Host + `"}`)}); desk.ReasonOf(err) != "address.team" {
				t.Errorf("a team's address does not yield: %v", err)
			}
		})
	})
}

func TestCursorsAndLeases(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc := k.Account()
		for _, v := range [][]byte{[]byte(`{"uid":7}`), {0, 255, 1}, []byte("base64:x"), {}} {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.SetCursor(ctx, tx, acc.ID, "INBOX", v) })
			if got, err := k.Inboxes.Cursor(ctx, d, acc.ID, "INBOX"); err != nil || !bytes.Equal(got, v) {
				t.Errorf("%v came back as %v, %v", v, got, err)
			}
		}
		if got, err := k.Inboxes.Cursor(ctx, d, acc.ID, "Other"); got != nil || err != nil {
			t.Errorf("%v %v", got, err)
		}
		lease := func(holder string, ttl time.Duration) bool {
			ok, err := k.Inboxes.Lease(ctx, acc.ID, holder, ttl)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		k.Clock.Advance(1000 * time.Hour) // leases use the real clock
		if !lease("a", time.Minute) || !lease("a", time.Minute) || lease("b", time.Minute) {
			t.Error("one holder at a time")
		}
		lease("a", -time.Second)
		if !lease("b", time.Minute) || lease("a", time.Minute) {
			t.Error("an expired lease is free")
		}
		if err := k.Inboxes.Release(ctx, acc.ID, "a"); err != nil || lease("a", time.Minute) {
			t.Errorf("released another's: %v", err)
		}
		if err := k.Inboxes.Release(ctx, acc.ID, "b"); err != nil || !lease("a", time.Minute) {
			t.Errorf("released: %v", err)
		}
		var wg sync.WaitGroup
		other := k.Account()
		won := make(chan bool, 8)
		for i := range 8 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				ok, _ := k.Inboxes.Lease(ctx, other.ID, fmt.Sprint(i), time.Minute)
				won <- ok
			}()
		}
		wg.Wait()
		close(won)
		n := 0
		for ok := range won {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d hold one lease", n)
		}
	})
}

func TestForwardingIsVerifiedOnce(t *testing.T) { // EM-14
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		acc := k.Account()
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			return k.Inboxes.NoteVerification(ctx, tx, acc.ID, inbox.Verification{Provider: "mailer", Subject: "Confirm", Code: "123", Link: "https://mail.example/c"})
		})
		for range 2 {
			k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.MarkForwarded(ctx, tx, acc.ID) })
		}
		f, err := k.Inboxes.Forwarding(ctx, d, acc.ID)
		if err != nil || f.Hosted == "" || f.VerifiedAt == 0 || f.Last == nil || f.Last.Code != "123" {
			t.Fatalf("%+v %v", f, err)
		}
		if len(k.EventsOf(desk.EvForwardVerified)) != 1 || len(k.EventsOf(desk.EvVerificationMail)) != 1 {
			t.Error("not told once")
		}
	})
}

func TestMovingToTheHelpDeskMakesTickets(t *testing.T) { // GEN-20, IH-02
	k := desktest.New(t, dbtest.SQLite(t))
	acc := k.Account(desktest.In(k.Inbox("sales")))
	help := k.Helpdesk().ID
	a, err := update(k, acc.ID, inbox.AccountChange{InboxID: &help})
	if err != nil || a.InboxID != help || a.Ticket.Create != "always" {
		t.Fatalf("%+v %v", a, err)
	}
}

func TestTwoNodesMayStartFirstAtOnce(t *testing.T) { // EM-13, IH-08
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.Bare(t, d)
		var wg sync.WaitGroup
		for range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return k.Inboxes.EnsureDefaults(ctx, tx, desktest.Host) }); err != nil {
					t.Errorf("err = %v", err)
				}
			}()
		}
		wg.Wait()
		for table, want := range map[string]int{"pipelines": 1, "pipeline_statuses": 4, "inboxes": 1, "channel_accounts": 1, "address_registry": 2} {
			var n int
			if err := d.QueryRow(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil || n != want {
				t.Errorf("%s: %d rows, want %d, %v", table, n, want, err)
			}
		}
	})
}
