package routing

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
)

// RT-20: what a decision was made from comes back as it was, in rows and as it was kept before; so do the reasons, folded or not.
func TestWhatIsKeptComesBack(t *testing.T) {
	five := 5
	in := Input{Policy: desk.AssignPolicy{To: ToTeams, Teams: []string{"all"}, AvailableOnly: true, Users: []string{"gone@example.com"}}, Place: Place{Inbox: 3, Kind: string(desk.KindHelpdesk)}, Kind: Email, Cause: Arrived, At: 1000, Teams: []Team{{7, "all"}}}
	for i := range 60 {
		c := Candidate{User: Who{ID: desk.UserID(1<<40 + i), Email: fmt.Sprintf("a%d@example.com", i), Name: fmt.Sprintf("Åse \"%d\"", i), Active: i%9 != 0, Available: i%4 != 0, TakesWork: i%5 != 0, LastAssigned: desk.Time(i * 10)},
			MainOf: []desk.TeamID{7}, CanReply: true, InboxAccess: i%11 != 0, Open: i % 3, Load: Load{Total: i % 7, Kind: i % 2, Calls: i % 2}, Chats: i % 2}
		if i%4 == 0 {
			c.User.By = "hours"
		}
		if i%2 == 0 {
			c.Limit, c.Skills = desk.Capacity{Total: &five}, []desk.SkillHeld{{Slug: "da", Level: 3, ExpiresAt: 5000}}
		}
		if i%6 == 0 {
			c.MainOf, c.ExtraOf = nil, []desk.TeamID{7, 9}
		}
		in.Candidates = append(in.Candidates, c)
	}
	kept, err := in.Keep()
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := json.Marshal(in)
	if len(kept)*2 > len(plain) {
		t.Fatalf("%d bytes of %d", len(kept), len(plain))
	}
	for what, text := range map[string][]byte{"rows": kept, "one by one": plain} {
		var back Input
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, in) {
			t.Fatalf("%s: %v\n%+v\n%+v", what, err, back.Candidates[0], in.Candidates[0])
		}
	}
	for _, n := range []int{0, 5, 60} {
		few := in
		few.Candidates, few.Policy.To = in.Candidates[:n], ToUsersAndTeams
		a := Decide(few)
		text, err := json.Marshal(a.Keep())
		if err != nil {
			t.Fatal(err)
		}
		var back desk.Assignment
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, a) {
			t.Fatalf("%d people: %v\n%+v\n%+v", n, err, back, a)
		}
	}
}
