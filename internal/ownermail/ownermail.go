// Package ownermail brings a submission by mail to the owner of its contact who is away, and what they answer from their mail program to the customer (RT-05, RT-22). It owns
// the tables owner_letters and owner_answers.
//
// A letter is the whole submission: who, over which channel, text, HTML and files, with a link to the ticket. It comes from the team's own address and carries, in its
// Reply-To and its Message-ID, a token that is signed for this letter: of one person and one conversation. An answer goes to the customer only where the token and the visible sender are of the same
// active person who may still answer there, the letter is not too old, the sender's domain does not disown the mail, and a person wrote it; otherwise it is filed as any mail is, the ticket says
// why, nothing leaves, and the owner is told so. A letter is sent once and an
// answer once, however often either is delivered. Letters are marked as a machine's, and automatic answers end here: no loop begins.
//
// Called by waiting (Note, as it follows the log), intake (Read, Answer, Returned) and the job queue.
package ownermail

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/ticket"
)

// Board is the open connections of the channel accounts: switchboard.Board.
type Board interface {
	Use(ctx context.Context, id desk.ChannelAccountID, fn func(acc desk.ChannelAccount, conn channel.Conn) error) error
}

// Replies stores and queues an answer in the caller's transaction: dispatch.Service.
type Replies interface {
	ReplyIn(ctx context.Context, tx *db.Tx, c dispatch.ReplyCommand) (desk.Message, error)
}

// Deps are what a Service stands on.
type Deps struct {
	DB       *db.DB
	Clock    *clock.Clock
	Events   *event.Log
	Jobs     *job.Queue
	Registry *channel.Registry
	People   *people.Service
	Contacts *contact.Service
	Inbox    *inbox.Service
	Threads  *thread.Service
	Tickets  *ticket.Service
	Board    Board
	Replies  Replies
	Base     *url.URL               // the public origin, for links
	Key      []byte                 // signs letters
	Gather   time.Duration          // a live conversation's words of this long go in one letter; 1 min
	May      func(u desk.User) bool // may they answer customers
	// Reaches says whether somebody may now answer this conversation: its inbox is theirs, and it is within their reach. nil: whoever may answer.
	Reaches func(ctx context.Context, q db.Queryer, u desk.UserID, th desk.Thread) (bool, error)
	Life    time.Duration // an answer to an older letter goes to nobody; 0: letters live on
	Locale  func(ctx context.Context, q db.Queryer) (company, locale string, err error)
	Log     *slog.Logger
}

// Service sends letters. Safe for concurrent use.
type Service struct{ Deps }

const kind = "ownermail.send"

// New makes the service and registers its job.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Gather <= 0 {
		d.Gather = time.Minute
	}
	s := &Service{d}
	d.Jobs.Register(kind, s.send)
	d.Jobs.Register(noticeKind, s.notice)
	return s
}

// Letter is one submission on its way to a contact's owner, or there.
type Letter struct {
	ID     int64
	User   desk.UserID
	Ticket desk.TicketID
	Thread desk.ThreadID
	First  desk.MessageID
	Last   desk.MessageID
	Remote string
	State  string
}

// States of a letter.
const (
	queued    = "queued"
	sending   = "sending"
	sent      = "sent"
	failed    = "failed"
	uncertain = "uncertain" // it may have gone out
)

const columns = "id, user_id, ticket_id, thread_id, first_id, last_id, remote_id, state"

func scan(r db.Scanner) (l Letter, err error) {
	err = r.Scan(&l.ID, &l.User, &l.Ticket, &l.Thread, &l.First, &l.Last, &l.Remote, &l.State)
	return l, err
}

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const sumLen = 10

// token names a letter, in the form of the tokens that name conversations, so that every adapter of mail carries and finds it; its signature is of another kind.
func (s *Service) token(id int64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(id))
	return encoding.EncodeToString(append(b[1:], s.sum(b[1:])...))
}

func (s *Service) sum(id []byte) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("kanal letter to an owner 1\x00"))
	h.Write(id)
	return h.Sum(nil)[:sumLen]
}

// verify returns the letter that a token names, if this installation made it.
func (s *Service) verify(token string) (int64, bool) {
	b, err := encoding.DecodeString(strings.ToLower(token))
	if err != nil || len(b) != 7+sumLen || !hmac.Equal(b[7:], s.sum(b[:7])) {
		return 0, false
	}
	var id [8]byte
	copy(id[1:], b[:7])
	return int64(binary.BigEndian.Uint64(id[:])), true
}

// Read finds the letter that a mail's tokens name; nil: none of them is a letter's.
func (s *Service) Read(ctx context.Context, q db.Queryer, tokens []string) (*Letter, error) {
	for _, t := range tokens {
		id, ok := s.verify(t)
		if !ok {
			continue
		}
		ls, err := db.All(ctx, q, scan, "SELECT "+columns+" FROM owner_letters WHERE id = $1", id)
		if err != nil {
			return nil, fmt.Errorf("ownermail: read: %w", err)
		}
		if len(ls) > 0 {
			return &ls[0], nil
		}
	}
	return nil, nil
}

// tell records what became of a letter, for the ticket's timeline.
func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, l Letter, what, reason string) error {
	th, err := s.Threads.Get(ctx, tx, l.Thread)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.Events.Record(ctx, tx, desk.Event{
		Type: desk.EvOwnerMailed, Actor: actor, TicketID: th.TicketID, ThreadID: th.ID, Contact: th.ContactID, Inbox: th.InboxID, UserID: l.User,
		Data: event.Data(map[string]any{"what": what, "reason": reason, "user_id": l.User}),
	})
	return err
}

// Forget takes what is kept of tickets and conversations that are gone for good, or whose words are.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, tickets []desk.TicketID, threads []desk.ThreadID) error {
	const letters = "SELECT id FROM owner_letters WHERE "
	forget := func(where string, id int64) error {
		_, err := tx.Exec(ctx, "DELETE FROM owner_answers WHERE letter_id IN ("+letters+where+")", id)
		if err == nil {
			_, err = tx.Exec(ctx, "DELETE FROM owner_letters WHERE "+where, id)
		}
		return err
	}
	for _, id := range tickets {
		if err := forget("ticket_id = $1 AND ticket_id <> 0", int64(id)); err != nil {
			return fmt.Errorf("ownermail: forget: %w", err)
		}
	}
	for _, id := range threads {
		if err := forget("thread_id = $1", int64(id)); err != nil {
			return fmt.Errorf("ownermail: forget: %w", err)
		}
	}
	return nil
}
