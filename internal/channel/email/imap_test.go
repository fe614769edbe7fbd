package email_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/simulate"
)

func startIMAP(t *testing.T, o simulate.IMAPOptions) *simulate.IMAP {
	t.Helper()
	if o.Username == "" {
		o.Username, o.Password = "support", "s3cret"
	}
	s, err := simulate.NewIMAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func imapAccount(host string, port int, change func(map[string]any)) desk.ChannelAccount {
	return mailAccount("127.0.0.1:1", func(s map[string]any) {
		s["imap"] = map[string]any{"host": host, "port": port, "tls": "none"}
		if change != nil {
			change(s)
		}
	})
}

var fast = email.Options{RetryBase: 20 * time.Millisecond, IMAPPoll: 50 * time.Millisecond, AuthTimeout: time.Second}

// receive runs an account's receiver until the test ends or stop is called.
func receive(t *testing.T, o email.Options, acc desk.ChannelAccount, h *channeltest.Host) (stop func()) {
	t.Helper()
	c, err := email.New(o).Open(context.Background(), acc, h)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.(channel.Receiver).Receive(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("Receive: %v", err)
				}
			case <-time.After(time.Minute):
				t.Error("Receive does not stop")
			}
			c.Close()
		})
	}
	t.Cleanup(stop)
	return stop
}

// until waits for something to become true of the host.
func until(t *testing.T, h *channeltest.Host, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if !h.Until(ctx, ok) {
		t.Fatalf("never: %s (states %v, %d items)", what, h.States(), len(h.Raws()))
	}
}

func connected(t *testing.T, h *channeltest.Host) {
	t.Helper()
	until(t, h, "connected", func() bool { return h.Last().State == desk.StateConnected })
}

func letter(n int) []byte {
	return fmt.Appendf(nil, "From: c%d@customer.example\r\nTo: support@acme.example\r\nSubject: No. %d\r\nMessage-ID: <n%d@customer.example>\r\n\r\nBody %d\r\n", n, n, n, n)
}

func put(t *testing.T, s *simulate.IMAP, folder string, raw []byte, at time.Time) uint32 {
	t.Helper()
	uid, err := s.Append(folder, raw, at)
	if err != nil {
		t.Fatal(err)
	}
	return uid
}

func subjects(h *channeltest.Host) (out []string) {
	for _, r := range h.Raws() {
		_, rest, _ := strings.Cut(string(r.Body), "Subject: ")
		s, _, _ := strings.Cut(rest, "\r\n")
		out = append(out, s)
	}
	return out
}

func names(from, to int) (out []string) {
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("No. %d", i))
	}
	return out
}

func same(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }

// EM-04, EM-15: the first reading begins now; what comes is filed in order, with its cursor in the same call.
func TestMailboxIsReadFromNowOn(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	for i := range 3 {
		put(t, s, "INBOX", letter(900+i), time.Time{})
	}
	acc := imapAccount(s.Host(), s.Port(), nil)
	stop := receive(t, fast, acc, h)
	connected(t, h)
	if len(h.Raws()) != 0 {
		t.Fatalf("older mail was filed: %v", subjects(h))
	}
	var last uint32
	for i := 1; i <= 5; i++ {
		last = put(t, s, "INBOX", letter(i), time.Time{})
	}
	until(t, h, "5 items", func() bool { return len(h.Raws()) == 5 })
	if got := subjects(h); !same(got, names(1, 5)) {
		t.Errorf("order %v", got)
	}
	r := h.Raws()[4]
	if r.Account != acc.ID || r.Envelope.Folder != "INBOX" || r.Envelope.UID != last || r.Envelope.To[0] != "support@acme.example" || !bytes.Equal(r.Body, letter(5)) || r.Auth == nil || r.Auth.SPF != "none" || r.Cursor == nil {
		t.Errorf("%+v", r)
	}
	var pos struct{ V, U uint32 }
	if err := json.Unmarshal(r.Cursor.Value, &pos); err != nil || r.Cursor.Name != "imap:INBOX" || pos.U != last || pos.V == 0 {
		t.Errorf("cursor %s %s", r.Cursor.Name, r.Cursor.Value)
	}
	// While nobody reads, mail comes; afterwards it is read, and nothing twice.
	stop()
	for i := 6; i <= 8; i++ {
		put(t, s, "INBOX", letter(i), time.Time{})
	}
	receive(t, fast, acc, h)
	until(t, h, "8 items", func() bool { return len(h.Raws()) == 8 })
	if got := subjects(h); !same(got, names(1, 8)) || len(h.Batches()) != 8 {
		t.Errorf("%v in %d deliveries", got, len(h.Batches()))
	}
	if got := fmt.Sprint(h.States()[:2]); got != "[{connecting } {connected }]" {
		t.Errorf("states %s", got)
	}
}

// The mailbox is left as it was: no flag, nothing moved, nothing deleted; and read mail is taken too.
func TestMailboxIsNotChanged(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), time.Time{})
	until(t, h, "1 item", func() bool { return len(h.Raws()) == 1 })

	c, err := imapclient.DialInsecure(fmt.Sprintf("%s:%d", s.Host(), s.Port()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("support", "s3cret").Wait(); err != nil {
		t.Fatal(err)
	}
	// Somebody reads the next mail elsewhere before Kanal looks: it arrives marked as seen.
	ap := c.Append("INBOX", int64(len(letter(2))), &imap.AppendOptions{Flags: []imap.Flag{imap.FlagSeen}})
	ap.Write(letter(2))
	ap.Close()
	if _, err := ap.Wait(); err != nil {
		t.Fatal(err)
	}
	until(t, h, "the seen mail", func() bool { return len(h.Raws()) == 2 })
	d, err := c.Select("INBOX", nil).Wait()
	if err != nil || d.NumMessages != 2 {
		t.Fatalf("%+v %v", d, err)
	}
	msgs, err := c.Fetch(imap.SeqSetNum(1, 2), &imap.FetchOptions{Flags: true}).Collect()
	if err != nil || len(msgs[0].Flags) != 0 || len(msgs[1].Flags) != 1 {
		t.Errorf("flags %v %v %v", msgs[0].Flags, msgs[1].Flags, err)
	}
}

// EM-15
func TestImportDays(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	now := time.Now()
	h.SetNow(now)
	for i, age := range []int{30, 8, 6, 1, 0} {
		put(t, s, "INBOX", letter(i), now.AddDate(0, 0, -age))
	}
	put(t, s, "INBOX", letter(5), now.AddDate(-1, 0, 0)) // moved into the folder lately
	receive(t, fast, imapAccount(s.Host(), s.Port(), func(m map[string]any) { m["import_days"] = 7 }), h)
	until(t, h, "connected", func() bool { return h.Last().State == desk.StateConnected })
	if got := subjects(h); !same(got, names(2, 4)) {
		t.Errorf("%v", got)
	}
	put(t, s, "INBOX", letter(6), now.AddDate(-1, 0, 0)) // after the import everything new counts, whatever its date
	until(t, h, "new mail", func() bool { return len(h.Raws()) == 4 })
}

func TestServerWithoutIdleIsPolled(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{NoIdle: true}), channeltest.NewHost()
	h.SetNow(time.Now())
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), time.Time{})
	until(t, h, "1 item", func() bool { return len(h.Raws()) == 1 })
}

func TestSeveralFolders(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	if err := s.Create("Büro/Anfragen"); err != nil {
		t.Fatal(err)
	}
	receive(t, fast, imapAccount(s.Host(), s.Port(), func(m map[string]any) { m["imap"].(map[string]any)["folders"] = []string{"INBOX", "Büro/Anfragen"} }), h)
	connected(t, h)
	put(t, s, "Büro/Anfragen", letter(1), time.Time{})
	put(t, s, "INBOX", letter(2), time.Time{})
	until(t, h, "2 items", func() bool { return len(h.Raws()) == 2 })
}

// A broken connection costs nothing and doubles nothing.
func TestReconnects(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	for i := 1; i <= 5; i++ {
		s.Cut()
		put(t, s, "INBOX", letter(i), time.Time{})
		until(t, h, "the next item", func() bool { return len(h.Raws()) >= i })
	}
	if got := subjects(h); !same(got, names(1, 5)) || len(h.Batches()) != 5 {
		t.Errorf("%v in %d deliveries", got, len(h.Batches()))
	}
	trouble := false
	for _, st := range h.States() {
		trouble = trouble || st.State == desk.StateTrouble && strings.Contains(st.Reason, "closed the connection")
	}
	if !trouble {
		t.Errorf("states %v", h.States())
	}
}

// UIDVALIDITY changed: what arrived since the account was connected is read again, and the dedupe key files it once.
func TestRenumberedFolderIsReadAgain(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	now := time.Now()
	h.SetNow(now.Add(-time.Hour))
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), now)
	put(t, s, "INBOX", letter(2), now)
	until(t, h, "2 items", func() bool { return len(h.Raws()) == 2 })
	if err := s.Renumber("INBOX"); err != nil {
		t.Fatal(err)
	}
	put(t, s, "INBOX", letter(90), now.AddDate(0, 0, -9)) // older than the account
	put(t, s, "INBOX", letter(1), now)
	put(t, s, "INBOX", letter(2), now)
	put(t, s, "INBOX", letter(3), now)
	s.Cut()
	until(t, h, "3 items", func() bool { return len(h.Raws()) == 3 })
	if got := subjects(h); !same(got, names(1, 3)) || len(h.Batches()) != 5 {
		t.Errorf("%v in %d deliveries", got, len(h.Batches()))
	}
}

// A mail that is too large is set aside with its header and the reason, and those behind it move on.
func TestTooLargeMailIsSetAside(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	o := fast
	o.MaxMessageBytes = 10_000
	receive(t, o, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), time.Time{})
	put(t, s, "INBOX", append(letter(2), bytes.Repeat([]byte("large\r\n"), 2000)...), time.Time{})
	put(t, s, "INBOX", letter(3), time.Time{})
	until(t, h, "3 items", func() bool { return len(h.Raws()) == 3 })
	r := h.Raws()[1]
	if !strings.Contains(r.Broken, "more than the 0.0 MB") && r.Broken == "" || !strings.Contains(string(r.Body), "Message-ID: <n2@customer.example>") || len(r.Body) > 1000 || r.Cursor == nil {
		t.Errorf("%q %q", r.Broken, r.Body)
	}
	a := email.New(o)
	if _, err := a.Parse(context.Background(), r); err == nil || !strings.Contains(desk.PublicOf(err), "still in the mailbox") {
		t.Errorf("Parse: %v", err)
	}
	r.Broken = "" // as replayed
	if ins, err := a.Parse(context.Background(), r); err != nil || ins[0].Subject != "No. 2" {
		t.Errorf("replayed: %v", err)
	}
}

// GEN-21: a refused password is a state of its own, in words; so is a server that does not answer.
func TestStatesSayWhatIsWrong(t *testing.T) {
	s := startIMAP(t, simulate.IMAPOptions{Username: "support", Password: "changed"})
	h := channeltest.NewHost()
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	until(t, h, "reconnect", func() bool { return h.Last().State == desk.StateReconnect })
	if !strings.Contains(h.Last().Reason, "user name and password") || s.Sessions() != 1 {
		t.Errorf("%+v after %d attempts", h.Last(), s.Sessions())
	}
	h = channeltest.NewHost()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	receive(t, fast, imapAccount("127.0.0.1", ln.Addr().(*net.TCPAddr).Port, nil), h)
	until(t, h, "trouble", func() bool { return h.Last().State == desk.StateTrouble })
	if !strings.Contains(h.Last().Reason, "refused the connection") {
		t.Errorf("%+v", h.Last())
	}
	h = channeltest.NewHost()
	s = startIMAP(t, simulate.IMAPOptions{})
	receive(t, fast, imapAccount(s.Host(), s.Port(), func(m map[string]any) { m["imap"].(map[string]any)["folders"] = []string{"Missing"} }), h)
	until(t, h, "trouble", func() bool { return h.Last().State == desk.StateTrouble })
	if !strings.Contains(h.Last().Reason, "Missing") {
		t.Errorf("%+v", h.Last())
	}
}

// Promise 1: while Kanal cannot store, the mail stays where it is; afterwards it is filed once.
func TestMachineTroubleLosesNothing(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	var tries atomic.Int32
	h.Fail = func(raws []channel.Raw) error {
		if tries.Add(1) <= 3 {
			return desk.Errorf(desk.Unavailable, "disk", "No room.")
		}
		return nil
	}
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), time.Time{})
	put(t, s, "INBOX", letter(2), time.Time{})
	until(t, h, "2 items", func() bool { return len(h.Raws()) == 2 })
	if got := subjects(h); !same(got, names(1, 2)) {
		t.Errorf("%v", got)
	}
	until(t, h, "connected again", func() bool { return h.Last().State == desk.StateConnected })
}

// A mail that Kanal itself fails on does not keep the others.
func TestMailThatKanalFailsOnDoesNotBlock(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	h.Fail = func(raws []channel.Raw) error {
		if bytes.Contains(raws[0].Body, []byte("Subject: No. 2")) && raws[0].Broken == "" {
			return errors.New("a bug")
		}
		return nil
	}
	receive(t, fast, imapAccount(s.Host(), s.Port(), nil), h)
	connected(t, h)
	for i := 1; i <= 3; i++ {
		put(t, s, "INBOX", letter(i), time.Time{})
	}
	until(t, h, "3 items", func() bool { return len(h.Raws()) == 3 })
	if r := h.Raws()[1]; r.Broken == "" || !same(subjects(h), names(1, 3)) {
		t.Errorf("%v %+v", subjects(h), r)
	}
}

// A mail at which the server breaks off, every time, is accounted for after three attempts; those behind it move on.
func TestMailThatBreaksTheConnectionDoesNotBlock(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now())
	addr := breaking(t, fmt.Sprintf("%s:%d", s.Host(), s.Port()), []byte("POISON"))
	receive(t, fast, imapAccount("127.0.0.1", addr.Port, nil), h)
	connected(t, h)
	put(t, s, "INBOX", letter(1), time.Time{})
	uid := put(t, s, "INBOX", append(letter(2), []byte("POISON\r\n")...), time.Time{})
	put(t, s, "INBOX", letter(3), time.Time{})
	until(t, h, "3 items", func() bool { return len(h.Raws()) == 3 })
	for i, r := range h.Raws() {
		if (r.Broken != "") != (r.Envelope.UID == uid) || i == 1 && r.Envelope.UID != uid {
			t.Errorf("item %d: uid %d, broken %q", i, r.Envelope.UID, r.Broken)
		}
	}
}

// breaking is a way to a server that is cut when the server says something.
func breaking(t *testing.T, to string, at []byte) *net.TCPAddr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				d, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer d.Close()
				go func() { io.Copy(d, c); d.Close() }()
				buf := make([]byte, 64<<10)
				for {
					n, err := d.Read(buf)
					if i := bytes.Index(buf[:n], at); i >= 0 {
						c.Write(buf[:i]) // half the body, then nothing
						return
					}
					if n > 0 {
						c.Write(buf[:n])
					}
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr)
}

// A backlog is read in order, in chunks, once, though the connection breaks all the time.
func TestBacklogOverABadConnection(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	h.SetNow(time.Now().Add(-time.Hour))
	for i := 1; i <= 130; i++ {
		put(t, s, "INBOX", letter(i), time.Time{})
	}
	var n atomic.Int32
	h.Fail = func([]channel.Raw) error {
		if n.Add(1)%20 == 0 {
			s.Cut()
		}
		return nil
	}
	receive(t, fast, imapAccount(s.Host(), s.Port(), func(m map[string]any) { m["import_days"] = 1 }), h)
	until(t, h, "130 items", func() bool { return len(h.Raws()) == 130 })
	if got := subjects(h); !same(got, names(1, 130)) {
		t.Errorf("%v", got)
	}
}

func TestCloseEndsTheReceiver(t *testing.T) {
	s, h := startIMAP(t, simulate.IMAPOptions{}), channeltest.NewHost()
	c, err := email.New(fast).Open(context.Background(), imapAccount(s.Host(), s.Port(), nil), h)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.(channel.Receiver).Receive(context.Background()) }()
	connected(t, h)
	c.Close()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("Receive goes on")
	}
}
