package e2e

import (
	"bufio"
	"fmt"
	"io/fs"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sendMail speaks one SMTP transaction and reports whether the last answer was a 250: only then has the peer taken the mail.
func sendMail(addr, from string, to []string, body string) error {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	c := textproto.NewConn(conn)
	step := func(want int, format string, args ...any) error {
		if format != "" {
			if err := c.PrintfLine(format, args...); err != nil {
				return err
			}
		}
		_, _, err := c.ReadResponse(want)
		return err
	}
	if err := step(220, ""); err != nil {
		return err
	}
	if err := step(250, "EHLO client.test"); err != nil {
		return err
	}
	if err := step(250, "MAIL FROM:<%s>", from); err != nil {
		return err
	}
	for _, r := range to {
		if err := step(250, "RCPT TO:<%s>", r); err != nil {
			return err
		}
	}
	if err := step(354, "DATA"); err != nil {
		return err
	}
	w := c.DotWriter()
	if _, err := w.Write([]byte(body)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, _, err = c.ReadResponse(250)
	return err
}

// sink is a mail server of the customers: it keeps what it takes. Each message is remembered when the final dot arrived,
// also when the peer was gone before the answer.
type sink struct {
	ln   net.Listener
	mu   sync.Mutex
	mail []sunk
	slow time.Duration
}

type sunk struct {
	to   []string
	body string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{ln: ln}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

func (s *sink) relay() string { return "smtp://" + s.ln.Addr().String() + "?tls=none" }

func (s *sink) taken() []sunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sunk(nil), s.mail...)
}

func (s *sink) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(line string) { fmt.Fprintf(conn, "%s\r\n", line) }
	say("220 sink.test ESMTP")
	var to []string
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " ")
		switch verb {
		case "EHLO":
			say("250-sink.test")
			say("250-8BITMIME")
			say("250 SMTPUTF8")
		case "RCPT":
			_, a, _ := strings.Cut(line, "<")
			a, _, _ = strings.Cut(a, ">")
			to = append(to, a)
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			body, err := textproto.NewReader(r).ReadDotBytes()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.mail = append(s.mail, sunk{to, string(body)})
			s.mu.Unlock()
			time.Sleep(s.slow)
			say("250 2.0.0 taken")
			to = nil
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
			if verb == "RSET" || verb == "MAIL" {
				to = nil
			}
		}
	}
}

// dovecot is a real IMAP server with one mailbox, which mail is put into as a delivery agent would.
type dovecot struct {
	port    string
	maildir string
	uid     int
	gid     int
	n       int
}

func newDovecot(t *testing.T) *dovecot {
	t.Helper()
	program := needs(t, "dovecot", "/usr/sbin/dovecot")
	base, err := os.MkdirTemp("", "dc") // the paths of its sockets must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	_, port, _ := net.SplitHostPort(freePort(t))
	d := &dovecot{port: port, maildir: filepath.Join(base, "mail")}
	for _, sub := range []string{"mail/new", "mail/cur", "mail/tmp", "run"} {
		if err := os.MkdirAll(filepath.Join(base, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	who, err := user.Current()
	if err == nil && who.Uid == "0" { // its workers must not run as root
		who, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(who.Gid)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(who.Uid)
	gid, _ := strconv.Atoi(who.Gid)
	d.uid, d.gid = uid, gid
	_ = filepath.WalkDir(base, func(p string, _ fs.DirEntry, _ error) error { _ = os.Chown(p, uid, gid); return nil })
	conf := fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 0
mail_max_userip_connections = 50
mail_location = maildir:%[2]s
default_internal_user = %[5]s
default_internal_group = %[7]s
default_login_user = %[5]s
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=%[3]d gid=%[4]d home=%[1]s
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[6]s
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`, base, d.maildir, uid, gid, who.Username, port, group.Name)
	file := filepath.Join(base, "dovecot.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-F", "-c", file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); _ = cmd.Wait() })
	eventually(t, 15*time.Second, "Dovecot greets", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(time.Second))
		line, _ := bufio.NewReader(c).ReadString('\n')
		return strings.HasPrefix(line, "* OK")
	})
	return d
}

// put delivers one message into the mailbox.
func (d *dovecot) put(body string) error {
	d.n++
	name := fmt.Sprintf("%d.%d_%d.test", time.Now().UnixNano(), os.Getpid(), d.n)
	tmp := filepath.Join(d.maildir, "tmp", name)
	if err := os.WriteFile(tmp, []byte(strings.ReplaceAll(body, "\r\n", "\n")), 0o666); err != nil {
		return err
	}
	_ = os.Chown(tmp, d.uid, d.gid)
	return os.Rename(tmp, filepath.Join(d.maildir, "new", name))
}

// settings is the channel of a settings file for this mailbox, sending through a submission server.
func (d *dovecot) settings(submission string) string {
	host, port, _ := net.SplitHostPort(submission)
	return fmt.Sprintf(`version: 1
channels:
  - slug: mailbox
    channel: email
    inbox: helpdesk
    name: Mailbox
    settings: {kind: imap, address: mailbox@acme.test, import_days: 30, imap: {host: 127.0.0.1, port: %s, tls: none}, smtp: {host: %s, port: %s, tls: none}, username: support, password: {env: E2E_PASSWORD}, from_name: company, company: Acme}
    ticket: {create: always, pipeline: support, status: new}
    assign: {to: users, users: [owner@kanal.test], available_only: true, by: least_open}
`, d.port, host, port)
}
