package desk

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
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

// PropertyAccess says who sees a property and who changes it (PM-11). Nobody changes what they do not see.
type PropertyAccess struct {
	View Access `json:"view"`
	Edit Access `json:"edit"`
}

// Veil is what one person does not see of properties, and what they see but do not change: names as "ticket.NAME". The zero value hides nothing.
type Veil struct {
	Hidden []string
	Fixed  []string
}

// Clear reports whether everything is seen.
func (v Veil) Clear() bool { return len(v.Hidden) == 0 }

// Hides reports whether a property is not seen.
func (v Veil) Hides(object, name string) bool { return slices.Contains(v.Hidden, object+"."+name) }

// Check refuses values of properties that one may not change, naming the first. One that is not seen is refused as one that is not there.
func (v Veil) Check(object string, values map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch full := object + "." + name; {
		case slices.Contains(v.Hidden, full):
			return Errorf(Invalid, "property.unknown", "There is no %s property named %q.", object, name).In("properties." + name)
		case slices.Contains(v.Fixed, full):
			return Errorf(Forbidden, "property.read_only", "You can see %q but not change it: it is kept for others. Whoever defines properties can let you.", name).In("properties." + name)
		}
	}
	return nil
}

// Over is values without what is hidden.
func (v Veil) Over(object string, values map[string]any) map[string]any {
	if v.Clear() || len(values) == 0 {
		return values
	}
	out := make(map[string]any, len(values))
	for name, x := range values {
		if !v.Hides(object, name) {
			out[name] = x
		}
	}
	return out
}

// Veiled is what holds values of properties.
type Veiled interface{ Veil(Veil) }

// Veil takes hidden values away.
func (t *Ticket) Veil(v Veil) { t.Properties = v.Over("ticket", t.Properties) }

// Veil takes hidden values away.
func (c *Contact) Veil(v Veil) { c.Properties = v.Over("contact", c.Properties) }

// Veil takes hidden values out of what an event tells: before and after.
func (e *Event) Veil(v Veil) {
	object, _, _ := strings.Cut(e.Type, ".")
	if v.Clear() || object != "ticket" && object != "contact" || !bytes.Contains(e.Data, []byte("propert")) {
		return
	}
	var data any
	d := json.NewDecoder(bytes.NewReader(e.Data))
	d.UseNumber()
	if d.Decode(&data) != nil {
		e.Data = json.RawMessage("{}")
		return
	}
	if b, err := json.Marshal(v.strip(object, data, false)); err == nil {
		e.Data = b
	}
}

// strip walks what an event tells. inside: x is an object of values by name, or a list of such.
func (v Veil) strip(object string, x any, inside bool) any {
	switch x := x.(type) {
	case map[string]any:
		for k, y := range x {
			name, property := strings.CutPrefix(k, "properties.")
			if inside && v.Hides(object, k) || property && v.Hides(object, name) {
				delete(x, k)
				continue
			}
			x[k] = v.strip(object, y, k == "properties")
		}
	case []any:
		for i := range x {
			if s, ok := x[i].(string); ok {
				if name, is := strings.CutPrefix(s, "properties."); is && v.Hides(object, name) {
					x[i] = ""
				}
				continue
			}
			x[i] = v.strip(object, x[i], inside)
		}
	}
	return x
}
