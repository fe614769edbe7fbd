package availability

import (
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

// States, in the order in which they are looked for: the first that holds is it (AV-10).
const (
	Offline   = "offline"   // outside the hours, or switched off
	Away      = "away"      // nobody of those who answer here is there
	Capacity  = "capacity"  // those who are there have as many chats as they may
	Available = "available" //
)

// Why it is so. Each is a sentence in the manual.
const (
	OutsideHours  = "outside_hours"
	OnHoliday     = "on_holiday"
	SwitchedOff   = "switched_off"
	NobodyThere   = "nobody_available"
	NobodyAnswers = "nobody_eligible"
	EverybodyFull = "everybody_at_capacity"
	SomebodyFree  = "somebody_available"
	AlwaysOpen    = "always_open"
	AlreadyTheirs = "owner_keeps_chat" // AV-08: of a visitor whose conversation is somebody's
)

// Facts are what is known of a chat account at a moment, the same for every visitor. For makes of them what one visitor is shown.
type Facts struct {
	AccountID  desk.ChannelAccountID `json:"channel_account_id"`
	State      string                `json:"state" enum:"offline,away,capacity,available"`
	Reason     string                `json:"reason"`
	People     []Person              `json:"people"`     // those who answer here, and why they can or cannot take a chat now
	ReturnsAt  desk.Time             `json:"returns_at"` // when the hours begin again, 0: not by the clock
	NextChange desk.Time             `json:"next_change"`
	Holiday    string                `json:"holiday"`
	Reply      ReplyTime             `json:"reply_time"`
	Waiting    int                   `json:"waiting"`     // conversations that nobody has yet
	EveryMins  float64               `json:"every_mins"`  // how many minutes pass between two that are taken, 0: not known
	At         desk.Time             `json:"computed_at"` //

	queue    []desk.VisitorID
	settings webchat.Settings
	locale   string // the company's
	active   bool
	version  desk.Time // of the account: other settings, other words
}

// Person is one of those who answer on an account.
type Person struct {
	UserID desk.UserID `json:"user_id"`
	Name   string      `json:"name"`
	Chats  int         `json:"chats"`
	Reason string      `json:"reason"` // free, or why not
}

// Reasons of a person.
const (
	Free   = "free"
	IsAway = "away"
	IsFull = "at_capacity"
)

// State is what a visitor is shown.
type State struct {
	State        string    `json:"state" enum:"offline,away,capacity,available"`
	Show         bool      `json:"show"` // whether the launcher is there
	Text         string    `json:"text"` // the administrator's words; "": the widget's own
	Locale       string    `json:"locale"`
	ReplyTime    string    `json:"reply_time" enum:",minutes,hours,day"`
	ReplyMinutes int       `json:"reply_minutes"` // measured, 0: not
	ReturnsAt    desk.Time `json:"returns_at"`
	ReturnsText  string    `json:"returns_text"`
	Position     *int      `json:"position"` // in the queue, from 1
	WaitMinutes  int       `json:"wait_minutes"`
	Reason       string    `json:"reason"`
	NextChange   desk.Time `json:"-"`
}

// Asking is who is to be shown a state.
type Asking struct {
	Langs   []string       // in the order of preference
	Zone    *time.Location // the visitor's, for times in words; nil: the schedule's
	Visitor desk.VisitorID
	Owner   desk.UserID // of the conversation they have open, 0: none
	Now     time.Time   // zero: when the facts were found
}

// settle finds the state. The hours come first, then who is there, then what they have (AV-07).
func (f *Facts) settle(now time.Time) {
	a := f.settings.Availability
	f.State, f.Reason = Available, SomebodyFree
	if a.Mode == "hours" {
		if at, ok := a.Hours.NextChange(now); ok {
			f.NextChange = desk.At(at)
		}
		if !a.Hours.OpenAt(now) {
			f.State, f.Reason = Offline, OutsideHours
			if h, on := a.Hours.HolidayAt(now); on {
				f.Reason, f.Holiday = OnHoliday, h.Name
			}
			if at, ok := a.Hours.NextOpen(now); ok {
				f.ReturnsAt = desk.At(at)
			}
		}
	}
	switch there, free := f.count(); {
	case !f.active:
		f.State, f.Reason = Offline, SwitchedOff
	case f.State == Offline:
	case there == 0 && a.Mode == "always":
		f.Reason = AlwaysOpen
	case there == 0:
		if f.State, f.Reason = Away, NobodyThere; len(f.People) == 0 {
			f.Reason = NobodyAnswers
		}
	case free == 0:
		f.State, f.Reason = Capacity, EverybodyFull
	}
}

func (f *Facts) count() (there, free int) {
	for _, p := range f.People {
		switch p.Reason {
		case Free:
			there, free = there+1, free+1
		case IsFull:
			there++
		}
	}
	return there, free
}

// For is what a visitor is shown. It reads nothing.
func (f Facts) For(ask Asking) State {
	a, langs := f.settings.Availability, append(slices.Clone(ask.Langs), f.locale)
	if ask.Now.IsZero() {
		ask.Now = f.At.Time()
	}
	s := State{State: f.State, Show: true, Reason: f.Reason, NextChange: f.NextChange}
	if ask.Owner != 0 && (s.State == Away || s.State == Capacity) { // AV-08: who goes away keeps their chats
		s.State, s.Reason = Available, AlreadyTheirs
	}
	say := func(w webchat.Words) { s.Text, s.Locale = w.In(langs...) }
	switch s.State {
	case Available:
		f.reply(&s, say)
	case Away:
		s.Show = a.Away.Do != "hide"
		if a.Away.Do == "message" {
			say(a.Away.Text)
		}
	case Offline:
		s.Show = a.Offline.Do != "hide" && f.active
		if a.Offline.Do == "message" {
			say(a.Offline.Text)
		}
		if a.Offline.Do == "return_time" && f.ReturnsAt != 0 {
			s.ReturnsAt = f.ReturnsAt
			s.ReturnsText, _ = back(langs, ask.Now, f.ReturnsAt.Time(), f.zone(ask.Zone))
		}
	case Capacity:
		f.full(&s, ask, say)
	}
	return s
}

func (f Facts) zone(visitors *time.Location) *time.Location {
	if visitors != nil {
		return visitors
	}
	if loc, err := time.LoadLocation(f.settings.Availability.Hours.Timezone); err == nil {
		return loc
	}
	return time.UTC
}

func (f Facts) reply(s *State, say func(webchat.Words)) {
	switch how := f.settings.Availability.Available; how.ReplyTime {
	case "measured":
		s.ReplyTime, s.ReplyMinutes = f.Reply.Bucket, f.Reply.Minutes
	case "minutes", "hours", "day":
		s.ReplyTime = how.ReplyTime
	case "text":
		say(how.Text)
	}
}

// full is the state at capacity: wait, hide, or as if nothing were (CH-23).
func (f Facts) full(s *State, ask Asking, say func(webchat.Words)) {
	c := f.settings.Availability.Capacity
	switch c.Do {
	case "nothing":
		s.State = Available
		f.reply(s, say)
		return
	case "hide":
		s.Show = false
		return
	}
	say(c.Text)
	if !c.Position {
		return
	}
	n := f.Waiting + 1 // where who comes now would be
	if i := slices.Index(f.queue, ask.Visitor); ask.Visitor != 0 && i >= 0 {
		n = i + 1
	}
	s.Position = &n
	if f.EveryMins > 0 {
		s.WaitMinutes = max(1, int(f.EveryMins*float64(n)+0.5))
	}
}

// Differs reports whether visitors are to be shown something else than by the facts before.
func (f Facts) Differs(b Facts) bool {
	return f.State != b.State || f.version != b.version || f.ReturnsAt != b.ReturnsAt || f.Reply.Bucket != b.Reply.Bucket || f.active != b.active ||
		f.State == Capacity && (f.Waiting != b.Waiting || !slices.Equal(f.queue, b.queue))
}
