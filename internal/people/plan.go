package people

import (
	"cmp"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

// Why availability is as it is, as users.available_by has it.
const (
	ByManual      = "manual"
	ByManager     = "manager"
	ByHours       = "hours"
	ByOutOfOffice = "out_of_office"
	ByIdle        = "idle"
)

// Plan is what somebody's hours and absences make of the time (AV-04, AV-05). It is pure. Absences go before hours; nil hours are any time.
type Plan struct {
	Hours    *hours.Schedule
	Absences []Absence // in the order of their beginnings
}

// Outlook is what a plan says of a moment.
type Outlook struct {
	Available bool
	By        string // hours, out_of_office, "" when nothing is planned
	Note      string // of the absence, or the holiday's name
}

// At is what the plan says of t.
func (p Plan) At(t time.Time) Outlook {
	if a, ok := p.absent(t); ok {
		return Outlook{By: ByOutOfOffice, Note: a.Note}
	}
	if p.Hours == nil {
		return Outlook{Available: true}
	}
	if p.Hours.OpenAt(t) {
		return Outlook{Available: true, By: ByHours}
	}
	h, _ := p.Hours.HolidayAt(t)
	return Outlook{By: ByHours, Note: h.Name}
}

// Edge is the first moment after t at which the plan speaks: hours close, hours open while nobody is out of office, an absence begins or ends. Until then a choice holds.
func (p Plan) Edge(t time.Time) (time.Time, bool) {
	var edge time.Time
	take := func(at time.Time) {
		if at.After(t) && (edge.IsZero() || at.Before(edge)) {
			edge = at
		}
	}
	for _, a := range p.merged() {
		take(a.StartsAt.Time())
		take(a.EndsAt.Time())
	}
	if p.Hours == nil {
		return edge, !edge.IsZero()
	}
	for from := t; ; {
		at, ok := p.Hours.NextChange(from)
		if !ok || !edge.IsZero() && !at.Before(edge) {
			break
		}
		if _, absent := p.absent(at); !absent || !p.Hours.OpenAt(at) {
			take(at)
			break
		}
		from = at
	}
	return edge, !edge.IsZero()
}

// Next is the first moment after t at which the plan makes something else of somebody who stands so now, and what.
func (p Plan) Next(t time.Time, available bool) (time.Time, Outlook, bool) {
	for range 64 {
		at, ok := p.Edge(t)
		if !ok {
			break
		}
		if o := p.At(at); o.Available != available {
			return at, o, true
		}
		t = at
	}
	return time.Time{}, Outlook{}, false
}

func (p Plan) absent(t time.Time) (Absence, bool) {
	at := desk.At(t)
	for _, a := range p.Absences {
		if a.StartsAt <= at && at < a.EndsAt {
			return a, true
		}
	}
	return Absence{}, false
}

// merged are the absences with those that touch made one.
func (p Plan) merged() []Absence {
	in := slices.SortedFunc(slices.Values(p.Absences), func(a, b Absence) int { return cmp.Compare(a.StartsAt, b.StartsAt) })
	var out []Absence
	for _, a := range in {
		if n := len(out); n > 0 && a.StartsAt <= out[n-1].EndsAt {
			out[n-1].EndsAt = max(out[n-1].EndsAt, a.EndsAt)
			continue
		}
		out = append(out, a)
	}
	return out
}

// standing is how somebody stands, and since when. It is moved on by step alone.
type standing struct {
	available bool
	by        string
	note      string
	at        desk.Time // since
	until     desk.Time // a choice for so long alone
	input     desk.Time
	actor     desk.UserID
}

// idling is when those of whom nothing is seen go away: after so long, counted from since at the earliest. Zero: never.
type idling struct {
	after time.Duration
	since desk.Time
}

// next is the first moment after t at which something changes by itself; 0 never. What is overdue is due just after t.
func (s standing) next(p Plan, idle idling, t desk.Time) desk.Time {
	var at desk.Time
	take := func(x desk.Time) {
		if at == 0 || x < at {
			at = x
		}
	}
	if e, ok := p.Edge(t.Time()); ok {
		take(desk.At(e))
	}
	if s.until != 0 {
		take(max(s.until, t+1))
	}
	if x := s.idles(idle); x != 0 {
		take(max(x, t+1))
	}
	return at
}

// idles is when somebody goes away if nothing is seen of them; 0 never.
func (s standing) idles(idle idling) desk.Time {
	if !s.available || idle.after <= 0 {
		return 0
	}
	return max(s.input, s.at, idle.since).Add(idle.after)
}

// step moves on to at, a moment that next gave: the plan speaks, a choice ends, or somebody idles, in this order.
func (s standing) step(p Plan, idle idling, at desk.Time) standing {
	edge, ok := p.Edge(at.Time().Add(-time.Millisecond))
	switch planned := ok && desk.At(edge) == at; {
	case planned:
		return s.planned(p, at)
	case s.until != 0 && s.until <= at:
		if p.Hours == nil && p.At(at.Time()).Available {
			return standing{available: !s.available, by: ByManual, at: at, input: s.input} // nothing is planned: as it was before
		}
		return s.planned(p, at)
	}
	if x := s.idles(idle); x != 0 && x <= at {
		return standing{by: ByIdle, at: at, until: s.until, input: s.input}
	}
	return s
}

// planned is what the plan makes of somebody.
func (s standing) planned(p Plan, at desk.Time) standing {
	o := p.At(at.Time())
	to := standing{available: o.Available, by: o.By, note: o.Note, at: at, input: s.input}
	if o.By == "" { // an absence that is over, without hours
		to.by = s.by
	}
	if to.available == s.available && to.by == s.by && to.note == s.note {
		s.until = 0
		return s
	}
	return to
}
