package webpush

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/visitor"
)

func b64(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291, section 5.
func TestSealingIsThatOfTheStandard(t *testing.T) {
	own, err := ecdh.P256().NewPrivateKey(b64(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := sealWith(own, b64(t, "DGv6ra1nlYgDCS1FRnbzlw"), b64(t, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
		b64(t, "BTBZMqHH6r4Tts7J_aSIgg"), []byte("When I grow up, I want to be a watermelon"))
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if err != nil || base64.RawURLEncoding.EncodeToString(got) != want {
		t.Errorf("%s %v", base64.RawURLEncoding.EncodeToString(got), err)
	}
}

// receiver is a browser with its push service.
type receiver struct {
	t       *testing.T
	private *ecdh.PrivateKey
	auth    []byte
	http    *httptest.Server
	mu      sync.Mutex
	status  int
	heads   []http.Header
	notes   []note
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{t: t, auth: make([]byte, 16), status: 201}
	_, _ = rand.Read(r.auth)
	var err error
	if r.private, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	r.http = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heads = append(r.heads, req.Header)
		var n note
		if err := json.Unmarshal(r.open(body), &n); err != nil {
			t.Errorf("the notification is no JSON: %v", err)
		}
		r.notes = append(r.notes, n)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.http.Close)
	return r
}

func (r *receiver) place() visitor.Push {
	e := base64.RawURLEncoding.EncodeToString
	return visitor.Push{Endpoint: r.http.URL + "/abc", P256dh: e(r.private.PublicKey().Bytes()), Auth: e(r.auth)}
}

// open is what a browser does with what came.
func (r *receiver) open(b []byte) []byte {
	salt, public, sealed := b[:16], b[21:21+int(b[20])], b[21+int(b[20]):]
	theirs, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		r.t.Fatal(err)
	}
	secret, _ := r.private.ECDH(theirs)
	ikm, _ := hkdf.Key(sha256.New, secret, r.auth, "WebPush: info\x00"+string(r.private.PublicKey().Bytes())+string(public), 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	plain, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return plain[:len(plain)-1]
}

// CH-36: an answer that nobody sees is told, sealed and signed; one that is seen, or whose visitor is there, is not; a place that is gone is forgotten.
func TestAnUnseenAnswerIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		ctx := t.Context()
		r := newReceiver(t)
		visitors, threads := visitor.New(k.Clock, k.Events), thread.New(k.Clock, k.Events)
		jobs := job.New(d, k.Clock, nil, job.Options{Poll: 10 * time.Millisecond})
		key, err := NewKey([]byte(strings.Repeat("k", 32)))
		if err != nil {
			t.Fatal(err)
		}
		online := false
		base, _ := url.Parse("https://chat.acme.example")
		s := New(Deps{DB: d, Clock: k.Clock, Events: k.Events, Jobs: jobs, Threads: threads, Visitors: visitors, Key: key, Base: base, Client: r.http.Client(),
			Online: func(desk.VisitorID) bool { return online }, Name: func(context.Context, db.Queryer) (string, error) { return "Nordlys", nil }})
		var v visitor.Visitor
		k.Write(func(ctx context.Context, tx *db.Tx) (err error) {
			v, _, err = visitors.Arrive(ctx, tx, visitor.Glimpse{})
			if err == nil {
				err = visitors.AddPush(ctx, tx, v.ID, r.place())
			}
			return err
		})
		th := k.Thread(desk.Ticket{}, k.Account())
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE threads SET visitor_id = $1 WHERE id = $2", v.ID, th.ID)
			return err
		})
		if _, err := s.Step(ctx); err != nil {
			t.Fatal(err)
		}
		tell := func(text string) desk.Message {
			m := k.Message(th, func(m *desk.Message) {
				m.Direction, m.Kind, m.Text, m.Actor = desk.Outgoing, desk.KindMessage, text, desk.ByUser(1)
			})
			if err := s.plan(ctx, desk.Event{Type: desk.EvMessageQueued, ThreadID: th.ID, Message: m.ID, Actor: desk.ByUser(1)}); err != nil {
				t.Fatal(err)
			}
			return m
		}
		run := func(m desk.Message) error {
			return s.tell(ctx, &job.Job{Payload: []byte(`{"message":"` + m.ID.String() + `"}`)})
		}

		m := tell("Hello,\n  we have it in blue. " + strings.Repeat("x", 300))
		if planned(t, d) != 1 {
			t.Error("nothing is planned")
		}
		if err := run(m); err != nil {
			t.Fatal(err)
		}
		if len(r.notes) != 1 || r.notes[0].Title != "Nordlys" || !strings.HasPrefix(r.notes[0].Body, "Hello, we have it in blue. x") || len([]rune(r.notes[0].Body)) != shown || r.notes[0].Thread != th.ID.String() {
			t.Fatalf("%+v", r.notes)
		}
		h := r.heads[0]
		if h.Get("Content-Encoding") != "aes128gcm" || h.Get("TTL") == "" || !signedBy(t, h.Get("Authorization"), key, r.http.URL) {
			t.Errorf("%v", h)
		}

		online = true
		_ = run(tell("You see this"))
		online = false
		seen := tell("And this")
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE threads SET seen_by_visitor = $1 WHERE id = $2", seen.ID, th.ID)
			return err
		})
		_ = run(seen)
		comment := k.Message(th, func(m *desk.Message) { m.Kind, m.Text = desk.KindComment, "between us" })
		_ = run(comment)
		forward := k.Message(th, func(m *desk.Message) {
			m.Direction, m.Kind, m.Text, m.Actor, m.ForwardOf = desk.Outgoing, desk.KindMessage, "Look what she writes", desk.ByUser(1), seen.ID
		})
		_ = run(forward)
		s.Shows = func(context.Context, db.Queryer, []desk.MessageID) (map[desk.MessageID]any, error) { return nil, nil }
		_ = run(tell("Mailed to somebody else"))
		s.Shows = nil
		if len(r.notes) != 1 {
			t.Errorf("told of what was seen, or is nobody's business: %+v", r.notes[1:])
		}

		r.status = 503
		if run(tell("later")) == nil {
			t.Error("a push service that is down is not tried again")
		}
		r.status = 410
		if err := run(tell("gone")); err != nil {
			t.Error(err)
		}
		if left, _ := visitors.Pushes(ctx, d, v.ID); len(left) != 0 {
			t.Errorf("a place that is gone is kept: %+v", left)
		}
		before := planned(t, d)
		tell("nobody to tell")
		if planned(t, d) != before {
			t.Error("planned for nobody")
		}
	})
}

func planned(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.QueryRow(t.Context(), "SELECT COUNT(*) FROM jobs WHERE kind = 'webpush'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// signedBy checks the header as a push service does.
func signedBy(t *testing.T, header string, key Key, origin string) bool {
	t.Helper()
	token, k, ok := strings.Cut(strings.TrimPrefix(header, "vapid t="), ", k=")
	if !ok || k != key.Public() {
		return false
	}
	parts := strings.Split(token, ".")
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if len(parts) != 3 || json.Unmarshal(b64(t, parts[1]), &claims) != nil || claims.Aud != origin || claims.Sub != "https://chat.acme.example" || claims.Exp <= time.Now().Unix() {
		return false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), b64(t, k))
	if err != nil {
		t.Fatal(err)
	}
	sig := b64(t, parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
}

// The key stays the same over restarts; what leads inside is never posted to; what is no subscription is refused.
func TestPlacesAreChecked(t *testing.T) {
	a, _ := NewKey([]byte("secret"))
	b, _ := NewKey([]byte("secret"))
	c, _ := NewKey([]byte("other"))
	if a.Public() != b.Public() || a.Public() == c.Public() || len(b64(t, a.Public())) != 65 {
		t.Error("the key is not that of its secret")
	}
	r := newReceiver(t)
	base, _ := url.Parse("https://chat.acme.example")
	guarded := &Service{Deps: Deps{Key: a, Base: base, Client: netx.Guard{}.HTTP(netx.HTTPOptions{Timeout: time.Second})}}
	guarded.Clock = desktest.New(t, dbtest.SQLite(t)).Clock
	if _, err := guarded.post(t.Context(), r.place(), []byte("{}")); err == nil || len(r.notes) != 0 {
		t.Error("a private address was posted to")
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d)
		visitors := visitor.New(k.Clock, k.Events)
		for name, p := range map[string]visitor.Push{
			"not https": {Endpoint: "http://push.example/1", P256dh: r.place().P256dh, Auth: r.place().Auth},
			"no key":    {Endpoint: "https://push.example/1", P256dh: "AAAA", Auth: r.place().Auth},
			"no auth":   {Endpoint: "https://push.example/1", P256dh: r.place().P256dh, Auth: "AAAA"},
			"user":      {Endpoint: "https://a:b@push.example/1", P256dh: r.place().P256dh, Auth: r.place().Auth},
		} {
			if err := k.Try(func(ctx context.Context, tx *db.Tx) error { return visitors.AddPush(ctx, tx, 7, p) }); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range 7 { // only the newest few are kept, and one place is one browser's
			k.Clock.Advance(time.Second)
			p := r.place()
			p.Endpoint = "https://push.example/" + string(rune('a'+i))
			k.Write(func(ctx context.Context, tx *db.Tx) error { return visitors.AddPush(ctx, tx, 7, p) })
			k.Write(func(ctx context.Context, tx *db.Tx) error { return visitors.AddPush(ctx, tx, 7, p) })
		}
		if got, err := visitors.Pushes(t.Context(), d, 7); err != nil || len(got) != 5 || got[4].Endpoint != "https://push.example/g" {
			t.Errorf("%+v %v", got, err)
		}
	})
}
