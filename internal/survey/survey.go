// Package survey asks customers, after their ticket was closed, how it went (WS-25), and keeps what they say: the tables surveys and survey_settings. It looks at
// closings in their order, once each, and asks by an answer in the conversation with links that only this installation can have made. It refuses to ask about
// what nobody answered, and to ask one person again and again. An answer counts when the page's button is pressed, not when a link is fetched: mail scanners
// follow links. Run by schedule; called by the public pages, the API, purges and transfer.
package survey

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// The scores, as HubSpot's customer satisfaction survey has them.
const (
	Dissatisfied = 1
	Neutral      = 2
	Satisfied    = 3
)

// maxComment bounds what a customer adds, in bytes.
const maxComment = 4000

// Settings say whom to ask and when. The zero value asks nobody.
type Settings struct {
	On           bool           `json:"on" doc:"Ask customers how it went after their ticket was closed."`
	DelayMinutes int            `json:"delay_minutes" minimum:"0" maximum:"43200" doc:"How long after closing. A ticket that is open again by then is not asked about."`
	EveryDays    int            `json:"every_days" minimum:"0" maximum:"365" doc:"One person is asked at most once in so many days."`
	Inboxes      []desk.InboxID `json:"inboxes" doc:"Only tickets of these; empty: of all."`
}

// DefaultSettings is what an installation begins with.
var DefaultSettings = Settings{DelayMinutes: 60, EveryDays: 7, Inboxes: []desk.InboxID{}}

// Replier sends an answer in a conversation: dispatch.Service.
type Replier interface {
	Reply(ctx context.Context, c dispatch.ReplyCommand) (desk.Message, error)
}

// Deps are what the service works with.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Contacts *contact.Service
	Tickets  *ticket.Service
	Threads  *thread.Service
	Replies  Replier
	Base     *url.URL      // the public origin
	Key      []byte        // signs the links
	Keep     time.Duration // how long a link may be answered (KANAL_WINDOW_SURVEY)
	// Words is the company's name, and the language of customers who have none.
	Words func(ctx context.Context, q db.Queryer) (company, locale string, err error)
	Log   *slog.Logger
}

// Service asks and listens. Safe for concurrent use.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{d}
}

// Settings returns the settings.
func (s *Service) Settings(ctx context.Context, q db.Queryer) (Settings, error) {
	out := DefaultSettings
	err := q.QueryRow(ctx, `SELECT value FROM survey_settings WHERE id = 1`).Scan(db.ScanJSON(&out))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return out, fmt.Errorf("survey: settings: %w", err)
	}
	if out.Inboxes == nil {
		out.Inboxes = []desk.InboxID{}
	}
	return out, nil
}

// SetSettings changes the settings. Switching on asks about what is closed from now on, not about the past. Records settings.changed with before and after, nothing
// when nothing changed.
func (s *Service) SetSettings(ctx context.Context, tx *db.Tx, actor desk.Actor, to Settings) (Settings, error) {
	if to.DelayMinutes < 0 || to.DelayMinutes > 30*24*60 {
		return to, desk.Errorf(desk.Invalid, "survey.delay", "The wait is between 0 minutes and 30 days.").In("delay_minutes")
	}
	if to.EveryDays < 0 || to.EveryDays > 365 {
		return to, desk.Errorf(desk.Invalid, "survey.every", "The rest between two questions is between 0 and 365 days.").In("every_days")
	}
	if to.Inboxes == nil {
		to.Inboxes = []desk.InboxID{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO survey_settings (id, value, seen_at) VALUES (1, $1, 0) ON CONFLICT (id) DO NOTHING`, db.JSON(DefaultSettings)); err != nil {
		return to, fmt.Errorf("survey: settings: %w", err)
	}
	before, err := s.Settings(ctx, tx)
	if err != nil {
		return to, err
	}
	if fmt.Sprint(before) == fmt.Sprint(to) {
		return before, nil
	}
	if _, err := tx.Exec(ctx, `UPDATE survey_settings SET value = $1 WHERE id = 1`, db.JSON(to)); err != nil {
		return to, fmt.Errorf("survey: settings: %w", err)
	}
	if to.On && !before.On {
		if _, err := tx.Exec(ctx, `UPDATE survey_settings SET seen_at = $1, seen_id = 0 WHERE id = 1`, s.Clock.Ms()); err != nil {
			return to, fmt.Errorf("survey: settings: %w", err)
		}
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "survey", "slug": "survey", "before": before, "after": to})})
	return to, err
}

// Answer is what a customer said about one closing.
type Answer struct {
	TicketID   desk.TicketID  `json:"ticket_id"`
	Number     int64          `json:"number"`
	Subject    string         `json:"subject"`
	ContactID  desk.ContactID `json:"contact_id"`
	Contact    string         `json:"contact"`
	OwnerID    desk.UserID    `json:"owner_id"`
	Score      int            `json:"score" doc:"1 dissatisfied, 2 neutral, 3 satisfied; 0: not answered yet."`
	Comment    string         `json:"comment"`
	AskedAt    desk.Time      `json:"asked_at"`
	AnsweredAt desk.Time      `json:"answered_at"`
}

// Question is what the page shows to who follows a link.
type Question struct {
	Company string
	Locale  string
	Number  int64
	Subject string
	Score   int
	Comment string
	Over    bool // the link may no longer be answered
}

// Asked is the question of a link's token. NotFound when Kanal has not made the link, or the ticket is gone.
func (s *Service) Asked(ctx context.Context, token string) (Question, error) {
	var out Question
	missing := desk.Errorf(desk.NotFound, "survey.not_found", "There is no question at this address.")
	t, closed, ok := s.open(token)
	if !ok {
		return out, missing
	}
	var asked desk.Time
	var who desk.ContactID
	err := s.DB.QueryRow(ctx, `SELECT v.score, v.comment, v.asked_at, v.contact_id, t.number, t.subject FROM surveys v JOIN tickets t ON t.id = v.ticket_id
		WHERE v.ticket_id = $1 AND v.closed_at = $2 AND v.asked_at <> 0`, t, closed).Scan(&out.Score, &out.Comment, &asked, &who, &out.Number, &out.Subject)
	if errors.Is(err, sql.ErrNoRows) {
		return out, missing
	}
	if err != nil {
		return out, fmt.Errorf("survey: asked: %w", err)
	}
	out.Over = s.Keep > 0 && s.Clock.Ms() > asked.Add(s.Keep)
	out.Company, out.Locale, err = s.Words(ctx, s.DB)
	if c, cerr := s.Contacts.Get(ctx, s.DB, who); cerr == nil && c.Language != "" {
		out.Locale = c.Language
	}
	return out, err
}

// Say keeps a customer's answer. They may change it while the link lasts. Records ticket.rated.
func (s *Service) Say(ctx context.Context, token string, score int, comment string) error {
	q, err := s.Asked(ctx, token)
	if err != nil {
		return err
	}
	if q.Over {
		return desk.Errorf(desk.Conflict, "survey.over", "This question can no longer be answered.")
	}
	if score < Dissatisfied || score > Satisfied {
		return desk.Errorf(desk.Invalid, "survey.score", "Choose one of the three answers.").In("score")
	}
	comment = cleanComment(comment)
	id, closed, _ := s.open(token)
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE surveys SET score = $1, comment = $2, answered_at = $3 WHERE ticket_id = $4 AND closed_at = $5 AND (score <> $1 OR comment <> $2)`,
			score, comment, s.Clock.Ms(), id, closed)
		if err != nil || n == 0 {
			return err
		}
		t, err := s.Tickets.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = s.Events.Record(ctx, tx, desk.Event{
			Type: desk.EvTicketRated, Actor: desk.Actor{Kind: desk.ActorContact, ID: int64(t.ContactID)}, TicketID: id, Contact: t.ContactID, Inbox: t.InboxID, UserID: t.OwnerID,
			Data: event.Data(map[string]any{"score": score, "comment": comment}),
		})
		return err
	})
}

// cleanComment is what is kept of a comment.
func cleanComment(comment string) string {
	comment = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(comment, "\uFFFD"), "\x00", ""))
	for len(comment) > maxComment {
		_, n := utf8.DecodeLastRuneInString(comment[:maxComment+1])
		comment = strings.ToValidUTF8(comment[:maxComment+1-n], "")
	}
	return comment
}

// Erase forgets everything about a ticket, or about a person when contact is set.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, t desk.TicketID, c desk.ContactID) error {
	_, err := tx.Exec(ctx, `DELETE FROM surveys WHERE ticket_id = $1 AND ticket_id <> 0 OR contact_id = $2 AND contact_id <> 0`, t, c)
	if err != nil {
		return fmt.Errorf("survey: erase: %w", err)
	}
	return nil
}

// Unsay takes the customer's own words off a ticket whose term of keeping is over (CO-10); the score stays, and counts.
func (s *Service) Unsay(ctx context.Context, tx *db.Tx, t desk.TicketID) error {
	if _, err := tx.Exec(ctx, "UPDATE surveys SET comment = '' WHERE ticket_id = $1", t); err != nil {
		return fmt.Errorf("survey: unsay: %w", err)
	}
	return nil
}
