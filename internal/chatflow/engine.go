package chatflow

import (
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// State is where a dialogue stands. It is all that the engine remembers, and lives as JSON.
type State struct {
	At      string            `json:"at,omitempty"`   // the step that it waits in
	Wait    string            `json:"wait,omitempty"` // answer, timer, webhook; "" while it is not begun or over
	Over    string            `json:"over,omitempty"` // ended, handed_over, failed
	Begun   bool              `json:"begun,omitempty"`
	Tries   int               `json:"tries,omitempty"` // answers to this question that did not fit
	Answers map[string]Answer `json:"answers,omitempty"`
	Known   map[string]string `json:"known,omitempty"` // what was set on the way: contact.email, ticket.priority
	Ticket  bool              `json:"ticket,omitempty"`
}

// What a state waits for.
const (
	WaitAnswer  = "answer"
	WaitTimer   = "timer"
	WaitWebhook = "webhook"
)

// How a dialogue is over. TimedOut is said by who watches the time.
const (
	Ended      = "ended"
	HandedOver = "handed_over"
	Failed     = "failed"
	TimedOut   = "timed_out"
)

// Answer is what a visitor said: Value to compare and to keep, Text as they see it.
type Answer struct {
	Value string `json:"value"`
	Text  string `json:"text,omitempty"`
}

// The types of an input.
const (
	Opened        = "opened"
	Answered      = "answered"
	Timer         = "timer"
	WebhookResult = "webhook_result"
	Availability  = "availability"
	File          = "file"
)

// Input is what happened.
type Input struct {
	Type   string   `json:"type" enum:"opened,answered,timer,webhook_result,availability,file"`
	Text   string   `json:"text,omitempty"`
	Quick  *Pressed `json:"quick,omitempty"`
	Files  []string `json:"files,omitempty" doc:"Names of files that came."`
	OK     bool     `json:"ok,omitempty" doc:"webhook_result: the answer was a success."`
	Status int      `json:"status,omitempty" doc:"webhook_result"`
	Body   string   `json:"body,omitempty" doc:"webhook_result: the answer, JSON."`
}

// Pressed is the button that a visitor pressed.
type Pressed struct {
	Step  string `json:"step"`
	Value string `json:"value"`
	Label string `json:"label,omitempty"`
}

// Env is what the engine may know of the world. Contact and Ticket hold properties by name.
type Env struct {
	Now          desk.Time         `json:"now,omitempty"`
	Language     string            `json:"language,omitempty"`
	Country      string            `json:"country,omitempty"`
	Timezone     string            `json:"timezone,omitempty"`
	Known        bool              `json:"known,omitempty"`
	Contact      map[string]string `json:"contact,omitempty"`
	Ticket       map[string]string `json:"ticket,omitempty"`
	Availability string            `json:"availability,omitempty" enum:",available,away,offline,capacity"`
	Hours        map[string]string `json:"hours,omitempty" doc:"open or closed, by the slug of business hours; empty is the channel's."`
	PageURL      string            `json:"page_url,omitempty"`
	PageTitle    string            `json:"page_title,omitempty"`
	Company      string            `json:"company,omitempty"`
}

// The types of an effect.
const (
	DoSay      = "say"
	DoAsk      = "ask"
	DoDelay    = "delay"
	DoSet      = "set"
	DoTicket   = "ticket"
	DoAssign   = "assign"
	DoHandover = "handover"
	DoEmail    = "email"
	DoWebhook  = "webhook"
	DoWait     = "wait"
	DoEnd      = "end"
)

// Effect is what is to be done, in words and values that are final: tokens are filled.
type Effect struct {
	Type string `json:"type" enum:"say,ask,delay,set,ticket,assign,handover,email,webhook,wait,end"`
	Step string `json:"step,omitempty"`

	Text  string   `json:"text,omitempty" doc:"say, ask; email: the body."`
	Image string   `json:"image,omitempty"`
	Link  *Link    `json:"link,omitempty"`
	Quick []Button `json:"quick,omitempty"`
	Input *Ask     `json:"input,omitempty"`

	Millis  int `json:"millis,omitempty" doc:"delay: for how long the bot seems to type."`
	Seconds int `json:"seconds,omitempty" doc:"wait"`

	Object   string `json:"object,omitempty"`
	Property string `json:"property,omitempty"`
	Value    string `json:"value,omitempty"`

	Subject     string         `json:"subject,omitempty"`
	Description string         `json:"description,omitempty"`
	Pipeline    string         `json:"pipeline,omitempty"`
	Status      string         `json:"status,omitempty"`
	Priority    string         `json:"priority,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`

	Policy  *desk.AssignPolicy `json:"policy,omitempty" doc:"assign, handover: none is the channel's own."`
	Nobody  bool               `json:"nobody,omitempty" doc:"handover: nobody was there, so it lands unassigned when it is outside business hours."`
	Reason  string             `json:"reason,omitempty" doc:"handover, end: why, when no step says so."`
	Close   bool               `json:"close,omitempty"`
	Address string             `json:"address,omitempty" doc:"email: empty is the visitor's own."`

	URL     string            `json:"url,omitempty"`
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
}

// Button is a quick reply as it is shown.
type Button struct {
	Label string `json:"label"`
	Value string `json:"value"`
	URL   string `json:"url"`
	Step  string `json:"step"`
}

// Ask is what a question asks for.
type Ask struct {
	Step     string   `json:"step"`
	Answer   string   `json:"answer"`
	Required bool     `json:"required"`
	Choices  []Button `json:"choices"`
}

// maxMoves is how many steps one input may lead through: more is a circle that validation did not see.
const maxMoves = 4 * maxSteps

// run is one walk through a definition.
type run struct {
	def   *Definition
	env   Env
	st    State
	lang  string
	out   []Effect
	trail []Taken
	moves int
	first bool // nothing was said yet: no pause before the first words
}

// Step says what comes of an input: the new state, and what is to be done, in order. It is pure: the same arguments give the same answer, nothing is read
// and no clock asked. After it the state always waits for something or is over.
func Step(def Definition, st State, in Input, env Env) (State, []Effect) {
	st, effects, _ := Walk(def, st, in, env)
	return st, effects
}

// Walk is Step, and says by which steps it went and why a branch was taken.
func Walk(def Definition, st State, in Input, env Env) (State, []Effect, []Taken) {
	r := &run{def: &def, env: env, st: st.clone(), lang: def.Speaks(env.Language), out: []Effect{}, trail: []Taken{}}
	if r.st.Over != "" {
		return r.st, r.out, r.trail
	}
	if !r.st.Begun {
		r.st.Begun, r.first = true, true
		r.from(def.Start)
		if in.Type != Answered && in.Type != File {
			return r.st, r.out, r.trail
		}
	}
	switch in.Type {
	case Answered, File:
		if r.st.Wait == WaitAnswer {
			r.answer(in)
		}
	case Timer:
		if r.st.Wait == WaitTimer {
			r.leave(StepWait)
		}
	case WebhookResult:
		if r.st.Wait == WaitWebhook {
			r.webhooked(in)
		}
	}
	return r.st, r.out, r.trail
}

// Opening is what a bot says before the visitor has written: its first words and its first question. It stops where the bot would do more than speak.
func Opening(def Definition, env Env) []Effect {
	_, effects := Step(def, State{}, Input{Type: Opened}, env)
	said, _ := Spoken(effects)
	return said
}

// Spoken parts what a bot says at once, before anything else happens, from what is still to be done. Setting a value may wait until it has spoken.
func Spoken(effects []Effect) (said, rest []Effect) {
	said, rest = []Effect{}, []Effect{}
	for i, e := range effects {
		switch e.Type {
		case DoSay, DoAsk:
			said = append(said, e)
		case DoDelay:
		case DoSet:
			rest = append(rest, e)
		default:
			return said, append(rest, effects[i:]...)
		}
	}
	return said, rest
}

func (st State) clone() State {
	answers, known := map[string]Answer{}, map[string]string{}
	for k, v := range st.Answers {
		answers[k] = v
	}
	for k, v := range st.Known {
		known[k] = v
	}
	st.Answers, st.Known = answers, known
	return st
}

func (r *run) do(e Effect) { r.out = append(r.out, e) }

// speak is a say or an ask, with the pause before it.
func (r *run) speak(e Effect) {
	if ms := r.def.Session.DelayMs; ms > 0 && !r.first {
		r.do(Effect{Type: DoDelay, Step: e.Step, Millis: min(ms, 10_000)})
	}
	r.first = false
	r.do(e)
}

func (r *run) say(step, text string) {
	if strings.TrimSpace(text) != "" {
		r.speak(Effect{Type: DoSay, Step: step, Text: text})
	}
}

func (r *run) words(w Words) string { return fillTokens(w.Pick(r.lang), r.value) }

func (r *run) content(c *Content) string {
	if c == nil {
		return ""
	}
	if c.Words != nil {
		return r.words(c.Words)
	}
	return fillTokens(c.Plain, r.value)
}

// from walks on from a step until something must be waited for. "" is the end.
func (r *run) from(id string) {
	for r.st.Over == "" {
		if id == "" {
			r.over(Ended, Effect{Type: DoEnd, Step: r.st.At})
			return
		}
		s, ok := r.def.step(id)
		if r.moves++; !ok || r.moves > maxMoves {
			r.fail(id)
			return
		}
		r.trail = append(r.trail, Taken{From: r.st.At, Step: id})
		r.st.At = id
		next, waits := r.enter(s)
		if waits || r.st.Over != "" {
			return
		}
		id = next
	}
}

// enter does what a step does, and says which is next or that it waits.
func (r *run) enter(s *Block) (next string, waits bool) {
	switch s.Type {
	case StepMessage:
		r.message(s)
		if s.asks() {
			r.wait(WaitAnswer)
			return "", true
		}
	case StepQuestion:
		r.speak(r.ask(s, r.words(s.Text)))
		r.wait(WaitAnswer)
		return "", true
	case StepBranch:
		return r.branch(s), false
	case StepSet:
		r.set(s, s.Object, s.Property, Answer{Value: fillTokens(s.Value, r.value)})
	case StepTicket:
		r.ticket(s)
	case StepAssign:
		e := Effect{Type: DoAssign, Step: s.ID}
		if s.To != nil {
			e.Policy = s.To.Policy
		}
		r.do(e)
	case StepHandover:
		r.handOver(s, "")
	case StepEmail:
		e := Effect{Type: DoEmail, Step: s.ID, Subject: oneLine(r.content(s.Subject)), Text: r.content(s.Body)}
		if s.To != nil && s.To.Word == "address" {
			e.Address = s.Address
		}
		r.do(e)
	case StepWebhook:
		r.call(s)
		r.wait(WaitWebhook)
		return "", true
	case StepWait:
		r.do(Effect{Type: DoWait, Step: s.ID, Seconds: max(1, min(s.Seconds, maxWait))})
		r.wait(WaitTimer)
		return "", true
	case StepJump:
		return s.target(), false
	case StepEnd:
		r.say(s.ID, r.words(s.Message))
		r.over(Ended, Effect{Type: DoEnd, Step: s.ID, Close: s.Close})
	default:
		r.fail(s.ID)
	}
	return s.Next, false
}

func (r *run) wait(what string) { r.st.Wait, r.st.Tries = what, 0 }

// leave goes on behind the step that was waited in, if it is still of that type.
func (r *run) leave(typ string) {
	s, ok := r.def.step(r.st.At)
	if !ok || s.Type != typ {
		r.fail(r.st.At)
		return
	}
	r.st.Wait = ""
	r.from(s.Next)
}

func (r *run) over(how string, e Effect) {
	r.st.Over, r.st.Wait = how, ""
	r.do(e)
}

// fail says that the bot cannot go on, and gives the conversation to people.
func (r *run) fail(step string) {
	text := r.words(r.def.Error)
	if strings.TrimSpace(text) == "" {
		text = said("error", r.lang)
	}
	r.say(step, text)
	r.over(Failed, Effect{Type: DoHandover, Step: step, Policy: r.def.Handover.Assign, Nobody: r.away(), Reason: "failed"})
}

// Trouble is what a visitor is told when the dialogue itself breaks.
func Trouble(def Definition, env Env) []Effect {
	r := &run{def: &def, env: env, st: State{}.clone(), lang: def.Speaks(env.Language), first: true}
	r.fail("")
	said, _ := Spoken(r.out)
	return said
}

// away reports whether nobody is there now.
func (r *run) away() bool { return r.env.Availability != "" && r.env.Availability != "available" }

// handOver gives the conversation to people, with the words for when they are there or not.
func (r *run) handOver(s *Block, reason string) {
	text := ""
	if r.away() {
		for _, w := range []Words{s.Nobody, r.def.Handover.Nobody} {
			if text = r.words(w); strings.TrimSpace(text) != "" {
				break
			}
		}
		if strings.TrimSpace(text) == "" {
			text = said("nobody", r.lang)
		}
	} else if s.Type == StepHandover {
		text = r.words(s.Message)
	}
	r.say(s.ID, text)
	r.over(HandedOver, Effect{Type: DoHandover, Step: s.ID, Policy: r.def.Handover.Assign, Nobody: r.away(), Reason: reason})
}

func (r *run) message(s *Block) {
	var buttons []Button
	for _, q := range s.Quick {
		buttons = append(buttons, Button{Label: r.words(q.Label), Value: q.value(), URL: fillTokens(q.URL, r.escaped), Step: s.ID})
	}
	for i, b := range s.Bubbles {
		e := Effect{Type: DoSay, Step: s.ID, Text: r.words(b.Text), Image: b.Image}
		if b.Link != nil {
			e.Link = &Link{URL: fillTokens(b.Link.URL, r.escaped), Label: fillTokens(b.Link.Label, r.value)}
		}
		if i == len(s.Bubbles)-1 {
			e.Quick = buttons
		}
		if strings.TrimSpace(e.Text) != "" || e.Image != "" || e.Link != nil || len(e.Quick) > 0 {
			r.speak(e)
		}
	}
}

func (r *run) ask(s *Block, text string) Effect {
	in := &Ask{Step: s.ID, Answer: s.Answer, Required: s.Required, Choices: []Button{}}
	for _, o := range s.Choices {
		in.Choices = append(in.Choices, Button{Label: r.words(o.Label), Value: o.value(), Step: s.ID})
	}
	if s.Answer == "yes_no" && len(s.Choices) == 0 {
		in.Choices = []Button{{Label: said("yes", r.lang), Value: "yes", Step: s.ID}, {Label: said("no", r.lang), Value: "no", Step: s.ID}}
	}
	return Effect{Type: DoAsk, Step: s.ID, Text: text, Input: in}
}

func (r *run) ticket(s *Block) {
	e := Effect{Type: DoTicket, Step: s.ID, Subject: oneLine(r.content(s.Subject)), Description: fillTokens(s.Description, r.value),
		Pipeline: s.Pipeline, Status: s.Status, Priority: s.Priority, Policy: r.def.Handover.Assign, Nobody: r.away()}
	if len(s.Properties) > 0 {
		e.Properties = map[string]any{}
		for name, v := range s.Properties {
			if text, ok := v.(string); ok {
				v = fillTokens(text, r.value)
			}
			e.Properties[name] = v
		}
	}
	r.st.Ticket = true
	r.do(e)
}

// set keeps a value: in the dialogue, and by an effect where it belongs.
func (r *run) set(s *Block, object, property string, a Answer) {
	if property == "" || object == "" {
		return
	}
	if object == "answer" {
		r.st.Answers[property] = a
		return
	}
	where := object
	if object == "visitor" { // what a visitor says of themselves reads like a contact's
		where = "contact"
	}
	r.st.Known[where+"."+property] = a.Value
	r.do(Effect{Type: DoSet, Step: s.ID, Object: object, Property: property, Value: a.Value})
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return clip(s, 500)
}
