package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/simulate"
)

// both runs a story on both databases.
func both(t *testing.T, fn func(t *testing.T, kind db.Dialect)) {
	for _, kind := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(kind), func(t *testing.T) { fn(t, kind) })
	}
}

// outside is everybody else's mail server, and the relay that Kanal sends by.
func outside(t *testing.T) *simulate.Mail {
	t.Helper()
	m, err := simulate.NewMail(simulate.MailOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func writes(t *testing.T, m *simulate.Mail, s *server, subject, id, more string) {
	t.Helper()
	m.SetKanal(s.smtp)
	raw := "From: Mira <mira@home.example>\r\nTo: support@kanal.test\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + "@home.example>\r\n" + more + "\r\nThe wheel is broken.\r\n"
	if err := m.Write(context.Background(), "mira@home.example", []string{"support@kanal.test"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

type ticketRow struct {
	ID      string `json:"id"`
	Number  int    `json:"number"`
	Subject string `json:"subject"`
	Threads []struct {
		ID string `json:"id"`
	} `json:"threads"`
}

func (s *server) firstTicket() ticketRow {
	s.t.Helper()
	var list struct {
		Items []ticketRow `json:"items"`
	}
	if _, err := s.api("GET", "/api/tickets?view=open", nil, &list); err != nil || len(list.Items) == 0 {
		s.t.Fatalf("tickets %+v: %v", list, err)
	}
	var tk ticketRow
	if _, err := s.api("GET", "/api/tickets/"+list.Items[0].ID, nil, &tk); err != nil || len(tk.Threads) == 0 {
		s.t.Fatalf("ticket %+v: %v", tk, err)
	}
	return tk
}

type message struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	RemoteID string `json:"remote_id"`
	Reason   string `json:"status_reason"`
}

func (s *server) answer(tk ticketRow, text string) message {
	s.t.Helper()
	var m message
	if _, err := s.api("POST", "/api/threads/"+tk.Threads[0].ID+"/messages", map[string]any{"type": "reply", "text": text}, &m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *server) message(id string) message {
	var m message
	if _, err := s.api("GET", "/api/messages/"+id, nil, &m); err != nil {
		s.t.Error(err)
	}
	return m
}

func TestAServerKilledBeforeItHeardTheAnswerShowsTheMessageAsUncertain(t *testing.T) { // design 3, XC-02
	both(t, func(t *testing.T, kind db.Dialect) {
		m := outside(t)
		t.Setenv("KANAL_WINDOW_JOB_LEASE", "2s")
		s := newServer(t, kind, "--relay", "smtp://"+m.Addr()+"?tls=none")
		s.start()
		writes(t, m, s, "Broken wheel", "one", "")
		tk := s.firstTicket()
		m.SetFault(simulate.MailFault{Wait: time.Minute, Times: 1})
		sent := s.answer(tk, "We are on it.")
		eventually(t, 20*time.Second, "the attempt is marked", func() bool {
			steps, err := s.run("", "trace", sent.ID, "--format", "json")
			return err == nil && strings.Contains(steps, `"attempt"`)
		})
		s.kill()
		m.SetFault(simulate.MailFault{})
		s.start()
		eventually(t, 20*time.Second, "the message is uncertain", func() bool { return s.message(sent.ID).Status == "uncertain" })
		before := len(m.Letters("mira@home.example"))
		if before > 1 {
			t.Fatalf("the customer got it %d times", before)
		}
		time.Sleep(3 * time.Second) // longer than a lease: the machine does not try again
		if n := len(m.Letters("mira@home.example")); n != before {
			t.Fatalf("the machine sent it again: %d letters", n)
		}
		if _, err := s.api("POST", "/api/messages/"+sent.ID+"/resend", map[string]any{}, nil); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, "a person sent it again", func() bool { return s.message(sent.ID).Status == "sent" })
		letters := m.Letters("mira@home.example")
		if got := letters[len(letters)-1]; got.MessageID != sent.RemoteID || !strings.Contains(got.Text, "We are on it.") {
			t.Errorf("the letter is %s, the message was %s", got.MessageID, sent.RemoteID)
		}
	})
}

func TestARelayThatIsDownDelaysAMessageAndSaysSo(t *testing.T) { // XC-02
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	t.Setenv("KANAL_WINDOW_RETRY_BASE", "1s")
	s := newServer(t, db.SQLite, "--relay", "smtp://"+addr+"?tls=none")
	s.start()
	in := outside(t)
	writes(t, in, s, "Broken wheel", "one", "")
	sent := s.answer(s.firstTicket(), "We are on it.")
	eventually(t, 20*time.Second, "the message says why it waits", func() bool {
		m := s.message(sent.ID)
		return m.Status == "queued" && m.Reason != ""
	})
	relay, err := simulate.NewMail(simulate.MailOptions{Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	eventually(t, 30*time.Second, "the message goes out", func() bool { return s.message(sent.ID).Status == "sent" })
	if n := len(relay.Letters("mira@home.example")); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func TestWithoutARelaySendingIsRefusedWithThatReason(t *testing.T) {
	s := newServer(t, db.SQLite)
	s.start()
	writes(t, outside(t), s, "Broken wheel", "one", "")
	sent := s.answer(s.firstTicket(), "We are on it.")
	eventually(t, 20*time.Second, "the message has failed", func() bool { return s.message(sent.ID).Status == "failed" })
	if m := s.message(sent.ID); !strings.Contains(m.Reason, "relay") {
		t.Errorf("the reason is %q", m.Reason)
	}
}

func TestAStopLetsTheMailSessionFinish(t *testing.T) { // issue 2, section 5
	s := newServer(t, db.SQLite)
	s.start()
	c, err := net.Dial("tcp", s.smtp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	r := bufio.NewReader(c)
	say := func(line, want string) {
		t.Helper()
		if line != "" {
			fmt.Fprintf(c, "%s\r\n", line)
		}
		for {
			got, err := r.ReadString('\n')
			if err != nil || !strings.HasPrefix(got, want) {
				t.Fatalf("%s: %q, %v", line, got, err)
			}
			if len(got) < 4 || got[3] != '-' {
				return
			}
		}
	}
	say("", "220")
	say("EHLO home.example", "250")
	say("MAIL FROM:<mira@home.example>", "250")
	say("RCPT TO:<support@kanal.test>", "250")
	say("DATA", "354")
	fmt.Fprintf(c, "Subject: Half way\r\nMessage-ID: <half@home.example>\r\n\r\nfirst half\r\n")
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	eventually(t, 10*time.Second, "the web is gone", func() bool { _, err := http.Get("http://" + s.http + "/healthz"); return err != nil })
	say("second half\r\n.", "250")
	if err := <-s.exited; err != nil {
		t.Fatalf("%v\n%s", err, s.log)
	}
	s.start()
	if tk := s.firstTicket(); tk.Subject != "Half way" {
		t.Errorf("ticket %+v", tk)
	}
}

func TestCommandsSpeakToARunningServerAndWorkWithoutOne(t *testing.T) { // design 9
	both(t, func(t *testing.T, kind db.Dialect) {
		s := newServer(t, kind)
		stopped := s.must("", "config", "export")
		s.start()
		s.must("", "user", "create", "--email", "ben@kanal.test", "--name", "Ben", "--role", "agent")
		if token := s.must("", "token", "create", "--name", "x", "--as", "ben@kanal.test"); !regexp.MustCompile(`^\S+\n$`).MatchString(token) {
			t.Errorf("the token is not alone: %q", token)
		}
		running := s.must("", "config", "export")
		if !strings.Contains(running, "ben@kanal.test") || strings.Contains(stopped, "ben@kanal.test") {
			t.Errorf("exports:\n%s\n%s", stopped, running)
		}
		file := filepath.Join(t.TempDir(), "settings.yaml")
		if err := os.WriteFile(file, []byte(running), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := s.must("", "config", "diff", file); !strings.Contains(out, "No changes") {
			t.Errorf("what was exported differs from what is: %s", out)
		}
		changed := strings.Replace(running, "name: Ben", "name: Benedict", 1)
		if out, err := s.run(changed, "config", "diff", "-"); exitCode(err) != 1 || !strings.Contains(out, "Benedict") {
			t.Errorf("diff: %v, %s", err, out)
		}
		s.must(changed, "config", "apply", "-")
		s.stop()
		if out := s.must("", "config", "export"); !strings.Contains(out, "Benedict") {
			t.Errorf("after the stop:\n%s", out)
		}
		if fi, err := os.Stat(filepath.Join(s.dir, "secret.key")); err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("secret.key: %v, %v", fi, err)
		}
	})
}

func exitCode(err error) int {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode()
	}
	if err != nil {
		return -1
	}
	return 0
}

func TestExitCodesTellWrongUseFromFailureFromNotFound(t *testing.T) { // interface.md
	s := newServer(t, db.SQLite)
	for _, tc := range []struct {
		stdin string
		args  []string
		want  int
	}{
		{"", []string{"version"}, 2}, // version knows no --data
		{"", []string{"nonsense"}, 2},
		{"", []string{"user", "create", "--email", "x@kanal.test", "--name", "X", "--role", "king"}, 2},
		{"", []string{"user", "create", "--email", "owner@kanal.test", "--name", "X"}, 1},
		{"", []string{"token", "create", "--name", "x", "--as", "nobody@kanal.test"}, 3},
		{"", []string{"trace", "unknown@home.example"}, 3},
		{"", []string{"inbound", "replay", "12345"}, 3},
		{"", []string{"inbound", "replay"}, 2},
		{"", []string{"inbound", "list", "--format", "json"}, 0},
		{"", []string{"config", "diff", filepath.Join(s.dir, "missing.yaml")}, 1},
	} {
		if _, err := s.run(tc.stdin, tc.args...); exitCode(err) != tc.want {
			t.Errorf("kanal %s: exit %d, want %d (%v)", strings.Join(tc.args, " "), exitCode(err), tc.want, err)
		}
	}
	out, err := exec.Command(s.bin, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "kanal ") {
		t.Errorf("version: %q, %v", out, err)
	}
	parse := exec.Command(s.bin, "parse", "--envelope-from", "<>")
	parse.Stdin = strings.NewReader("From: =?utf-8?q?Mi=C3=B1a?= <mina@home.example>\r\nSubject: Hi\r\n\r\nHello\r\n")
	out, err = parse.Output()
	var report struct {
		From struct{ Name, Address string }
		Text string `json:"text_latest"`
	}
	if err != nil || json.Unmarshal(out, &report) != nil || report.From.Name != "Miña" || strings.TrimSpace(report.Text) != "Hello" {
		t.Errorf("parse: %s, %v", out, err)
	}
}

func TestStartUpErrorsSayWhatToDo(t *testing.T) {
	bin := kanalBinary(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	taken := ln.Addr().String()
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		env  string
		code int
		says string
	}{
		"port in use":        {[]string{"--http", taken}, "", 1, "Another program listens on " + taken},
		"mail port in use":   {[]string{"--smtp", taken}, "", 1, "--smtp"},
		"bad base URL":       {[]string{"--base-url", "kanal.test"}, "", 2, "--base-url"},
		"bad database URL":   {[]string{"--database-url", "mysql://x"}, "", 2, "postgres://"},
		"bad relay":          {[]string{"--relay", "mail.example"}, "", 2, "smtp://"},
		"bad clock":          {[]string{"--clock", "yesterday"}, "", 2, "--clock"},
		"unreadable window":  {nil, "KANAL_WINDOW_RETRY_BASE=soon", 2, "KANAL_WINDOW_RETRY_BASE"},
		"unknown window":     {nil, "KANAL_WINDOW_TEA=5m", 2, "KANAL_WINDOW_TEA"},
		"data is a file":     {[]string{"--data", file}, "", 1, "--data"},
		"settings not there": {[]string{"--config", file + ".yaml"}, "", 1, "settings file"},
		"bad key":            {nil, "KANAL_SECRET_KEY=short", 1, "KANAL_SECRET_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0"}, tc.args...)
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, bin, args...)
			cmd.Env = append(os.Environ(), tc.env)
			out, err := cmd.CombinedOutput()
			if exitCode(err) != tc.code || !strings.Contains(string(out), tc.says) || strings.Contains(string(out), "goroutine") {
				t.Errorf("exit %d, want %d with %q:\n%s", exitCode(err), tc.code, tc.says, out)
			}
		})
	}
}

func TestOneServerADirectoryAndOneKeyAnInstallation(t *testing.T) {
	s := newServer(t, db.SQLite)
	s.start()
	out, err := exec.Command(s.bin, "serve", "--data", s.dir, "--http", "127.0.0.1:0", "--smtp", "off").CombinedOutput()
	if exitCode(err) != 1 || !strings.Contains(string(out), "Another Kanal is working in") {
		t.Errorf("a second server: %v\n%s", err, out)
	}
	s.stop()
	cmd := exec.Command(s.bin, "serve", "--data", s.dir, "--http", "127.0.0.1:0", "--smtp", "off")
	cmd.Env = append(os.Environ(), "KANAL_SECRET_KEY="+strings.Repeat("ab", 32))
	if out, err := cmd.CombinedOutput(); exitCode(err) != 1 || !strings.Contains(string(out), "not the master key") {
		t.Errorf("another key: %v\n%s", err, out)
	}
}

func TestHealthReadinessAndMetrics(t *testing.T) {
	s := newServer(t, db.SQLite)
	s.start()
	writes(t, outside(t), s, "Broken wheel", "one", "")
	get := func(path string) string {
		resp, err := http.Get("http://" + s.http + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %s", path, resp.Status)
		}
		return string(b)
	}
	if !strings.Contains(get("/healthz"), "alive") || !strings.Contains(get("/readyz"), `"ready":true`) {
		t.Error("not alive and ready")
	}
	eventually(t, 5*time.Second, "the mail is counted", func() bool { return strings.Contains(get("/metrics"), `kanal_intake_total{outcome="received"} 1`) })
	for _, name := range []string{"kanal_job_queue_age_seconds", "kanal_database_up 1", "kanal_http_request_seconds_count", `kanal_channel_accounts{state="connected"}`, "kanal_build_info", "process_open_fds"} {
		if !strings.Contains(get("/metrics"), name) {
			t.Errorf("no %s", name)
		}
	}
}

func TestTheFirstOwnerComesByTheLinkOnTheTerminalOnce(t *testing.T) {
	s := &server{t: t, bin: kanalBinary(t), dir: t.TempDir(), http: freePort(t), smtp: freePort(t)}
	s.start()
	var link string
	eventually(t, 5*time.Second, "the link", func() bool {
		link = regexp.MustCompile(`http://kanal\.test/setup\?token=\S+`).FindString(s.log.String())
		return link != ""
	})
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	setup := func() int {
		body, _ := json.Marshal(map[string]string{"token": u.Query().Get("token"), "name": "Olga", "email": "olga@kanal.test", "password": "a long passphrase"})
		resp, err := http.Post("http://"+s.http+"/api/setup", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if code := setup(); code != 200 && code != 201 {
		t.Fatalf("setup: %d", code)
	}
	if code := setup(); code < 400 {
		t.Errorf("the link worked twice: %d", code)
	}
	s.stop()
	s.start()
	if strings.Contains(s.log.String(), "/setup?token=") {
		t.Error("there is an owner, and yet a new link")
	}
}

func TestTheDemoIsABusyDeskWithCustomersWhoCanWrite(t *testing.T) { // issue 2, section 5
	s := &server{t: t, bin: kanalBinary(t), dir: filepath.Join(t.TempDir(), "demo"), http: freePort(t), smtp: freePort(t)}
	page := freePort(t)
	cmd := exec.Command(s.bin, "demo", "--data", s.dir, "--http", s.http, "--smtp", s.smtp, "--mailbox", page)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(out)
	var said strings.Builder
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Password") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if !strings.Contains(said.String(), "sofie@nordlys.example") || !strings.Contains(said.String(), page[strings.LastIndex(page, ":"):]) {
		t.Fatalf("it said:\n%s", &said)
	}
	s.token = strings.TrimSpace(s.must("", "token", "create", "--name", "e2e", "--as", "sofie@nordlys.example"))
	var views struct {
		Views []struct {
			ID    string
			Count int
		}
	}
	if _, err := s.api("GET", "/api/views", nil, &views); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, v := range views.Views {
		count[v.ID] = v.Count
	}
	if count["open"] < 60 || count["closed"] < 20 || count["unassigned"] < 3 || count["mine"] < 5 {
		t.Errorf("views %v", count)
	}
	form := url.Values{"from": {"Freja <freja@customers.example>"}, "to": {"support@nordlys.example"}, "subject": {"Written in the browser"}, "text": {"Hej"}}
	resp, err := http.PostForm("http://"+page+"/write", form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	tk := s.firstTicket()
	if tk.Subject != "Written in the browser" {
		t.Fatalf("the newest ticket is %+v", tk)
	}
	s.answer(tk, "Tak for din mail!")
	eventually(t, 20*time.Second, "the customer reads the answer", func() bool {
		resp, err := http.Get("http://" + page + "/?to=freja@customers.example")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(b), "Tak for din mail!")
	})
}

func TestATestMovesTheServersTime(t *testing.T) { // --clock, KANAL_WINDOW_UNDO_SEND
	m := outside(t)
	t.Setenv("KANAL_WINDOW_UNDO_SEND", "1h")
	s := newServer(t, db.SQLite, "--relay", "smtp://"+m.Addr()+"?tls=none", "--clock", "2026-03-02T09:00:00Z")
	s.start()
	writes(t, m, s, "Broken wheel", "one", "")
	tk := s.firstTicket()
	back, sent := s.answer(tk, "Not this."), s.answer(tk, "We are on it.")
	if _, err := s.api("POST", "/api/messages/"+back.ID+"/cancel", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := s.message(sent.ID); got.Status != "queued" {
		t.Fatalf("within the hour it is %s", got.Status)
	}
	if _, err := s.api("POST", "/api/test/clock", map[string]string{"advance": "61m"}, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the answer goes out", func() bool { return s.message(sent.ID).Status == "sent" })
	letters := m.Letters("mira@home.example")
	if len(letters) != 1 || !strings.Contains(letters[0].Text, "We are on it.") {
		t.Fatalf("letters %+v", letters)
	}
	if at, err := letters[0].Header.Date(); err != nil || at.UTC().Format("2006-01-02 15:04") < "2026-03-02 10:01" || at.Year() != 2026 {
		t.Errorf("dated %v, %v", at, err)
	}
	s.stop()
	plain := newServer(t, db.SQLite)
	plain.start()
	if code, err := plain.api("POST", "/api/test/clock", map[string]string{"advance": "61m"}, nil); err == nil || code < 400 {
		t.Errorf("without --clock: %d, %v", code, err)
	}
}

func TestSettingsAreAppliedAtStart(t *testing.T) { // --config
	file := filepath.Join(t.TempDir(), "settings.yaml")
	text := `version: 1
company: {name: Acme, locale: en, timezone: Europe/Copenhagen}
users: [{email: ann@kanal.test, name: Ann Holm, role: agent, teams: [support]}]
teams: [{slug: support, name: Support}]
channels:
  - slug: sales-mail
    channel: email
    inbox: helpdesk
    name: Sales
    settings: {kind: hosted, address: sales@kanal.test, relay: {env: SALES_RELAY}, from_name: agent_and_company, company: Acme}
    assign: {to: teams, teams: [support], by: least_open}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m := outside(t)
	t.Setenv("SALES_RELAY", "smtp://"+m.Addr()+"?tls=none")
	s := newServer(t, db.SQLite, "--config", file)
	s.start()
	m.SetKanal(s.smtp)
	raw := "From: Mira <mira@home.example>\r\nTo: sales@kanal.test\r\nSubject: Offer\r\nMessage-ID: <offer@home.example>\r\n\r\nHow much?\r\n"
	if err := m.Write(context.Background(), "mira@home.example", []string{"sales@kanal.test"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Items []struct{ Owner struct{ Name string } }
	}
	if _, err := s.api("GET", "/api/tickets?view=open", nil, &list); err != nil || len(list.Items) != 1 || list.Items[0].Owner.Name != "Ann Holm" {
		t.Errorf("tickets %+v, %v", list, err)
	}
	sent := s.answer(s.firstTicket(), "A hundred.")
	eventually(t, 20*time.Second, "it leaves by the channel's own relay", func() bool { return s.message(sent.ID).Status == "sent" })
	if got := m.Letters("mira@home.example")[0]; !strings.Contains(got.Header.Get("From"), "Acme") || !strings.Contains(got.Header.Get("In-Reply-To"), "offer@home.example") {
		t.Errorf("headers %v", got.Header)
	}
	if out := s.must("", "config", "export"); strings.Contains(out, m.Addr()) || !strings.Contains(out, "keep") {
		t.Errorf("a secret is in the export:\n%s", out)
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	s := newServer(t, db.SQLite)
	d := s.database()
	err := d.Write(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	out, err := exec.Command(s.bin, "serve", "--data", s.dir, "--http", "127.0.0.1:0", "--smtp", "off").CombinedOutput()
	if exitCode(err) != 1 || !strings.Contains(string(out), "newer") {
		t.Errorf("%v\n%s", err, out)
	}
}
