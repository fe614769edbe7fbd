package chatflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// The kinds of a chatflow (CF-02).
const (
	LiveChat = "live_chat"
	Bot      = "bot"
)

// Words is one text in several languages, by their codes (en, pt-br).
type Words map[string]string

// Definition is what a chatflow says and asks, and where it shows.
type Definition struct {
	Language  string                       `json:"language" doc:"auto, or the code of the one language it speaks."`
	Texts     map[string]map[string]string `json:"texts" doc:"By language: welcome, away."`
	Targeting Targeting                    `json:"targeting"`
	Trigger   Trigger                      `json:"trigger"`
	Capture   Capture                      `json:"capture"`
	Hours     string                       `json:"hours" enum:"always,business_hours" doc:"When it shows (CF-13)."`
	// BusinessHours names the hours that Hours means; "" is its channel's.
	BusinessHours string   `json:"business_hours,omitempty" doc:"With business_hours: the slug of the company's hours; empty, those of its channel."`
	Session       Session  `json:"session"`
	Error         Words    `json:"error" doc:"What the visitor reads when the bot cannot go on."`
	Survey        bool     `json:"survey" doc:"Ask how it went at the end."`
	Handover      Handover `json:"handover"`
	Start         string   `json:"start" doc:"The id of the bot's first step."`
	Steps         []Block  `json:"steps"`
}

// Targeting says to whom and where it shows (CF-14, CF-15, CF-16).
type Targeting struct {
	Include []Rule   `json:"include" doc:"One of them must fit; none is every page."`
	Exclude []Rule   `json:"exclude" doc:"None of them may fit."`
	Visitor Audience `json:"visitor"`
}

// Rule is tests of the page, of which all must hold.
type Rule struct {
	All []Test `json:"all"`
}

// Test looks at one part of the page's address.
type Test struct {
	Part  string `json:"part" enum:"url,path,query,host"`
	Name  string `json:"name,omitempty" doc:"Of the query's parameter."`
	Op    string `json:"op" enum:"is,is_not,contains,not_contains,begins,ends,wildcard,exists"`
	Value string `json:"value,omitempty"`
}

// Audience is which visitors it is for. What is empty asks nothing.
type Audience struct {
	Known     string   `json:"known" enum:"any,known,unknown"`
	Languages []string `json:"languages"`
	Countries []string `json:"countries" doc:"ISO 3166 codes of two letters."`
	Returning string   `json:"returning" enum:"any,first,returning"`
	Devices   []string `json:"devices" doc:"desktop, mobile; none is both."`
	// CF-15: where they come from, how often they were here, and what is stored of who is proven to be a contact.
	Referrers []Rule           `json:"referrers,omitempty" doc:"One of them must fit the page that the visitor came from; none asks nothing. Op exists asks that there is one."`
	MinVisits int              `json:"min_visits,omitempty" doc:"This visit counts; 0 asks nothing."`
	MaxVisits int              `json:"max_visits,omitempty" doc:"0: however many."`
	Contact   *desk.Conditions `json:"contact,omitempty" doc:"Of the contact and their company: only who has proven to be somebody fits."`
}

// Trigger is when and how it shows itself (CF-16).
type Trigger struct {
	On    string `json:"on" enum:"load,seconds,scroll,exit"`
	Value int    `json:"value" doc:"Seconds, or percent of the page."`
	Then  string `json:"then" enum:"button,prompt,open"`
	Phone string `json:"phone" enum:"same,button"`
}

// Capture is when the visitor is asked for an address (CH-28).
type Capture struct {
	Email    string `json:"email" enum:"never,immediately,after_first,away"`
	Name     bool   `json:"name"`
	Required bool   `json:"required"`
}

// Session is how long a dialogue waits, how quickly the bot speaks, and whether it begins anew (CF-19).
type Session struct {
	TimeoutMinutes int  `json:"timeout_minutes" doc:"0: it waits for ever."`
	DelayMs        int  `json:"delay_ms"`
	Restart        bool `json:"restart" doc:"What a visitor writes after the end begins it anew; otherwise people get it."`
}

// Handover is what happens when people take over (CF-12).
type Handover struct {
	Assign *desk.AssignPolicy `json:"assign" doc:"null: as the channel assigns."`
	Nobody Words              `json:"nobody" doc:"What the visitor reads when nobody is there."`
}

// The types of a step.
const (
	StepMessage  = "message"
	StepQuestion = "question"
	StepBranch   = "branch"
	StepSet      = "set"
	StepTicket   = "ticket"
	StepAssign   = "assign"
	StepHandover = "handover"
	StepEmail    = "email"
	StepWebhook  = "webhook"
	StepWait     = "wait"
	StepJump     = "jump"
	StepEnd      = "end"
)

// StepTypes in the order that an editor offers them.
var StepTypes = []string{StepMessage, StepQuestion, StepBranch, StepSet, StepTicket, StepAssign, StepHandover, StepEmail, StepWebhook, StepWait, StepJump, StepEnd}

// Block is one step of a bot. Which fields count hangs on its type.
type Block struct {
	ID    string  `json:"id"`
	Type  string  `json:"type" enum:"message,question,branch,set,ticket,assign,handover,email,webhook,wait,jump,end"`
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Title string  `json:"title"`
	Next  string  `json:"next,omitempty" doc:"The step after it; none ends the dialogue."`

	Bubbles []Bubble `json:"bubbles,omitempty" doc:"message"`
	Quick   []Quick  `json:"quick,omitempty" doc:"message: buttons. With one that leads on, it waits for the visitor."`

	Text     Words             `json:"text,omitempty" doc:"question"`
	Answer   string            `json:"answer,omitempty" enum:",text,email,phone,number,date,url,choice,yes_no,file" doc:"question"`
	Choices  []Choice          `json:"choices,omitempty" doc:"question"`
	Save     map[string]string `json:"save,omitempty" doc:"question: {object: contact|company|ticket|visitor|answer|consent, property}; a consent's property is what they may be written to about. webhook: {name: path in the answer}."`
	Required bool              `json:"required,omitempty" doc:"question"`
	Retries  int               `json:"retries,omitempty" doc:"question: how often it is asked again."`
	Retry    Words             `json:"retry,omitempty" doc:"question: what is said when the answer does not fit."`
	OnFail   string            `json:"on_fail,omitempty" doc:"question, webhook: the step after the last try; none hands over to people."`

	Cases []Case `json:"cases,omitempty" doc:"branch"`

	Object   string `json:"object,omitempty" enum:",contact,company,ticket,visitor,answer" doc:"set"`
	Property string `json:"property,omitempty" doc:"set"`
	Value    string `json:"value,omitempty" doc:"set; tokens allowed"`

	Subject     *Content       `json:"subject,omitempty" doc:"ticket: one text, tokens allowed. email: by language."`
	Description string         `json:"description,omitempty" doc:"ticket; tokens allowed"`
	Pipeline    string         `json:"pipeline,omitempty" doc:"ticket: a slug"`
	Status      string         `json:"status,omitempty" doc:"ticket: a slug"`
	Priority    string         `json:"priority,omitempty" enum:",low,medium,high,urgent" doc:"ticket"`
	Properties  map[string]any `json:"properties,omitempty" doc:"ticket; texts may hold tokens"`

	To      *Whom  `json:"to,omitempty" doc:"assign: account, or a policy. email: visitor, or address."`
	Message Words  `json:"message,omitempty" doc:"handover, end"`
	Nobody  Words  `json:"nobody,omitempty" doc:"handover: what is said when nobody is there"`
	Address string `json:"address,omitempty" doc:"email"`

	URL     string            `json:"url,omitempty" doc:"webhook"`
	Method  string            `json:"method,omitempty" enum:",GET,POST,PUT,PATCH,DELETE" doc:"webhook"`
	Headers map[string]string `json:"headers,omitempty" doc:"webhook"`
	Body    *Content          `json:"body,omitempty" doc:"webhook: what is sent; without one, the answers as JSON. email: the text by language."`

	Seconds int  `json:"seconds,omitempty" doc:"wait"`
	Close   bool `json:"close,omitempty" doc:"end: closes the conversation"`
}

// Bubble is one speech bubble.
type Bubble struct {
	Text  Words  `json:"text,omitempty"`
	Image string `json:"image,omitempty"`
	Link  *Link  `json:"link,omitempty"`
}

// Link is an address with what stands on it.
type Link struct {
	URL   string `json:"url"`
	Label string `json:"label,omitempty"`
}

// Quick is a button under a message (CH-32): a value that leads on, or an address that opens.
type Quick struct {
	Label Words  `json:"label"`
	Value string `json:"value,omitempty"`
	URL   string `json:"url,omitempty"`
	Next  string `json:"next,omitempty"`
}

// Choice is one answer that a question offers.
type Choice struct {
	Label Words  `json:"label"`
	Value string `json:"value,omitempty"`
	Next  string `json:"next,omitempty"`
}

// Case is one way out of a branch: where all conditions hold.
type Case struct {
	When []Condition `json:"when"`
	Next string      `json:"next,omitempty"`
}

// Condition is one test of what is known (CF-11).
type Condition struct {
	On    string `json:"on" enum:"answer,contact,ticket,availability,hours,page,language,known"`
	Name  string `json:"name,omitempty" doc:"Of the answer or the property; of a page url, path, host or a query parameter as query.NAME; of hours their slug, empty for the channel's."`
	Op    string `json:"op" enum:"is,is_not,contains,not_contains,begins,ends,greater,less,exists,not_exists"`
	Value string `json:"value,omitempty"`
}

// Whom is a word (account, visitor, address) or a policy of assignment.
type Whom struct {
	Word   string
	Policy *desk.AssignPolicy
}

// MarshalJSON writes the word or the policy.
func (w Whom) MarshalJSON() ([]byte, error) {
	if w.Policy != nil {
		return json.Marshal(w.Policy)
	}
	return json.Marshal(w.Word)
}

// UnmarshalJSON reads either.
func (w *Whom) UnmarshalJSON(b []byte) error {
	*w = Whom{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &w.Word)
	}
	w.Policy = &desk.AssignPolicy{}
	return strict(b, w.Policy)
}

// Content is one text, or one by language.
type Content struct {
	Plain string
	Words Words
}

// MarshalJSON writes a string or an object of languages.
func (c Content) MarshalJSON() ([]byte, error) {
	if c.Words != nil {
		return json.Marshal(c.Words)
	}
	return json.Marshal(c.Plain)
}

// UnmarshalJSON reads either.
func (c *Content) UnmarshalJSON(b []byte) error {
	*c = Content{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Plain)
	}
	return json.Unmarshal(b, &c.Words)
}

// strict decodes one value and refuses fields that nobody knows.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// maxDefinition bounds a definition, in bytes.
const maxDefinition = 512 << 10

// Parse reads a definition as JSON and fills in what it leaves out. It refuses what has another shape or a field that nobody knows; what is not yet
// complete it takes: Validate says what is missing.
func Parse(b []byte) (Definition, error) {
	var d Definition
	if len(b) > maxDefinition {
		return d, desk.Errorf(desk.TooLarge, "chatflow.too_large", "A chatflow may have at most %d KB.", maxDefinition>>10).In("definition")
	}
	if len(bytes.TrimSpace(b)) == 0 {
		b = []byte("{}")
	}
	if err := strict(b, &d); err != nil {
		return Definition{}, desk.Errorf(desk.Invalid, "chatflow.malformed", "The chatflow cannot be read: %s.", strings.TrimPrefix(err.Error(), "json: ")).In("definition")
	}
	d.fill()
	return d, nil
}

// fill gives every list and choice that was left out its plain value.
func (d *Definition) fill() {
	or(&d.Language, "auto")
	or(&d.Hours, "always")
	or(&d.Targeting.Visitor.Known, "any")
	or(&d.Targeting.Visitor.Returning, "any")
	or(&d.Trigger.On, "load")
	or(&d.Trigger.Then, "button")
	or(&d.Trigger.Phone, "same")
	or(&d.Capture.Email, "never")
	if d.Texts == nil {
		d.Texts = map[string]map[string]string{}
	}
	t := &d.Targeting
	t.Include, t.Exclude = list(t.Include), list(t.Exclude)
	for _, rules := range [][]Rule{t.Include, t.Exclude} {
		for i := range rules {
			rules[i].All = list(rules[i].All)
		}
	}
	t.Visitor.Languages, t.Visitor.Countries, t.Visitor.Devices = list(t.Visitor.Languages), list(t.Visitor.Countries), list(t.Visitor.Devices)
	for i := range t.Visitor.Referrers {
		t.Visitor.Referrers[i].All = list(t.Visitor.Referrers[i].All)
	}
	if d.Error == nil {
		d.Error = Words{}
	}
	if d.Handover.Nobody == nil {
		d.Handover.Nobody = Words{}
	}
	d.Steps = list(d.Steps)
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Type == StepWebhook {
			or(&s.Method, "POST")
		}
		if s.Type == StepQuestion {
			or(&s.Answer, "text")
		}
	}
}

func or(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// HoursNamed are the business hours that it shows in or asks for, by their slugs; "" stands for its channel's where a branch asks for those.
func (d *Definition) HoursNamed() []string {
	out := []string{}
	add := func(slug string) {
		if !slices.Contains(out, slug) {
			out = append(out, slug)
		}
	}
	if d.Hours == "business_hours" && d.BusinessHours != "" {
		add(d.BusinessHours)
	}
	for _, s := range d.Steps {
		for _, c := range s.Cases {
			for _, w := range c.When {
				if s.Type == StepBranch && w.On == "hours" {
					add(w.Name)
				}
			}
		}
	}
	return out
}

// step finds a step by its id.
func (d *Definition) step(id string) (*Block, bool) {
	for i := range d.Steps {
		if d.Steps[i].ID == id {
			return &d.Steps[i], true
		}
	}
	return nil, false
}
