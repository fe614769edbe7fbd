package customview

import (
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// Types of a field.
const (
	Text    = "text"
	Number  = "number"
	Boolean = "boolean"
	Moment  = "moment" // a time
	Date    = "date"   // a day, of a property
	Choice  = "choice"
	Several = "several" // several choices
	Ref     = "ref"     // of a user, team, inbox, status, pipeline, channel account or contact: Of says which
	People  = "people"  // several users
	// Duration is how long something took: a number of hours.
	Duration = "duration"
)

// Field is what a filter, a column, an order or a group may name.
type Field struct {
	Name    string   `json:"name" example:"priority"`
	Label   string   `json:"label" doc:"Of a property; built-in fields are named by the reader's language."`
	Object  string   `json:"object" enum:"ticket,contact,company"`
	Type    string   `json:"type" enum:"text,number,boolean,moment,date,choice,several,ref,people,duration"`
	Of      string   `json:"of" enum:",user,team,inbox,status,pipeline,channel_account,contact" doc:"What a ref names."`
	Ops     []string `json:"ops" doc:"What a filter may ask of it."`
	Options []string `json:"options" doc:"Of a choice."`
	Column  bool     `json:"column" doc:"Tables may show it."`
	Sort    bool     `json:"sort" doc:"Lists may be sorted by it, and -NAME the other way round."`
	Group   bool     `json:"group" doc:"Lists may be grouped by it."`
	Custom  bool     `json:"custom" doc:"A property."`
}

var ops = map[string][]string{
	Text:     {"contains", "not_contains", "is", "is_not", "in", "not_in", "starts_with", "empty", "not_empty"},
	Number:   {"is", "is_not", "gt", "lt", "between", "empty", "not_empty"},
	Boolean:  {"is"},
	Moment:   {"within_days", "older_than_days", "before", "after", "between", "is", "empty", "not_empty"},
	Date:     {"within_days", "older_than_days", "before", "after", "between", "is", "empty", "not_empty"},
	Choice:   {"is", "is_not", "in", "not_in", "empty", "not_empty"},
	Several:  {"contains", "not_contains", "in", "not_in", "empty", "not_empty"},
	Ref:      {"is", "is_not", "in", "not_in", "empty", "not_empty"},
	People:   {"is", "is_not", "in", "not_in", "empty", "not_empty"},
	Duration: {"gt", "lt", "between", "empty", "not_empty"},
}

// Takes reports whether a filter may ask op of the field.
func (d Field) Takes(op string) bool { return slices.Contains(d.Ops, op) }

// Catalogue is every field of an installation.
type Catalogue []Field

// Field finds one by name.
func (c Catalogue) Field(name string) (Field, bool) {
	i := slices.IndexFunc(c, func(d Field) bool { return d.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return c[i], true
}

// Under is the catalogue without what is hidden from somebody.
func (c Catalogue) Under(v desk.Veil) Catalogue {
	if v.Clear() {
		return c
	}
	return slices.DeleteFunc(slices.Clone(c), func(d Field) bool {
		return d.Custom && v.Hides(d.Object, d.Name[strings.LastIndexByte(d.Name, '.')+1:])
	})
}

// Prefixes of what is not a column of tickets.
const (
	TicketProperty  = "property."
	ContactPrefix   = "contact."
	ContactProperty = "contact.property."
	CompanyPrefix   = "company." // of the contact's company
)

// Fields of a ticket that are no column of it.
const (
	Tags           = "tags"
	FirstReplyTime = "time_to_first_reply" // TK-10: from its beginning to the first answer of a person
	CloseTime      = "time_to_close"       // of a closed one: from its beginning to its end
)

const (
	column = 1 << iota
	sorted
	grouped
	shown = column | sorted | grouped
)

type builtin struct {
	name, kind, of string
	use            int
	options        []string
}

var priorities = []string{string(desk.PriorityUrgent), string(desk.PriorityHigh), string(desk.PriorityMedium), string(desk.PriorityLow)}

// builtins stand in the order that screens show.
var builtins = []builtin{
	{"subject", Text, "", column | sorted, nil}, {"number", Number, "", column | sorted, nil}, {"status_id", Ref, "status", shown, nil},
	{"status_state", Choice, "", 0, []string{"open", "closed"}}, {"pipeline_id", Ref, "pipeline", 0, nil}, {"owner_id", Ref, "user", shown, nil}, {"team_id", Ref, "team", shown, nil},
	{"priority", Choice, "", shown, priorities}, {"category", Text, "", shown, nil}, {Tags, Several, "", shown, nil}, {"language", Text, "", shown, nil}, {"inbox_id", Ref, "inbox", shown, nil}, {"channel", Text, "", shown, nil},
	{"channel_account_id", Ref, "channel_account", 0, nil}, {"created_at", Moment, "", column | sorted, nil}, {"updated_at", Moment, "", column | sorted, nil},
	{"last_activity_at", Moment, "", column | sorted, nil}, {"last_inbound_at", Moment, "", column | sorted, nil}, {"first_reply_at", Moment, "", column | sorted, nil},
	{"closed_at", Moment, "", column | sorted, nil}, {"last_direction", Choice, "", 0, []string{"incoming", "outgoing"}}, {FirstReplyTime, Duration, "", column | sorted, nil}, {CloseTime, Duration, "", column | sorted, nil}, {"message_count", Number, "", column | sorted, nil},
	{"snoozed", Boolean, "", 0, nil}, {"snoozed_until", Moment, "", column | sorted, nil}, {"hidden", Choice, "", 0, []string{"spam", "trash", "merged"}},
	{"follower", People, "user", 0, nil}, {"mentioned", People, "user", 0, nil},
	{"contact.name", Text, "", shown, nil}, {"contact.email", Text, "", column | sorted, nil}, {"contact.phone", Text, "", column | sorted, nil},
	{"contact.owner_id", Ref, "user", 0, nil}, {"contact.language", Text, "", column | sorted | grouped, nil}, {"contact.created_at", Moment, "", column | sorted, nil},
	{"company.name", Text, "", sorted, nil}, {"company.domain", Text, "", sorted, nil}, {"company.created_at", Moment, "", sorted, nil},
}

// Fields are the built-in ones and those of the properties.
func Fields(props []desk.Property) Catalogue {
	out := make(Catalogue, 0, len(builtins)+len(props))
	for _, b := range builtins {
		object := "ticket"
		switch {
		case strings.HasPrefix(b.name, ContactPrefix):
			object = "contact"
		case strings.HasPrefix(b.name, CompanyPrefix):
			object = "company"
		}
		d := Field{Name: b.name, Object: object, Type: b.kind, Of: b.of, Ops: ops[b.kind], Options: b.options, Column: b.use&column != 0, Sort: b.use&sorted != 0, Group: b.use&grouped != 0}
		if d.Options == nil {
			d.Options = []string{}
		}
		out = append(out, d)
	}
	for _, p := range props {
		prefix := TicketProperty
		if p.Object == "contact" {
			prefix = ContactProperty
		}
		kind := kinds[p.Type]
		d := Field{Name: prefix + p.Name, Label: p.Label, Object: p.Object, Type: kind, Ops: ops[kind], Options: p.Options, Column: true, Custom: true}
		if d.Options == nil {
			d.Options = []string{}
		}
		d.Sort = kind != Several && p.Type != "long_text"
		d.Group = kind == Choice || kind == Boolean
		out = append(out, d)
	}
	return out
}

var kinds = map[string]string{
	"text": Text, "long_text": Text, "number": Number, "boolean": Boolean, "date": Date, "choice": Choice, "multi_choice": Several,
}
