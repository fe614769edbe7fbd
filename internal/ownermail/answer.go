package ownermail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/job"
)

// Why an answer goes to nobody. The mail is filed like any other then.
const (
	OtherSender  = "other_sender"  // the token is somebody else's
	Suspicious   = "suspicious"    // its sender's domain says that it is not theirs
	NobodyActive = "inactive"      // they were deactivated
	NoWords      = "nothing_above" // nothing stands above the line
	NotSendable  = "not_sendable"  // the conversation takes no answers
	Expired      = "expired"       // the letter is too old
	OutOfReach   = "out_of_reach"  // they may not answer this conversation any more
)

// Answer sends what a contact's owner wrote in their mail program to the customer, as theirs, in the caller's transaction and once. What may not go says why, on the ticket.
func (s *Service) Answer(ctx context.Context, tx *db.Tx, ol intake.OwnersLetter, a intake.OwnersAnswer) (intake.OwnersOutcome, error) {
	l, remote := letterOf(ol), key(a)
	done, err := db.All(ctx, tx, db.Column[desk.MessageID], "SELECT message_id FROM owner_answers WHERE remote = $1 AND thread_id = $2", remote, l.Thread)
	if err != nil {
		return intake.OwnersOutcome{}, fmt.Errorf("ownermail: answer: %w", err)
	}
	if len(done) > 0 {
		return intake.OwnersOutcome{Message: done[0], Thread: l.Thread, Twice: true}, nil
	}
	why, err := s.refuse(ctx, tx, l, a)
	if err != nil {
		return intake.OwnersOutcome{}, err
	}
	actor := desk.ByUser(l.User)
	text, html := above(a.Text), aboveHTML(a.HTML)
	if why == "" && strings.TrimSpace(text) == "" && len(a.Attachments) == 0 {
		why = NoWords
	}
	if why != "" {
		return intake.OwnersOutcome{Refused: why}, s.refused(ctx, tx, l, remote, why, why)
	}
	var m desk.Message
	at := time.Duration(0)
	err = tx.Savepoint(ctx, func(ctx context.Context) (err error) {
		m, err = s.Replies.ReplyIn(ctx, tx, dispatch.ReplyCommand{
			Actor: actor, ThreadID: l.Thread, Content: dispatch.Content{Text: text, HTML: html}, Files: a.Attachments, Client: "mail", Timing: dispatch.Timing{Undo: &at},
		})
		return err
	})
	var said *desk.Error
	if errors.As(err, &said) && said.Code != desk.Unavailable && said.Code != desk.Internal && !db.IsMachine(err) {
		return intake.OwnersOutcome{Refused: NotSendable}, s.refused(ctx, tx, l, remote, NotSendable, said.Public)
	}
	if err != nil {
		return intake.OwnersOutcome{}, err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO owner_answers (remote, thread_id, letter_id, message_id, created_at) VALUES ($1, $2, $3, $4, $5)", remote, l.Thread, l.ID, m.ID, s.Clock.Ms()); err != nil {
		return intake.OwnersOutcome{}, fmt.Errorf("ownermail: answer: %w", err)
	}
	return intake.OwnersOutcome{Message: m.ID, Thread: m.ThreadID, Ticket: m.TicketID}, s.tell(ctx, tx, actor, l, WasAnswered, "")
}

// refuse says why an answer may not go to the customer.
func (s *Service) refuse(ctx context.Context, tx *db.Tx, l Letter, a intake.OwnersAnswer) (string, error) {
	switch {
	case a.Suspect:
		return Suspicious, nil
	case a.User != l.User:
		return OtherSender, nil
	}
	u, err := s.People.Get(ctx, tx, l.User)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return "", err
	}
	if !u.Active || !s.May(u) {
		return NobodyActive, nil
	}
	var made desk.Time
	if err := tx.QueryRow(ctx, "SELECT created_at FROM owner_letters WHERE id = $1", l.ID).Scan(&made); err != nil {
		return "", fmt.Errorf("ownermail: answer: %w", err)
	}
	if s.Life > 0 && s.Clock.Ms() > made.Add(s.Life) {
		return Expired, nil
	}
	if ok, err := s.reaches(ctx, tx, l); err != nil || !ok {
		return OutOfReach, err
	}
	return "", nil
}

// reaches reports whether whom a letter went to may answer its conversation as things are now.
func (s *Service) reaches(ctx context.Context, q db.Queryer, l Letter) (bool, error) {
	if s.Reaches == nil {
		return true, nil
	}
	th, err := s.Threads.Get(ctx, q, l.Thread)
	if desk.CodeOf(err) == desk.NotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.Reaches(ctx, q, l.User, th)
}

// refused notes on the ticket why an answer goes to nobody, and has its writer told, if it is theirs.
func (s *Service) refused(ctx context.Context, tx *db.Tx, l Letter, remote, why, reason string) error {
	switch why {
	case NoWords, NotSendable, Expired, OutOfReach:
		if _, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: noticeKind, Payload: notice{l.ID, why}, UniqueKey: "notice:" + remote}); err != nil {
			return err
		}
	}
	return s.tell(ctx, tx, desk.System, l, WasRefused, reason)
}

// key names an answer: by its Message-ID, else by what is in it.
func key(a intake.OwnersAnswer) string {
	of := a.RemoteID
	if of == "" {
		of = "content:" + a.ContentHash
	}
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:])
}

// above is what stands above the letter's own line, which programs quote in their own ways.
func above(text string) string {
	i := strings.Index(text, mark)
	if i < 0 {
		return text
	}
	start := strings.LastIndexByte(text[:i], '\n')
	return strings.TrimRight(strings.TrimRight(text[:start+1], " \t\n>"), " ")
}

// aboveHTML is above for HTML: what is cut open is closed when it is cleaned.
func aboveHTML(html string) string {
	i := strings.Index(html, mark)
	if i < 0 {
		if i = strings.Index(html, "&#11835;&#11835;"); i < 0 {
			return html
		}
	}
	return html[:i]
}

// Of finds the letter that a mail's tokens name.
func (s *Service) Of(ctx context.Context, q db.Queryer, tokens []string) (intake.OwnersLetter, bool, error) {
	l, err := s.Read(ctx, q, tokens)
	if err != nil || l == nil {
		return intake.OwnersLetter{}, false, err
	}
	return intake.OwnersLetter{ID: l.ID, User: l.User, Thread: l.Thread}, true, nil
}

func letterOf(o intake.OwnersLetter) Letter { return Letter{ID: o.ID, User: o.User, Thread: o.Thread} }

// Returned notes that a letter came back, and says so on the ticket.
func (s *Service) Returned(ctx context.Context, tx *db.Tx, ol intake.OwnersLetter, reason string) error {
	l := letterOf(ol)
	n, err := tx.Exec(ctx, "UPDATE owner_letters SET state = $1, reason = $2 WHERE id = $3 AND state <> $1", failed, reason, l.ID)
	if err != nil || n == 0 {
		return err
	}
	return s.tell(ctx, tx, desk.System, l, WasBounced, reason)
}
