package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/simulate/s3"
)

const nodesKey = "b2b1a0f9e8d7c6b5a49382716f5e4d3c2b1a09f8e7d6c5b4a3928170f1e2d3c4"

// twoNodes prepares two nodes of one installation: directories of their own, one database, one master key, one place for files. Leases are short.
func twoNodes(t *testing.T, blobs string, args ...string) (a, b *server) {
	t.Helper()
	for name, d := range map[string]string{
		"RECEIVER_LEASE": "3s", "JOB_LEASE": "3s", "NODE_LEASE": "3s", "JOB_POLL": "200ms", "RETRY_BASE": "500ms", "RETRY_MAX": "2s", "RECONNECT_BASE": "300ms", "RECONNECT_MAX": "1s", "IMAP_POLL": "1s",
	} {
		t.Setenv("KANAL_WINDOW_"+name, d)
	}
	t.Setenv("KANAL_SECRET_KEY", nodesKey)
	if blobs == "" {
		blobs = t.TempDir()
	}
	args = append(args, "--blobs", blobs)
	one := &server{t: t, bin: kanalBinary(t), dir: t.TempDir(), http: freePort(t), smtp: freePort(t), postgres: dbtest.PostgresURL(t), args: args}
	two := &server{t: t, bin: one.bin, dir: t.TempDir(), http: freePort(t), smtp: freePort(t), postgres: one.postgres, args: args}
	return one, two
}

// startBoth starts them at once, and makes an owner with a token.
func startBoth(t *testing.T, a, b *server) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(a.start)
	wg.Go(b.start)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	a.must("secret-passphrase\n", "user", "create", "--email", "owner@kanal.test", "--name", "Olga Owner", "--role", "owner", "--password-stdin")
	a.token = strings.TrimSpace(b.must("", "token", "create", "--name", "e2e", "--scopes", "all", "--as", "owner@kanal.test"))
	b.token = a.token
}

func mailBody(id, subject, text, more string) string {
	return fmt.Sprintf("From: Mira <mira@customers.test>\r\nTo: support@kanal.test\r\nSubject: %s\r\nMessage-ID: <%s@customers.test>\r\n%s\r\n%s\r\n", subject, id, more, text)
}

func withAttachment(id, subject, name string, content []byte) string {
	b := base64.StdEncoding.EncodeToString(content)
	var lines strings.Builder
	for chunk := range slices.Chunk([]byte(b), 76) {
		lines.Write(chunk)
		lines.WriteString("\r\n")
	}
	return mailBody(id, subject, "--xx\r\nContent-Type: text/plain\r\n\r\nSee the picture.\r\n--xx\r\nContent-Type: application/octet-stream; name="+name+
		"\r\nContent-Disposition: attachment; filename="+name+"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+lines.String()+"--xx--", "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n")
}

// deliver hands a mail over as a real peer does: a transient refusal is tried again. A permanent one is an error.
func deliver(addr, body string, within time.Duration) error {
	deadline := time.Now().Add(within)
	for {
		err := sendMail(addr, "mira@customers.test", []string{"support@kanal.test"}, body)
		if err == nil {
			return nil
		}
		if strings.HasPrefix(err.Error(), "5") || time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stream is an agent's event stream. Like a browser it comes back with the last number it saw, until it is signed out.
type stream struct {
	mu     sync.Mutex
	events []streamed
	last   int64
	ended  bool
	again  int
}

type streamed struct {
	id         int64
	name, data string
}

// follow connects to the stream after a number.
func (s *server) follow(t *testing.T, after int64) *stream {
	t.Helper()
	return s.open(t, after, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.token) })
}

func (s *server) open(t *testing.T, after int64, authorize func(r *http.Request)) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	st := &stream{last: after}
	connect := func() (*http.Response, error) {
		path := "/api/events"
		if st.last >= 0 {
			path += "?after=" + strconv.FormatInt(st.last, 10)
		}
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+s.http+path, nil)
		if err != nil {
			return nil, err
		}
		authorize(req)
		return http.DefaultClient.Do(req)
	}
	resp, err := connect()
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("stream: %v %v", resp, err)
	}
	go func() {
		for ctx.Err() == nil {
			if err == nil && resp.StatusCode == 200 {
				st.read(resp.Body)
			}
			if err == nil {
				resp.Body.Close()
			}
			if st.has("signed_out") {
				break
			}
			time.Sleep(100 * time.Millisecond)
			st.again++
			resp, err = connect()
		}
		st.mu.Lock()
		st.ended = true
		st.mu.Unlock()
	}()
	return st
}

func (st *stream) read(body io.Reader) {
	var ev streamed
	sc := bufio.NewScanner(body)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		k, v, _ := strings.Cut(sc.Text(), ":")
		v = strings.TrimPrefix(v, " ")
		switch k {
		case "id":
			ev.id, _ = strconv.ParseInt(v, 10, 64)
		case "event":
			ev.name = v
		case "data":
			ev.data += v
		case "":
			if ev.name != "" {
				st.mu.Lock()
				st.events = append(st.events, ev)
				st.last = max(st.last, ev.id)
				st.mu.Unlock()
			}
			ev = streamed{}
		}
	}
}

// has reports whether an event of that name came whose data holds every text.
func (st *stream) has(name string, texts ...string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.ContainsFunc(st.events, func(e streamed) bool {
		for _, text := range texts {
			if !strings.Contains(e.data, text) {
				return false
			}
		}
		return e.name == name
	})
}

func (st *stream) over() bool { st.mu.Lock(); defer st.mu.Unlock(); return st.ended }

// numbered lists what came of the log, as "number type id".
func (st *stream) numbered() (out []string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, e := range st.events {
		var ev struct{ ID string }
		if e.id > 0 && json.Unmarshal([]byte(e.data), &ev) == nil && ev.ID != "" {
			out = append(out, fmt.Sprintf("%d %s %s", e.id, e.name, ev.ID))
		}
	}
	return out
}

// sameStory compares two streams of one viewer once both have come to the log's end.
func sameStory(t *testing.T, d *db.DB, streams ...*stream) {
	t.Helper()
	var all []string
	eventually(t, 10*time.Second, "every stream has told everything", func() bool {
		all = nil
		n := count(t, d, "SELECT count(*) FROM events WHERE type = 'message.received'")
		for _, st := range streams {
			told := 0
			for _, line := range st.numbered() {
				if strings.Contains(line, " message.received ") {
					told++
				}
			}
			if told != n {
				return false
			}
		}
		return true
	})
	for i, st := range streams {
		lines := st.numbered()
		last := int64(0)
		for _, l := range lines {
			n, _ := strconv.ParseInt(l[:strings.IndexByte(l, ' ')], 10, 64)
			if n <= last {
				t.Errorf("stream %d: %s after %d", i, l, last)
			}
			last = n
		}
		if i == 0 {
			all = lines
		}
		if short := min(len(all), len(lines)); !slices.Equal(all[:short], lines[:short]) || max(len(all), len(lines))-short > 3 {
			t.Errorf("the nodes told different stories: %d and %d events", len(all), len(lines))
		}
	}
	checkNumbers(t, d)
}

// checkNumbers: numbers are given without a gap.
func checkNumbers(t *testing.T, d *db.DB) {
	t.Helper()
	eventually(t, 10*time.Second, "every event is numbered", func() bool { return count(t, d, "SELECT count(*) FROM events WHERE seq IS NULL") == 0 })
	if n := count(t, d, "SELECT COALESCE(max(seq), 0) - count(*) FROM events WHERE seq IS NOT NULL"); n != 0 {
		t.Errorf("%d numbers are missing", n)
	}
}

// Two nodes on one database are one installation. DESIGN 1.3, 5, 6.
func TestTwoNodesAreOneInstallation(t *testing.T) {
	out := newSink(t)
	a, b := twoNodes(t, "", "--relay", out.relay())
	startBoth(t, a, b)
	d := a.database()
	nodes := []*server{a, b}

	t.Run("both started at once and made the defaults once", func(t *testing.T) {
		for what, query := range map[string]string{"inboxes": "SELECT count(*) FROM inboxes", "accounts": "SELECT count(*) FROM channel_accounts", "pipelines": "SELECT count(*) FROM pipelines"} {
			if n := count(t, d, query); n != 1 {
				t.Errorf("%d %s", n, what)
			}
		}
		if n := count(t, d, "SELECT count(DISTINCT holder) FROM nodes WHERE lease_until > 0"); n < 2 {
			t.Errorf("%d nodes hold a lease", n)
		}
	})

	picture := bytes.Repeat([]byte("a picture of a wheel "), 20_000)
	t.Run("mail to either node is seen on both, in the same numbers", func(t *testing.T) {
		sa, sb := a.follow(t, 0), b.follow(t, 0)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				if err := deliver(nodes[i%2].smtp, mailBody(fmt.Sprintf("both-%d", i), fmt.Sprintf("Mail %d", i), "Hello", ""), 20*time.Second); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sameStory(t, d, sa, sb)
		if n := count(t, d, "SELECT count(DISTINCT (id >> 8) & 31) FROM messages"); n != 2 {
			t.Errorf("ids of %d nodes", n)
		}
	})

	t.Run("files put on one node are read on the other", func(t *testing.T) {
		readAcross(t, a, b, picture)
	})

	t.Run("the same mail to both nodes at once is one message", func(t *testing.T) { // EM-33
		body := mailBody("once", "Once", "Once, please.", "")
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if err := deliver(nodes[i%2].smtp, body, 30*time.Second); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d, "SELECT count(*) FROM messages WHERE remote_id = 'once@customers.test'"); n != 1 {
			t.Errorf("%d messages", n)
		}
		if n := count(t, d, "SELECT count(*) FROM tickets WHERE subject = 'Once'"); n != 1 {
			t.Errorf("%d tickets", n)
		}
	})

	t.Run("who looks at a ticket on one node is seen on the other", func(t *testing.T) { // WS-11
		st := b.follow(t, 1)
		tk := a.firstTicket()
		eventually(t, 5*time.Second, "the stream is there", func() bool { return st.has("ready") || st.has("reload") })
		if _, err := a.api("POST", "/api/presence", map[string]any{"ticket_id": tk.ID, "state": "typing"}, nil); err != nil {
			t.Fatal(err)
		}
		eventually(t, 5*time.Second, "presence on the other node", func() bool { return st.has("typing", tk.ID, "Olga Owner") })
		var seen struct{ Viewers []struct{ State string } }
		if _, err := b.api("GET", "/api/tickets/"+tk.ID, nil, &seen); err != nil || len(seen.Viewers) != 1 || seen.Viewers[0].State != "typing" {
			t.Errorf("%+v, %v", seen, err)
		}
	})

	t.Run("each answer goes out once", func(t *testing.T) { repliesOnce(t, nodes, d, out) })

	t.Run("a channel switched off on one node is off on the other", func(t *testing.T) { switchOff(t, a, b, out) }) // GEN-13

	t.Run("who may no longer come in is turned away on the other node", func(t *testing.T) { turnedAway(t, a, b) })

	t.Run("a node with another master key is refused", func(t *testing.T) {
		cmd := exec.Command(a.bin, "serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--smtp", "off", "--database-url", a.postgres)
		cmd.Env = append(os.Environ(), "KANAL_SECRET_KEY="+strings.Repeat("ab", 32))
		if text, err := cmd.CombinedOutput(); exitCode(err) != 1 || !strings.Contains(string(text), "not the master key") {
			t.Errorf("exit %d: %s", exitCode(err), text)
		}
	})

	t.Run("a node that keeps its files elsewhere is refused", func(t *testing.T) {
		cmd := exec.Command(a.bin, "serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--smtp", "off", "--database-url", a.postgres)
		if text, err := cmd.CombinedOutput(); exitCode(err) != 1 || !strings.Contains(string(text), "same --blobs") {
			t.Errorf("exit %d: %s", exitCode(err), text)
		}
	})

	t.Run("a node without a lease takes no writes and says so", func(t *testing.T) { leaseLost(t, b, d) })
	a.stop()
	b.stop()
}

// readAcross delivers a mail with an attachment to one node and reads both the attachment and the original on the other.
func readAcross(t *testing.T, a, b *server, content []byte) {
	t.Helper()
	id := "file-" + strconv.Itoa(len(content))
	if err := deliver(a.smtp, withAttachment(id, "With a picture", "wheel.bin", content), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	d := a.database()
	var msg, att string
	if err := d.QueryRow(context.Background(), "SELECT m.id::text, f.id::text FROM messages m JOIN attachments f ON f.message_id = m.id WHERE m.remote_id = $1", id+"@customers.test").Scan(&msg, &att); err != nil {
		t.Fatal(err)
	}
	if got, code := b.fetch("/api/attachments/"+att, ""); code != 200 || !bytes.Equal(got, content) {
		t.Errorf("attachment: %d, %d of %d bytes", code, len(got), len(content))
	}
	if got, code := b.fetch("/api/attachments/"+att, "bytes=1000-1999"); code != 206 || !bytes.Equal(got, content[1000:2000]) {
		t.Errorf("a part of it: %d, %d bytes", code, len(got))
	}
	if got, code := b.fetch("/api/messages/"+msg+"/source", ""); code != 200 || !bytes.Contains(got, []byte("Message-ID: <"+id)) {
		t.Errorf("source: %d, %d bytes", code, len(got))
	}
}

func (s *server) fetch(path, part string) ([]byte, int) {
	req, err := http.NewRequest("GET", "http://"+s.http+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if part != "" {
		req.Header.Set("Range", part)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return nil, 0
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Error(err)
	}
	return body, resp.StatusCode
}

func repliesOnce(t *testing.T, nodes []*server, d *db.DB, out *sink) {
	tk := nodes[0].firstTicket()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			text := map[string]any{"type": "reply", "text": fmt.Sprintf("answer-%02d.", i)}
			if _, err := nodes[i%2].api("POST", "/api/threads/"+tk.Threads[0].ID+"/messages", text, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	eventually(t, 20*time.Second, "everything is sent", func() bool {
		return count(t, d, "SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')") == 0
	})
	for i := range 30 {
		n := 0
		for _, m := range out.taken() {
			n += strings.Count(m.body, fmt.Sprintf("answer-%02d.", i)) & 1
		}
		if n != 1 {
			t.Errorf("answer %d went out %d times", i, n)
		}
	}
}

func switchOff(t *testing.T, a, b *server, out *sink) {
	var list struct{ Items []struct{ ID string } }
	if _, err := a.api("GET", "/api/channel-accounts", nil, &list); err != nil || len(list.Items) != 1 {
		t.Fatal(list, err)
	}
	tk := b.firstTicket()
	turn := func(on bool) {
		t.Helper()
		if _, err := a.api("PATCH", "/api/channel-accounts/"+list.Items[0].ID, map[string]any{"active": on}, nil); err != nil {
			t.Fatal(err)
		}
	}
	refused := func() bool {
		err := sendMail(b.smtp, "mira@customers.test", []string{"support@kanal.test"}, mailBody("while-off", "While off", "x", ""))
		return err != nil && strings.HasPrefix(err.Error(), "4")
	}
	turn(false)
	if !refused() { // the registry of addresses is asked each time
		t.Error("the other node takes mail for a paused address")
	}
	time.Sleep(time.Second) // the other node hears of it within its safety poll
	waits := b.answer(tk, "While it is off.")
	time.Sleep(2 * time.Second)
	if m := a.message(waits.ID); m.Status != "queued" || slices.ContainsFunc(out.taken(), func(m sunk) bool { return strings.Contains(m.body, "While it is off.") }) {
		t.Errorf("sent over a channel that is off: %s", m.Status)
	}
	turn(true)
	eventually(t, 15*time.Second, "it is sent once the channel is on", func() bool { return a.message(waits.ID).Status == "sent" })
	if err := deliver(b.smtp, mailBody("on-again", "On again", "x", ""), 10*time.Second); err != nil {
		t.Error(err)
	}
}

func turnedAway(t *testing.T, a, b *server) {
	id := strings.TrimSpace(a.must("agent-passphrase\n", "user", "create", "--email", "ben@kanal.test", "--name", "Ben", "--role", "agent", "--password-stdin"))
	signIn := func() *http.Cookie {
		body, _ := json.Marshal(map[string]string{"email": "ben@kanal.test", "password": "agent-passphrase"})
		resp, err := http.Post("http://"+b.http+"/api/session", "application/json", bytes.NewReader(body))
		if err != nil || resp.StatusCode != 200 || len(resp.Cookies()) == 0 {
			t.Fatalf("sign-in: %v %v", resp, err)
		}
		resp.Body.Close()
		return resp.Cookies()[0]
	}
	code := func(c *http.Cookie) int {
		req, err := http.NewRequest("GET", "http://"+b.http+"/api/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(c)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	cookie := signIn()
	if c := code(cookie); c != 200 {
		t.Fatal(c)
	}
	st := b.open(t, -1, func(r *http.Request) { r.AddCookie(cookie) })
	eventually(t, 5*time.Second, "the stream is there", func() bool { return st.has("ready") })

	token := strings.TrimSpace(a.must("", "token", "create", "--name", "soon-gone", "--as", "owner@kanal.test"))
	tokenCode := func() int {
		req, _ := http.NewRequest("GET", "http://"+b.http+"/api/session", nil)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if c := tokenCode(); c != 200 {
		t.Fatalf("token: %d", c)
	}
	var tokens struct{ Items []struct{ ID, Name string } }
	if _, err := a.api("GET", "/api/tokens", nil, &tokens); err != nil {
		t.Fatal(err)
	}
	for _, tk := range tokens.Items {
		if tk.Name == "soon-gone" {
			if _, err := a.api("DELETE", "/api/tokens/"+tk.ID, nil, nil); err != nil && !strings.Contains(err.Error(), "unexpected end") {
				t.Fatal(err)
			}
		}
	}
	if c := tokenCode(); c != 401 {
		t.Errorf("a revoked token on the other node: %d", c)
	}
	if _, err := a.api("PATCH", "/api/users/"+id, map[string]any{"active": false}, nil); err != nil {
		t.Fatal(err)
	}
	if c := code(cookie); c != 401 {
		t.Errorf("a deactivated user's session on the other node: %d", c)
	}
	eventually(t, 5*time.Second, "their stream on the other node has ended", func() bool { return st.has("signed_out") && st.over() })
}

// sql runs statements on the installation's database beside its nodes.
func (s *server) sql(statements ...string) {
	s.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.postgres)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, text := range statements {
		if _, err := conn.Exec(ctx, text); err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
	}
}

func (s *server) ready() (string, int) {
	resp, err := http.Get("http://" + s.http + "/readyz")
	if err != nil {
		return err.Error(), 0
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b), resp.StatusCode
}

// leaseLost takes a node's number and every free one away, and gives them back.
func leaseLost(t *testing.T, s *server, d *db.DB) {
	if err := deliver(s.smtp, mailBody("whose", "Whose number", "x", ""), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	tk := s.firstTicket()
	number := count(t, d, "SELECT (id >> 8) & 31 FROM messages WHERE remote_id = 'whose@customers.test'")
	s.sql(`INSERT INTO nodes (node, holder, lease_until, last_ms) SELECT n, 'thief', 1::bigint << 60, 0 FROM generate_series(0, 31) n
			ON CONFLICT (node) DO UPDATE SET holder = 'thief', lease_until = 1::bigint << 60 WHERE nodes.lease_until < (extract(epoch FROM now()) * 1000)::bigint`,
		fmt.Sprintf("UPDATE nodes SET holder = 'thief', lease_until = 1::bigint << 60 WHERE node = %d", number))
	eventually(t, 10*time.Second, "the node says that it takes no writes", func() bool {
		text, code := s.ready()
		return code == 503 && strings.Contains(text, `"node"`)
	})
	if err := sendMail(s.smtp, "mira@customers.test", []string{"support@kanal.test"}, mailBody("refused", "Refused", "x", "")); err == nil || !strings.HasPrefix(err.Error(), "4") {
		t.Errorf("mail without a lease: %v", err)
	}
	if code, err := s.api("POST", "/api/threads/"+tk.Threads[0].ID+"/messages", map[string]any{"type": "comment", "text": "x"}, nil); code != 503 {
		t.Errorf("a comment without a lease: %d %v", code, err)
	}
	s.sql("DELETE FROM nodes WHERE holder = 'thief'")
	eventually(t, 10*time.Second, "it takes a number again by itself", func() bool { _, code := s.ready(); return code == 200 })
	if err := deliver(s.smtp, mailBody("taken", "Taken", "x", ""), 10*time.Second); err != nil {
		t.Error(err)
	}
}

// A node that dies is replaced by the other: its mailbox is read, its jobs are run, events are numbered. DESIGN 4, 5.
func TestANodeThatDiesIsReplacedByTheOther(t *testing.T) {
	out := newSink(t)
	box := newDovecot(t)
	t.Setenv("E2E_PASSWORD", "secret")
	config := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(config, []byte(box.settings(out.ln.Addr().String())), 0o600); err != nil {
		t.Fatal(err)
	}
	a, b := twoNodes(t, "", "--relay", out.relay(), "--config", config)
	a.must("secret-passphrase\n", "user", "create", "--email", "owner@kanal.test", "--name", "Olga Owner", "--role", "owner", "--password-stdin")
	a.token = strings.TrimSpace(a.must("", "token", "create", "--name", "e2e", "--scopes", "all", "--as", "owner@kanal.test"))
	b.token = a.token
	var wg sync.WaitGroup
	wg.Go(a.start)
	wg.Go(b.start)
	wg.Wait()
	if t.Failed() {
		return
	}
	d := a.database()
	boxed := map[string]bool{}
	put := func(id string) {
		t.Helper()
		boxed[id+"@customers.test"] = true
		if err := box.put(strings.Replace(mailBody(id, "In the mailbox "+id, "x", ""), "support@kanal.test", "mailbox@acme.test", 1)); err != nil {
			t.Fatal(err)
		}
	}
	filed := func(id string) func() bool {
		return func() bool {
			return count(t, d, "SELECT count(*) FROM messages WHERE remote_id = $1", id+"@customers.test") == 1
		}
	}
	for i := range 10 {
		put(fmt.Sprintf("first-%d", i))
	}
	eventually(t, 15*time.Second, "the mailbox is read", filed("first-9"))
	readers := map[bool]bool{}
	for round := range 2 {
		dying, other := a, b
		if !dying.readsMailbox(d) {
			dying, other = b, a
		}
		if !dying.readsMailbox(d) || other.readsMailbox(d) {
			t.Fatal("the mailbox is not read by exactly one node")
		}
		readers[dying == a] = true
		st := other.follow(t, int64(count(t, d, "SELECT COALESCE(max(seq), 0) FROM events")))
		tk := other.firstTicket()
		for i := range 6 {
			dying.answer(tk, fmt.Sprintf("dying-%d-%d.", round, i))
		}
		dying.kill()
		died := time.Now()
		put(fmt.Sprintf("after-%d", round))
		if err := deliver(other.smtp, mailBody(fmt.Sprintf("survivor-%d", round), "To the survivor", "x", ""), 10*time.Second); err != nil {
			t.Error(err)
		}
		eventually(t, 8*time.Second, "events are numbered by the survivor", func() bool { return st.has("message.received", msgID(t, d, fmt.Sprintf("survivor-%d", round))) })
		t.Logf("round %d: numbered %s after the end of the other node", round, time.Since(died).Round(10*time.Millisecond))
		eventually(t, 10*time.Second, "the mailbox is taken over", filed(fmt.Sprintf("after-%d", round)))
		t.Logf("round %d: mailbox taken over after %s", round, time.Since(died).Round(10*time.Millisecond))
		eventually(t, 15*time.Second, "the jobs are taken over", func() bool {
			return count(t, d, "SELECT count(*) FROM messages WHERE status IN ('queued', 'sending')") == 0
		})
		for i := range 6 {
			answeredOnce(t, d, out, fmt.Sprintf("dying-%d-%d.", round, i))
		}
		dying.start()
	}
	if len(readers) != 2 {
		t.Error("one node read the mailbox all the time")
	}
	hang(t, a, b, d, put, filed)
	for id := range boxed {
		if n := count(t, d, "SELECT count(*) FROM messages WHERE remote_id = $1", id); n != 1 {
			t.Errorf("%s: %d messages", id, n)
		}
	}
	checkNumbers(t, d)
}

// hang stops a node as a machine without memory does: it holds its connections and does nothing. When it wakes up it must not do again what
// the other did meanwhile.
func hang(t *testing.T, a, b *server, d *db.DB, put func(id string), filed func(id string) func() bool) {
	hanging, other := a, b
	if !hanging.readsMailbox(d) {
		hanging, other = b, a
	}
	st := other.follow(t, int64(count(t, d, "SELECT COALESCE(max(seq), 0) FROM events")))
	_ = hanging.cmd.Process.Signal(syscall.SIGSTOP)
	defer func() { _ = hanging.cmd.Process.Signal(syscall.SIGCONT) }()
	began := time.Now()
	for i := range 5 {
		put(fmt.Sprintf("hanging-%d", i))
	}
	if err := deliver(other.smtp, mailBody("while-hanging", "While the other hangs", "x", ""), 10*time.Second); err != nil {
		t.Error(err)
	}
	eventually(t, 15*time.Second, "the mailbox is taken over from a node that hangs", filed("hanging-4"))
	t.Logf("mailbox taken over %s after a node began to hang", time.Since(began).Round(10*time.Millisecond))
	eventually(t, 25*time.Second, "events are numbered though a node hangs", func() bool { return st.has("message.received", msgID(t, d, "while-hanging")) })
	t.Logf("numbered %s after a node began to hang", time.Since(began).Round(10*time.Millisecond))
	_ = hanging.cmd.Process.Signal(syscall.SIGCONT)
	eventually(t, 10*time.Second, "it is ready again", func() bool { _, code := hanging.ready(); return code == 200 })
	put("awake")
	eventually(t, 10*time.Second, "the mailbox is read on", filed("awake"))
	if err := deliver(hanging.smtp, mailBody("awake-too", "Awake", "x", ""), 10*time.Second); err != nil {
		t.Error(err)
	}
}

func msgID(t *testing.T, d *db.DB, id string) string {
	return strconv.Itoa(count(t, d, "SELECT COALESCE(max(id), 0) FROM messages WHERE remote_id = $1", id+"@customers.test"))
}

// readsMailbox reports whether this node holds the lease of the mailbox.
func (s *server) readsMailbox(d *db.DB) bool {
	s.t.Helper()
	name, err := os.ReadFile(filepath.Join(s.dir, "node"))
	if err != nil {
		s.t.Fatal(err)
	}
	return count(s.t, d, `SELECT count(*) FROM account_leases l JOIN channel_accounts c ON c.id = l.account_id
		WHERE c.slug = 'mailbox' AND l.holder LIKE $1 AND l.lease_until > (extract(epoch FROM now()) * 1000)::bigint`, "%/"+strings.TrimSpace(string(name))) == 1
}

// answeredOnce: sent and received once, or uncertain and received at most once.
func answeredOnce(t *testing.T, d *db.DB, out *sink, text string) {
	t.Helper()
	n := 0
	for _, m := range out.taken() {
		body, _, _ := strings.Cut(m.body, "> ") // not in the history that a later answer quotes
		if strings.Contains(body, text) && !strings.Contains(m.body[:strings.Index(m.body, text)], "wrote:") {
			n++
		}
	}
	var status string
	if err := d.QueryRow(context.Background(), "SELECT status FROM messages WHERE direction = 'outgoing' AND text LIKE $1", text+"%").Scan(&status); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	if n > 1 || n == 0 && status != "uncertain" || n == 1 && status != "sent" && status != "uncertain" {
		t.Errorf("answer %s: received %d times, shown as %s", text, n, status)
	}
}

// The database restarts in the middle of a flood: senders keep their mail, and everything goes on by itself. Promise 1.
func TestADatabaseRestartInAFloodLosesNothing(t *testing.T) {
	out := newSink(t)
	a, b := twoNodes(t, "", "--relay", out.relay())
	startBoth(t, a, b)
	sa, sb := a.follow(t, 0), b.follow(t, 0)
	stop := make(chan struct{})
	var mu sync.Mutex
	var taken []string
	refused := map[string]int{}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			addr := []string{a.smtp, b.smtp}[w%2]
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("flood-%d-%d", w, i)
				for try := 0; ; try++ {
					err := sendMail(addr, "mira@customers.test", []string{"support@kanal.test"}, mailBody(id, "Flood", "x", ""))
					mu.Lock()
					if err == nil {
						taken = append(taken, id)
					} else {
						refused[err.Error()[:min(3, len(err.Error()))]]++
					}
					mu.Unlock()
					if err == nil {
						break
					}
					if try > 600 {
						t.Errorf("%s is never taken: %v", id, err)
						return
					}
					time.Sleep(30 * time.Millisecond)
				}
			}
		})
	}
	time.Sleep(700 * time.Millisecond)
	a.outage(t, 2500*time.Millisecond, func() {
		for _, s := range []*server{a, b} {
			if text, code := s.ready(); code != 503 || !strings.Contains(text, "database") {
				t.Errorf("ready without a database: %d %s", code, text)
			}
		}
	})
	time.Sleep(1500 * time.Millisecond)
	close(stop)
	wg.Wait()
	t.Logf("%d mails taken, refusals %v, streams connected again %d and %d times", len(taken), refused, sa.again, sb.again)
	if refused["451"] == 0 || refused["500"]+refused["550"]+refused["554"] > 0 {
		t.Errorf("refusals %v", refused)
	}
	d := a.database()
	for _, id := range taken {
		if n := count(t, d, "SELECT count(*) FROM messages WHERE remote_id = $1", id+"@customers.test"); n != 1 {
			t.Errorf("%s: %d messages", id, n)
		}
	}
	if n := count(t, d, "SELECT count(*) FROM inbound_raw WHERE state = 'set_aside'"); n != 0 {
		t.Errorf("%d mails were set aside", n)
	}
	for _, s := range []*server{a, b} {
		eventually(t, 10*time.Second, "it is ready again", func() bool { _, code := s.ready(); return code == 200 })
	}
	sent := b.answer(a.firstTicket(), "After the restart.")
	eventually(t, 10*time.Second, "answers go out again", func() bool { return a.message(sent.ID).Status == "sent" })
	sameStory(t, d, sa, sb)
	for _, st := range []*stream{sa, sb} {
		if st.has("reload") {
			t.Error("a browser was told to load everything again")
		}
	}
}

// outage lets nobody into the installation's database for a while; meanwhile is run in the middle.
func (s *server) outage(t *testing.T, d time.Duration, meanwhile func()) {
	t.Helper()
	ctx := context.Background()
	u, err := url.Parse(s.postgres)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, os.Getenv("KANAL_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	name := pgx.Identifier{strings.TrimPrefix(u.Path, "/")}.Sanitize()
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS false"); err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(d)
	for time.Now().Before(end) {
		if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", strings.TrimPrefix(u.Path, "/")); err != nil {
			t.Fatal(err)
		}
		if meanwhile != nil {
			meanwhile()
			meanwhile = nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS true"); err != nil {
		t.Fatal(err)
	}
}

// Two nodes keep their files in one bucket. DESIGN 5.
func TestTwoNodesKeepTheirFilesInABucket(t *testing.T) {
	peer := s3.New("attachments")
	defer peer.Close()
	t.Setenv("KANAL_S3_ACCESS_KEY", s3.AccessKey)
	t.Setenv("KANAL_S3_SECRET_KEY", s3.SecretKey)
	a, b := twoNodes(t, peer.Address("kanal"))
	startBoth(t, a, b)
	readAcross(t, a, b, bytes.Repeat([]byte("a picture of a wheel "), 20_000))
	if keys := peer.Keys(); len(keys) != 3 || !strings.HasPrefix(keys[0], "kanal/") {
		t.Errorf("in the bucket: %v", keys)
	}
	if _, err := os.Stat(filepath.Join(a.dir, "blobs")); !os.IsNotExist(err) {
		t.Errorf("files on the disk: %v", err)
	}
	other := withAttachment("down", "While the bucket is down", "other.bin", bytes.Repeat([]byte("another picture "), 20_000))
	peer.SetDown(true)
	if err := sendMail(b.smtp, "mira@customers.test", []string{"support@kanal.test"}, other); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("mail while the bucket is down: %v", err)
	}
	peer.SetDown(false)
	if err := deliver(b.smtp, other, 10*time.Second); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct {
		key, place string
		code       int
		says       string
	}{
		{"wrong", peer.Address("kanal"), 1, "credentials are refused"},
		{s3.SecretKey, strings.Replace(peer.Address("kanal"), "attachments", "elsewhere", 1), 1, "no such bucket"},
		{"", peer.Address("kanal"), 2, "KANAL_S3_SECRET_KEY"},
		{s3.SecretKey, "gs://attachments", 2, "--blobs"},
	} {
		cmd := exec.Command(a.bin, "serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--smtp", "off", "--database-url", a.postgres, "--blobs", tc.place)
		cmd.Env = append(os.Environ(), "KANAL_S3_SECRET_KEY="+tc.key)
		if text, err := cmd.CombinedOutput(); exitCode(err) != tc.code || !strings.Contains(string(text), tc.says) || tc.key != "" && strings.Contains(string(text), tc.key) {
			t.Errorf("exit %d, want %d with %q: %s", exitCode(err), tc.code, tc.says, text)
		}
	}
}
