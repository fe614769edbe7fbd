package chatflow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

var (
	idOK       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)
	propertyOK = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)
	topicOK    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	headerOK   = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
)

// AnswerTypes are what a question may ask for.
var AnswerTypes = []string{"text", "email", "phone", "number", "date", "url", "choice", "yes_no", "file"}

func (c *checker) steps() {
	d := c.def
	if len(d.Steps) == 0 {
		c.bad("steps", "steps_missing", "A bot needs at least one step.")
		return
	}
	if len(d.Steps) > maxSteps {
		c.bad("steps", "too_many", "A bot may have at most %d steps.", maxSteps)
	}
	if _, ok := d.step(d.Start); !ok {
		c.bad("start", "start_missing", "Say with which step the bot begins.")
	}
	seen := map[string]bool{}
	for i := range d.Steps {
		s := &d.Steps[i]
		c.step = s.ID
		if !idOK.MatchString(s.ID) {
			c.bad("id", "id_malformed", "The id of a step has letters, digits, - and _ only; %q is none.", s.ID)
		}
		if seen[s.ID] {
			c.bad("id", "id_twice", "Two steps have the id %q.", s.ID)
		}
		seen[s.ID] = true
		if len(s.Title) > 200 {
			c.bad("title", "too_long", "A title may have at most 200 bytes.")
		}
		c.one(s)
		for _, o := range s.outs() {
			if _, ok := d.step(o.to); o.to != "" && !ok {
				c.bad(o.field, "next_unknown", "It leads to the step %q, which is not there.", o.to)
			}
		}
	}
	c.step = ""
	c.walk()
}

// one checks what the type of a step asks for.
func (c *checker) one(s *Block) {
	switch s.Type {
	case StepMessage:
		c.message(s)
	case StepQuestion:
		c.question(s)
	case StepBranch:
		c.branch(s)
	case StepSet:
		c.set(s)
	case StepTicket:
		c.ticket(s)
	case StepAssign:
		switch {
		case s.To == nil || s.To.Policy == nil && s.To.Word != "account":
			c.bad("to", "whom_missing", "Say who gets it: as the channel assigns, or people and teams.")
		default:
			c.policy("to", s.To.Policy)
		}
	case StepHandover:
		c.words("message", s.Message, false)
		c.words("nobody", s.Nobody, false)
	case StepEmail:
		c.email(s)
	case StepWebhook:
		c.webhook(s)
	case StepWait:
		c.between("seconds", s.Seconds, 1, maxWait)
	case StepJump:
		if s.target() == "" {
			c.bad("to", "next_missing", "Say to which step it jumps.")
		}
	case StepEnd:
		c.words("message", s.Message, false)
	default:
		c.bad("type", "type_unknown", "There is no kind of step called %q.", s.Type)
	}
}

func (c *checker) message(s *Block) {
	if len(s.Bubbles) == 0 {
		c.bad("bubbles", "text_missing", "Write what the bot says.")
	}
	if len(s.Bubbles) > maxList || len(s.Quick) > maxList {
		c.bad("bubbles", "too_many", "A message may have at most %d bubbles and buttons.", maxList)
	}
	for i, b := range s.Bubbles {
		field := fmt.Sprintf("bubbles.%d", i)
		if b.Text.empty() && b.Image == "" && b.Link == nil {
			c.bad(field, "bubble_empty", "This bubble is empty. Write something, or take it away.")
		}
		c.words(field+".text", b.Text, !b.Text.empty())
		if b.Image != "" {
			c.picture(field+".image", b.Image)
		}
		if b.Link != nil {
			c.link(field+".link.url", b.Link.URL)
		}
	}
	for i, q := range s.Quick {
		field := fmt.Sprintf("quick.%d", i)
		c.words(field+".label", q.Label, true)
		if q.URL != "" {
			c.link(field+".url", q.URL)
		}
		if q.URL != "" && q.Next != "" {
			c.bad(field+".url", "quick_both", "A button opens an address or leads to a step, not both.")
		}
	}
}

func (c *checker) question(s *Block) {
	c.words("text", s.Text, true)
	c.words("retry", s.Retry, false)
	c.oneOf("answer", s.Answer, AnswerTypes...)
	c.between("retries", s.Retries, 0, maxRetries)
	if s.Answer == "choice" && len(s.Choices) == 0 {
		c.bad("choices", "choices_missing", "Write the choices that the visitor has.")
	}
	if len(s.Choices) > maxList {
		c.bad("choices", "too_many", "A question may have at most %d choices.", maxList)
	}
	seen := map[string]bool{}
	for i, o := range s.Choices {
		field := fmt.Sprintf("choices.%d", i)
		c.words(field+".label", o.Label, true)
		if v := o.value(); v != "" && seen[v] {
			c.bad(field+".value", "value_twice", "Two choices have the value %q.", v)
		} else {
			seen[v] = true
		}
	}
	if s.Save["object"] == "consent" {
		switch {
		case s.Answer != "yes_no":
			c.bad("answer", "consent_yes_no", "Who agrees says yes or no: choose that answer.")
		case !topicOK.MatchString(s.Save["property"]):
			c.bad("save.property", "property_missing", "Say in a short name what they may be written to about, such as newsletter.")
		}
	} else if len(s.Save) > 0 {
		c.target("save.object", s.Save["object"], "save.property", s.Save["property"])
		for k := range s.Save {
			if k != "object" && k != "property" {
				c.bad("save", "save_unknown", "An answer is kept in an object's property; %q says nothing.", k)
			}
		}
	}
}

// target checks where a value is kept.
func (c *checker) target(objectField, object, propertyField, property string) {
	c.oneOf(objectField, object, "contact", "company", "ticket", "visitor", "answer")
	if object == "company" && property != "name" {
		c.bad(propertyField, "property_unknown", "Of the visitor's company the name is kept.")
	}
	if !propertyOK.MatchString(property) {
		c.bad(propertyField, "property_missing", "Say in which property it is kept.")
	}
	if object == "visitor" && !slices.Contains([]string{"name", "email", "phone"}, property) {
		c.bad(propertyField, "property_unknown", "Of a visitor the name, email and phone are kept.")
	}
}

func (c *checker) branch(s *Block) {
	if len(s.Cases) == 0 {
		c.bad("cases", "cases_missing", "Add at least one case.")
	}
	if len(s.Cases) > maxList {
		c.bad("cases", "too_many", "A branch may have at most %d cases.", maxList)
	}
	for i, k := range s.Cases {
		field := fmt.Sprintf("cases.%d", i)
		if len(k.When) == 0 {
			c.bad(field+".when", "condition_missing", "Say when this way is taken.")
		}
		for j, w := range k.When {
			c.condition(fmt.Sprintf("%s.when.%d", field, j), w)
		}
	}
}

func (c *checker) condition(field string, w Condition) {
	c.oneOf(field+".on", w.On, "answer", "contact", "ticket", "availability", "hours", "page", "language", "known")
	c.oneOf(field+".op", w.Op, Operators...)
	switch w.On {
	case "answer", "contact", "ticket":
		if !propertyOK.MatchString(w.Name) {
			c.bad(field+".name", "name_missing", "Say which one is compared.")
		}
	case "availability":
		c.oneOf(field+".value", w.Value, "available", "away", "offline", "capacity")
	case "hours":
		c.oneOf(field+".value", w.Value, HoursOpen, HoursClosed)
	case "known":
		c.oneOf(field+".value", w.Value, "true", "false")
	}
	if w.Value == "" && w.Op != "exists" && w.Op != "not_exists" && w.On != "availability" && w.On != "known" && w.On != "hours" {
		c.bad(field+".value", "value_missing", "Say what to compare with.")
	}
	if _, ok := plainNumber(w.Value); (w.Op == "greater" || w.Op == "less") && !ok {
		c.bad(field+".value", "number_missing", "Greater and less compare numbers; %q is none.", w.Value)
	}
}

func (c *checker) set(s *Block) {
	c.target("object", s.Object, "property", s.Property)
	c.text("value", s.Value)
}

func (c *checker) ticket(s *Block) {
	if s.Subject != nil {
		if s.Subject.Words != nil {
			c.words("subject", s.Subject.Words, true)
		}
		c.text("subject", s.Subject.Plain)
	}
	c.text("description", s.Description)
	c.oneOf("priority", s.Priority, "", "low", "medium", "high", "urgent")
	for name, v := range s.Properties {
		if !propertyOK.MatchString(name) {
			c.bad("properties", "property_missing", "%q is no name of a property.", name)
		}
		if text, ok := v.(string); ok {
			c.text("properties."+name, text)
		}
	}
}

func (c *checker) email(s *Block) {
	switch {
	case s.To == nil || s.To.Word != "visitor" && s.To.Word != "address":
		c.bad("to", "whom_missing", "Say to whom it goes: the visitor, or an address.")
	case s.To.Word == "address" && desk.NormalizeEmail(s.Address) == "":
		c.bad("address", "address_malformed", "%q is no email address.", s.Address)
	}
	for _, f := range []struct {
		name string
		text *Content
	}{{"subject", s.Subject}, {"body", s.Body}} {
		if f.text == nil || f.text.Words == nil && strings.TrimSpace(f.text.Plain) == "" {
			c.bad(f.name, "text_missing", "Write the %s.", map[string]string{"subject": "subject", "body": "text"}[f.name])
			continue
		}
		if f.text.Words != nil {
			c.words(f.name, f.text.Words, true)
		}
		c.text(f.name, f.text.Plain)
	}
}

func (c *checker) webhook(s *Block) {
	u, err := url.Parse(token.ReplaceAllString(s.URL, "x"))
	switch {
	case s.URL == "":
		c.bad("url", "url_missing", "Write the address that is called.")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s.URL) > 2000:
		c.bad("url", "url_malformed", "%q is no address that can be called. Begin it with https://.", clip(s.URL, 60))
	case strings.Contains(hostPart(s.URL), "{{"):
		c.bad("url", "url_token", "What the visitor says may not choose the server: put tokens behind its name.")
	}
	c.text("url", s.URL)
	c.oneOf("method", s.Method, "GET", "POST", "PUT", "PATCH", "DELETE")
	for name, v := range s.Headers {
		if !headerOK.MatchString(name) || strings.ContainsAny(v, "\r\n\x00") || slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection"}, http.CanonicalHeaderKey(name)) {
			c.bad("headers", "header_malformed", "%q is no header that can be sent.", clip(name, 40))
		}
	}
	if s.Body != nil {
		if s.Body.Words != nil {
			c.bad("body", "body_malformed", "The body of a webhook is one text.")
		}
		c.text("body", s.Body.Plain)
		if t := strings.TrimSpace(s.Body.Plain); strings.HasPrefix(t, "{") && !json.Valid([]byte(token.ReplaceAllString(t, "0"))) {
			c.bad("body", "body_malformed", "This is no valid JSON. Put tokens inside quotation marks.")
		}
	}
	for name, path := range s.Save {
		if !propertyOK.MatchString(name) || strings.TrimSpace(path) == "" {
			c.bad("save", "save_unknown", "Say under which name which part of the answer is kept.")
		}
	}
}

func hostPart(u string) string {
	rest := cutScheme(u)
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// out is one way out of a step.
type out struct{ field, to string }

// target is where a jump leads.
func (s *Block) target() string {
	if s.To != nil {
		return s.To.Word
	}
	return ""
}

// outs are all ways out of a step.
func (s *Block) outs() []out {
	o := []out{}
	switch s.Type {
	case StepHandover, StepEnd:
		return o
	case StepJump:
		return append(o, out{"to", s.target()})
	case StepMessage:
		for i, q := range s.Quick {
			o = append(o, out{fmt.Sprintf("quick.%d.next", i), q.Next})
		}
	case StepQuestion:
		for i, q := range s.Choices {
			o = append(o, out{fmt.Sprintf("choices.%d.next", i), q.Next})
		}
		o = append(o, out{"on_fail", s.OnFail})
	case StepBranch:
		for i, q := range s.Cases {
			o = append(o, out{fmt.Sprintf("cases.%d.next", i), q.Next})
		}
	case StepWebhook:
		o = append(o, out{"on_fail", s.OnFail})
	}
	return append(o, out{"next", s.Next})
}

// asks reports whether a step waits for the visitor.
func (s *Block) asks() bool {
	return s.Type == StepQuestion || s.Type == StepMessage && slices.ContainsFunc(s.Quick, func(q Quick) bool { return q.URL == "" })
}

// walk finds steps that nothing leads to, and circles in which nobody is asked anything.
func (c *checker) walk() {
	d := c.def
	reached := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		s, ok := d.step(id)
		if !ok || reached[id] {
			return
		}
		reached[id] = true
		for _, o := range s.outs() {
			visit(o.to)
		}
	}
	visit(d.Start)
	for i := range d.Steps {
		if id := d.Steps[i].ID; !reached[id] && len(reached) > 0 {
			c.step = id
			c.warn("id", "unreachable", "No way leads to this step.")
		}
	}
	const grey, black = 1, 2
	colour := map[string]int{}
	var circle func(id string)
	circle = func(id string) {
		s, ok := d.step(id)
		if !ok || colour[id] != 0 {
			return
		}
		colour[id] = grey
		if !s.asks() {
			for _, o := range s.outs() {
				if colour[o.to] == grey {
					c.step = id
					c.bad(o.field, "endless_loop", "From here it goes round in a circle without ever asking the visitor anything.")
				}
				circle(o.to)
			}
		}
		colour[id] = black
	}
	for i := range d.Steps {
		circle(d.Steps[i].ID)
	}
	c.step = ""
}
