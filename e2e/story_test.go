package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// browser is an agent in headless Chromium.
type browser struct {
	t   *testing.T
	in  io.WriteCloser
	out *bufio.Scanner
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	needs(t, "node")
	needs(t, "chromium", "/usr/bin/chromium")
	if _, err := os.Stat("../web/dist/index.html"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the workspace is not built, and in CI nothing is skipped")
		}
		t.Skip("the workspace is not built: make web")
	}
	cmd := exec.Command("node", "browser.mjs", base)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return &browser{t: t, in: in, out: bufio.NewScanner(out)}
}

// do tells the agent one thing and waits until it is done.
func (b *browser) do(verb string, args ...any) {
	b.t.Helper()
	line, _ := json.Marshal(append([]any{verb}, args...))
	fmt.Fprintf(b.in, "%s\n", line)
	if !b.out.Scan() {
		b.t.Fatalf("the browser is gone at %s", line)
	}
	if got := b.out.Text(); got != "ok" {
		b.t.Fatalf("%s: %s", line, got)
	}
}

// The main job with real peers: swaks hands a mail to Kanal, an agent in a browser sees it come and answers, the answer goes through
// Postfix into the customer's mailbox, the customer's reply joins the ticket, a mailbox on Dovecot is read and answered from, and a
// delivery report made by Postfix marks a message as failed.
func TestTheMainJobWithRealPeers(t *testing.T) {
	needs(t, "swaks")
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		s := newServer(t, kind)
		mx := newPostfix(t, s.smtp)
		box := newDovecot(t)
		t.Setenv("E2E_PASSWORD", "secret")
		config := t.TempDir() + "/settings.yaml"
		if err := os.WriteFile(config, []byte(box.settings(mx.addr)), 0o600); err != nil {
			t.Fatal(err)
		}
		s.args = []string{"--config", config, "--relay", mx.relay()}
		s.start()
		agent := newBrowser(t, "http://"+s.http)
		agent.do("signin", "olga", "owner@kanal.test", "secret-passphrase")
		agent.do("open", "/tickets/open")

		// A mail comes in by SMTP and stands on the screen by itself.
		swaks(t, s.smtp, "ann@customers.test", "support@kanal.test", "Subject: Where is my order?", "It should have come on Monday.")
		agent.do("see", "Where is my order?")
		agent.do("ticket", "Where is my order?")
		agent.do("see", "It should have come on Monday.")

		// The agent answers; the answer is in the customer's mailbox with the right headers.
		agent.do("reply", "It left our warehouse this morning.")
		got := mx.received(t, "It left our warehouse this morning.")
		if to := got.Header.Get("To"); !strings.Contains(to, "ann@customers.test") {
			t.Errorf("To: %s", to)
		}
		if from, err := mail.ParseAddress(got.Header.Get("From")); err != nil || from.Address != "support@kanal.test" || from.Name == "" {
			t.Errorf("From: %v %v", from, err)
		}
		first := s.onlyMessage(t, "Where is my order?")
		if got.Header.Get("In-Reply-To") != "<"+first+">" || !strings.Contains(got.Header.Get("References"), first) {
			t.Errorf("In-Reply-To %q, References %q, want %s", got.Header.Get("In-Reply-To"), got.Header.Get("References"), first)
		}
		if subject := got.Header.Get("Subject"); subject != "Re: Where is my order?" {
			t.Errorf("Subject: %s", subject)
		}

		// The customer's reply joins the ticket, on the open screen.
		swaks(t, s.smtp, "ann@customers.test", "support@kanal.test", "Subject: Re: Where is my order?", "Wonderful, thank you!", "In-Reply-To: "+got.Header.Get("Message-Id"))
		agent.do("see", "Wonderful, thank you!")
		if n := s.tickets(t); n != 1 {
			t.Errorf("%d tickets, want 1", n)
		}

		// The mailbox on Dovecot is read, and answered from.
		if err := box.put("From: Bo <bo@customers.test>\r\nTo: mailbox@acme.test\r\nSubject: By IMAP\r\nMessage-ID: <imap-1@customers.test>\r\n\r\nHello from a mailbox.\r\n"); err != nil {
			t.Fatal(err)
		}
		agent.do("open", "/tickets/mine")
		agent.do("see", "By IMAP")
		agent.do("ticket", "By IMAP")
		agent.do("see", "Hello from a mailbox.")
		agent.do("reply", "Hello back to the mailbox.")
		if from := mx.received(t, "Hello back to the mailbox.").Header.Get("From"); !strings.Contains(from, "mailbox@acme.test") {
			t.Errorf("From: %s", from)
		}

		// Nobody is there: Postfix returns the answer, and the message is marked as failed without a new ticket.
		swaks(t, s.smtp, "cleo@gone.test", "support@kanal.test", "Subject: Not for long", "I am about to leave.")
		agent.do("open", "/tickets/open")
		agent.do("see", "Not for long")
		agent.do("ticket", "Not for long")
		agent.do("see", "I am about to leave.")
		before := s.tickets(t)
		agent.do("reply", "Are you still there?")
		agent.do("see", "no such customer", 30000)
		if n := s.tickets(t); n != before {
			t.Errorf("the delivery report made a ticket: %d, was %d", n, before)
		}

		// A connection that was cut gets exactly what it missed.
		agent.do("offline", true)
		swaks(t, s.smtp, "dora@customers.test", "support@kanal.test", "Subject: While you slept", "Good night.")
		agent.do("offline", false)
		agent.do("see", "While you slept", 45000)
		agent.do("clean")
		s.stop()
	})
}

func swaks(t *testing.T, server, from, to, subject, body string, headers ...string) {
	t.Helper()
	args := []string{"--server", server, "--from", from, "--to", to, "--header", subject, "--body", body}
	for _, h := range headers {
		args = append(args, "--add-header", h)
	}
	if out, err := exec.Command("swaks", args...).CombinedOutput(); err != nil {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
}

// received waits for the customer's mail that holds a text.
func (p *postfix) received(t *testing.T, text string) (m *mail.Message) {
	t.Helper()
	eventually(t, 30*time.Second, "a customer receives: "+text, func() bool {
		for _, raw := range p.mailbox() {
			if strings.Contains(raw, text) {
				var err error
				m, err = mail.ReadMessage(strings.NewReader(raw))
				return err == nil
			}
		}
		return false
	})
	return m
}

// tickets counts the open ones, as the API lists them.
func (s *server) tickets(t *testing.T) int {
	t.Helper()
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if _, err := s.api("GET", "/api/tickets?view=open&limit=200", nil, &list); err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

// onlyMessage is the Message-ID of the first message of the ticket with a subject.
func (s *server) onlyMessage(t *testing.T, subject string) string {
	t.Helper()
	for id, items := range s.inbound() {
		for _, it := range items {
			var tk struct {
				Subject string `json:"subject"`
			}
			if _, err := s.api("GET", "/api/tickets/"+it.Ticket, nil, &tk); err == nil && tk.Subject == subject {
				return id
			}
		}
	}
	t.Fatalf("no ticket %q", subject)
	return ""
}
