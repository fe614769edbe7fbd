package api_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
)

// A body that comes slowly over a poor line is waited for, longer than the few seconds a library would give it.
func TestASlowBodyIsWaitedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes six seconds")
	}
	s := newSite(t, dbtest.SQLite(t))
	ann := s.as(s.user("Ann Holm", desk.RoleAgent))
	body := `{"subject":"Typed on a train"}`
	var lines []net.Conn
	for _, extra := range []string{"", "Idempotency-Key: slow\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.http.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nCookie: %s=%s\r\n%sContent-Length: %d\r\n\r\n%s", api.Cookie, ann.cookie, extra, len(body), body[:10])
		lines = append(lines, conn)
	}
	<-time.After(6 * time.Second) // the line is gone for a while: the thing tested, not a wait for something
	for i, conn := range lines {
		fmt.Fprint(conn, body[10:])
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			t.Errorf("line %d: status %d", i, res.StatusCode)
		}
	}
}
