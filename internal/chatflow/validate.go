package chatflow

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Problem is one thing that is wrong with a definition, and where.
type Problem struct {
	Step     string `json:"step" doc:"The id of the step; empty: not of a step."`
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Severity string `json:"severity" enum:"error,warning" doc:"With an error it is not published."`
}

// Refusal is the error that publishing gives for the first error among problems, or nil.
func Refusal(problems []Problem) error {
	n, first := 0, Problem{}
	for _, p := range problems {
		if p.Severity == severe {
			if n++; n == 1 {
				first = p
			}
		}
	}
	if n == 0 {
		return nil
	}
	field := "definition." + first.Field
	if first.Step != "" {
		field = "definition.steps." + first.Step + "." + first.Field
	}
	sentence := first.Message
	if n > 1 {
		sentence += fmt.Sprintf(" There are %d things to mend in all.", n)
	}
	return desk.Errorf(desk.Invalid, "chatflow."+first.Code, "%s", sentence).In(field)
}

const (
	severe = "error"
	mild   = "warning"
)

// Limits of a definition.
const (
	maxSteps   = 300
	maxText    = 4000
	maxList    = 50
	maxWait    = 7 * 24 * 3600
	maxRetries = 10
)

// checker gathers problems.
type checker struct {
	def  *Definition
	kind string
	out  []Problem
	step string
	lang []string
}

func (c *checker) bad(field, code, format string, args ...any) {
	c.out = append(c.out, Problem{c.step, field, code, fmt.Sprintf(format, args...), severe})
}

func (c *checker) warn(field, code, format string, args ...any) {
	c.out = append(c.out, Problem{c.step, field, code, fmt.Sprintf(format, args...), mild})
}

// Validate says everything that is wrong with a definition, in the order of the steps. It is pure and never panics, whatever was parsed.
func Validate(kind string, d Definition) []Problem {
	c := &checker{def: &d, kind: kind, out: []Problem{}}
	c.lang = d.Languages()
	if d.Language != "auto" && !codeOK.MatchString(langCode(d.Language)) {
		c.bad("language", "language_malformed", "%q is no code of a language, such as en or pt-br.", d.Language)
	}
	c.targeting()
	c.options()
	switch {
	case kind == LiveChat && len(d.Steps) > 0:
		c.bad("steps", "steps_unused", "A live chat has no steps. Make a bot for them.")
	case kind == Bot:
		c.steps()
	}
	return c.out
}

var codeOK = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8})*$`)

func (c *checker) targeting() {
	t := c.def.Targeting
	for _, side := range []struct {
		name  string
		rules []Rule
	}{{"targeting.include", t.Include}, {"targeting.exclude", t.Exclude}} {
		if len(side.rules) > maxList {
			c.bad(side.name, "too_many", "There may be at most %d rules.", maxList)
		}
		for i, r := range side.rules {
			field := fmt.Sprintf("%s.%d", side.name, i)
			if len(r.All) == 0 {
				c.bad(field, "rule_empty", "This rule asks nothing: it would fit no page. Fill it in or take it away.")
			}
			for j, test := range r.All {
				c.test(fmt.Sprintf("%s.all.%d", field, j), test)
			}
		}
	}
	v := t.Visitor
	c.source(v)
	c.oneOf("targeting.visitor.known", v.Known, "any", "known", "unknown")
	c.oneOf("targeting.visitor.returning", v.Returning, "any", "first", "returning")
	for _, d := range v.Devices {
		c.oneOf("targeting.visitor.devices", d, "desktop", "mobile")
	}
	for _, l := range v.Languages {
		if !codeOK.MatchString(langCode(l)) {
			c.bad("targeting.visitor.languages", "language_malformed", "%q is no code of a language.", l)
		}
	}
	for _, code := range v.Countries {
		if !countryOK.MatchString(code) {
			c.bad("targeting.visitor.countries", "country_malformed", "%q is no code of a country. They have two letters, such as DK.", code)
		}
	}
}

// source checks where visitors come from, how often they were here, and what is asked of the contact.
func (c *checker) source(v Audience) {
	if len(v.Referrers) > maxList {
		c.bad("targeting.visitor.referrers", "too_many", "There may be at most %d rules.", maxList)
	}
	for i, r := range v.Referrers {
		field := fmt.Sprintf("targeting.visitor.referrers.%d", i)
		if len(r.All) == 0 {
			c.bad(field, "rule_empty", "This rule asks nothing: it would fit no page. Fill it in or take it away.")
		}
		for j, test := range r.All {
			if test.Op == "exists" && test.Part == "url" {
				continue
			}
			c.test(fmt.Sprintf("%s.all.%d", field, j), test)
		}
	}
	c.between("targeting.visitor.min_visits", v.MinVisits, 0, 10_000)
	c.between("targeting.visitor.max_visits", v.MaxVisits, 0, 10_000)
	if v.MaxVisits > 0 && v.MinVisits > v.MaxVisits {
		c.bad("targeting.visitor.max_visits", "out_of_order", "Nobody was here at least %d and at most %d times.", v.MinVisits, v.MaxVisits)
	}
	if v.Contact == nil {
		return
	}
	if v.Known == "unknown" && len(v.Contact.When) > 0 {
		c.bad("targeting.visitor.contact", "contact_unknown", "Of visitors that nobody knows nothing is stored. Choose known visitors, or take these conditions away.")
	}
	ofContact := func(field string) bool {
		return strings.HasPrefix(field, "contact.") && field != "contact.known" || strings.HasPrefix(field, "company.")
	}
	var refused *desk.Error
	if err := condition.Check(*v.Contact, ofContact, "targeting.visitor.contact"); errors.As(err, &refused) {
		c.bad(strings.NewReplacer("[", ".", "]", "").Replace(refused.Field), "condition", "%s", refused.Public)
	}
}

var countryOK = regexp.MustCompile(`^[A-Za-z]{2}$`)

func (c *checker) test(field string, t Test) {
	c.oneOf(field+".part", t.Part, "url", "path", "query", "host")
	c.oneOf(field+".op", t.Op, "is", "is_not", "contains", "not_contains", "begins", "ends", "wildcard", "exists")
	switch {
	case t.Part == "query" && strings.TrimSpace(t.Name) == "":
		c.bad(field+".name", "name_missing", "Say which parameter of the address, such as utm_source.")
	case t.Op == "exists" && t.Part != "query":
		c.bad(field+".op", "op_elsewhere", "Only a parameter of the address can be asked whether it is there.")
	case t.Op != "exists" && strings.TrimSpace(t.Value) == "" && !(t.Part == "query" && (t.Op == "is" || t.Op == "is_not")):
		c.bad(field+".value", "value_missing", "Say what to compare with.")
	case len(t.Value) > 2000 || len(t.Name) > 200:
		c.bad(field+".value", "too_long", "This is too long for an address.")
	}
}

func (c *checker) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.bad(field, "choice_unknown", "%q is none of %s.", value, strings.Join(allowed, ", "))
	}
}

func (c *checker) between(field string, n, low, high int) {
	if n < low || n > high {
		c.bad(field, "out_of_range", "This must be from %d to %d.", low, high)
	}
}

// options checks what is not of a step.
func (c *checker) options() {
	d := c.def
	c.oneOf("trigger.on", d.Trigger.On, "load", "seconds", "scroll", "exit")
	c.oneOf("trigger.then", d.Trigger.Then, "button", "prompt", "open")
	c.oneOf("trigger.phone", d.Trigger.Phone, "same", "button")
	switch d.Trigger.On {
	case "seconds":
		c.between("trigger.value", d.Trigger.Value, 1, 3600)
	case "scroll":
		c.between("trigger.value", d.Trigger.Value, 1, 100)
	}
	c.oneOf("capture.email", d.Capture.Email, "never", "immediately", "after_first", "away")
	c.oneOf("hours", d.Hours, "always", "business_hours")
	c.between("session.timeout_minutes", d.Session.TimeoutMinutes, 0, 30*24*60)
	c.between("session.delay_ms", d.Session.DelayMs, 0, 10_000)
	c.words("error", d.Error, false)
	c.words("handover.nobody", d.Handover.Nobody, false)
	c.policy("handover.assign", d.Handover.Assign)
	for code, texts := range d.Texts {
		if !codeOK.MatchString(langCode(code)) {
			c.bad("texts", "language_malformed", "%q is no code of a language.", code)
		}
		for name, text := range texts {
			if name != "welcome" && name != "away" {
				c.bad("texts."+code+"."+name, "text_unknown", "There is no text called %q: those there are, are welcome and away.", name)
			}
			c.text("texts."+code+"."+name, text)
		}
	}
}

// words checks a text in its languages; a missing translation is only warned of.
func (c *checker) words(field string, w Words, required bool) {
	if w.empty() {
		if required {
			c.bad(field, "text_missing", "Write the text.")
		}
		return
	}
	for code, text := range w {
		if !codeOK.MatchString(langCode(code)) {
			c.bad(field, "language_malformed", "%q is no code of a language.", code)
		}
		c.text(field, text)
	}
	if c.def.Language == "auto" && required {
		for _, code := range c.lang {
			if strings.TrimSpace(exact(w, code)) == "" {
				c.warn(field, "translation_missing", "There is no text in %s, which other texts have; %q is shown instead.", code, clip(w.Pick(code), 40))
			}
		}
	}
}

func exact(w Words, code string) string {
	for k, text := range w {
		if langCode(k) == code {
			return text
		}
	}
	return ""
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func (c *checker) text(field, s string) {
	if len(s) > maxText {
		c.bad(field, "too_long", "A text may have at most %d bytes.", maxText)
	}
	for _, name := range tokensOf(s) {
		if !knownToken(name) {
			c.bad(field, "token_unknown", "There is no token {{%s}}. Those there are: %s, contact.property.NAME and answer.NAME.", name, strings.Join(Tokens, ", "))
		}
	}
}

func (c *checker) policy(field string, p *desk.AssignPolicy) {
	if p == nil {
		return
	}
	c.oneOf(field+".to", p.To, "no_one", "users", "teams", "users_and_teams", "contact_owner")
	if p.By != "" {
		c.oneOf(field+".by", p.By, "least_open", "random")
	}
	named := len(p.Users) + len(p.Teams)
	switch {
	case p.To == "users" && len(p.Users) == 0, p.To == "teams" && len(p.Teams) == 0, p.To == "users_and_teams" && named == 0:
		c.bad(field, "nobody_named", "Say which people or teams.")
	}
}

// link checks an address that a visitor may open.
func (c *checker) link(field, s string) {
	u, err := url.Parse(strings.TrimSpace(token.ReplaceAllString(s, "x")))
	ok := err == nil && ((u.Scheme == "http" || u.Scheme == "https") && u.Host != "" || (u.Scheme == "mailto" || u.Scheme == "tel") && u.Opaque != "")
	if !ok || len(s) > 2000 {
		c.bad(field, "link_malformed", "%q is no address that opens. Begin it with https://, mailto: or tel:.", clip(s, 60))
	}
	c.text(field, s)
}

// picture checks the address of an image.
func (c *checker) picture(field, s string) {
	if strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") {
		return
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s) > 2000 {
		c.bad(field, "image_malformed", "%q is no address of a picture. Begin it with https://.", clip(s, 60))
	}
}
