package transfer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kanalhq/kanal/internal/desk"
)

// Actions of a change.
const (
	Create = "create"
	Update = "update"
	Remove = "remove"
)

// Plan is what applying a file changes, or changed.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Change is what happens to one thing.
type Change struct {
	Object string  `json:"object"` // company, team, user, property, pipeline, inbox, channel
	Slug   string  `json:"slug"`
	Action string  `json:"action"`
	Fields []Field `json:"fields"`
}

// Field is one setting before and after; nil is none. Values of secrets are never told.
type Field struct {
	Name   string `json:"field"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Empty reports whether nothing changes.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// Text is the plan for people: + what is new, ~ what changes, - what goes.
func (p Plan) Text() string {
	if p.Empty() {
		return "No changes.\n"
	}
	var b strings.Builder
	for _, c := range p.Changes {
		sign := map[string]string{Create: "+", Update: "~", Remove: "-"}[c.Action]
		fmt.Fprintf(&b, "%s %s %s\n", sign, c.Object, c.Slug)
		for _, f := range c.Fields {
			switch c.Action {
			case Create:
				fmt.Fprintf(&b, "    %s: %s\n", f.Name, shown(f.After))
			case Update:
				fmt.Fprintf(&b, "    %s: %s → %s\n", f.Name, shown(f.Before), shown(f.After))
			}
		}
	}
	return b.String()
}

func shown(v any) string {
	if v == nil {
		return "(none)"
	}
	if v == keep {
		return "(secret)"
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // signatures are HTML
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// thing is one named thing of a file, with its settings by dotted path.
type thing struct {
	object, slug string
	fields       map[string]any
}

func (t thing) name() string { return t.object + " " + t.slug }

func byName(ts []thing) map[string]thing {
	out := make(map[string]thing, len(ts))
	for _, t := range ts {
		out[t.name()] = t
	}
	return out
}

// things lists a file's content in the order of plans.
func things(f File) []thing {
	out := []thing{}
	add := func(object, slug string, v any, drop ...string) {
		fields := leaves(v)
		for _, d := range drop {
			delete(fields, d)
		}
		out = append(out, thing{object, slug, fields})
	}
	if f.Company != nil {
		add("company", "company", f.Company)
	}
	for _, c := range f.HolidayCalendars {
		add("holiday_calendar", c.Slug, c, "slug")
	}
	for _, h := range f.BusinessHours {
		add("business_hours", h.Slug, h, "slug")
	}
	if f.Idle != nil {
		add("idle", "idle", f.Idle)
	}
	for _, t := range f.Teams {
		add("team", t.Slug, t, "slug")
	}
	for _, r := range f.Roles {
		add("role", r.Slug, r, "slug")
	}
	for _, u := range f.Users {
		add("user", u.Email, u, string(desk.AddrEmail))
	}
	for _, p := range f.Properties {
		add("property", p.Object+"."+p.Name, p, "object", "name")
	}
	for _, p := range f.Pipelines {
		add("pipeline", p.Slug, p, "slug")
	}
	for _, name := range f.Tags {
		add("tag", name, struct{}{})
	}
	for _, b := range f.Inboxes {
		add("inbox", b.Slug, b, "slug")
	}
	for _, c := range f.Channels {
		add("channel", c.Slug, c, "slug")
	}
	rest(f, add)
	return out
}

// rest lists what stands after the channels.
func rest(f File, add func(object, slug string, v any, drop ...string)) {
	for _, x := range f.Forms {
		add("web_form", x.Slug, x, "slug")
	}
	for _, x := range f.Chatflows {
		add("chatflow", x.Slug, x, "slug")
	}
	for _, s := range f.Spaces {
		add("space", s.Slug, s, "slug")
	}
	for _, v := range f.Views {
		add("view", v.Slug, v, "slug")
	}
	if f.Notifications != nil {
		add("notifications", "notifications", f.Notifications)
	}
	for _, x := range f.Snippets {
		add("snippet", x.Slug, x, "slug")
	}
	if f.Spam != nil {
		add("spam_filter", "spam_filter", f.Spam.Hold)
		for _, x := range f.Spam.Senders {
			add("sender", x.Value, x, "value")
		}
	}
	if f.Survey != nil {
		add("survey", "survey", f.Survey)
	}
	if f.SignIn != nil {
		add("sign_in", "sign_in", f.SignIn)
	}
	for _, c := range f.Skills {
		add("skill_category", c.Slug, c, "slug")
	}
	if f.Work != nil {
		add("work", "work", f.Work)
	}
	if f.Privacy != nil {
		add("privacy", "privacy", f.Privacy)
	}
}

// leaves flattens what v is in YAML: objects by dotted path, lists whole.
func leaves(v any) map[string]any {
	out := map[string]any{}
	b, err := yaml.Marshal(v)
	if err != nil {
		return out
	}
	var m map[string]any
	if yaml.Unmarshal(b, &m) != nil {
		return out
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		if sub, ok := v.(map[string]any); ok && len(sub) > 0 {
			for k, e := range sub {
				walk(strings.TrimPrefix(at+"."+k, "."), e)
			}
			return
		}
		if at != "" {
			out[at] = v
		}
	}
	walk("", m)
	return out
}

// compare tells what became of the things of one snapshot in another. Secrets that changed are given by slug of the channel.
func compare(before, after File, secrets map[string][]string) Plan {
	p := Plan{Changes: []Change{}}
	had, has := things(before), things(after)
	old, kept := byName(had), byName(has)
	for _, t := range has {
		was, ok := old[t.name()]
		c := Change{Object: t.object, Slug: t.slug, Action: Update, Fields: []Field{}}
		if !ok {
			c.Action = Create
		}
		for _, name := range slices.Sorted(maps.Keys(merged(was.fields, t.fields))) {
			if shown(was.fields[name]) != shown(t.fields[name]) {
				c.Fields = append(c.Fields, Field{name, was.fields[name], t.fields[name]})
			}
		}
		if t.object == "channel" && ok {
			for _, path := range secrets[t.slug] {
				c.Fields = append(c.Fields, Field{"settings." + path, "(secret)", "(another secret)"})
			}
		}
		if !ok || len(c.Fields) > 0 {
			p.Changes = append(p.Changes, c)
		}
	}
	for _, t := range had {
		if _, ok := kept[t.name()]; !ok {
			p.Changes = append(p.Changes, Change{Object: t.object, Slug: t.slug, Action: Remove, Fields: []Field{}})
		}
	}
	return p
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(b)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range a {
		if _, ok := out[k]; !ok {
			out[k] = v
		}
	}
	return out
}
