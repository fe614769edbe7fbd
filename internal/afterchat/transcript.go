package afterchat

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

const (
	transcriptsADay = 3    // of one conversation: the widget must not become a way to write to strangers
	transcriptMost  = 2000 // messages of one transcript
)

// Transcript mails what both sides said in a conversation to an address (CH-06): never comments, notes to the team, or what has not left. "" is
// the address that is known. What is answered to it joins the conversation. Errors: Invalid in "email", RateLimited, Conflict when no account can send.
func (s *Service) Transcript(ctx context.Context, actor desk.Actor, id desk.ThreadID, address string) error {
	th, err := s.Threads.Get(ctx, s.DB, id)
	if err != nil {
		return err
	}
	to, err := s.transcriptTo(ctx, th, address)
	if err != nil {
		return err
	}
	ms, err := s.said(ctx, th)
	if err != nil {
		return err
	}
	if len(ms) == 0 {
		return desk.Errorf(desk.Conflict, "transcript.empty", "Nothing has been said in this conversation yet.")
	}
	acc, err := s.Sender(ctx, th)
	if err != nil {
		return err
	}
	if acc.ID == 0 {
		return desk.Errorf(desk.Conflict, "transcript.no_sender", "No mail channel can send it at the moment.")
	}
	l, err := s.letter(ctx, th)
	if err != nil {
		return err
	}
	var none time.Duration
	_, err = s.Replies.Reply(ctx, dispatch.ReplyCommand{
		Actor: desk.System, ThreadID: th.ID, FromAccount: acc.ID, To: []desk.Party{to}, Cc: []desk.Party{}, Bcc: []desk.Party{}, Subject: fmt.Sprintf(l.words.Transcript, l.company),
		Content: dispatch.Content{HTML: l.transcript(ms)}, Timing: dispatch.Timing{Undo: &none}, Client: clientTranscript, Copy: true, Automatic: true,
		Also: func(ctx context.Context, tx *db.Tx, _ desk.Message) error { return s.seldom(ctx, tx, th.ID) },
	})
	return err
}

const clientTranscript = "transcript"

func (s *Service) transcriptTo(ctx context.Context, th desk.Thread, address string) (desk.Party, error) {
	if address == "" {
		p, err := s.reach(ctx, th)
		if err == nil && p.Address == "" {
			err = desk.Errorf(desk.Invalid, "transcript.no_address", "Say which address it should go to.").In("email")
		}
		return p, err
	}
	n := desk.NormalizeEmail(address)
	if n == "" {
		return desk.Party{}, desk.Errorf(desk.Invalid, "address.malformed", "This is no email address.").In("email")
	}
	return desk.Party{Field: "to", Kind: desk.AddrEmail, Address: n}, nil
}

// seldom refuses the transcript of a conversation that was sent often enough today. The caller holds the thread, and has stored the new one.
func (s *Service) seldom(ctx context.Context, tx *db.Tx, id desk.ThreadID) error {
	n, err := db.One(ctx, tx, db.Column[int], "SELECT COUNT(*) FROM messages WHERE thread_id = $1 AND client = $2 AND created_at > $3", id, clientTranscript, s.Clock.Ms().Add(-24*time.Hour))
	if err == nil && n > transcriptsADay {
		err = desk.Errorf(desk.RateLimited, "transcript.often", "This conversation was sent often enough today.")
	}
	return err
}

// said is what both sides said, oldest first: what the widget shows, and not what others have mailed into the conversation.
func (s *Service) said(ctx context.Context, th desk.Thread) (out []desk.Message, err error) {
	reader, err := s.reader(ctx, th)
	if err != nil {
		return nil, err
	}
	var before desk.MessageID
	for len(out) < transcriptMost {
		ms, err := s.Threads.Messages(ctx, s.DB, th.ID, thread.Page{Limit: 500, Before: before})
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			if before = m.ID; shown(m) && webchat.Between(m, m.Channel == th.Channel, th, reader) {
				out = append(out, m)
			}
		}
		if len(ms) < 500 {
			break
		}
	}
	slices.Reverse(out)
	return out, nil
}

// reader is who the conversation is had with.
func (s *Service) reader(ctx context.Context, th desk.Thread) (r webchat.Reader, err error) {
	v, err := s.Visitors.Get(ctx, s.DB, th.VisitorID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return r, err
	}
	r.Proven, r.Email = v.Proven, v.ClaimedEmail
	r.Mailed, err = s.Threads.FirstMailed(ctx, s.DB, th.ID)
	return r, err
}
