package desk

import (
	"encoding/json"
	"sync"
)

// How far somebody sees or changes (PM-05).
const (
	ReachAll  = "all"
	ReachTeam = "team" // what their teams, and the teams below, hold
	ReachOwn  = "own"  // what is theirs
)

// Reach is whose tickets or contacts a role sees, and whose it changes. The zero value is everybody's.
type Reach struct {
	View       string `json:"view" enum:",all,team,own" doc:"Whose are seen: all, those of one's teams and the teams below, or one's own. Empty is all."`
	Unassigned bool   `json:"unassigned" doc:"Also what nobody has, or only one's own team."`
	Edit       string `json:"edit" enum:",all,team,own" doc:"Whose of them are changed and answered; never more than are seen. Empty is as view."`
}

// Full makes a Reach say everything it means: an empty view is all, an empty edit is as the view, and nobody changes more than they see.
func (r Reach) Full() Reach {
	if r.View == "" {
		r.View = ReachAll
	}
	if r.Edit == "" || wide[r.Edit] > wide[r.View] {
		r.Edit = r.View
	}
	r.Unassigned = r.Unassigned || r.View == ReachAll
	return r
}

var wide = map[string]int{ReachOwn: 1, ReachTeam: 2, ReachAll: 3}

// Within reports whether a Reach gives nothing that another does not.
func (r Reach) Within(o Reach) bool {
	r, o = r.Full(), o.Full()
	return wide[r.View] <= wide[o.View] && wide[r.Edit] <= wide[o.Edit] && (o.Unassigned || !r.Unassigned)
}

// Powers are what a role of one's own gives.
type Powers struct {
	Permissions []string `json:"permissions"`
	Tickets     Reach    `json:"tickets"`
	Contacts    Reach    `json:"contacts"`
}

var powers sync.Map // what a text means never changes: text to *Powers

// ReadPowers reads what is stored of a role; "" is no role of one's own. What cannot be read gives nothing.
func ReadPowers(text string) *Powers {
	if text == "" {
		return nil
	}
	if p, ok := powers.Load(text); ok {
		return p.(*Powers)
	}
	p := &Powers{}
	if json.Unmarshal([]byte(text), p) != nil {
		p = &Powers{Tickets: Reach{View: ReachOwn}, Contacts: Reach{View: ReachOwn}}
	}
	powers.Store(text, p)
	return p
}
