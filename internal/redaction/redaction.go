// Package redaction blanks out what is not to be seen (CO-12): it gives intake the rules, seals what they took out where that was chosen, lets those with the permission look at
// it, with a line in the audit log, and takes passages and files out of messages by hand. It owns no table; the nouns change their own, in the order of their locks: thread,
// ticket. It refuses to look for anything itself: find does. Called by intake, submission and the API.
package redaction

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/form"
	"github.com/kanalhq/kanal/internal/redaction/find"
	"github.com/kanalhq/kanal/internal/secret"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Journal forgets originals: intake.Service.
type Journal interface {
	Forget(ctx context.Context, tx *db.Tx, messages []desk.MessageID) error
}

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Events   *event.Log
	Settings *setting.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Forms    *form.Service
	Journal  Journal
	Box      *secret.Box
	// Held reports whether there is a hold on a ticket or a contact; 0 is none. nil: there are no holds.
	Held func(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error)
}

// Service blanks out. Safe for concurrent use.
type Service struct {
	Deps
	last atomic.Pointer[compiled]
}

// compiled are the rules of some settings: patterns are compiled once.
type compiled struct {
	of    string
	rules *find.Rules
}

// New makes the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Rules are what is blanked out of what comes in now.
func (s *Service) Rules(ctx context.Context) (*find.Rules, error) {
	v, err := s.Settings.Redaction(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	of := fmt.Sprint(db.JSON(v))
	if c := s.last.Load(); c != nil && c.of == of {
		return c.rules, nil
	}
	rules, err := v.Rules()
	if err == nil {
		s.last.Store(&compiled{of, rules})
	}
	return rules, err
}

func ad(m desk.MessageID) string { return "redaction:" + m.String() }

// Keep notes what was blanked out of a message; what is masked, sealed. What a form was answered, which the message tells, is blanked too.
func (s *Service) Keep(ctx context.Context, tx *db.Tx, m desk.Message, found []find.Found) error {
	var rows []thread.Redaction
	for _, f := range found {
		r := thread.Redaction{Kind: f.Kind, Mask: f.Mask}
		if f.Seal {
			sealed, err := s.Box.Seal([]byte(f.Text), ad(m.ID))
			if err != nil {
				return fmt.Errorf("redaction: seal: %w", err)
			}
			r.Sealed = sealed
		}
		rows = append(rows, r)
	}
	if s.Forms != nil {
		err := s.Forms.Redact(ctx, tx, m.ThreadID, func(text string) string {
			for _, f := range found {
				text = strings.ReplaceAll(text, f.Text, f.Mask)
			}
			return text
		})
		if err != nil {
			return err
		}
	}
	return s.Threads.KeepRedactions(ctx, tx, m.ID, rows)
}

// Shown is a passage that was blanked out, as those with the permission see it.
type Shown struct {
	Kind string      `json:"kind" doc:"card, a national number's name, own, hand, file"`
	Mask string      `json:"mask" doc:"What stands there now."`
	Text string      `json:"text" doc:"As it stood there; empty when nothing of it is kept."`
	By   desk.UserID `json:"by" doc:"Who took it out by hand; null: a rule."`
	At   desk.Time   `json:"at"`
}

// Show opens what was blanked out of a message, and writes down that somebody looked.
func (s *Service) Show(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message) ([]Shown, error) {
	rows, err := s.Threads.Redactions(ctx, tx, m.ID)
	if err != nil {
		return nil, err
	}
	out, kinds := []Shown{}, []string{}
	for _, r := range rows {
		x := Shown{Kind: r.Kind, Mask: r.Mask, By: r.By, At: r.At}
		if r.Sealed != "" {
			plain, err := s.Box.Open(r.Sealed, ad(m.ID))
			if err != nil {
				return nil, fmt.Errorf("redaction: open: %w", err)
			}
			x.Text = string(plain)
			if !slices.Contains(kinds, r.Kind) {
				kinds = append(kinds, r.Kind)
			}
		}
		out = append(out, x)
	}
	if len(kinds) > 0 {
		_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvRedactedShown, Actor: actor, Data: event.Data(map[string]any{"message_id": m.ID, "kinds": kinds})})
	}
	return out, err
}

const minPassage = 3

// Passage takes a passage out of a conversation for good, wherever it stands: in the message, in what others quote of it, in subjects, drafts, submissions and events. It
// does not come back.
func (s *Service) Passage(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message, passage string) error {
	passage = strings.TrimSpace(passage)
	if len([]rune(passage)) < minPassage || len(passage) > 4000 {
		return desk.Errorf(desk.Invalid, "redaction.passage", "Select at least %d characters, and no more than 4,000 bytes.", minPassage).In("passage")
	}
	th, tk, err := s.lock(ctx, tx, m)
	if err != nil {
		return err
	}
	blank := func(text string, isHTML bool) (string, bool) { return find.Passage(text, passage, isHTML) }
	changed, err := s.Threads.Redact(ctx, tx, th.ID, blank)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		return desk.Errorf(desk.Invalid, "redaction.absent", "This passage does not stand in the message. Select it as it is written.").In("passage")
	}
	if tk != 0 {
		if _, err := s.Tickets.Redact(ctx, tx, tk, blank); err != nil {
			return err
		}
	}
	if s.Forms != nil {
		if err := s.Forms.Redact(ctx, tx, th.ID, func(text string) string { out, _ := blank(text, false); return out }); err != nil {
			return err
		}
	}
	if err := s.Journal.Forget(ctx, tx, changed); err != nil {
		return err
	}
	if err := s.Events.Unsay(ctx, tx, tk, th.ID, passage); err != nil {
		return err
	}
	for _, id := range changed {
		if err := s.Threads.KeepRedactions(ctx, tx, id, []thread.Redaction{{Kind: "hand", Mask: "••••••", By: desk.UserID(actor.ID)}}); err != nil {
			return err
		}
	}
	return s.tell(ctx, tx, actor, m, tk, th, changed, "passage")
}

// File takes a file off a message for good.
func (s *Service) File(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message, id desk.AttachmentID) error {
	th, tk, err := s.lock(ctx, tx, m)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(m.Attachments, func(a desk.Attachment) bool { return a.ID == id })
	if i < 0 {
		return desk.Errorf(desk.NotFound, "attachment.not_found", "There is no such file.")
	}
	if err := s.Threads.RemoveFile(ctx, tx, m, id); err != nil {
		return err
	}
	if s.Forms != nil {
		if err := s.Forms.DropFile(ctx, tx, th.ID, m.Attachments[i].SHA256); err != nil {
			return err
		}
	}
	if err := s.Journal.Forget(ctx, tx, []desk.MessageID{m.ID}); err != nil {
		return err
	}
	if err := s.Events.Unsay(ctx, tx, tk, th.ID, m.Attachments[i].Name); err != nil {
		return err
	}
	if err := s.Threads.KeepRedactions(ctx, tx, m.ID, []thread.Redaction{{Kind: "file", Mask: "", By: desk.UserID(actor.ID)}}); err != nil {
		return err
	}
	return s.tell(ctx, tx, actor, m, tk, th, []desk.MessageID{m.ID}, "file")
}

func (s *Service) lock(ctx context.Context, tx *db.Tx, m desk.Message) (desk.Thread, desk.TicketID, error) {
	th, err := s.Threads.Lock(ctx, tx, m.ThreadID)
	if err != nil || s.Held == nil {
		return th, th.TicketID, err
	}
	held, err := s.Held(ctx, tx, th.TicketID, th.ContactID)
	if err == nil && held {
		err = desk.Errorf(desk.Conflict, "hold.stands", "There is a legal hold on this: nothing of it may be taken away until it is lifted.")
	}
	return th, th.TicketID, err
}

// tell lets followers read anew what changed, search and notifications among them, and leaves the line that says who did it.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, m desk.Message, tk desk.TicketID, th desk.Thread, changed []desk.MessageID, what string) error {
	for _, id := range changed {
		_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvMessageUpdated, Actor: actor, TicketID: tk, ThreadID: th.ID, Message: id, Inbox: th.InboxID, Data: event.Data(map[string]any{"fields": []string{"redacted"}})})
		if err != nil {
			return err
		}
	}
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvMessageRedacted, Actor: actor, TicketID: tk, ThreadID: th.ID, Message: m.ID, Inbox: th.InboxID, Data: event.Data(map[string]any{"what": what, "messages": changed})})
	if err != nil {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvPrivacyRedacted, Actor: actor, Data: event.Data(map[string]any{"what": what, "message_id": m.ID, "ticket": tk})})
	return err
}
