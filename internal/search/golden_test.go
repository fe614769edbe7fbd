package search_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/search"
)

// corpus is a small desk in five languages: a name for each message, who wrote it, its subject and its text.
var corpus = []struct{ name, from, subject, text string }{
	{"en1", "Ann Holm <ann@acme.example>", "Two invoices for one delivery", "Hello, we have received two invoices for the same delivery. Please cancel one of them, thanks."},
	{"en2", "Bob Price <bob@price.example>", "Invoice is missing", "Hello, the invoice for our order is not in the parcel. Can you send it please?"},
	{"en3", "Cathy Ray <cathy@ray.example>", "Ordering a spare battery", "Hi, I would like to order a battery for my bike, and the bikes of our team need new brakes."},
	{"da1", "Søren Bæk <soren@baek.example>", "Cyklen er ikke kommet", "Hej, jeg har ikke fået min cykel, og leveringen er forsinket. Det er anden gang. Mvh Søren"},
	{"da2", "Mette Ågård <mette@aagaard.example>", "Spørgsmål til cykler", "Hej, har I cykler til børn på lager, og hvad er prisen for levering? Hilsen Mette"},
	{"da3", "Jens Ord <jens@ord.example>", "Et ord om ordet", "Hej, jeg har et ord at sige om de ord der er brugt på siden, og det er ikke pænt."},
	{"de1", "Jürgen Müller <mueller@beispiel.example>", "Rechnungen falsch", "Hallo, die Rechnungen sind nicht richtig, bitte korrigieren Sie die Adresse auf der Rechnung. Grüße"},
	{"de2", "Anja Weiß <weiss@beispiel.example>", "Lieferung in die Straße", "Guten Tag, wann kommt die Lieferung? Wir haben zwei Lieferungen bestellt und noch nicht bekommen."},
	{"sv1", "Åsa Lindström <asa@lind.example>", "Fakturan stämmer inte", "Hej, fakturan är inte rätt, och jag har fått två fakturor för samma leverans. Hälsningar Åsa"},
	{"sv2", "Olle Öberg <olle@oberg.example>", "Nycklarna", "Hej, jag har tappat nyckeln till låset, kan jag få nya nycklar till det?"},
	{"fi1", "Päivi Mäkinen <paivi@makinen.example>", "Tilaus puuttuu", "Hei, tilauksen tiedot on väärin ja en ole saanut tilausta. Kiitos, Päivi"},
	{"fi2", "Ville Virtanen <ville@virtanen.example>", "Kaupungin pyörät", "Hei, kaupungissa on uusia polkupyöriä, ja se on hyvä. Onko tämä kaupunki mukana? Kiitos"},
	{"mix", "Ann Holm <ann@acme.example>", "Re: delivery", "Thanks! The delivery came; the orders were all there. 3x part AB-1207."},
}

// golden is what a search must find in the corpus, newest first.
var golden = []struct{ query, want string }{
	// forms of a word, in each language, without losing those of another
	{"invoice", "en2 en1"}, {"invoices", "en2 en1"}, {"bike", "en3"}, {"orders", "mix en3 en2"},
	{"cykel", "da2 da1"}, {"cykler", "da2 da1"}, {"levering", "da2 da1"}, {"leveringen", "da2 da1"},
	{"rechnung", "de1"}, {"rechnungen", "de1"}, {"lieferungen", "de2"},
	{"faktura", "sv1"}, {"fakturor", "sv1"}, {"nyckel", "sv2"}, {"nycklar", "sv2"},
	{"tilaus", "fi1"}, {"tilausta", "fi1"}, {"kaupunki", "fi2"}, {"kaupungissa", "fi2"},
	{"ord ", "da3"}, // and not the English order
	// quotes take the words as written
	{`"invoices"`, "en1"}, {`"two invoices"`, "en1"}, {`"invoices two"`, ""},
	// letters that the keyboard lacks
	{"soren", "da1"}, {"müller", "de1"}, {"muller", "de1"}, {"weiss", "de2"}, {"strasse", "de2"}, {"lindstrom", "sv1"}, {"makinen", "fi1"}, {"agard", "da2"},
	// one or the other, without, and all together
	{"rechnung OR faktura", "sv1 de1"}, {"invoice OR rechnung OR fakturor", "sv1 de1 en2 en1"}, {"invoice -parcel", "en1"}, {`delivery -"two invoices"`, "mix"},
	{"delivery thanks -from:bob", "mix en1"}, {"-kiitos -hej -hallo -hello from:example subject:kaupungin", ""}, {"from:ann OR from:bob", "mix en2 en1"},
	// people and addresses
	{"from:ann", "mix en1"}, {"from:ann@acme.example", "mix en1"}, {"from:holm invoices", "en1"}, {"subject:delivery", "mix en1"}, {"cathy@ray.example", "en3"},
	// codes
	{"AB-1207", "mix"}, {"ab 1207", "mix"},
	// being typed
	{"rechn", "de1"}, {"polkup", "fi2"},
}

// WS-19: the golden corpus. What a search finds is the same on both databases, and stays so.
func TestTheGoldenCorpusIsFoundAsItShould(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		name, ids := map[int64]string{}, map[string]int64{}
		for _, c := range corpus {
			m := int64(w.message(ticket{}, c.from, c.subject, c.text))
			name[m], ids[c.name] = c.name, m
		}
		w.sync()
		for _, g := range golden {
			got := ""
			for _, h := range w.exact(g.query).Hits {
				got += " " + name[int64(h.MessageID)]
			}
			if strings.TrimSpace(got) != g.want {
				t.Errorf("%s: found %s, want %s", g.query, got, g.want)
			}
		}
	})
}

func (w *world) exact(q string) search.Found {
	w.t.Helper()
	r, err := w.s.Search(context.Background(), w.viewer, q, search.Options{Limit: 50, Exact: true})
	if err != nil || len(r.Problems) > 0 {
		w.t.Fatalf("%s: %v, %v", q, err, r.Problems)
	}
	return r
}

// WS-19 beyond: names and subjects forgive slips, and say so; what stands as typed is never replaced.
func TestAMistypedNameOrSubjectIsFoundAndSaidSo(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		for _, c := range corpus {
			w.message(ticket{inbox: 1}, c.from, c.subject, c.text)
		}
		secret := w.ticket("Zanzibar", 2)
		w.message(secret, "Xaver Quint <x@q.example>", "Zanzibar contract", "secret")
		w.sync()
		for _, c := range []struct{ query, want string }{
			{"invocie", "invoice"}, {"lindstorm", "lindström"}, {"virtamen", "virtanen"}, {"from:makinenn", "from:mäkinen"}, {"rechnugen falsch", "rechnungen falsch"}, {"batery spare", "battery spare"},
			{"zanzibra", "zanzibar"},
		} {
			r := w.search(c.query)
			if r.Spelling == nil || !r.Spelling.Applied || r.Spelling.Query != c.want || len(r.Hits) == 0 {
				t.Errorf("%s: %+v with %d hits, want %s", c.query, r.Spelling, len(r.Hits), c.want)
			}
			if r := w.exact(c.query); r.Spelling != nil || len(r.Hits) != 0 {
				t.Errorf("%s, exactly: %+v", c.query, r.Spelling)
			}
		}
		for _, q := range []string{"invoice", "xkcdwq", `"invocie"`, "cat", "ab 1207"} {
			if r := w.search(q); r.Spelling != nil && r.Spelling.Applied {
				t.Errorf("%s: %+v", q, r.Spelling)
			}
		}
		// no word is told that stands only where the viewer may not look
		w.viewer.AllInboxes, w.viewer.Inboxes = false, []desk.InboxID{1}
		if r := w.search("zanzibra"); r.Spelling != nil || len(r.Hits) > 0 {
			t.Errorf("told of %+v", r.Spelling)
		}
	})
}

// An operator that makes no sense is said to, with what was likely meant; it is never a silent empty answer.
func TestWhatIsNotUnderstoodIsSaidWithASuggestion(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.things()
		for _, c := range []struct{ query, reason, value, suggestion string }{
			{"printer status:watingonus", "unknown_value", "watingonus", `printer status:"Waiting on us"`},
			{"owner:mete", "unknown_value", "mete", `owner:"Mette Holm"`},
			{"inbox:sale", "unknown_value", "sale", `inbox:"Sales team"`},
			{"team:nobody-here", "unknown_value", "nobody-here", ""},
			{"is:opne x", "unknown_value", "opne", "is:open x"},
			{"has:atachment", "unknown_value", "atachment", "has:attachment"},
			{"type:mesage", "unknown_value", "mesage", "type:message"},
			{"priority:hihg", "unknown_value", "hihg", "priority:high"},
			{"stauts:open", "", "", ""}, // two letters swapped are one slip
			{"before:someday", "bad_date", "someday", ""},
			{"older_than:week", "bad_age", "week", ""},
			{"status: printer", "missing_value", "", ""},
			{"property.sise:L", "unknown_property", "sise", "property.size:L"},
			{"printer OR status:new", "or_mixed", "new", ""},
		} {
			r := w.search(c.query)
			if c.query == "stauts:open" {
				if len(r.Problems) != 1 || r.Problems[0].Reason != "unknown_operator" || r.Problems[0].Suggestion != "status:open" {
					t.Errorf("%s: %+v", c.query, r.Problems)
				}
				continue
			}
			if len(r.Problems) != 1 || r.Problems[0].Reason != c.reason || r.Problems[0].Value != c.value || r.Problems[0].Suggestion != c.suggestion || len(r.Hits) != 0 {
				t.Errorf("%s: %+v", c.query, r.Problems)
			}
		}
		for _, fine := range []string{"see:attached", "http://x.example/y", "12:30", "Re: hello", "from:", "a OR", "OR b", "status:"} {
			if r := w.search(fine); len(r.Problems) != 0 {
				t.Errorf("%s: %+v", fine, r.Problems)
			}
		}
	})
}

// things are what operators name.
func (w *world) things() {
	w.do(desk.Event{},
		change{"INSERT INTO pipelines (id, slug, name, created_at) VALUES (1, 'support', 'Support', 1)", nil},
		change{"INSERT INTO pipeline_statuses (id, pipeline_id, slug, name, state) VALUES (1, 1, 'new', 'New', 'open'), (2, 1, 'waiting_on_us', 'Waiting on us', 'open'), (3, 1, 'closed', 'Closed', 'closed')", nil},
		change{"INSERT INTO inboxes (id, slug, kind, name, created_at) VALUES (1, 'helpdesk', 'helpdesk', 'Help desk', 1), (2, 'sales', 'inbox', 'Sales team', 1)", nil},
		change{"INSERT INTO users (id, email, name, created_at, updated_at) VALUES (7, 'me@acme.example', 'Own Self', 1, 1), (8, 'mette@acme.example', 'Mette Holm', 1, 1)", nil},
		change{"INSERT INTO teams (id, slug, name, created_at) VALUES (5, 'second-line', 'Second line', 1)", nil},
		change{"INSERT INTO properties (id, object, name, label, type, options) VALUES (1, 'ticket', 'size', 'Size', 'choice', '[\"S\",\"L\"]'), (2, 'contact', 'tier', 'Tier', 'choice', '[\"Gold\"]')", nil})
}

// TK-19, WS-19: every operator narrows, also negated.
func TestOperatorsNarrow(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.things()
		one, two := w.ticket("Alpha printer", 1), w.ticket("Beta printer", 2)
		contact := w.d.NewID()
		w.do(desk.Event{Type: desk.EvContactCreated, Contact: desk.ContactID(contact)}, change{`INSERT INTO contacts (id, name, email, properties, created_at, updated_at) VALUES ($1, 'Printer Person', 'pp@x.example', '{"tier":"Gold"}', 1, 1)`, []any{contact}})
		w.do(desk.Event{},
			change{`UPDATE tickets SET status_id = 2, owner_id = 8, team_id = 5, priority = 'high', category = 'Billing', properties = '{"size":"L"}', contact_id = $2 WHERE id = $1`, []any{two.id, contact}},
			change{"UPDATE tickets SET owner_id = 7, snoozed = 1, last_direction = 'incoming' WHERE id = $1", []any{one.id}},
			change{"INSERT INTO drafts (id, user_id, ticket_id, kind, body, updated_at) VALUES (1, 7, $1, 'reply', '{}', 1), (2, 8, $2, 'reply', '{}', 1)", []any{one.id, two.id}},
			change{"INSERT INTO ticket_followers (ticket_id, user_id, created_at) VALUES ($1, 7, 1)", []any{two.id}},
			change{"INSERT INTO mentions (message_id, user_id, ticket_id, created_at) VALUES (1, 7, $1, 1)", []any{two.id}},
			change{"INSERT INTO channel_accounts (id, slug, channel, inbox_id, name, created_at, updated_at) VALUES (1, 'm', 'email', 1, 'M', 1, 1)", nil})
		m := w.message(two, "Bo <bo@x.example>", "Beta", "printer jams")
		c := w.message(two, "Own Self <me@acme.example>", "", "printer note")
		w.do(desk.Event{Type: desk.EvCommentAdded, Message: c}, change{"UPDATE messages SET kind = 'comment', channel = 'email' WHERE id = $1", []any{c}})
		w.sync()
		t1, t2, mm, cc := int64(one.id), int64(two.id), int64(m), int64(c)
		w.expect("printer owner:me", t1)
		w.expect("printer owner:mette", cc, mm, t2)
		w.expect("printer owner:none OR owner:me", t1)
		w.expect("printer -owner:me", cc, mm, t2)
		w.expect("printer team:second-line type:ticket", t2)
		w.expect("type:ticket priority:high", t2)
		w.expect("type:ticket priority:none", t1)
		w.expect("type:ticket category:billing", t2)
		w.expect("type:ticket property.size:l", t2)
		w.expect("type:contact property.tier:gold", contact)
		w.expect("printer type:contact", contact)
		w.expect("printer type:comment", cc)
		w.expect("printer -type:comment -type:contact type:message", mm)
		w.expect("printer type:message OR type:comment", cc, mm)
		w.expect("type:ticket is:snoozed", t1)
		w.expect("type:ticket is:unread", t1)
		w.expect("type:ticket is:following", t2)
		w.expect("type:ticket is:mentioned", t2)
		w.expect("type:ticket has:draft", t1)
		w.expect("type:ticket has:comment", t2)
		w.expect("type:ticket -has:comment", t1)
		w.expect("printer channel:email", cc)
		w.expect("printer inbox:sales", cc, mm, t2)
		w.expect("printer -inbox:sales -type:contact", t1)
		w.expect("owner:mette", t2) // asked of tickets alone, tickets are the answer
		w.expect("-status:new", t2)
		w.expect("printer older_than:1d", contact)
		w.expect("printer newer_than:1d on:today", cc, mm, t2, t1)
		w.expect("-jams printer type:message")
		w.expect("-jams type:message")
		w.expect("type:message -nothing", mm)
		w.expect(fmt.Sprintf("#%d", one.number), t1)
	})
}

// WS-19 beyond: files are found by name and by what they say, and the hit shows where.
func TestFilesAreFoundByNameAndByTheirText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		store := newStore(t)
		w.s.Files(store)
		w.sync()
		tk := w.ticket("Contract", 1)
		m := w.message(tk, "Ann <ann@acme.example>", "Papers", "see the file")
		put := func(name, mediaType, body string) int64 {
			sha, size, err := store.Put(context.Background(), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			id := d.NewID()
			w.do(desk.Event{Type: desk.EvMessageUpdated, Message: m},
				change{"INSERT INTO attachments (id, message_id, name, type, size, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6, 1)", []any{id, m, name, mediaType, size, sha}})
			return id
		}
		put("Quarterly-Report.csv", "text/csv", "region;turnover\nnorth;wolverine 42")
		put("broken.txt", "text/plain", "x")
		w.do(desk.Event{}, change{"UPDATE attachments SET sha256 = '0000000000000000000000000000000000000000000000000000000000000000' WHERE name = 'broken.txt'", nil})
		w.sync()
		w.expect("wolverine", int64(m))
		w.expect("filename:quarterly", int64(m))
		w.expect("filename:wolverine")
		w.expect("has:attachment filename:broken.txt", int64(m))
		h := w.search("wolverine").Hits[0]
		if h.File != "Quarterly-Report.csv" || !strings.Contains(h.Excerpt, "<mark>wolverine</mark>") {
			t.Errorf("%+v", h)
		}
		if h := w.search("report").Hits[0]; len(h.Files) != 1 || h.Files[0] != "Quarterly-<mark>Report</mark>.csv" {
			t.Errorf("%+v", h.Files)
		}
		// an edit reads it again from what is kept; an erasure leaves nothing
		w.do(desk.Event{Type: desk.EvMessageUpdated, Message: m}, change{"UPDATE messages SET text = 'other' WHERE id = $1", []any{m}})
		w.sync()
		w.expect("wolverine", int64(m))
		w.do(desk.Event{Type: desk.EvTicketPurged, TicketID: tk.id, Data: event.Data(map[string]any{"messages": []desk.MessageID{m}})},
			change{"DELETE FROM messages WHERE id = $1", []any{m}}, change{"DELETE FROM attachments", nil}, change{"DELETE FROM tickets", nil})
		w.sync()
		w.expect("wolverine in:anywhere")
		var left int
		if err := d.QueryRow(context.Background(), "SELECT (SELECT COUNT(*) FROM search_files) + (SELECT COUNT(*) FROM search_docs)").Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows left, %v", left, err)
		}
	})
}

// CR-14: a person's erasure takes what they wrote out of the index, also where the conversation had no ticket.
func TestAnErasedPersonIsFoundNoMore(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		c := w.d.NewID()
		w.do(desk.Event{Type: desk.EvContactCreated, Contact: desk.ContactID(c)}, change{"INSERT INTO contacts (id, name, email, created_at, updated_at) VALUES ($1, 'Gone Girl', 'gone@x.example', 1, 1)", []any{c}})
		m := w.message(ticket{}, "Gone Girl <gone@x.example>", "Bye", "remember me")
		w.do(desk.Event{Type: desk.EvMessageUpdated, Message: m}, change{"UPDATE messages SET contact_id = $1 WHERE id = $2", []any{c, m}})
		w.sync()
		w.expect("remember", int64(m))
		w.do(desk.Event{Type: "contact.erased", Contact: desk.ContactID(c)}, change{"DELETE FROM messages WHERE id = $1", []any{m}}, change{"UPDATE contacts SET name = '', email = '', deleted_at = 1 WHERE id = $1", []any{c}})
		w.sync()
		w.expect("remember in:anywhere")
		w.expect("gone")
	})
}

func TestAConversationInTheTrashIsFoundThereAlone(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		m := w.message(ticket{}, "A <a@x.example>", "s", "lonely")
		w.do(desk.Event{}, change{"INSERT INTO threads (id, inbox_id, account_id, channel, created_at, last_message_at, hidden) VALUES (1, 0, 1, 'x', 1, 1, 'trash')", nil})
		w.sync()
		w.expect("lonely")
		w.expect("lonely in:trash", int64(m))
		w.expect("lonely in:spam")
	})
}

// Counts are of what the viewer may see, as the hits are.
func TestFacetsCountWhatTheViewerMaySee(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.things()
		one, two := w.ticket("needle", 1), w.ticket("needle", 2)
		w.message(one, "A <a@x.example>", "s", "needle")
		w.message(two, "A <a@x.example>", "s", "needle")
		w.do(desk.Event{}, change{"UPDATE tickets SET owner_id = 8 WHERE id = $1", []any{two.id}})
		w.sync()
		facets := func() map[string]int {
			f, err := w.s.Facets(context.Background(), w.viewer, "needle")
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]int{"total": f.Total}
			for _, x := range f.Items {
				out[x.Operator+":"+x.Value] = x.Count
			}
			return out
		}
		if got, want := fmt.Sprint(facets()), fmt.Sprint(map[string]int{"total": 4, "type:ticket": 2, "type:message": 2, "status:New": 4, "owner:none": 2, "owner:Mette Holm": 2, "inbox:Help desk": 2, "inbox:Sales team": 2}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
		w.viewer.AllInboxes, w.viewer.Inboxes = false, []desk.InboxID{1}
		if got, want := fmt.Sprint(facets()), fmt.Sprint(map[string]int{"total": 2, "type:ticket": 1, "type:message": 1, "status:New": 2, "owner:none": 2, "inbox:Help desk": 2}); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	})
}

func TestSuggestionsGoOnWithWhatIsTyped(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.things()
		tk, hidden := w.ticket("Squeaking brake", 1), w.ticket("Squeaking door", 2)
		c := w.d.NewID()
		w.do(desk.Event{Type: desk.EvContactCreated, Contact: desk.ContactID(c)}, change{"INSERT INTO contacts (id, name, email, created_at, updated_at) VALUES ($1, 'Zoë Quist', 'zoe@x.example', 1, 1)", []any{c}})
		w.sync()
		w.viewer.AllInboxes, w.viewer.Inboxes = false, []desk.InboxID{1}
		for _, x := range []struct{ typed, want string }{
			{"sta", "operator status:"}, {"old", "operator older_than:"}, {"printer status:wai", `value printer status:"Waiting on us"`}, {"owner:m", "value owner:me"}, {"is:op", "value is:open"},
			{"inbox:h", `value inbox:"Help desk"`}, {"inbox:sal", ""}, {"property.size:", "value property.size:S"}, {"from:quis", "contact from:zoe@x.example"},
			{"quis", fmt.Sprint("contact ", c)}, {"squeak", fmt.Sprint("ticket ", tk.id)}, {fmt.Sprint(tk.number), fmt.Sprint("ticket ", tk.id)}, {fmt.Sprint("#", hidden.number), ""}, {"done ", ""},
		} {
			got, err := w.s.Suggest(context.Background(), w.viewer, x.typed, 10)
			if err != nil {
				t.Fatal(err)
			}
			first := ""
			if len(got) > 0 {
				first = got[0].Kind + " " + got[0].Query
				if got[0].Query == "" {
					first = fmt.Sprint(got[0].Kind, " ", int64(got[0].TicketID)+int64(got[0].ContactID))
				}
			}
			if first != x.want {
				t.Errorf("%s: %+v, want %s", x.typed, got, x.want)
			}
		}
	})
}

// WS-19: which source was found, and the words marked in it: the subject, the sender, the text.
func TestAHitSaysWhatItIsAndMarksTheWords(t *testing.T) {
	each(t, func(w *world) {
		w.sync()
		w.things()
		tk := w.ticket("Invoice <b>", 1)
		m := w.message(tk, "Ann Holm <ann@acme.example>", "Two invoices & more", "The word is in here: invoice. "+strings.Repeat("other things are said at length ", 20)+"and late, a broken invoice for the printer.")
		w.sync()
		h := w.search("invoice printer type:message").Hits[0]
		if h.Kind != "message" || h.Comment || h.MessageID != m || h.Number != tk.number || h.Status != "New" || !h.Open {
			t.Errorf("%+v", h)
		}
		if h.Marked != "Two <mark>invoices</mark> &amp; more" || !strings.Contains(h.Excerpt, "a broken <mark>invoice</mark> for the <mark>printer</mark>") {
			t.Errorf("%s / %s", h.Marked, h.Excerpt)
		}
		if h := w.search("from:holm").Hits[0]; h.From != "Ann <mark>Holm</mark> &lt;ann@acme.example&gt;" || strings.Contains(h.Excerpt, "<mark>") {
			t.Errorf("%s / %s", h.From, h.Excerpt)
		}
		if h := w.search(`"a broken invoice"`).Hits[0]; !strings.Contains(h.Excerpt, "<mark>a broken invoice</mark>") {
			t.Errorf("%s", h.Excerpt)
		}
		r := w.search("holm")
		if len(r.Top) != 0 {
			t.Errorf("%+v", r.Top)
		}
	})
}
