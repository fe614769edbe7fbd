package intake_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
)

// TestPlainMailIssuesFewStatements keeps the hot path short: what a plain new mail of a known kind needs, and no more. The bound is
// what it takes today; raise it knowingly.
func TestPlainMailIssuesFewStatements(t *testing.T) { // design section 11
	w := newWorld(t, dbtest.SQLite(t))
	w.deliver(w.letter("warm", "noor@y.example"))
	var all []string
	w.DB.Trace(func(s db.Statement) {
		if s.Query != "" {
			all = append(all, strings.Join(strings.Fields(s.Query), " "))
		}
	})
	w.deliver(w.letter("new", "mira@x.example"))
	first := len(all)
	w.deliver(w.letter("reply", "mira@x.example", replies("new")))
	w.DB.Trace(nil)
	if n := first; n > 34 { // of them one asks for the language, one keeps the decision
		t.Errorf("a new mail issues %d statements:\n%s", n, strings.Join(all[:first], "\n"))
	}
	if n := len(all) - first; n > 24 {
		t.Errorf("a reply issues %d statements:\n%s", n, strings.Join(all[first:], "\n"))
	}
}
