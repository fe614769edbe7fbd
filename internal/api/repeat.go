package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// The window of a repeated write: an answer is kept for a day, and a write that was begun and never answered (the server died) may be begun again after a minute.
const (
	repeatKept  = 24 * time.Hour
	repeatStuck = time.Minute
	maxRepeat   = 200 // bytes of a key
)

var idempotencyHeader = &huma.Param{
	Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxRepeat)},
	Description: "Any text of yours. The same key with the same body gets the first answer again and does nothing twice; with another body it is refused (409, request.key_reused). Kept for 24 hours.",
}

func ptr[T any](v T) *T { return &v }

var (
	errKeyReused    = refuse(desk.Conflict, "request.key_reused", "This Idempotency-Key was used for another request.")
	errAnswerErased = refuse(desk.Conflict, "request.answer_erased", "This was done before, and what it was about has been erased since.")

	errKeyBusy = refuse(desk.Conflict, "request.key_busy", "The first request with this Idempotency-Key is still being worked on. Ask again in a moment.")
)

// repeatable answers a repeated write with the first answer. The key is taken before the work begins, so that two at once do it once.
func (s *Server) repeatable(maxBody int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			next(ctx)
			return
		}
		if len(key) > maxRepeat {
			s.Fail(w, r, desk.Errorf(desk.Invalid, "request.key_too_long", "An Idempotency-Key has at most %d bytes.", maxRepeat).In("Idempotency-Key"))
			return
		}
		if !isText(key) {
			s.Fail(w, r, errNotText)
			return
		}
		body, err := whole(w, r, maxBody)
		if err != nil {
			s.Fail(w, r, err)
			return
		}
		v, _ := ctx.Context().Value(viewerKey{}).(access.Viewer)
		c := claim{actor: v.Actor.String(), key: key, request: digest(r, body)}
		status, answer, err := s.claim(r.Context(), c)
		switch {
		case err != nil:
			s.Fail(w, r, err)
			return
		case status == http.StatusGone:
			s.Fail(w, r, errAnswerErased.with(nil))
			return
		case status > done:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Idempotent-Replayed", "true")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, answer)
			return
		}
		c.ref = answer // set when the work is done and only the answer was lost
		again := r.WithContext(context.WithValue(ctx.Context(), repeatKey{}, c))
		again.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{header: w.Header()}
		settled := false
		defer func() { // also when the handler panics
			if !settled {
				s.unclaim(r.Context(), c)
			}
		}()
		next(humago.NewContext(ctx.Operation(), again, rec))
		if rec.status >= 200 && rec.status < 300 {
			if err := s.settle(r.Context(), c, rec.status, rec.body.String()); err != nil {
				s.Log.Error("the answer of a repeatable write was not kept", "request_id", RequestID(r.Context()), "err", err)
			}
			settled = true
		}
		w.WriteHeader(rec.status)
		_, _ = w.Write(rec.body.Bytes())
	}
}

// whole reads a body, bounded in bytes and time.
func whole(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	line := http.NewResponseController(w)
	_ = line.SetReadDeadline(time.Now().Add(bodyWithin))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	_ = line.SetReadDeadline(time.Time{})
	switch {
	case err == nil:
		return body, nil
	case TooLarge(err):
		return nil, desk.Errorf(desk.TooLarge, "request.too_large", "The request is larger than allowed here.").Because(err)
	}
	return nil, desk.Errorf(desk.Invalid, "request.cut", "The request did not come whole. Send it again.").Because(err)
}

type repeatKey struct{}

// MarkDone says, in the transaction that does a repeatable write, that it is done: ref is whatever the handler needs to answer again. A server that dies
// between the commit and the answer then does nothing twice. Without an Idempotency-Key it does nothing.
func MarkDone(ctx context.Context, tx *db.Tx, ref string) error {
	c, ok := ctx.Value(repeatKey{}).(claim)
	if !ok {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = $1, response = $2 WHERE actor = $3 AND key = $4 AND request = $5", done, ref, c.actor, c.key, c.request)
	return err
}

// Done is what MarkDone was given when this request was done before and its answer was lost; "" when there is something to do.
func Done(ctx context.Context) string { c, _ := ctx.Value(repeatKey{}).(claim); return c.ref }

func digest(r *http.Request, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\x00", r.Method, r.URL.RequestURI())
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

// claim is one repeatable request.
type claim struct{ actor, key, request, ref string }

// done is the status of a write that is committed and not answered yet; 0 is one that is being worked on.
const done = 1

// claim takes a key: status 0 means it is ours to do, another status is that of the answer given before.
func (s *Server) claim(ctx context.Context, c claim) (status int, answer string, err error) {
	now := s.Clock.Ms()
	err = s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		status, answer = 0, ""
		if _, err := tx.Exec(ctx, "DELETE FROM idempotency_keys WHERE actor = $1 AND key = $2 AND (created_at < $3 OR (status = 0 AND created_at < $4))",
			c.actor, c.key, now.Add(-s.kept()), now.Add(-repeatStuck)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (actor, key, request, status, response, created_at) VALUES ($1, $2, $3, 0, '', $4)
			ON CONFLICT (actor, key) DO NOTHING`, c.actor, c.key, c.request, now)
		if err != nil || n == 1 {
			return err
		}
		var request string
		err = tx.QueryRow(ctx, "SELECT request, status, response FROM idempotency_keys WHERE actor = $1 AND key = $2", c.actor, c.key).Scan(&request, &status, &answer)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errKeyBusy.with(nil)
		case err != nil:
			return err
		case request != c.request:
			return errKeyReused.with(nil)
		case status == 0:
			return errKeyBusy.with(nil)
		}
		return nil
	})
	return status, answer, err
}

func (s *Server) settle(ctx context.Context, c claim, status int, answer string) error {
	return s.DB.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = $1, response = $2 WHERE actor = $3 AND key = $4 AND request = $5", status, answer, c.actor, c.key, c.request)
		return err
	})
}

// unclaim gives a key back after a refusal, so that the caller may mend the request and use it again.
func (s *Server) unclaim(ctx context.Context, c claim) {
	err := s.DB.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM idempotency_keys WHERE actor = $1 AND key = $2 AND request = $3 AND status = 0", c.actor, c.key, c.request)
		return err
	})
	if err != nil {
		s.Log.Warn("an idempotency key was not given back", "err", err)
	}
}

func (s *Server) kept() time.Duration {
	if s.RepeatKept > 0 {
		return s.RepeatKept
	}
	return repeatKept
}

// ForgetAnswers empties answers kept to be given again that say one of the words or name one of the ids (CR-14). Their keys stay taken: what was done is not done twice.
func ForgetAnswers(ctx context.Context, tx *db.Tx, words, ids []string) error {
	type kept struct{ actor, key, response string }
	answers, err := db.All(ctx, tx, func(r db.Scanner) (k kept, err error) { err = r.Scan(&k.actor, &k.key, &k.response); return k, err },
		"SELECT actor, key, response FROM idempotency_keys WHERE status > $1", done)
	if err != nil {
		return fmt.Errorf("api: forget answers: %w", err)
	}
	for _, k := range answers {
		text := strings.ToLower(k.response)
		says := func(w string) bool { return strings.Contains(text, strings.ToLower(w)) }
		names := func(id string) bool { return strings.Contains(text, `"`+id+`"`) }
		if !slices.ContainsFunc(words, says) && !slices.ContainsFunc(ids, names) {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE idempotency_keys SET status = $1, response = '' WHERE actor = $2 AND key = $3", http.StatusGone, k.actor, k.key); err != nil {
			return fmt.Errorf("api: forget answers: %w", err)
		}
	}
	return nil
}

// Prune forgets answers that need not be kept any longer; app calls it on a schedule.
func (s *Server) Prune(ctx context.Context) error {
	before := s.Clock.Ms().Add(-s.kept())
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM idempotency_keys WHERE created_at < $1", before)
		return err
	})
}

// recorder keeps an answer until it is settled.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}
func (r *recorder) Write(b []byte) (int, error) { r.WriteHeader(http.StatusOK); return r.body.Write(b) }
