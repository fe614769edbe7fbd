package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
)

// The same mail fifty times at once over fifty connections is one message in one ticket. EM-33
func TestFiftyRedeliveriesAreOneMessage(t *testing.T) {
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		s := newServer(t, kind)
		s.start()
		body := "From: Ann <ann@customers.test>\r\nTo: support@kanal.test\r\nSubject: Once\r\nMessage-ID: <once@customers.test>\r\nDate: " +
			time.Now().Format(time.RFC1123Z) + "\r\n\r\nOnce, please.\r\n"
		var wg sync.WaitGroup
		errs := make(chan error, 50)
		for range 50 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 40 { // a listener under its limit answers 421: a real peer comes again
					err := sendMail(s.smtp, "ann@customers.test", []string{"support@kanal.test"}, body)
					if err == nil {
						return
					}
					if !strings.HasPrefix(err.Error(), "4") && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "EOF") {
						errs <- err
						return
					}
					time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
				}
				errs <- fmt.Errorf("never taken")
			}()
		}
		wg.Wait()
		close(errs)
		for err := range errs {
			t.Error(err)
		}
		s.stop()
		d := s.database()
		for what, query := range map[string]string{"messages": "SELECT count(*) FROM messages", "tickets": "SELECT count(*) FROM tickets", "threads": "SELECT count(*) FROM threads"} {
			if n := count(t, d, query); n != 1 {
				t.Errorf("%d %s, want 1", n, what)
			}
		}
	})
}

// A backlog of 300 mails in 60 threads, every reply next to its root and on another connection: 60 threads. EM-30
func TestABacklogOfSixtyThreads(t *testing.T) {
	eachDatabase(t, func(t *testing.T, kind db.Dialect) {
		s := newServer(t, kind)
		s.start()
		var mails []string
		for thread := range 60 {
			refs := ""
			for n := range 5 {
				id := fmt.Sprintf("t%d-%d@customers.test", thread, n)
				head := ""
				if n > 0 {
					head = fmt.Sprintf("In-Reply-To: <t%d-%d@customers.test>\r\nReferences:%s\r\n", thread, n-1, refs)
				}
				refs += " <" + id + ">"
				mails = append(mails, fmt.Sprintf("From: C <c%d@customers.test>\r\nTo: support@kanal.test\r\nSubject: Backlog\r\nMessage-ID: <%s>\r\n%s\r\nMail %d of %d\r\n",
					thread, id, head, n, thread))
			}
		}
		work := make(chan string)
		var wg sync.WaitGroup
		for range 16 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for m := range work {
					for try := 0; ; try++ {
						err := sendMail(s.smtp, "c@customers.test", []string{"support@kanal.test"}, m)
						if err == nil {
							break
						}
						if try == 100 {
							t.Error(err)
							break
						}
						time.Sleep(50 * time.Millisecond)
					}
				}
			}()
		}
		// Neighbours swap places: a reply is often handed over before its root.
		for i := 0; i+1 < len(mails); i += 2 {
			if rand.IntN(2) == 0 {
				mails[i], mails[i+1] = mails[i+1], mails[i]
			}
		}
		for _, m := range mails {
			work <- m
		}
		close(work)
		wg.Wait()
		s.stop()
		d := s.database()
		if n := count(t, d, "SELECT count(*) FROM threads"); n != 60 {
			t.Errorf("%d threads, want 60", n)
		}
		if n := count(t, d, "SELECT count(*) FROM tickets"); n != 60 {
			t.Errorf("%d tickets, want 60", n)
		}
		if n := count(t, d, "SELECT count(*) FROM messages"); n != 300 {
			t.Errorf("%d messages, want 300", n)
		}
	})
}
