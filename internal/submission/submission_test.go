package submission_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/blob"
	formchannel "github.com/kanalhq/kanal/internal/channel/form"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/submission"
	"github.com/kanalhq/kanal/internal/visitor"
)

type world struct {
	*desktest.Desk
	t        *testing.T
	forms    *form.Service
	flow     *submission.Service
	intake   *intake.Service
	visitors *visitor.Service
	consents *consent.Service
	blobs    blob.Store
	letters  []submission.Letter
	n        int
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	k := desktest.New(t, d, desktest.Post{}, formchannel.New())
	w := &world{Desk: k, t: t, forms: form.New(k.Clock, k.Events), visitors: visitor.New(k.Clock, k.Events), consents: consent.New(k.Clock, k.Events)}
	blobs, err := blob.Disk(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	w.blobs = blobs
	w.intake = intake.New(intake.Deps{DB: d, Clock: k.Clock, Registry: k.Channels, Blobs: blobs, Events: k.Events, Jobs: job.New(d, k.Clock, nil, job.Options{}),
		Contacts: k.Contacts, Threads: k.Threads, Tickets: k.Tickets, Inbox: k.Inboxes, Assign: k.Assignment})
	ident := identity.New(identity.Deps{DB: d, Clock: k.Clock, Events: k.Events, Contacts: k.Contacts, Threads: k.Threads, Tickets: k.Tickets, Journal: w.intake, Files: blobs, Visitors: w.visitors, Consents: w.consents})
	w.flow = submission.New(submission.Deps{DB: d, Clock: k.Clock, Events: k.Events, Registry: k.Channels, Forms: w.forms, Contacts: k.Contacts, Inboxes: k.Inboxes, Tickets: k.Tickets,
		Properties: k.Properties, Visitors: w.visitors, Identity: ident, Consents: w.consents, Intake: w.intake, Key: bytes.Repeat([]byte{3}, 32),
		Post: func(_ context.Context, l submission.Letter) error { w.letters = append(w.letters, l); return nil }})
	w.intake.Forms = w.flow
	return w
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

// form makes a form; change says what matters.
func (w *world) form(change func(d *form.Definition)) form.Form {
	w.t.Helper()
	d := form.Starter("en")
	d.Options.Spam = "off"
	if change != nil {
		change(&d)
	}
	w.n++
	var f form.Form
	w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
		f, err = w.forms.Create(ctx, tx, desk.System, form.NewForm{Name: "Contact", Slug: "contact" + strconv.Itoa(w.n), Definition: &d})
		return err
	})
	return f
}

// connect makes a form a channel.
func (w *world) connect(f form.Form, with ...func(*inbox.NewAccount)) desk.ChannelAccount {
	w.t.Helper()
	set, _ := json.Marshal(map[string]any{"form": f.Slug})
	return w.Account(append([]func(*inbox.NewAccount){func(n *inbox.NewAccount) {
		n.Channel, n.Name, n.Slug, n.Settings = formchannel.Name, f.Name, "channel-"+f.Slug, set
	}}, with...)...)
}

func (w *world) in(f form.Form, values ...string) submission.In {
	w.n++
	in := submission.In{Form: f, Client: "c" + strconv.Itoa(w.n), Language: "en", IP: "192.0.2." + strconv.Itoa(w.n%250), Posted: form.Posted{Values: map[string][]string{}, Page: form.Page{URL: "https://shop.example/contact?utm_campaign=spring", Title: "Contact"}}}
	for i := 0; i < len(values); i += 2 {
		in.Posted.Values[values[i]] = append(in.Posted.Values[values[i]], values[i+1])
	}
	return in
}

func (w *world) send(in submission.In) form.Submission {
	w.t.Helper()
	out, err := w.flow.Submit(context.Background(), in)
	if err != nil {
		w.t.Fatalf("submit: %v", err)
	}
	if len(out.Result.Faults) > 0 {
		w.t.Fatalf("faults: %v", out.Result.Faults)
	}
	x, err := w.forms.Submission(context.Background(), w.DB, out.Submission.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return x
}

func (w *world) ticket(id desk.TicketID) desk.Ticket {
	w.t.Helper()
	t, err := w.Tickets.Get(context.Background(), w.DB, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) statusOf(t desk.Ticket) string {
	st, err := w.Tickets.StatusByID(context.Background(), w.DB, t.StatusID)
	if err != nil {
		w.t.Fatal(err)
	}
	return st.Slug
}

func (w *world) contact(id desk.ContactID) desk.Contact {
	w.t.Helper()
	c, err := w.Contacts.Get(context.Background(), w.DB, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

var good = []string{"name", "Ann Holm", "email", "Ann@Example.com", "subject", "The lamp flickers", "message", "It does so at night."}

// FM-01, FM-02, FM-15: a submission of a connected form is a conversation with a ticket, named and described by its answers, with its files.
func TestASubmissionBecomesATicket(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) {
			d.Fields = append(d.Fields, form.Field{Name: "photo", Type: form.TypeFile, Label: form.Text{"": "Photo"}})
		})
		acc := w.connect(f)
		sha, size, _ := w.blobs.Put(context.Background(), strings.NewReader("a picture"))
		in := w.in(f, good...)
		in.Posted.Files = []form.File{{Field: "photo", Name: "a.txt", Type: "text/plain", Size: size, SHA256: sha}}
		x := w.send(in)
		if x.State != form.Filed || x.AccountID != acc.ID || x.TicketID == 0 || x.ThreadID == 0 || x.MessageID == 0 || x.ContactID == 0 || x.Email != "ann@example.com" {
			t.Fatalf("%+v", x)
		}
		tk := w.ticket(x.TicketID)
		if tk.Subject != "The lamp flickers" || tk.Description != "It does so at night." || tk.Channel != formchannel.Name || tk.ContactID != x.ContactID {
			t.Errorf("%+v", tk)
		}
		m, err := w.Threads.Message(context.Background(), w.DB, x.MessageID)
		if err != nil || !strings.Contains(m.Text, "Name: Ann Holm") || len(m.Attachments) != 1 || m.Attachments[0].SHA256 != sha || m.From.Address != "ann@example.com" {
			t.Errorf("%+v %v", m, err)
		}
		if c := w.contact(x.ContactID); c.Name != "Ann Holm" || c.Email != "ann@example.com" {
			t.Errorf("%+v", c)
		}
		in.Posted.Values["message"] = []string{"again"} // the browser repeats what it does not know to have arrived
		if again := w.send(in); again.ID != x.ID {
			t.Error("a repeated submission is another one")
		}
	})
}

// FM-06, FM-07, FM-08: pipeline and status are the form's settings, whatever is posted.
func TestAForgedPipelineIsIgnored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) { d.Ticket.Pipeline, d.Ticket.Status = "support", "waiting_on_us" })
		w.connect(f, func(n *inbox.NewAccount) { n.Ticket = &desk.TicketPolicy{Create: "always", Priority: "high"} })
		want := w.statusOf(w.ticket(w.send(w.in(f, good...)).TicketID))
		x := w.send(w.in(f, append([]string{"pipeline", "other", "status", "closed", "ticket.status", "closed", "hs_pipeline", "1"}, good...)...))
		tk := w.ticket(x.TicketID)
		if got := w.statusOf(tk); got != want || !tk.Open {
			t.Errorf("posted status: %s, want %s", got, want)
		}
		if x.Answers["status"] == "closed" || tk.Priority != "high" {
			t.Errorf("%v, priority %s", x.Answers, tk.Priority)
		}
	})
}

// FM-06 beyond: the status follows from other answers by rules of the form.
func TestRulesSetTheStatus(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var last desk.Status
		ps, err := w.Tickets.Pipelines(context.Background(), w.DB)
		if err != nil || len(ps) == 0 {
			t.Fatal(err)
		}
		last = ps[0].Statuses[len(ps[0].Statuses)-1]
		f := w.form(func(d *form.Definition) {
			for i := range d.Fields {
				if d.Fields[i].Maps == form.MapsStatus {
					d.Fields[i].Mode = "rules"
					d.Fields[i].SetBy = []form.SetBy{{If: desk.Conditions{When: []desk.Condition{{Field: "subject", Op: "contains", Values: []string{"no answer needed"}}}}, Value: last.Slug}}
				}
			}
		})
		w.connect(f)
		x := w.send(w.in(f, "email", "a@example.com", "subject", "FYI, no answer needed", "message", "m", "status", "new"))
		if got := w.statusOf(w.ticket(x.TicketID)); got != last.Slug {
			t.Errorf("%s, want %s", got, last.Slug)
		}
		x = w.send(w.in(f, "email", "b@example.com", "subject", "Please answer", "message", "m", "status", last.Slug))
		if got := w.statusOf(w.ticket(x.TicketID)); got == last.Slug {
			t.Error("a posted status was taken")
		}
	})
}

// FM-10: hidden fields are kept with the submission and stand in no message.
func TestHiddenFieldsAreNotInTheMessage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) {
			d.Fields = append(d.Fields, form.Field{Name: "campaign", Type: form.TypeHidden, From: "query:utm_campaign", Label: form.Text{"": "Campaign"}},
				form.Field{Name: "tier", Type: form.TypeHidden, Default: "gold", Label: form.Text{"": "Tier"}})
		})
		w.connect(f)
		x := w.send(w.in(f, append([]string{"tier", "platinum"}, good...)...))
		if x.Answers["campaign"] != "spring" || x.Answers["tier"] != "gold" {
			t.Errorf("%v", x.Answers)
		}
		m, _ := w.Threads.Message(context.Background(), w.DB, x.MessageID)
		if strings.Contains(m.Text+m.HTML, "spring") || strings.Contains(m.Text+m.HTML, "gold") || strings.Contains(m.Text, "Pipeline") {
			t.Errorf("%q", m.Text)
		}
	})
}

// FM-13: an address that is somebody's fills what is blank and changes nothing; nobody is joined to a contact by name or cookie.
func TestASubmissionNeverOverwritesAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var c desk.Contact
		var v visitor.Visitor
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			if c, err = w.Contacts.Create(ctx, tx, desk.System, contact.Fields{Name: "Real Name", Email: "real@example.com"}, "agent"); err != nil {
				return err
			}
			if v, _, err = w.visitors.Arrive(ctx, tx, visitor.Glimpse{UTK: "cookie-1", Track: true}); err != nil {
				return err
			}
			v, err = w.visitors.Belongs(ctx, tx, v, c.ID, true, "")
			return err
		})
		f := w.form(func(d *form.Definition) {
			d.Fields = append(d.Fields, form.Field{Name: "phone", Maps: "contact.phone", Type: form.TypePhone, Label: form.Text{"": "Phone"}})
		})
		w.connect(f)
		x := w.send(w.in(f, "name", "Evil Twin", "email", "REAL@example.com", "subject", "s", "message", "m", "phone", "+45 12 34 56 78"))
		got := w.contact(c.ID)
		if x.ContactID != c.ID || got.Name != "Real Name" || got.Phone != "" || x.Answers["phone"] != "+45 12 34 56 78" {
			t.Errorf("who typed somebody's address gave them a phone: %+v %+v", got, x.Answers)
		}
		if k, err := w.Contacts.Who(context.Background(), w.DB, desk.AddrPhone, "+4512345678"); err != nil || k.Contact != 0 {
			t.Errorf("the number leads to somebody: %+v %v", k, err)
		}
		x = w.send(w.in(f, "name", "New One", "email", "new@example.com", "subject", "s", "message", "m", "phone", "+45 99 99 99 99"))
		if got = w.contact(x.ContactID); got.Phone != "+4599999999" {
			t.Errorf("somebody new: %s", got.Phone)
		}
		in := w.in(f, "name", "Somebody Else", "email", "else@example.com", "subject", "s", "message", "m")
		in.Cookie = "cookie-1" // the same computer
		x = w.send(in)
		if x.ContactID == c.ID || x.VisitorID != v.ID || w.contact(c.ID).Email != "real@example.com" {
			t.Errorf("a cookie joined two people: %+v", x)
		}
		as, _ := w.Contacts.Addresses(context.Background(), w.DB, c.ID)
		for _, a := range as {
			if a.Value == "else@example.com" {
				t.Error("another person's address became the contact's")
			}
		}
	})
}

// FM-13: without an address there is a contact only where a phone or a name is given.
func TestWithoutAnAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) {
			d.Fields = []form.Field{{Name: "name", Maps: "contact.name", Type: form.TypeText}, {Name: "phone", Maps: "contact.phone", Type: form.TypePhone}, {Name: "words", Type: form.TypeLong}}
		})
		w.connect(f)
		none := w.send(w.in(f, "words", "Hello"))
		if none.TicketID == 0 || none.ContactID != 0 || w.ticket(none.TicketID).Subject != "Contact" {
			t.Errorf("%+v", none)
		}
		a, b := w.send(w.in(f, "name", "Ann Holm")), w.send(w.in(f, "name", "Ann Holm"))
		if a.ContactID == 0 || a.ContactID == b.ContactID {
			t.Error("a name alone joined two people")
		}
		p, q := w.send(w.in(f, "phone", "+45 11 22 33 44")), w.send(w.in(f, "phone", "+4511223344"))
		if p.ContactID == 0 || p.ContactID != q.ContactID {
			t.Error("a phone number is two people")
		}
	})
}

// TR-05: who says who they are in a form makes their browser known, as claimed.
func TestABrowserBecomesKnownAsClaimed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var v visitor.Visitor
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			v, _, err = w.visitors.Arrive(ctx, tx, visitor.Glimpse{UTK: "cookie-2", Track: true})
			return err
		})
		f := w.form(nil)
		w.connect(f)
		in := w.in(f, good...)
		in.Cookie = "cookie-2"
		x := w.send(in)
		got, err := w.visitors.Get(context.Background(), w.DB, v.ID)
		if err != nil || got.ContactID != x.ContactID || got.Proven || got.ClaimedEmail != "ann@example.com" {
			t.Errorf("%+v %v", got, err)
		}
	})
}

// FM-19: a form without ticket fields can be connected; its tickets are named by form and contact. A template of the form's own is filled in.
func TestTicketsAreNamedByFormAndContact(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bare := func(d *form.Definition) { *d = d.WithoutTicket(); d.Options.Spam = "off" }
		f := w.form(bare)
		w.connect(f)
		if s := w.ticket(w.send(w.in(f, "name", "Ann Holm", "email", "a@example.com")).TicketID).Subject; s != "Contact – Ann Holm" {
			t.Errorf("%q", s)
		}
		if s := w.ticket(w.send(w.in(f, "email", "b@example.com")).TicketID).Subject; s != "Contact – b@example.com" {
			t.Errorf("%q", s)
		}
		f = w.form(func(d *form.Definition) { bare(d); d.Ticket.Name = "{{name}} writes: {{ form.name }}" })
		w.connect(f)
		if s := w.ticket(w.send(w.in(f, "name", "Ann Holm", "email", "a@example.com")).TicketID).Subject; s != "Ann Holm writes: Contact" {
			t.Errorf("%q", s)
		}
	})
}

// FM-16: a form that is no channel is stored; a ticket is made where it says so, and a contact where somebody says who they are.
func TestAFormThatIsNoChannel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.send(w.in(w.form(nil), good...))
		if x.TicketID == 0 || x.ContactID == 0 || x.ThreadID != 0 || w.ticket(x.TicketID).Subject != "The lamp flickers" {
			t.Errorf("%+v", x)
		}
		y := w.send(w.in(w.form(func(d *form.Definition) { d.Ticket.Make = false }), good...))
		if y.TicketID != 0 || y.ContactID != x.ContactID || y.State != form.Filed {
			t.Errorf("%+v", y)
		}
		if err := w.flow.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

// FM-16: what fills the company fills its record: that of the address where it has no name yet, else the one of that name; what stands there is never changed.
func TestAFieldFillsTheCompany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) {
			d.Fields = append(d.Fields, form.Field{Name: "company", Type: form.TypeText, Maps: "company.name", Label: form.Text{"en": "Company"}})
			d.Ticket.Make = false
		})
		says := func(email, company string) (c desk.Contact, name string) {
			t.Helper()
			x := w.send(w.in(f, "email", email, "name", "Some One", "subject", "Hello", "message", "Hello there", "company", company))
			w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
				if err = w.Contacts.Indexed(ctx, tx, x.ContactID); err != nil { // as the sweep does
					return err
				}
				if c, err = w.Contacts.Get(ctx, tx, x.ContactID); err != nil || c.CompanyID == 0 {
					return err
				}
				co, err := w.Contacts.Company(ctx, tx, c.CompanyID)
				if strings.HasPrefix(co.Domain, "=") {
					t.Errorf("a key is shown as a domain: %q", co.Domain)
				}
				name = co.Name
				return err
			})
			return c, name
		}
		first, name := says("ann@lamps.example", "Lamps Ltd.")
		if name != "Lamps Ltd." {
			t.Fatalf("the address's company is called %q", name)
		}
		if c, name := says("bob@lamps.example", "Evil Corp"); name != "Lamps Ltd." || c.CompanyID != first.CompanyID {
			t.Errorf("a stranger renamed a company: %q", name)
		}
		free, name := says("cleo@gmail.com", "Lamps Ltd.")
		if name != "Lamps Ltd." || free.CompanyID == first.CompanyID || free.CompanyID == 0 {
			t.Errorf("a name led to a company that is known by its domain: %+v %q", free, name)
		}
		if other, _ := says("dan@gmail.com", " lamps LTD. "); other.CompanyID != free.CompanyID {
			t.Errorf("two of one name: %d, %d", other.CompanyID, free.CompanyID)
		}
		if again, name := says("cleo@gmail.com", "Another"); again.CompanyID != free.CompanyID || name != "Lamps Ltd." {
			t.Errorf("what stood there was changed: %+v %q", again, name)
		}
		if none, _ := says("eve@gmail.com", ""); none.CompanyID != 0 {
			t.Errorf("%+v", none)
		}
	})
}

// FM-20: what was agreed to is kept in the very words, with the submission and as proof of the person.
func TestConsentsAreKeptInTheirWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) {
			d.Consent = &form.ConsentPart{Notice: form.Text{"en": "We keep it.", "da": "Vi gemmer det."}, Processing: &form.Processing{Text: form.Text{"en": "Yes, keep it.", "da": "Ja, gem det."}, Required: true},
				Communication: []form.Communicate{{Slug: "news", Text: form.Text{"": "News, please."}}}}
		})
		w.connect(f)
		out, err := w.flow.Submit(context.Background(), w.in(f, good...))
		if err != nil || out.Result.Faults[form.ProcessingName].Code != form.FaultConsent {
			t.Fatalf("%v %v", out.Result.Faults, err)
		}
		in := w.in(f, append([]string{form.ProcessingName, "true"}, good...)...)
		in.Language = "da"
		x := w.send(in)
		if len(x.Context.Agreed) != 2 || x.Context.Agreed[0].Text != "Vi gemmer det.\nJa, gem det." || !x.Context.Agreed[0].Given || x.Context.Agreed[1].Given || x.Context.Agreed[0].At == 0 {
			t.Errorf("%+v", x.Context.Agreed)
		}
		es, err := w.consents.OfContact(context.Background(), w.DB, x.ContactID)
		if err != nil || len(es) != 2 || es[0].Wording != "Vi gemmer det.\nJa, gem det." || es[0].Action != consent.Given || es[1].Purpose != "write:news" || es[1].Action != consent.Declined {
			t.Errorf("%+v %v", es, err)
		}
	})
}

// FM-18: each sign of a program holds a submission back; it is in sight, makes no ticket, and goes on when it is released.
func TestDoubtfulOnesAreHeldAndReleased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) { d.Options.Spam = "standard" })
		w.connect(f)
		late := func(in *submission.In) {
			in.Signs.Stamp = w.flow.Stamp(f.ID)
			w.Clock.Set(w.Clock.Now().Add(5 * time.Second))
		}
		for reason, change := range map[string]func(in *submission.In){
			"":                      late,
			submission.HeldTrap:     func(in *submission.In) { late(in); in.Signs.Trap = "https://spam.example" },
			submission.HeldFast:     func(in *submission.In) { in.Signs.Stamp = w.flow.Stamp(f.ID) },
			submission.HeldUnsigned: func(in *submission.In) { in.Signs.Stamp = "AAAAAAAAAAAAAAAAAAAAAA.forged" },
			submission.HeldWork:     func(in *submission.In) { late(in); in.Signs.Work = "1" },
			submission.HeldLinks: func(in *submission.In) {
				late(in)
				in.Posted.Values["message"] = []string{strings.Repeat("http://x.example ", 6)}
			},
		} {
			in := w.in(f, good...)
			change(&in)
			x := w.send(in)
			if reason == "" {
				if x.State != form.Filed || x.TicketID == 0 {
					t.Errorf("a person was held: %s", x.Reason)
				}
				continue
			}
			if x.State != form.Held || x.Reason != reason || x.TicketID != 0 || x.ContactID != 0 {
				t.Errorf("%s: %s %s %d", reason, x.State, x.Reason, x.TicketID)
				continue
			}
			y, err := w.flow.Release(context.Background(), desk.System, x.ID)
			if err != nil || y.State != form.Filed || y.TicketID == 0 {
				t.Errorf("%s: released: %+v %v", reason, y, err)
			}
			if _, err := w.flow.Release(context.Background(), desk.System, x.ID); desk.CodeOf(err) != desk.Conflict {
				t.Errorf("released twice: %v", err)
			}
		}
	})
}

// FM-18: the settings of spam protection: strict wants a signed page, off holds nothing, the question wants its sum, once is once, and many are too many.
func TestEachSettingOfSpamProtection(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	make := func(change func(o *form.Options)) form.Form {
		f := w.form(func(d *form.Definition) { d.Options.Spam = "standard"; change(&d.Options) })
		w.connect(f)
		return f
	}
	if x := w.send(w.in(make(func(o *form.Options) { o.Spam = "strict" }), good...)); x.Reason != submission.HeldUnsigned {
		t.Errorf("strict: %s", x.Reason)
	}
	in := w.in(make(func(o *form.Options) { o.Spam = "off" }), good...)
	in.Signs.Trap = "x"
	if x := w.send(in); x.State != form.Filed {
		t.Errorf("off: %s", x.Reason)
	}
	f := make(func(o *form.Options) { o.Captcha = true })
	in = w.in(f, good...)
	in.Signs.Stamp = w.flow.Stamp(f.ID)
	w.Clock.Set(w.Clock.Now().Add(10 * time.Second))
	out, err := w.flow.Submit(context.Background(), in)
	if err != nil || out.Result.Faults[submission.AnswerName].Code != submission.FaultAnswer {
		t.Errorf("question: %v %v", out.Result.Faults, err)
	}
	a, b := w.flow.Question(f.ID, in.Signs.Stamp)
	in.Signs.Answer = strconv.Itoa(a + b)
	w.send(in)
	f = make(func(o *form.Options) { o.OncePer = 10 })
	w.send(w.in(f, good...))
	if _, err := w.flow.Submit(context.Background(), w.in(f, good...)); desk.CodeOf(err) != desk.RateLimited {
		t.Errorf("once: %v", err)
	}
	f = make(func(*form.Options) {})
	held := 0
	for range 10 {
		in := w.in(f, good...)
		in.IP = "203.0.113.9"
		if w.send(in).Reason == submission.HeldMany {
			held++
		}
	}
	if held != 4 {
		t.Errorf("of ten from one line without a script %d were held", held)
	}
	stamp := w.flow.Stamp(f.ID)
	n := 0
	for ; !submission.Worked(stamp, strconv.Itoa(n), 8); n++ {
	}
	if submission.Worked(stamp+"x", strconv.Itoa(n), 30) || n == 0 && submission.Worked(stamp, "0", 20) {
		t.Error("the work is no work")
	}
	w.form(func(d *form.Definition) { d.Options.Notify = []string{"boss@acme.example"} })
	f = make(func(o *form.Options) { o.Notify = []string{"boss@acme.example"}; o.Spam = "off" })
	w.send(w.in(f, good...))
	if len(w.letters) != 1 || w.letters[0].To != "boss@acme.example" {
		t.Errorf("letters: %+v", w.letters)
	}
}

// FM-18: what was worked or answered for a form lets one submission through, on whichever node; brought again it counts for nothing.
func TestWorkCountsOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		nodes := []*submission.Service{w.flow, submission.New(w.flow.Deps)}
		f := w.form(func(d *form.Definition) { d.Options.Spam, d.Options.Work = "standard", 8 })
		w.connect(f)
		prove := func() submission.Signs {
			sg, n := submission.Signs{Stamp: w.flow.Stamp(f.ID)}, 0
			for ; !submission.Worked(sg.Stamp, strconv.Itoa(n), 8); n++ {
			}
			sg.Work = strconv.Itoa(n)
			w.Clock.Set(w.Clock.Now().Add(5 * time.Second))
			return sg
		}
		send := func(sg submission.Signs, times int) (held int) {
			for i := range times {
				in := w.in(f, good...)
				in.IP, in.Signs = "203.0.113.9", sg
				out, err := nodes[i%2].Submit(context.Background(), in)
				if err != nil {
					t.Fatal(err)
				}
				if out.Submission.State == form.Held {
					held++
				}
			}
			return held
		}
		if held := send(prove(), 15); held != 2 { // one worked; of the others each node lets six through, as of people without a script
			t.Errorf("of fifteen with one proof %d were held", held)
		}
		for range 10 {
			if held := send(prove(), 1); held != 0 {
				t.Error("one who worked was held")
			}
		}
		q := w.form(func(d *form.Definition) { d.Options.Captcha = true })
		w.connect(q)
		sg := submission.Signs{Stamp: w.flow.Stamp(q.ID)}
		a, b := w.flow.Question(q.ID, sg.Stamp)
		sg.Answer = strconv.Itoa(a + b)
		in := w.in(q, good...)
		in.Signs = sg
		w.send(in)
		in = w.in(q, good...)
		in.Signs = sg
		if out, err := nodes[1].Submit(context.Background(), in); err != nil || out.Result.Faults[submission.AnswerName].Code != submission.FaultStale {
			t.Errorf("an answer counted twice: %+v %v", out.Result.Faults, err)
		}
		count := func() (n int) {
			if err := w.DB.QueryRow(context.Background(), `SELECT COUNT(*) FROM form_stamps`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := count(); n != 12 {
			t.Errorf("%d stamps are remembered, want 12", n)
		}
		w.Clock.Set(w.Clock.Now().Add(49 * time.Hour))
		if err := w.flow.Run(context.Background()); err != nil || count() != 0 {
			t.Errorf("old stamps are remembered: %d %v", count(), err)
		}
	})
}

// FM-12: with the channel the ticket fields go; what was submitted keeps them; they can be put back.
func TestRemovingTheChannelStripsTicketFields(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) { d.Ticket.Priority = "high" })
		w.connect(f)
		x := w.send(w.in(f, good...))
		var after, back form.Form
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			after, err = w.forms.StripTicket(ctx, tx, desk.System, f.ID)
			return err
		})
		if len(after.Definition.TicketFields()) != 0 || after.Definition.Ticket.Priority != "" || len(after.Definition.Fields) != 2 {
			t.Errorf("%+v", after.Definition)
		}
		was, err := w.forms.At(context.Background(), w.DB, f.ID, x.Version)
		if err != nil || len(was.TicketFields()) != 4 {
			t.Errorf("the submission lost its fields: %v %v", was.TicketFields(), err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			back, err = w.forms.RestoreTicket(ctx, tx, desk.System, f.ID)
			return err
		})
		if len(back.Definition.TicketFields()) != 4 || back.Definition.Ticket.Priority != "high" || back.Definition.Fields[2].Name != "subject" {
			t.Errorf("%+v", back.Definition)
		}
	})
}

// CR-14: what a person sent goes with them; held ones go after the time that the form keeps them.
func TestSubmissionsAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.form(func(d *form.Definition) { d.Options.KeepDays = 3; d.Options.Spam = "strict" })
		w.connect(f)
		held := w.send(w.in(f, good...))
		g := w.form(nil)
		w.connect(g)
		filed := w.send(w.in(g, good...))
		w.Clock.Set(w.Clock.Now().AddDate(0, 0, 4))
		if err := w.flow.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.forms.Submission(context.Background(), w.DB, held.ID); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("a held one stayed: %v", err)
		}
		w.Write(func(ctx context.Context, tx *db.Tx) error {
			return w.forms.Forget(ctx, tx, []desk.ContactID{filed.ContactID}, nil, nil)
		})
		if _, err := w.forms.Submission(context.Background(), w.DB, filed.ID); desk.CodeOf(err) != desk.NotFound {
			t.Errorf("it stayed: %v", err)
		}
	})
}
