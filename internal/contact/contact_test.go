package contact_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
)

type world struct {
	*desktest.Desk
	*contact.Service
}

func each(t *testing.T, fn func(t *testing.T, w world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		fn(t, world{k, contact.New(k.Clock, k.Events)})
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w world) resolve(t *testing.T, address, name string, at desk.Time) (c desk.Contact, created bool) {
	t.Helper()
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		c, created, err = w.Resolve(ctx, tx, desk.Party{Kind: desk.AddrEmail, Address: address, Name: name}, contact.SourceInbound, at)
		return err
	})
	return c, created
}

func (w world) count(t *testing.T, query string) (n int) {
	t.Helper()
	must(t, w.DB.QueryRow(context.Background(), query).Scan(&n))
	return n
}

func TestUnknownAddressBecomesAContact(t *testing.T) { // EM-25, CR-01, CR-12
	each(t, func(t *testing.T, w world) {
		a, created := w.resolve(t, "Mira@X.Example", "Mira Okoye", 1000)
		if !created || a.Email != "mira@x.example" || a.FirstName != "Mira" || a.LastName != "Okoye" {
			t.Fatalf("%+v", a)
		}
		b, created := w.resolve(t, "mira@x.example", "Someone Else", 3000)
		if created || b.ID != a.ID || b.Name != "Mira Okoye" {
			t.Fatalf("a name that stands is kept: %+v", b)
		}
		w.resolve(t, "mira@x.example", "", 2000)
		got, err := w.Get(context.Background(), w.DB, a.ID)
		must(t, err)
		ad := got.Addresses[0]
		if len(got.Addresses) != 1 || ad.FirstSeen != 1000 || ad.LastSeen != 3000 || ad.Source != "inbound" || ad.Verified || ad.Name != "Someone Else" {
			t.Fatalf("%+v", got.Addresses)
		}
		if len(w.EventsOf(desk.EvContactCreated)) != 1 {
			t.Fatal("contact.created is told once")
		}
	})
}

func TestManyAtOnceMakeOneContact(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Add(1)
			go func() { defer wg.Done(); w.resolve(t, "mira@x.example", "", 1) }()
		}
		wg.Wait()
		if n := w.count(t, "SELECT COUNT(*) FROM contacts"); n != 1 {
			t.Fatalf("%d contacts", n)
		}
	})
}

func TestBlankNamesAreFilled(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w world) {
		w.resolve(t, "mira@x.example", "mira@x.example", 1)
		c, _ := w.resolve(t, "mira@x.example", "Okoye, Mira", 2)
		if c.Name != "Okoye, Mira" || c.FirstName != "Mira" || c.LastName != "Okoye" {
			t.Fatalf("%+v", c)
		}
		if evs := w.EventsOf(desk.EvContactUpdated); len(evs) != 1 || !strings.Contains(string(evs[0].Data), "Okoye") {
			t.Fatalf("%+v", evs)
		}
	})
}

func TestMergedContactIsFollowed(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w world) {
		a, _ := w.resolve(t, "a@x.example", "", 1)
		b, _ := w.resolve(t, "b@x.example", "", 1)
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE contacts SET merged_into = $1 WHERE id = $2", a.ID, b.ID)
			return err
		})
		if c, created := w.resolve(t, "b@x.example", "", 2); created || c.ID != a.ID {
			t.Fatalf("%+v", c)
		}
		c, err := w.Get(context.Background(), w.DB, b.ID)
		must(t, err)
		if c.ID != a.ID || len(c.Addresses) != 2 {
			t.Fatalf("%+v", c)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error { // erased: the same address is somebody new
			_, err := tx.Exec(ctx, "UPDATE contacts SET deleted_at = 1 WHERE id = $1", a.ID)
			return err
		})
		if c, created := w.resolve(t, "a@x.example", "", 3); !created || c.ID == a.ID {
			t.Fatalf("%+v", c)
		}
	})
}

func TestWhoTellsColleaguesFromCustomers(t *testing.T) { // EM-37
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		ann := w.User(desktest.Named("Ann Holm"))
		acc := w.Account(desktest.At("support@acme.example"))
		c, _ := w.resolve(t, "mira@x.example", "", 1)
		for address, want := range map[string]contact.Known{
			"ANN@acme.example":     {User: ann.ID, Ours: true},
			"Support@acme.example": {Account: acc.ID, Ours: true},
			"mira@x.example":       {Contact: c.ID},
			"noor@y.example":       {},
			"not an address":       {},
		} {
			got, err := w.Who(ctx, w.DB, desk.AddrEmail, address)
			must(t, err)
			if got != want {
				t.Errorf("%s: %+v, want %+v", address, got, want)
			}
		}
		err := w.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.AddAddress(ctx, tx, desk.System, c.ID, desk.AddrEmail, ann.Email, "", contact.SourceAgent)
			return err
		})
		if desk.ReasonOf(err) != "contact.colleague" {
			t.Fatalf("a colleague's address on a contact: %v", err)
		}
	})
}

func TestAddressHasOneHolder(t *testing.T) { // CR-12
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		a, _ := w.resolve(t, "a@x.example", "Mira Okoye", 1)
		b, _ := w.resolve(t, "b@x.example", "Noor", 1)
		add := func(id desk.ContactID, kind desk.AddressKind, v string) error {
			return w.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := w.AddAddress(ctx, tx, desk.System, id, kind, v, "", contact.SourceAgent)
				return err
			})
		}
		err := add(b.ID, desk.AddrEmail, "A@x.example")
		if desk.CodeOf(err) != desk.Conflict || !strings.Contains(desk.PublicOf(err), "Mira Okoye") {
			t.Fatalf("the holder is not named: %v", err)
		}
		must(t, add(b.ID, desk.AddrPhone, "+45 12 34 56 78"))
		must(t, add(b.ID, desk.AddrPhone, "0045 12345678"))
		if desk.CodeOf(add(b.ID, desk.AddrPhone, "12 34")) != desk.Invalid {
			t.Fatal("a phone number without its country")
		}
		got, err := w.Get(ctx, w.DB, b.ID)
		must(t, err)
		if got.Phone != "+4512345678" || len(got.Addresses) != 2 {
			t.Fatalf("%+v", got)
		}
		remove := func(kind desk.AddressKind, v string) error {
			return w.Try(func(ctx context.Context, tx *db.Tx) error {
				return w.RemoveAddress(ctx, tx, desk.System, b.ID, kind, v)
			})
		}
		must(t, remove(desk.AddrPhone, "+4512345678"))
		if got, err = w.Get(ctx, w.DB, b.ID); err != nil || got.Phone != "" || len(got.Addresses) != 1 {
			t.Fatalf("%+v %v", got, err)
		}
		if desk.CodeOf(remove(desk.AddrEmail, "a@x.example")) != desk.NotFound {
			t.Fatal("another contact's address was taken away")
		}
		must(t, add(a.ID, desk.AddrPhone, "+4512345678")) // free again
	})
}

func TestUpdateAndCreate(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		ann := w.User()
		other, _ := w.resolve(t, "taken@x.example", "Noor", 1)
		var c desk.Contact
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			c, err = w.Create(ctx, tx, desk.ByUser(ann.ID), contact.Fields{Name: "Mira Okoye", Email: "mira@x.example", Properties: map[string]any{"tier": "gold"}}, contact.SourceAPI)
			return err
		})
		change := func(ch contact.Change) (desk.Contact, error) {
			var out desk.Contact
			err := w.Try(func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = w.Update(ctx, tx, desk.ByUser(ann.ID), c.ID, ch)
				return err
			})
			return out, err
		}
		name, mail, taken, nobody := "Mira B. Okoye", "New@x.example", "taken@x.example", "nobody"
		got, err := change(contact.Change{Name: &name, Email: &mail, Properties: map[string]any{"tier": nil, "vip": true}})
		must(t, err)
		if got.Name != name || got.Email != "new@x.example" || len(got.Addresses) != 2 || got.Properties["vip"] != true || got.Properties["tier"] != nil {
			t.Fatalf("%+v", got)
		}
		evs := w.EventsOf(desk.EvContactUpdated)
		if len(evs) != 1 || evs[0].Actor != desk.ByUser(ann.ID) || !strings.Contains(string(evs[0].Data), `["Mira Okoye","Mira B. Okoye"]`) {
			t.Fatalf("%s", evs[0].Data)
		}
		if _, err := change(contact.Change{Name: &name}); err != nil || len(w.EventsOf(desk.EvContactUpdated)) != 1 {
			t.Fatal("nothing changed, nothing is told")
		}
		if _, err := change(contact.Change{Email: &taken}); desk.CodeOf(err) != desk.Conflict || !strings.Contains(desk.PublicOf(err), "Noor") {
			t.Fatalf("%v", err)
		}
		if _, err := change(contact.Change{Email: &nobody}); desk.CodeOf(err) != desk.Invalid {
			t.Fatalf("%v", err)
		}
		for query, want := range map[string]desk.ContactID{"mira": c.ID, "NEW@": c.ID, "noor": other.ID, "100%": 0} {
			page, err := w.List(ctx, w.DB, contact.Filter{Query: query})
			must(t, err)
			list := page.Items
			if want == 0 && len(list) != 0 || want != 0 && (len(list) != 1 || list[0].ID != want) {
				t.Errorf("%q finds %+v", query, list)
			}
		}
		if list, err := w.List(ctx, w.DB, contact.Filter{Limit: 1}); err != nil || len(list.Items) != 1 || list.Items[0].ID != c.ID {
			t.Fatalf("newest first: %+v %v", list, err)
		}
		if _, err := w.Get(ctx, w.DB, 1); desk.CodeOf(err) != desk.NotFound {
			t.Fatal(err)
		}
		if err := w.Try(func(ctx context.Context, tx *db.Tx) error {
			_, err := w.Create(ctx, tx, desk.System, contact.Fields{}, contact.SourceAPI)
			return err
		}); desk.CodeOf(err) != desk.Invalid {
			t.Fatal(err)
		}
	})
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct {
		kind     desk.AddressKind
		in, want string
	}{
		{desk.AddrPhone, "+45 (12) 34-56.78", "+4512345678"}, {desk.AddrPhone, "0045 12345678", "+4512345678"}, {desk.AddrPhone, "12345678", ""}, {desk.AddrPhone, "+0123456789", ""},
		{desk.AddrPhone, "+12345678901234567", ""}, {desk.AddrPhone, "call me", ""}, {"psid", " 42 ", "42"}, {"psid", "a\x00b", ""}, {"psid", strings.Repeat("x", 400), ""}, {desk.AddrEmail, "A@B.example", "a@b.example"},
	} {
		if got := contact.Normalize(c.kind, c.in); got != c.want {
			t.Errorf("Normalize(%s, %q) = %q, want %q", c.kind, c.in, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{" Mira\tOkoye ": "Mira Okoye", `"Mira"`: "Mira", "m@x.example": "", "a\x00b": "a b", "x\xff": "x", strings.Repeat("é", 200): strings.Repeat("é", 100)} {
		if got := contact.CleanName(in, "m@x.example"); got != want {
			t.Errorf("CleanName(%q) = %q", in, got)
		}
	}
	for in, want := range map[string][2]string{"Mira Okoye": {"Mira", "Okoye"}, "Okoye, Mira": {"Mira", "Okoye"}, "Acme, Inc.": {"Acme,", "Inc."}, "Mira": {"Mira", ""}, "": {"", ""}} {
		if first, last := contact.SplitName(in); first != want[0] || last != want[1] {
			t.Errorf("SplitName(%q) = %q, %q", in, first, last)
		}
	}
}

func TestCompaniesByDomain(t *testing.T) { // CR-11
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		a, _ := w.resolve(t, "a@acme.example", "Ann", 1)
		b, _ := w.resolve(t, "b@acme.example", "Bo", 1)
		free, _ := w.resolve(t, "somebody@gmail.com", "Cy", 1)
		for _, id := range []desk.ContactID{a.ID, b.ID, free.ID} {
			w.Write(func(ctx context.Context, tx *db.Tx) error { return w.Indexed(ctx, tx, id) })
		}
		got := map[desk.ContactID]desk.Contact{}
		for _, id := range []desk.ContactID{a.ID, b.ID, free.ID} {
			c, err := w.Get(ctx, w.DB, id)
			must(t, err)
			got[id] = c
		}
		if got[a.ID].CompanyID == 0 || got[a.ID].CompanyID != got[b.ID].CompanyID || got[free.ID].CompanyID != 0 {
			t.Fatalf("%v %v %v", got[a.ID].CompanyID, got[b.ID].CompanyID, got[free.ID].CompanyID)
		}
		co, err := w.Company(ctx, w.DB, got[a.ID].CompanyID)
		must(t, err)
		if co.Domain != "acme.example" {
			t.Errorf("%+v", co)
		}
		page, err := w.List(ctx, w.DB, contact.Filter{Company: co.ID})
		must(t, err)
		if len(page.Items) != 2 {
			t.Errorf("%d people", len(page.Items))
		}
	})
}

// Every beginning of a word finds, in every order asked for, page by page, and common words do not hide what comes later.
func TestListPagesInEveryOrder(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx := context.Background()
		for i, name := range []string{"Ærø Berg", "anna berg", "Zoë Bergström", "Öga Berg", "Bo Berg"} {
			w.resolve(t, strings.Repeat("x", i+1)+"@berg.example", name, desk.Time(i+1))
		}
		for sort, want := range map[string]string{"name": "Ærø Berg,anna berg,Bo Berg,Öga Berg,Zoë Bergström", "-name": "Zoë Bergström,Öga Berg,Bo Berg,anna berg,Ærø Berg",
			"": "Bo Berg,Öga Berg,Zoë Bergström,anna berg,Ærø Berg", "created": "Ærø Berg,anna berg,Zoë Bergström,Öga Berg,Bo Berg", "-email": "Bo Berg,Öga Berg,Zoë Bergström,anna berg,Ærø Berg"} {
			var names []string
			f := contact.Filter{Query: "BERG", Sort: sort, Limit: 2}
			for range 5 {
				page, err := w.List(ctx, w.DB, f)
				must(t, err)
				for _, c := range page.Items {
					names = append(names, c.Name)
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if got := strings.Join(names, ","); got != want {
				t.Errorf("%q: %s", sort, got)
			}
		}
		for q, want := range map[string]int{"aero": 1, "oga": 1, "zoe bergs": 1, "xxx@": 1, "berg.example": 5, "berg nobody": 0} {
			page, err := w.List(ctx, w.DB, contact.Filter{Query: q})
			must(t, err)
			if len(page.Items) != want {
				t.Errorf("%q finds %d", q, len(page.Items))
			}
		}
		if _, err := w.List(ctx, w.DB, contact.Filter{Cursor: "nonsense"}); desk.CodeOf(err) != desk.Invalid {
			t.Error(err)
		}
	})
}
