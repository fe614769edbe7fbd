package hook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/hook"
	"github.com/kanalhq/kanal/internal/inbox"
)

// taker stands where intake is: it takes what it is given, or refuses as the machine would.
type taker struct {
	got []channel.Raw
	err error
}

func (t *taker) Deliver(_ context.Context, raws []channel.Raw) error {
	if t.err == nil {
		t.got = append(t.got, raws...)
	}
	return t.err
}

// A delivery is answered only after it is kept: a wrong signature is refused, a machine in trouble makes the provider come again.
func TestADeliveryIsAnsweredOnceItIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d, echo.New())
		acc := k.Account(func(n *inbox.NewAccount) {
			n.Settings, n.Secrets = json.RawMessage(`{"address":"help"}`), json.RawMessage(`{"secret":"shh"}`)
		})
		in := &taker{}
		s := hook.New(hook.Deps{DB: d, Registry: k.Channels, Inbox: k.Inboxes, Intake: in})
		post := func(path, body, secret string) *httptest.ResponseRecorder {
			m := hmac.New(sha256.New, []byte(secret))
			m.Write([]byte(body))
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			r.Header.Set(echo.SignatureHeader, hex.EncodeToString(m.Sum(nil)))
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		item := `{"items":[{"account":"help","id":"m1","from":"mira","text":"hi"}]}`
		for _, c := range []struct {
			name, path, body, secret string
			err                      error
			status, kept             int
		}{
			{"signed", "/hooks/echo/", item, "shh", nil, 200, 1},
			{"a path of its own", "/hooks/echo/anything/else", item, "shh", nil, 200, 1},
			{"another's signature", "/hooks/echo/", item, "guess", nil, 401, 0},
			{"no such account", "/hooks/echo/", strings.Replace(item, "help", "other", 1), "shh", nil, 401, 0},
			{"no such channel", "/hooks/nothing/", item, "shh", nil, 404, 0},
			{"the machine cannot now", "/hooks/echo/", item, "shh", desk.Errorf(desk.Unavailable, "x", "Later."), 503, 0},
			{"too large", "/hooks/echo/", item + strings.Repeat(" ", hook.MaxBody), "shh", nil, 413, 0},
		} {
			in.got, in.err = nil, c.err
			w := post(c.path, c.body, c.secret)
			if w.Code != c.status || len(in.got) != c.kept {
				t.Errorf("%s: status %d, kept %d, want %d and %d", c.name, w.Code, len(in.got), c.status, c.kept)
			}
			if c.kept == 1 && (in.got[0].Account != acc.ID || !strings.Contains(string(in.got[0].Body), "mira")) {
				t.Errorf("%s: kept %+v", c.name, in.got[0])
			}
			if strings.Contains(w.Body.String(), "shh") || c.status == 503 && w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: answered %q %v", c.name, w.Body, w.Header())
			}
		}
		// A paused account still keeps what reaches it.
		off := false
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Inboxes.UpdateAccount(ctx, tx, desk.System, acc.ID, inbox.AccountChange{Active: &off})
			return err
		})
		in.got, in.err = nil, nil
		if w := post("/hooks/echo/", item, "shh"); w.Code != 200 || len(in.got) != 1 {
			t.Errorf("paused: status %d, kept %d", w.Code, len(in.got))
		}
	})
}
