package identity

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/visitor"
)

const readme = `What this installation holds of one person.

person.json         the contact: fields, properties, every address with where it was learnt
tickets.json        the person's tickets
conversations.json  the person's conversations
messages.json       everything in those conversations, and what the person wrote in others'
events.json         what happened, when and by whom
browsers.json       the browsers on websites that are the person's, and the pages they saw
submissions.json    what the person sent by forms, hidden fields too
consents.json       what the person was asked in a chat, in which words, and what they answered
files/              attached files, named by their message
originals/          messages as they arrived, byte for byte, as far as they are kept

Times are in UTC. Texts are UTF-8.
`

// Export is everything held of one person, ready to be written.
type Export struct {
	s       *Service
	contact desk.Contact
	trail   trail
}

// Export gathers what is held of a person and records that it was asked for, without saying of whom more than the id.
func (s *Service) Export(ctx context.Context, actor desk.Actor, id desk.ContactID) (*Export, error) {
	c, t, err := s.whole(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvPrivacyExported, Actor: actor, Data: event.Data(map[string]any{"contact_id": c.ID})})
		return err
	})
	return &Export{s, c, t}, err
}

// Name is a name for the file.
func (e *Export) Name() string { return "contact-" + e.contact.ID.String() + ".zip" }

// Write streams the archive: nothing of it is held in memory but one message or a piece of a file. An error leaves an archive that no program opens.
func (e *Export) Write(ctx context.Context, w io.Writer) error {
	z := zip.NewWriter(w)
	for _, step := range []func(context.Context, *zip.Writer) error{e.person, e.tickets, e.conversations, e.messages, e.events, e.browsers, e.consents, e.submissions, e.files, e.originals} {
		if err := step(ctx, z); err != nil {
			return wrap("export", err)
		}
	}
	return z.Close()
}

func (e *Export) person(ctx context.Context, z *zip.Writer) error {
	f, err := z.Create("README.txt")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(f, readme); err != nil {
		return err
	}
	out := struct {
		desk.Contact
		Company *desk.Company    `json:"company"`
		Also    []desk.ContactID `json:"merged_contacts"`
		At      desk.Time        `json:"exported_at"`
	}{Contact: e.contact, Also: e.trail.family[1:], At: e.s.Clock.Ms()}
	if e.contact.CompanyID != 0 {
		if c, err := e.s.Contacts.Company(ctx, e.s.DB, e.contact.CompanyID); err == nil {
			out.Company = &c
		}
	}
	if f, err = z.Create("person.json"); err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// browsers are those in which the person chatted, with the pages that were kept.
func (e *Export) browsers(ctx context.Context, z *zip.Writer) error {
	l, err := newList(z, "browsers.json")
	if err != nil {
		return err
	}
	if e.s.Visitors == nil {
		return l.end()
	}
	for _, id := range e.trail.family {
		all, err := e.s.Visitors.OfContact(ctx, e.s.DB, id)
		if err != nil {
			return err
		}
		for _, v := range all {
			one := struct {
				visitor.Visitor
				Pages []visitor.View `json:"pages"`
			}{Visitor: v, Pages: []visitor.View{}}
			for before := int64(0); ; {
				p, err := e.s.Visitors.Trail(ctx, e.s.DB, v.ID, before, 100)
				if err != nil {
					return err
				}
				if one.Pages = append(one.Pages, p.Items...); p.Next == 0 {
					break
				}
				before = p.Next
			}
			if err := l.add(one); err != nil {
				return err
			}
		}
	}
	return l.end()
}

// consents is the proof of what was agreed to, word for word (CO-06).
func (e *Export) consents(ctx context.Context, z *zip.Writer) error {
	l, err := newList(z, "consents.json")
	if err != nil {
		return err
	}
	if e.s.Consents == nil {
		return l.end()
	}
	for _, id := range e.trail.family {
		all, err := e.s.Consents.OfContact(ctx, e.s.DB, id)
		if err != nil {
			return err
		}
		for _, c := range all {
			if err := l.add(c); err != nil {
				return err
			}
		}
	}
	return l.end()
}

// submissions are what the person sent by forms, whole; their files are those of the messages, or stand under files/ by the submission.
func (e *Export) submissions(ctx context.Context, z *zip.Writer) error {
	var all []form.Submission
	if e.s.Forms != nil {
		for _, id := range e.trail.family {
			for before := desk.SubmissionID(0); ; {
				xs, err := e.s.Forms.Find(ctx, e.s.DB, form.Filter{Contact: id, Before: before, Limit: 200})
				if err != nil {
					return err
				}
				if all = append(all, xs...); len(xs) < 200 {
					break
				}
				before = xs[len(xs)-1].ID
			}
		}
	}
	l, err := newList(z, "submissions.json")
	if err != nil {
		return err
	}
	for _, x := range all {
		if err := l.add(x); err != nil {
			return err
		}
	}
	if err := l.end(); err != nil {
		return err
	}
	for _, x := range all {
		for i, file := range x.Files {
			if x.MessageID != 0 || file.SHA256 == "" {
				continue
			}
			r, err := e.s.Files.Open(ctx, file.SHA256)
			if desk.CodeOf(err) == desk.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if err := put(z, fmt.Sprintf("files/submission-%d-%d-%s", x.ID, i+1, plain(file.Name)), r); err != nil {
				return err
			}
		}
	}
	return nil
}

// list writes a JSON list one value at a time.
type list struct {
	w     io.Writer
	begun bool
}

func newList(z *zip.Writer, name string) (*list, error) {
	w, err := z.Create(name)
	return &list{w: w}, err
}

func (l *list) add(v any) error {
	b, err := json.MarshalIndent(v, "  ", "  ")
	if err != nil {
		return err
	}
	lead := ",\n  "
	if !l.begun {
		lead, l.begun = "[\n  ", true
	}
	_, err = io.WriteString(l.w, lead+string(b))
	return err
}

func (l *list) end() error {
	text := "\n]\n"
	if !l.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(l.w, text)
	return err
}

// each writes values found by id, one at a time.
func each[T ~int64, V any](z *zip.Writer, name string, ids []T, get func(id T) (V, error)) error {
	l, err := newList(z, name)
	if err != nil {
		return err
	}
	for _, id := range ids {
		v, err := get(id)
		if desk.CodeOf(err) == desk.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if err := l.add(v); err != nil {
			return err
		}
	}
	return l.end()
}

func (e *Export) tickets(ctx context.Context, z *zip.Writer) error {
	return each(z, "tickets.json", e.trail.tickets, func(id desk.TicketID) (desk.Ticket, error) { return e.s.Tickets.Get(ctx, e.s.DB, id) })
}

func (e *Export) conversations(ctx context.Context, z *zip.Writer) error {
	return each(z, "conversations.json", e.trail.threads, func(id desk.ThreadID) (desk.Thread, error) { return e.s.Threads.Get(ctx, e.s.DB, id) })
}

func (e *Export) messages(ctx context.Context, z *zip.Writer) error {
	return each(z, "messages.json", e.trail.messages, func(id desk.MessageID) (desk.Message, error) { return e.s.Threads.Message(ctx, e.s.DB, id) })
}

func (e *Export) events(ctx context.Context, z *zip.Writer) error {
	l, err := newList(z, "events.json")
	if err != nil {
		return err
	}
	const page = 500
	wheres := []string{"contact_id <> 0 AND contact_id IN " + db.IDs(e.trail.family)}
	for part := range slices.Chunk(e.trail.tickets, 500) {
		wheres = append(wheres, "contact_id = 0 AND ticket_id <> 0 AND ticket_id IN "+db.IDs(part))
	}
	for _, where := range wheres {
		for after := desk.EventID(0); ; {
			evs, err := db.All(ctx, e.s.DB, event.Scan, "SELECT "+event.Columns+" FROM events WHERE "+where+fmt.Sprintf(" AND id > %d ORDER BY id LIMIT %d", after, page))
			if err != nil {
				return err
			}
			for _, ev := range evs {
				if err := l.add(ev); err != nil {
					return err
				}
				after = ev.ID
			}
			if len(evs) < page {
				break
			}
		}
	}
	return l.end()
}

func (e *Export) files(ctx context.Context, z *zip.Writer) error {
	for _, id := range e.trail.messages {
		as, err := e.s.Threads.Attachments(ctx, e.s.DB, id)
		if err != nil {
			return err
		}
		for i, a := range as {
			if a.SHA256 == "" {
				continue // not fetched
			}
			r, err := e.s.Files.Open(ctx, a.SHA256)
			if desk.CodeOf(err) == desk.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			if err := put(z, fmt.Sprintf("files/%d-%d-%s", id, i+1, plain(a.Name)), r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Export) originals(ctx context.Context, z *zip.Writer) error {
	for part := range slices.Chunk(e.trail.messages, 500) {
		type source struct {
			message desk.MessageID
			raw     desk.RawID
		}
		raws, err := db.All(ctx, e.s.DB, func(r db.Scanner) (x source, err error) { err = r.Scan(&x.message, &x.raw); return x, err },
			"SELECT id, raw_id FROM messages WHERE raw_id <> 0 AND id IN "+db.IDs(part)+" ORDER BY id")
		if err != nil {
			return err
		}
		for _, x := range raws {
			r, _, err := e.s.Journal.Source(ctx, x.raw)
			if desk.CodeOf(err) == desk.NotFound {
				continue // pruned
			}
			if err != nil {
				return err
			}
			if err := put(z, fmt.Sprintf("originals/%d.eml", x.message), r); err != nil {
				return err
			}
		}
	}
	return nil
}

func put(z *zip.Writer, name string, r io.ReadCloser) error {
	defer r.Close()
	w, err := z.Create(name)
	if err == nil {
		_, err = io.Copy(w, r)
	}
	return err
}

// plain is a file name that any system can write and none takes for a path.
func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	if len(name) > 120 {
		name = strings.ToValidUTF8(name[len(name)-120:], "")
	}
	return strings.TrimLeft(name, ".")
}
