package dialogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/job"
)

// How a webhook is tried: the visitor waits for it.
const (
	hookTries = 3
	hookPause = 2 * time.Second
	hookBody  = 256 << 10
)

// webhook calls an address outside of any transaction and gives the engine what came of it. Called again after a crash it has the same Idempotency-Key, so that
// the other side can tell.
func (s *Service) webhook(ctx context.Context, j *job.Job, r chatflow.Run, e chatflow.Effect) error {
	in, again := s.call(ctx, r, e)
	if again != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if j.Attempt < hookTries {
			return job.Retry(hookPause*time.Duration(j.Attempt), again)
		}
		s.Log.Warn("a bot's webhook does not answer", "thread", r.Thread, "flow", r.Flow, "step", e.Step, "status", in.Status)
	}
	return s.turn(ctx, j, r.Thread, r.Step, func(ctx context.Context, t *turn) error {
		t.run.Progress.Job, t.run.Progress.Pending = 0, t.run.Progress.Pending[1:]
		return s.step(ctx, t, in)
	})
}

// call makes one attempt. An error says that another may go better.
func (s *Service) call(ctx context.Context, r chatflow.Run, e chatflow.Effect) (chatflow.Input, error) {
	in := chatflow.Input{Type: chatflow.WebhookResult}
	if s.Client == nil {
		return in, nil
	}
	var body io.Reader
	if e.Body != "" {
		body = strings.NewReader(e.Body)
	}
	req, err := http.NewRequestWithContext(ctx, e.Method, e.URL, body)
	if err != nil {
		return in, nil
	}
	if e.Body != "" {
		req.Header.Set("Content-Type", "text/plain; charset=utf-8")
		if t := strings.TrimSpace(e.Body); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
			req.Header.Set("Content-Type", "application/json")
		}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("kanal-%s-%d", r.Thread, r.Step))
	for name, v := range e.Headers {
		req.Header.Set(name, v)
	}
	resp, err := s.Client.Do(req)
	if err != nil {
		return in, err
	}
	defer resp.Body.Close()
	in.Status = resp.StatusCode
	b, err := io.ReadAll(io.LimitReader(resp.Body, hookBody))
	if err != nil {
		return in, err
	}
	in.Body, in.OK = string(b), resp.StatusCode >= 200 && resp.StatusCode < 300
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return in, fmt.Errorf("webhook answered %d", resp.StatusCode)
	}
	return in, nil
}

// email sends a step's mail, stored in the conversation and written together with the bot's step, so that it goes out once. Without an address or a mail account
// it is left out.
func (s *Service) email(ctx context.Context, j *job.Job, r chatflow.Run, e chatflow.Effect) error {
	th, err := s.Threads.Get(ctx, s.DB, r.Thread)
	if err != nil {
		return notFoundIsNil(err)
	}
	to := desk.Party{Field: "to", Kind: desk.AddrEmail, Address: desk.NormalizeEmail(e.Address)}
	if e.Address == "" {
		if to, err = s.Dispatch.MailOf(ctx, s.DB, th); err != nil {
			return err
		}
		if to.Address != "" && s.Mails != nil && s.Mails(to.Address) != nil { // anybody can type anybody's address
			s.Log.Warn("a bot's mail was left out: the address was sent enough today", "thread", r.Thread, "flow", r.Flow, "step", e.Step)
			to.Address = ""
		}
	}
	var acc desk.ChannelAccount
	if s.Sender != nil {
		if acc, err = s.Sender(ctx, th); err != nil {
			return err
		}
	}
	if to.Address != "" && acc.ID != 0 {
		err = s.mail(ctx, j, r, e, th, acc, to)
		if err == nil || errors.Is(err, errStale) {
			return nil
		}
		if db.IsMachine(err) || desk.CodeOf(err) == desk.Internal || errors.Is(err, job.ErrLost) {
			return err
		}
		s.Log.Warn("a bot's mail was left out", "thread", r.Thread, "flow", r.Flow, "step", e.Step, "reason", desk.ReasonOf(err))
	}
	return s.turn(ctx, j, r.Thread, r.Step, s.mailed)
}

func (s *Service) mail(ctx context.Context, j *job.Job, r chatflow.Run, e chatflow.Effect, th desk.Thread, acc desk.ChannelAccount, to desk.Party) error {
	var none time.Duration
	_, err := s.Dispatch.Reply(ctx, dispatch.ReplyCommand{
		Actor: botOf(th), ThreadID: th.ID, FromAccount: acc.ID, To: []desk.Party{to}, Cc: []desk.Party{}, Bcc: []desk.Party{}, Subject: e.Subject,
		Content: dispatch.Content{Text: e.Text}, Timing: dispatch.Timing{Undo: &none}, Client: "chatflow", Copy: true, Automatic: true,
		First: func(ctx context.Context, tx *db.Tx) error { // the visitor before the conversation, as in every turn
			_, err := s.Visitors.Lock(ctx, tx, th.VisitorID)
			return notFoundIsNil(err)
		},
		Also: func(ctx context.Context, tx *db.Tx, _ desk.Message) error {
			if err := j.Complete(ctx, tx); err != nil {
				return err
			}
			t, ok, err := s.hold(ctx, tx, th, r.Step)
			if err != nil {
				return err
			}
			if !ok {
				return errStale
			}
			return s.mailed(ctx, t)
		},
	})
	return err
}

// mailed goes on behind a mail.
func (s *Service) mailed(ctx context.Context, t *turn) error {
	t.run.Progress.Job, t.run.Progress.Pending = 0, t.run.Progress.Pending[1:]
	if err := s.carryOut(ctx, t); err != nil {
		return err
	}
	return s.settle(ctx, t)
}
