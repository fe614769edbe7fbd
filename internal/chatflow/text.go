package chatflow

import (
	"regexp"
	"slices"
	"strings"
)

// langCode is a language's code in the form in which codes are compared: pt-BR is pt-br.
func langCode(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
}

// Pick returns the text in a language, or the nearest there is: its base language, English, any.
func (w Words) Pick(language string) string {
	codes := make([]string, 0, len(w))
	for code := range w {
		if strings.TrimSpace(w[code]) != "" {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	lang := langCode(language)
	base, _, _ := strings.Cut(lang, "-")
	for _, want := range []string{lang, base, "en"} {
		for _, code := range codes {
			if want != "" && langCode(code) == want {
				return w[code]
			}
		}
	}
	if len(codes) > 0 {
		return w[codes[0]]
	}
	return ""
}

// empty reports whether no language has a text.
func (w Words) empty() bool { return w.Pick("") == "" }

// Speaks is the language in which a visitor is spoken to: the chatflow's own, or with auto the visitor's if it has texts in it, else the first it has
// (CF-18).
func (d *Definition) Speaks(visitor string) string {
	if d.Language != "auto" && d.Language != "" {
		return d.Language
	}
	has := d.Languages()
	lang := langCode(visitor)
	base, _, _ := strings.Cut(lang, "-")
	for _, want := range []string{lang, base, "en"} {
		if slices.Contains(has, want) {
			return want
		}
	}
	if len(has) > 0 {
		return has[0]
	}
	if lang != "" {
		return lang
	}
	return "en"
}

// Languages are those in which it has texts.
func (d *Definition) Languages() []string {
	var out []string
	add := func(code string) {
		if code = langCode(code); code != "" && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	for code, texts := range d.Texts {
		if len(texts) > 0 {
			add(code)
		}
	}
	for i := range d.Steps {
		for _, w := range d.Steps[i].words() {
			for code := range w.words {
				add(code)
			}
		}
	}
	slices.Sort(out)
	return out
}

// fieldWords is one text of a step with the name of its field.
type fieldWords struct {
	field string
	words Words
}

// words are all texts of a step.
func (s *Block) words() []fieldWords {
	var out []fieldWords
	add := func(field string, w Words) {
		if len(w) > 0 {
			out = append(out, fieldWords{field, w})
		}
	}
	for i := range s.Bubbles {
		add("bubbles", s.Bubbles[i].Text)
	}
	for i := range s.Quick {
		add("quick", s.Quick[i].Label)
	}
	add("text", s.Text)
	for i := range s.Choices {
		add("choices", s.Choices[i].Label)
	}
	add("retry", s.Retry)
	add("message", s.Message)
	add("nobody", s.Nobody)
	if s.Subject != nil {
		add("subject", s.Subject.Words)
	}
	if s.Type == StepEmail && s.Body != nil {
		add("body", s.Body.Words)
	}
	return out
}

// Told is one of the chatflow's own texts (welcome, away) as a visitor reads it: in their language, with its tokens filled.
func (d *Definition) Told(name string, env Env) string {
	w := Words{}
	for code, texts := range d.Texts {
		w[code] = texts[name]
	}
	r := &run{def: d, env: env, lang: d.Speaks(env.Language)}
	return r.words(w)
}

// Greeting is what a visitor reads before anybody has said anything: the words for when nobody is there, if there are some, else the welcome (CH-16).
func (d *Definition) Greeting(env Env) string {
	if env.Availability == "away" || env.Availability == "offline" {
		if away := d.Told("away", env); strings.TrimSpace(away) != "" {
			return away
		}
	}
	return d.Told("welcome", env)
}

var token = regexp.MustCompile(`\{\{\s*([a-z_]+(?:\.[A-Za-z0-9_-]+)*)\s*(?:\|([^{}]*))?\}\}`)

// fillTokens puts values where tokens stand: the value, else what stands after the bar, else nothing, and then no space before it either.
func fillTokens(s string, value func(name string) string) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	var b strings.Builder
	at := 0
	for _, m := range token.FindAllStringSubmatchIndex(s, -1) {
		before, v := s[at:m[0]], value(s[m[2]:m[3]])
		if v == "" && m[4] >= 0 {
			v = s[m[4]:m[5]]
		}
		if v == "" {
			before = strings.TrimSuffix(before, " ")
		}
		b.WriteString(before + v)
		at = m[1]
	}
	return b.String() + s[at:]
}

// tokensOf are the names of the tokens in a text.
func tokensOf(s string) (out []string) {
	for _, m := range token.FindAllStringSubmatch(s, -1) {
		if !slices.Contains(out, m[1]) {
			out = append(out, m[1])
		}
	}
	return out
}

// Tokens are those that texts may hold; besides, contact.property.NAME and answer.NAME.
var Tokens = []string{"contact.name", "contact.first_name", "contact.last_name", "contact.email", "contact.phone", "company.name", "page.url", "page.title", "ticket.number", "visitor.language", "visitor.country"}

func knownToken(name string) bool {
	if slices.Contains(Tokens, name) {
		return true
	}
	for _, p := range []string{"answer.", "contact.property."} {
		if rest, ok := strings.CutPrefix(name, p); ok && rest != "" {
			return true
		}
	}
	return false
}
