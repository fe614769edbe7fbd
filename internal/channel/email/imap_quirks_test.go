package email_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/desk"
)

// quirky is an IMAP server that answers as a test tells it: answer gets a command without its tag and returns the untagged lines and the
// tagged end ("OK", "NO …", "BAD …"; "" hangs up).
func quirky(t *testing.T, greeting string, answer func(cmd string) (lines []string, end string)) (port int) {
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
				fmt.Fprintf(c, "%s\r\n", greeting)
				in := bufio.NewScanner(c)
				for in.Scan() {
					tag, cmd, _ := strings.Cut(in.Text(), " ")
					lines, end := answer(cmd)
					for _, l := range lines {
						fmt.Fprintf(c, "%s\r\n", l)
					}
					if end == "" {
						return
					}
					fmt.Fprintf(c, "%s %s done\r\n", tag, end)
				}
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

func fetched(seq, uid int, body string) string {
	return fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\n%s)", seq, uid, len(body), body)
}

// Servers that leave things out, refuse single mails, or shout: no mail is lost and none blocks.
func TestServerQuirks(t *testing.T) {
	var n atomic.Int32 // mails in the folder; uids 1…n
	looked := make(chan struct{})
	port := quirky(t, "* OK [CAPABILITY IMAP4rev1] old server", func(cmd string) ([]string, string) {
		word := strings.ToUpper(cmd)
		switch {
		case strings.HasPrefix(word, "CAPABILITY"):
			return []string{"* CAPABILITY IMAP4rev1"}, "OK"
		case strings.HasPrefix(word, "LOGIN"):
			return nil, "OK"
		case strings.HasPrefix(word, "EXAMINE"): // no UIDNEXT, a flood of EXISTS
			out := []string{"* FLAGS (\\Seen)", "* OK [UIDVALIDITY 7] ok"}
			for range 200 {
				out = append(out, fmt.Sprintf("* %d EXISTS", n.Load()))
			}
			return out, "OK [READ-ONLY]"
		case strings.HasPrefix(word, "UID SEARCH"):
			out := "* SEARCH"
			if i := strings.LastIndex(word, "UID "); i > 0 && !strings.Contains(word[i:], ":") { // is this one there?
				var uid int32
				fmt.Sscan(word[i+4:], &uid)
				if uid != 4 {
					out += fmt.Sprintf(" %d", uid)
				}
				return []string{out}, "OK"
			}
			select {
			case looked <- struct{}{}:
			default:
			}
			for i := n.Load(); i >= 1; i-- { // in no order, and always all of them
				out += fmt.Sprintf(" %d", i)
			}
			return []string{out}, "OK"
		case strings.Contains(word, "RFC822.SIZE"): // tells nothing of 2
			var out []string
			for i := int32(1); i <= n.Load(); i++ {
				if i != 2 {
					out = append(out, fmt.Sprintf(`* %d FETCH (FLAGS () INTERNALDATE "21-Nov-2026 12:00:00 +0000" RFC822.SIZE 100 UID %d)`, i, i))
				}
			}
			return out, "OK"
		case strings.HasPrefix(word, "UID FETCH"):
			only := strings.Fields(word)[2]
			header := strings.Contains(word, "HEADER")
			switch {
			case header:
				return []string{fmt.Sprintf("* 3 FETCH (UID %s BODY[HEADER] {15}\r\nSubject: No\r\n\r\n)", only)}, "OK"
			case strings.Contains(only, "3"): // refuses 3, alone and with others
				return nil, "NO [SERVERBUG] cannot open"
			case only == "4", only == "5": // lists 5 but does not hand it out; 4 is gone
				return nil, "OK"
			}
			var out []string
			for i := int32(1); i <= n.Load(); i++ {
				if only == fmt.Sprint(i) {
					out = append(out, fetched(int(i), int(i), string(letter(int(i)))))
				}
			}
			return out, "OK"
		case strings.HasPrefix(word, "NOOP"):
			return []string{fmt.Sprintf("* %d EXISTS", n.Load())}, "OK"
		}
		return nil, "BAD"
	})
	h := channeltest.NewHost()
	receive(t, fast, imapAccount("127.0.0.1", port, nil), h)
	connected(t, h)
	n.Store(6)
	until(t, h, "5 items", func() bool { return len(h.Raws()) == 5 })
	for i, want := range []struct {
		uid    uint32
		broken string
	}{{1, ""}, {2, ""}, {3, "refuses to hand out"}, {5, "lists this mail but does not"}, {6, ""}} {
		r := h.Raws()[i]
		if r.Envelope.UID != want.uid || (want.broken == "") != (r.Broken == "") || !strings.Contains(r.Broken, want.broken) {
			t.Errorf("item %d: uid %d %q, want %d %q", i, r.Envelope.UID, r.Broken, want.uid, want.broken)
		}
	}
	for range 3 { // a few more looks find nothing new
		<-looked
	}
	if len(h.Batches()) != 5 {
		t.Errorf("%d deliveries", len(h.Batches()))
	}
}

// "Not now" at sign-in is trouble, which passes; "no" needs a person.
func TestRefusalAtSignIn(t *testing.T) {
	for end, want := range map[string]desk.AccountState{
		"NO [UNAVAILABLE] directory is down":      desk.StateTrouble,
		"NO [AUTHENTICATIONFAILED] wrong":         desk.StateReconnect,
		"NO Application-specific password needed": desk.StateReconnect,
		"": desk.StateTrouble,
	} {
		port := quirky(t, "* OK [CAPABILITY IMAP4rev1] hi", func(cmd string) ([]string, string) {
			if strings.HasPrefix(cmd, "LOGIN") {
				return nil, end
			}
			return nil, "OK"
		})
		h := channeltest.NewHost()
		stop := receive(t, fast, imapAccount("127.0.0.1", port, nil), h)
		until(t, h, end, func() bool { return h.Last().State != desk.StateConnecting && h.Last().State != "" })
		if h.Last().State != want {
			t.Errorf("%q: %+v", end, h.Last())
		}
		stop()
	}
}

// A server that offers IDLE and then refuses it is asked instead.
func TestRefusedIdleIsPolled(t *testing.T) {
	var n, idles atomic.Int32
	port := quirky(t, "* OK [CAPABILITY IMAP4rev1 IDLE] hi", func(cmd string) ([]string, string) {
		switch {
		case strings.HasPrefix(cmd, "LOGIN"):
			return []string{"* CAPABILITY IMAP4rev1 IDLE"}, "OK"
		case strings.HasPrefix(cmd, "CAPABILITY"):
			return []string{"* CAPABILITY IMAP4rev1 IDLE"}, "OK"
		case strings.HasPrefix(cmd, "EXAMINE"):
			return []string{fmt.Sprintf("* %d EXISTS", n.Load()), "* OK [UIDVALIDITY 7] ok", fmt.Sprintf("* OK [UIDNEXT %d] ok", n.Load()+1)}, "OK [READ-ONLY]"
		case strings.HasPrefix(cmd, "IDLE"):
			idles.Add(1)
			return nil, "BAD"
		case strings.HasPrefix(cmd, "UID SEARCH"):
			return []string{"* SEARCH 1"}, "OK"
		case strings.Contains(cmd, "RFC822.SIZE"):
			return []string{`* 1 FETCH (UID 1 INTERNALDATE "21-Nov-2026 12:00:00 +0000" RFC822.SIZE 100)`}, "OK"
		case strings.HasPrefix(cmd, "UID FETCH"):
			return []string{fetched(1, 1, string(letter(1)))}, "OK"
		}
		return nil, "OK"
	})
	h := channeltest.NewHost()
	receive(t, fast, imapAccount("127.0.0.1", port, nil), h)
	connected(t, h)
	n.Store(1)
	until(t, h, "1 item", func() bool { return len(h.Raws()) == 1 })
	if idles.Load() != 1 || len(h.States()) != 2 {
		t.Errorf("IDLE %d times, states %v", idles.Load(), h.States())
	}
}
