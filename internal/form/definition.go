package form

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Text is words in one language or several: in JSON a string, or an object by language.
type Text map[string]string

// UnmarshalJSON reads both forms.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = nil
		if s != "" {
			*t = Text{"": s}
		}
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*t = m
	return nil
}

// MarshalJSON writes the shorter form that says it.
func (t Text) MarshalJSON() ([]byte, error) {
	if len(t) == 0 {
		return []byte(`""`), nil
	}
	if s, ok := t[""]; ok && len(t) == 1 {
		return json.Marshal(s)
	}
	return json.Marshal(map[string]string(t))
}

// In returns the words in the first language that there are some in, else any.
func (t Text) In(languages ...string) string {
	for _, l := range languages {
		if s := t[l]; s != "" {
			return s
		}
	}
	if s := t[""]; s != "" {
		return s
	}
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if t[k] != "" {
			return t[k]
		}
	}
	return ""
}

// Definition is what a form asks and what comes of it.
type Definition struct {
	Title     Text         `json:"title"`
	Intro     Text         `json:"intro"`
	Submit    Text         `json:"submit"`
	Language  string       `json:"language"`
	Languages []string     `json:"languages"`
	Fields    []Field      `json:"fields"`
	After     After        `json:"after"`
	Options   Options      `json:"options"`
	Ticket    TicketPart   `json:"ticket"`
	Consent   *ConsentPart `json:"consent,omitempty"`
}

// After is what is shown once it was sent.
type After struct {
	Do   string `json:"do"` // message, redirect
	Text Text   `json:"text"`
	URL  string `json:"url"`
}

// Options are how a form behaves.
type Options struct {
	Notify   []string `json:"notify"`
	Spam     string   `json:"spam"`             // standard, strict, off
	Work     int      `json:"work"`             // bits of the proof of work; 0: the level's own
	Captcha  bool     `json:"captcha"`          // a question that a person answers, without third parties
	OncePer  int      `json:"once_per_minutes"` // from one address; 0: no such limit
	Domains  []string `json:"domains"`          // sites that may show it and send to it; empty: any
	KeepDays int      `json:"keep_days"`        // held and unfiled submissions; 0: kept
	Style    Style    `json:"style"`
}

// Style is how a form looks where it is not styled by its page.
type Style struct {
	Color  string `json:"color"`
	Font   string `json:"font"`
	Radius string `json:"radius"`
	CSSOff bool   `json:"css_off"`
}

// TicketPart is what a form stamps on its tickets (FM-07). Make also makes one where the form is no channel (FM-16).
type TicketPart struct {
	Make       bool           `json:"make"`
	Pipeline   string         `json:"pipeline"`
	Status     string         `json:"status"`
	Priority   string         `json:"priority"`
	Category   string         `json:"category"`
	Name       string         `json:"name"`
	Properties map[string]any `json:"properties"`
}

// ConsentPart is what is agreed to with a form (FM-20).
type ConsentPart struct {
	Notice        Text          `json:"notice"`
	Processing    *Processing   `json:"processing,omitempty"`
	Communication []Communicate `json:"communication"`
}

// Processing is the box that says that what is sent may be kept.
type Processing struct {
	Text     Text `json:"text"`
	Required bool `json:"required"`
}

// Communicate is a box for one kind of mail.
type Communicate struct {
	Slug string `json:"slug"`
	Text Text   `json:"text"`
}

// Field is one question, or one thing that is kept without asking.
type Field struct {
	Name        string           `json:"name"`
	Maps        string           `json:"maps"`
	Type        string           `json:"type"`
	Label       Text             `json:"label"`
	Help        Text             `json:"help"`
	Placeholder Text             `json:"placeholder"`
	Required    bool             `json:"required"`
	Hidden      bool             `json:"hidden"`
	ReadOnly    bool             `json:"read_only"`
	Mode        string           `json:"mode,omitempty"` // of pipeline and status: hidden, read_only, rules
	Options     []Option         `json:"options"`
	Default     string           `json:"default"`
	From        string           `json:"from"`
	Min         string           `json:"min"`
	Max         string           `json:"max"`
	Pattern     string           `json:"pattern"`
	MaxFiles    int              `json:"max_files"`
	MaxMB       int              `json:"max_mb"`
	Accept      []string         `json:"accept"`
	ShowIf      *desk.Conditions `json:"show_if,omitempty"`
	SetBy       []SetBy          `json:"set_by,omitempty"`
}

// UnmarshalJSON takes numbers where a text of one stands: "min": 3.
func (f *Field) UnmarshalJSON(b []byte) error {
	type plain Field
	x := struct {
		*plain
		Min     any `json:"min"`
		Max     any `json:"max"`
		Default any `json:"default"`
	}{plain: (*plain)(f)}
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	f.Min, f.Max, f.Default = scalar(x.Min), scalar(x.Max), scalar(x.Default)
	return nil
}

func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// Option is one choice.
type Option struct {
	Value string `json:"value"`
	Label Text   `json:"label"`
}

// SetBy sets a field's value where other answers fit; the first that holds counts (FM-06).
type SetBy struct {
	If    desk.Conditions `json:"if"`
	Value string          `json:"value"`
}

// Kinds of fields.
const (
	TypeText     = "text"
	TypeLong     = "long_text"
	TypeEmail    = string(desk.AddrEmail)
	TypePhone    = "phone"
	TypeNumber   = "number"
	TypeDate     = "date"
	TypeChoice   = "choice"
	TypeMulti    = "multi_choice"
	TypeCheckbox = "checkbox"
	TypeFile     = "file"
	TypeHidden   = "hidden"
	TypeConsent  = "consent"
	TypeHeading  = "heading"
)

// Types are all kinds of fields.
var Types = []string{TypeText, TypeLong, TypeEmail, TypePhone, TypeNumber, TypeDate, TypeChoice, TypeMulti, TypeCheckbox, TypeFile, TypeHidden, TypeConsent, TypeHeading}

// What fields may fill.
const (
	MapsEmail       = "contact.email"
	MapsSubject     = "ticket.subject"
	MapsDescription = "ticket.description"
	MapsPipeline    = "ticket.pipeline"
	MapsStatus      = "ticket.status"
)

// Placed reports a field that says where the ticket goes: never what a visitor posts (FM-08).
func (f Field) Placed() bool { return f.Maps == MapsPipeline || f.Maps == MapsStatus }

// Concealed reports a field that is not shown on the form, and so not at the ticket (FM-06, FM-10).
func (f Field) Concealed() bool {
	return f.Hidden || f.Type == TypeHidden || f.Placed() && f.Mode != "read_only"
}

// OfTicket reports a field that fills something of a ticket.
func (f Field) OfTicket() bool { return strings.HasPrefix(f.Maps, "ticket.") }

// LabelIn is a field's label, or its name.
func (f Field) LabelIn(languages ...string) string {
	if l := f.Label.In(languages...); l != "" {
		return l
	}
	return f.Name
}

// Field finds a field by name.
func (d Definition) Field(name string) (Field, bool) {
	i := slices.IndexFunc(d.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return d.Fields[i], true
}

// TicketFields are the names of the fields that fill tickets.
func (d Definition) TicketFields(languages ...string) (labels []string) {
	for _, f := range d.Fields {
		if f.OfTicket() {
			labels = append(labels, f.LabelIn(languages...))
		}
	}
	return labels
}

// WithoutTicket is the form without what fills tickets (FM-12).
func (d Definition) WithoutTicket() Definition {
	d.Fields = slices.DeleteFunc(slices.Clone(d.Fields), Field.OfTicket)
	gone := func(c *desk.Conditions) *desk.Conditions {
		if c == nil {
			return nil
		}
		left := slices.DeleteFunc(slices.Clone(c.When), func(x desk.Condition) bool { _, ok := d.Field(x.Field); return !ok })
		if len(left) == 0 {
			return nil
		}
		return &desk.Conditions{Match: c.Match, When: left}
	}
	for i := range d.Fields {
		d.Fields[i].ShowIf = gone(d.Fields[i].ShowIf)
		d.Fields[i].SetBy = slices.DeleteFunc(slices.Clone(d.Fields[i].SetBy), func(s SetBy) bool {
			return slices.ContainsFunc(s.If.When, func(x desk.Condition) bool { _, ok := d.Field(x.Field); return !ok })
		})
	}
	d.Ticket = TicketPart{}
	return d
}

// Starter is what a new form asks: who it is, and a ticket's name, description, pipeline and status, the last two hidden (FM-05, FM-06).
func Starter(language string) Definition {
	if _, ok := starterWords[language]; !ok {
		language = "en"
	}
	w := starterWords[language]
	t := func(i int) Text { return Text{language: w[i]} }
	return Definition{
		Title: t(0), Submit: t(1), Language: language, Languages: []string{language},
		Fields: []Field{
			{Name: "name", Maps: "contact.name", Type: TypeText, Label: t(2)},
			{Name: TypeEmail, Maps: MapsEmail, Type: TypeEmail, Label: t(3), Required: true},
			{Name: "subject", Maps: MapsSubject, Type: TypeText, Label: t(4), Required: true},
			{Name: "message", Maps: MapsDescription, Type: TypeLong, Label: t(5), Required: true},
			{Name: "pipeline", Maps: MapsPipeline, Type: TypeHidden, Label: t(6), Hidden: true, Mode: "hidden"},
			{Name: "status", Maps: MapsStatus, Type: TypeHidden, Label: t(7), Hidden: true, Mode: "hidden"},
		},
		After:   After{Do: "message", Text: t(8)},
		Options: Options{Spam: "standard"},
		Ticket:  TicketPart{Make: true, Name: ""},
	}
}

var starterWords = map[string][]string{
	"en": {"Contact us", "Send", "Name", "Email", "Subject", "How can we help?", "Pipeline", "Status", "Thank you. We have your message and will answer by email."},
	"da": {"Kontakt os", "Send", "Navn", "E-mail", "Emne", "Hvad kan vi hjælpe med?", "Pipeline", "Status", "Tak. Vi har fået din besked og svarer på e-mail."},
	"de": {"Kontakt", "Absenden", "Name", "E-Mail", "Betreff", "Wie können wir helfen?", "Pipeline", "Status", "Vielen Dank. Ihre Nachricht ist angekommen, wir antworten per E-Mail."},
	"sv": {"Kontakta oss", "Skicka", "Namn", "E-post", "Ämne", "Hur kan vi hjälpa till?", "Pipeline", "Status", "Tack. Vi har fått ditt meddelande och svarar via e-post."},
	"fi": {"Ota yhteyttä", "Lähetä", "Nimi", "Sähköposti", "Aihe", "Miten voimme auttaa?", "Putki", "Tila", "Kiitos. Saimme viestisi ja vastaamme sähköpostitse."},
}
