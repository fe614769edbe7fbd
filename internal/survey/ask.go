package survey

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/thread"
)

// Path is where links lead, in front of their token.
const Path = "/rate/"

// settle is how long a closing is left alone at least: a transaction that began before may still commit.
const settle = 30 * time.Second

// slice is how many closings are looked at before the position is kept.
const slice = 100

// Run looks at what was closed since the last time and asks where the settings say so. After a kill it looks again at the last few; who was asked is not asked twice.
func (s *Service) Run(ctx context.Context) error {
	set, err := s.Settings(ctx, s.DB)
	if err != nil || !set.On {
		return err
	}
	for {
		more, err := s.step(ctx, set)
		if err != nil || !more {
			return err
		}
	}
}

type closing struct {
	id desk.TicketID
	at desk.Time
}

func (s *Service) step(ctx context.Context, set Settings) (more bool, err error) {
	var at, id int64
	if err := s.DB.QueryRow(ctx, `SELECT seen_at, seen_id FROM survey_settings WHERE id = 1`).Scan(&at, &id); err != nil {
		return false, fmt.Errorf("survey: position: %w", err)
	}
	until := s.Clock.Ms().Add(-max(time.Duration(set.DelayMinutes)*time.Minute, settle))
	found, err := db.All(ctx, s.DB, func(r db.Scanner) (c closing, err error) { err = r.Scan(&c.id, &c.at); return c, err },
		`SELECT id, closed_at FROM tickets WHERE open = 0 AND hidden = '' AND closed_at <= $1 AND (closed_at, id) > ($2, $3) ORDER BY closed_at, id LIMIT $4`, until, at, id, slice)
	if err != nil {
		return false, fmt.Errorf("survey: closings: %w", err)
	}
	for _, c := range found {
		if err := s.ask(ctx, set, c); err != nil {
			return false, err
		}
	}
	if len(found) == 0 {
		return false, nil
	}
	last := found[len(found)-1]
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE survey_settings SET seen_at = $1, seen_id = $2 WHERE id = 1`, last.at, last.id)
		return err
	})
	return len(found) == slice, err
}

// errAsked ends a question that somebody else asked already, or that no longer stands.
var errAsked = errors.New("survey: asked already")

// ask asks about one closing, or keeps why not. Only trouble with the database stops the walk: what a channel refuses is that ticket's reason.
func (s *Service) ask(ctx context.Context, set Settings, c closing) error {
	t, err := s.Tickets.Get(ctx, s.DB, c.id)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if len(set.Inboxes) > 0 && !slices.Contains(set.Inboxes, t.InboxID) {
		return nil
	}
	if t.ClosedAt == t.CreatedAt { // made as a closed one, as of a conversation that moved with its channel (MG-07): nothing was done just now
		return s.skip(ctx, t, "born_closed")
	}
	cmd, why, err := s.question(ctx, set, t)
	if err != nil {
		return err
	}
	if why != "" {
		return s.skip(ctx, t, why)
	}
	cmd.Also = func(ctx context.Context, tx *db.Tx, m desk.Message) error {
		now, err := s.Tickets.Lock(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if now.Open || now.ClosedAt != t.ClosedAt || now.Hidden != desk.HiddenNo {
			return errAsked
		}
		return s.insert(ctx, tx, t, m.ID, "", s.Clock.Ms())
	}
	_, err = s.Replies.Reply(ctx, cmd)
	switch {
	case err == nil || errors.Is(err, errAsked):
		return nil
	case ctx.Err() != nil || db.IsMachine(err) || desk.CodeOf(err) == desk.Unavailable:
		return err
	}
	s.Log.Warn("a customer could not be asked", "ticket_id", t.ID, "err", err)
	return s.skip(ctx, t, "refused")
}

func (s *Service) skip(ctx context.Context, t desk.Ticket, why string) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.insert(ctx, tx, t, 0, why, 0) })
	if errors.Is(err, errAsked) {
		return nil
	}
	return err
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, t desk.Ticket, m desk.MessageID, skipped string, asked desk.Time) error {
	n, err := tx.Exec(ctx, `INSERT INTO surveys (id, ticket_id, contact_id, owner_id, inbox_id, closed_at, message_id, skipped, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (ticket_id, closed_at) DO NOTHING`, tx.NewID(), t.ID, t.ContactID, t.OwnerID, t.InboxID, t.ClosedAt, m, skipped, asked)
	if err != nil {
		return fmt.Errorf("survey: insert: %w", err)
	}
	if n == 0 {
		return errAsked
	}
	return nil
}

// question is the answer that asks, or why there is none: no_contact, no_reply, asked_lately, no_address, no_thread.
func (s *Service) question(ctx context.Context, set Settings, t desk.Ticket) (cmd dispatch.ReplyCommand, why string, err error) {
	switch {
	case t.ContactID == 0:
		return cmd, "no_contact", nil
	case t.FirstReply == 0:
		return cmd, "no_reply", nil
	}
	c, err := s.Contacts.Get(ctx, s.DB, t.ContactID)
	if desk.CodeOf(err) == desk.NotFound {
		return cmd, "no_contact", nil
	}
	if err != nil {
		return cmd, "", err
	}
	if c.Email == "" {
		return cmd, "no_address", nil
	}
	lately, err := db.One(ctx, s.DB, db.Column[int], `SELECT COUNT(*) FROM surveys WHERE contact_id = $1 AND asked_at > $2`, c.ID, s.Clock.Ms().Add(-time.Duration(set.EveryDays)*24*time.Hour))
	if err != nil {
		return cmd, "", fmt.Errorf("survey: lately: %w", err)
	}
	if set.EveryDays > 0 && lately > 0 {
		return cmd, "asked_lately", nil
	}
	ms, err := s.Threads.MessagesOfTicket(ctx, s.DB, t.ID, thread.Page{Limit: 50})
	if err != nil {
		return cmd, "", err
	}
	i := slices.IndexFunc(ms, func(m desk.Message) bool { return m.Kind == desk.KindMessage && m.Status != desk.StatusCancelled })
	if i < 0 {
		return cmd, "no_thread", nil
	}
	company, locale, err := s.Words(ctx, s.DB)
	if err != nil {
		return cmd, "", err
	}
	if c.Language != "" {
		locale = c.Language
	}
	w := wordsFor(locale)
	return dispatch.ReplyCommand{
		Actor: desk.System, ThreadID: ms[i].ThreadID, Automatic: true, Client: "survey", Subject: fmt.Sprintf(w.Subject, t.Subject),
		To: []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: c.Email, Name: c.Name, Contact: c.ID}}, Cc: []desk.Party{}, Bcc: []desk.Party{},
		Content: dispatch.Content{HTML: s.letter(w, company, t)},
	}, "", nil
}

// letter is the question with its three links, plain enough for any mail program.
func (s *Service) letter(w Words, company string, t desk.Ticket) string {
	token := s.token(t.ID, t.ClosedAt)
	var b strings.Builder
	fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(fmt.Sprintf(w.Question, t.Subject)))
	for i, label := range []string{w.Satisfied, w.Neutral, w.Dissatisfied} {
		u := s.Base.JoinPath(Path + token)
		u.RawQuery = fmt.Sprintf("s=%d", Satisfied-i)
		fmt.Fprintf(&b, `<p><a href="%s">%s %s</a></p>`, html.EscapeString(u.String()), []string{"🙂", "😐", "🙁"}[i], html.EscapeString(label))
	}
	if company != "" {
		fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(company))
	}
	return b.String()
}

// token names a closing, with a signature that only this installation can make.
func (s *Service) token(t desk.TicketID, closed desk.Time) string {
	b := make([]byte, 16, 32)
	binary.BigEndian.PutUint64(b, uint64(t))
	binary.BigEndian.PutUint64(b[8:], uint64(closed))
	return base64.RawURLEncoding.EncodeToString(append(b, s.sign(b)...))
}

func (s *Service) sign(b []byte) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("survey\x00"))
	mac.Write(b)
	return mac.Sum(nil)[:16]
}

func (s *Service) open(token string) (t desk.TicketID, closed desk.Time, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 32 || !hmac.Equal(b[16:], s.sign(b[:16])) {
		return 0, 0, false
	}
	return desk.TicketID(binary.BigEndian.Uint64(b)), desk.Time(binary.BigEndian.Uint64(b[8:])), true
}
