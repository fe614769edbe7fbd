package waiting

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/routing"
)

// passing are reasons of candidates that go by without anybody changing a rule: who is refused for one of them may have the next work, and for a lane they are all the same.
var passing = map[string]bool{
	routing.Away: true, routing.AtCapacity: true, routing.Chosen: true, routing.MoreOpen: true, routing.TieIdleShorter: true, routing.TieLaterID: true, routing.NotDrawn: true, routing.NotPreferred: true, routing.OnCall: true, "": true,
}

// lane is what those have in common that wait for the same people under the same rule, and the people.
func lane(a desk.Assignment, account desk.ChannelAccountID, rank int) (key, users string) {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %s|%s|%d|%d", account, rank, a.Rule, a.RuleName, a.HoldFor, a.TeamID)
	if !passing[a.Reason] && len(a.Candidates) == 0 { // outside the hours nobody was looked at
		fmt.Fprintf(h, "|%s", a.Reason)
	}
	for _, st := range a.Steps {
		fmt.Fprintf(h, "|%s %s %d %s", st.Step, st.Name, st.UserID, strings.Join(st.Skills, ","))
	}
	ids := make([]desk.UserID, 0, len(a.Candidates)+1)
	cs := slices.Clone(a.Candidates)
	slices.SortFunc(cs, func(x, y desk.Candidate) int {
		return int(max(-1, min(1, int64(x.UserID)-int64(y.UserID))))
	})
	for _, c := range cs {
		reason := c.Reason
		if passing[reason] {
			reason = ""
		}
		fmt.Fprintf(h, "|%d %s %s", c.UserID, reason, strings.Join(c.Missing, ","))
		if c.UserID == 0 { // a name that is nobody's
			fmt.Fprintf(h, " %s", c.Name)
			continue
		}
		ids = append(ids, c.UserID)
	}
	if a.HoldFor != 0 && !slices.Contains(ids, a.HoldFor) {
		ids = append(ids, a.HoldFor)
	}
	for _, st := range a.Steps {
		if st.UserID != 0 && !slices.Contains(ids, st.UserID) {
			ids = append(ids, st.UserID)
		}
	}
	var b strings.Builder
	for _, id := range ids {
		b.WriteByte(',')
		b.WriteString(id.String())
	}
	if b.Len() > 0 {
		b.WriteByte(',')
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), b.String()
}
