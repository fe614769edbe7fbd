package snippet

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/richtext"
)

// Names are the tokens that a text may hold: {{contact.first_name}}, or with what stands there when there is no value, {{contact.first_name|there}}.
// Besides these, contact.property.NAME and ticket.property.NAME.
var Names = []string{
	"contact.name", "contact.first_name", "contact.last_name", "contact.email", "contact.phone",
	"ticket.number", "ticket.subject", "ticket.status", "ticket.priority", "ticket.category",
	"agent.name", "agent.first_name", "agent.last_name", "agent.email", "company.name", "inbox.name", "today",
}

// Known reports whether there is such a token.
func Known(name string) bool {
	for _, p := range []string{"contact.property.", "ticket.property."} {
		if rest, ok := strings.CutPrefix(name, p); ok {
			return rest != ""
		}
	}
	return slices.Contains(Names, name)
}

var token = regexp.MustCompile(`\{\{(?:[\s\x{a0}]|&nbsp;)*([a-z][a-z0-9_.]*)(?:[\s\x{a0}]|&nbsp;)*(?:\|([^{}]*))?\}\}`)

// Tokens are the tokens in texts, each once, in their order.
func Tokens(texts ...string) []string {
	out := []string{}
	for _, t := range texts {
		for _, m := range token.FindAllStringSubmatch(t, -1) {
			if !slices.Contains(out, m[1]) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// Filled is a text with its tokens replaced.
type Filled struct {
	Subject string   `json:"subject"`
	HTML    string   `json:"html"`
	Text    string   `json:"text"`
	Missing []string `json:"missing" doc:"Tokens without a value and without another word for it: they stand in the text as they were."`
}

// Fill replaces the tokens of a text by values. A value is text: in HTML it is escaped.
func (s Snippet) Fill(values map[string]string) Filled {
	f := Filled{Missing: []string{}}
	replace := func(in string, inHTML bool) string {
		return token.ReplaceAllStringFunc(in, func(t string) string {
			m := token.FindStringSubmatch(t)
			if v := strings.TrimSpace(values[m[1]]); v != "" {
				if inHTML {
					return html.EscapeString(v)
				}
				return v
			}
			if strings.Contains(t, "|") {
				return strings.TrimSpace(m[2])
			}
			if !slices.Contains(f.Missing, m[1]) {
				f.Missing = append(f.Missing, m[1])
			}
			return t
		})
	}
	f.Subject, f.Text = oneLine(replace(s.Subject, false)), replace(s.Text, false)
	f.HTML = richtext.SanitizeComposer(replace(s.HTML, true)) // a value may stand where a link leads
	return f
}

// Examples are values that a preview shows where there is no ticket to take them from.
var Examples = map[string]string{
	"contact.name": "Mira Kask", "contact.first_name": "Mira", "contact.last_name": "Kask", "contact.email": "mira@customers.example", "contact.phone": "+45 12 34 56 78",
	"ticket.number": "1042", "ticket.subject": "The brake squeaks", "ticket.status": "New", "ticket.priority": "high", "ticket.category": "Repair", "inbox.name": "Help desk",
}

// Draft is a text that is not kept yet, cleaned as it would be.
func Draft(subject, body string) Snippet {
	body = richtext.SanitizeComposer(body)
	return Snippet{Subject: oneLine(subject), HTML: body, Text: strings.TrimSpace(richtext.ToText(body))}
}
