package widget_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/webchat"
)

// stream mounts the visitors' stream on the rig's server.
func (r *rig) stream(s *api.Server, base *url.URL) {
	hub := lobby.New(lobby.Deps{DB: r.DB, Events: r.Events, Threads: r.Threads, Guard: r.Guard, Settings: func(context.Context, desk.ChannelAccountID) (webchat.Settings, error) {
		acc, err := r.Inboxes.Account(context.Background(), r.DB, r.acc.ID)
		if err != nil {
			return webchat.Settings{}, err
		}
		return webchat.Parse(acc.Settings)
	}})
	hub.Shows(&widget.Mapper{People: r.People, Store: r.Threads, Registry: r.Channels, Signer: api.Signer{Key: bytes.Repeat([]byte{9}, 32), Clock: r.Clock}})
	widget.MountStream(s, widget.StreamDeps{DB: r.DB, Visitors: r.Visitors, Lobby: hub, Guard: r.Guard, Base: base, Person: func(_ context.Context, id desk.ContactID) (desk.ContactID, error) { return id, nil }})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { r.Events.Run(ctx) })
	work.Go(func() { hub.Run(ctx) })
	r.t.Cleanup(func() { hub.Drain(); cancel(); work.Wait() })
}

// CH-34: the stream opens for a token in the header, from the widget's own frame, and for nothing else; every refusal has its reason and is counted.
func TestTheStreamOpensForAVisitorsOwnFrameAlone(t *testing.T) {
	r := newRig(t, dbtest.SQLite(t), "")
	b := r.browser()
	b.hello(nil)
	token := b.token
	const path = "/widget/stream?poll=1&wait=0&after=0"
	b.do("GET", path, nil).want(200, `"events"`)
	for name, c := range map[string]struct {
		headers map[string]string
		token   string
		path    string
		status  int
		reason  string
	}{
		"another site's page":     {map[string]string{"Sec-Fetch-Site": "cross-site"}, token, path, 403, "widget.cross_site"},
		"another site's origin":   {map[string]string{"Origin": "https://evil.example"}, token, path, 403, "widget.cross_site"},
		"a page of a subdomain":   {map[string]string{"Sec-Fetch-Site": "same-site"}, token, path, 403, "widget.cross_site"},
		"a token in the address":  {nil, "", path + "&token=" + token, 401, "visitor.token_missing"},
		"a token in a cookie":     {map[string]string{"Cookie": "token=" + token + "; kanal_session=" + token}, "", path, 401, "visitor.token_missing"},
		"a forged token":          {nil, token[:len(token)-4] + "AAAA", path, 401, "visitor.token_unknown"},
		"typing from another one": {map[string]string{"Sec-Fetch-Site": "cross-site"}, token, "/widget/typing", 403, "widget.cross_site"},
		"not a number":            {nil, token, "/widget/stream?after=x", 422, "events.after"},
	} {
		b.headers, b.token = map[string]string{}, c.token
		for k, v := range c.headers {
			b.headers[k] = v
		}
		method := "GET"
		if strings.HasSuffix(c.path, "typing") {
			method = "POST"
		}
		a := b.do(method, c.path, nil)
		if a.status != c.status || !strings.Contains(a.body, c.reason) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	n := r.Guard.Refused()
	if n["cross_site"] != 4 || n["no_token"] != 2 || n["token"] != 1 {
		t.Errorf("counted: %v", n)
	}
}

// CH-30, CH-34: over HTTP, as the frame reads it: a message arrives with its number; a comment and what was said in another browser never do.
func TestTheStreamTellsWhatTheFrameShows(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b, other := r.browser(), r.browser()
		b.hello(nil)
		other.hello(nil)
		req, _ := http.NewRequest("GET", r.http.URL+"/widget/stream", nil)
		req.Host = "desk.example"
		req.Header.Set("Authorization", "Bearer "+b.token)
		res, err := http.DefaultClient.Do(req)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || res.Header.Get("X-Accel-Buffering") != "no" {
			t.Fatalf("%v %v", res, err)
		}
		defer res.Body.Close()
		in := bufio.NewReader(res.Body)
		until := func(text string) (all string) {
			for !strings.Contains(all, text) {
				line, err := in.ReadString('\n')
				if err != nil {
					t.Fatalf("the stream ended: %v after %s", err, all)
				}
				all += line
			}
			return all
		}
		until("event: ready")
		say := func(b *browser, n int, text string) desk.ThreadID {
			a := b.do("POST", "/widget/messages", map[string]any{"id": fmt.Sprintf("0123456789abcdef%04d", n), "text": text, "flow": map[string]any{"id": r.flow.ID, "number": 1}}).want(201)
			return get[struct{ Thread struct{ ID desk.ThreadID } }](a).Thread.ID
		}
		say(other, 1, "a secret of another browser")
		id := say(b, 2, "where is my parcel")
		seen := until("where is my parcel")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			th, err := r.Threads.Lock(ctx, tx, id)
			if err != nil {
				return err
			}
			_, err = r.Threads.Append(ctx, tx, desk.Message{ThreadID: id, Kind: desk.KindComment, Channel: th.Channel, AccountID: th.AccountID, Actor: desk.System, Text: "a secret comment"})
			return err
		})
		say(b, 3, "the end")
		seen += until("the end")
		if strings.Contains(seen, "secret") || !strings.Contains(seen, "event: thread") || !strings.Contains(seen, "id: ") {
			t.Errorf("told: %s", seen)
		}
	})
}

// A flood from one visitor is refused with a time to wait and a reason; nothing of it is stored, and the next visitor is served.
func TestAFloodOfMessagesIsRefused(t *testing.T) {
	r := newRigWith(t, dbtest.SQLite(t), "", lobby.DefaultLimits)
	b, other := r.browser(), r.browser()
	b.hello(nil)
	other.hello(nil)
	stored, refused := 0, 0
	began := time.Now()
	for i := range 300 {
		a := b.do("POST", "/widget/messages", map[string]any{"id": fmt.Sprintf("0123456789abcdef%04d", i), "text": "spam", "flow": map[string]any{"id": r.flow.ID, "number": 1}})
		switch {
		case a.status == 201:
			stored++
		case a.status == 429 && strings.Contains(a.body, "widget.limited") && a.header.Get("Retry-After") != "":
			refused++
		default:
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	let := 21 + int(time.Since(began)/time.Second)
	if stored < 20 || stored > let || stored+refused != 300 {
		t.Errorf("%d stored, %d refused in %v", stored, refused, time.Since(began))
	}
	var rows int
	if err := r.DB.QueryRow(context.Background(), "SELECT COUNT(*) FROM messages WHERE text = 'spam'").Scan(&rows); err != nil || rows != stored {
		t.Errorf("%d rows: %v", rows, err)
	}
	if n := r.Guard.Refused()["message_visitor"]; n != int64(refused) {
		t.Errorf("%d are counted", n)
	}
	other.do("POST", "/widget/messages", map[string]any{"id": "0123456789abcdef", "text": "help", "flow": map[string]any{"id": r.flow.ID, "number": 1}}).want(201)
}

// CH-06: transcripts are no way to write to strangers: new browsers do not lift what one address is sent a day.
func TestTranscriptsWriteToNoStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRigWith(t, d, "", lobby.Limits{Mail: lobby.Rate{Burst: 2, Per: 24 * time.Hour}})
		ask := func(to string) *answer {
			b := r.browser()
			b.hello(nil)
			return b.do("POST", "/widget/threads/"+b.say("", "Buy my pills").Thread.ID.String()+"/transcript", map[string]any{"email": to})
		}
		ask("stranger@home.example").want(202)
		ask("Stranger@home.example").want(202)
		ask("stranger@home.example").want(429)
		ask("mira@home.example").want(202)
		if len(r.mailed) != 3 || r.Guard.Refused()["mail_to"] != 1 {
			t.Errorf("%v %v", r.mailed, r.Guard.Refused())
		}
	})
}
