package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/property"
)

// names are what a definition may name, as it is now.
type names struct {
	contact, ticket []string
	pipelines       []desk.Pipeline
	out             []chatflow.Problem
}

// own are fields that contacts and tickets have without a definition.
var own = map[string][]string{
	property.Contact: {"name", "first_name", "last_name", "email", "phone", "language"},
	property.Ticket:  {"number", "subject", "description", "status", "priority", "category"},
}

// unknown says what a definition names that is not there (any more): properties, people, teams, pipelines and statuses.
func (f *flows) unknown(ctx context.Context, q db.Queryer, d chatflow.Definition) ([]chatflow.Problem, error) {
	n := &names{out: []chatflow.Problem{}}
	for object, list := range map[string]*[]string{property.Contact: &n.contact, property.Ticket: &n.ticket} {
		all, err := f.Properties.List(ctx, q, object)
		if err != nil {
			return nil, err
		}
		*list = slices.Clone(own[object])
		for _, p := range all {
			*list = append(*list, p.Name)
		}
	}
	var err error
	if n.pipelines, err = f.Tickets.Pipelines(ctx, q); err != nil {
		return nil, err
	}
	if err := f.whom(ctx, q, n, "", "handover.assign", d.Handover.Assign); err != nil {
		return nil, err
	}
	if d.Hours == "business_hours" && d.BusinessHours != "" {
		if err := f.hours(ctx, q, n, "", "business_hours", d.BusinessHours); err != nil {
			return nil, err
		}
	}
	if c := d.Targeting.Visitor.Contact; c != nil && f.Assign != nil {
		if err := f.fields(ctx, q, n, *c); err != nil {
			return nil, err
		}
	}
	for _, b := range d.Steps {
		n.block(b)
		if err := f.asked(ctx, q, n, b); err != nil {
			return nil, err
		}
		if b.Type == chatflow.StepAssign && b.To != nil {
			if err := f.whom(ctx, q, n, b.ID, "to", b.To.Policy); err != nil {
				return nil, err
			}
		}
	}
	return n.out, nil
}

func (n *names) bad(step, field, code, format string, args ...any) {
	n.out = append(n.out, chatflow.Problem{Step: step, Field: field, Code: code, Message: fmt.Sprintf(format, args...), Severity: "error"})
}

// block checks the properties, the pipeline and the status that a step names.
func (n *names) block(b chatflow.Block) {
	switch b.Type {
	case chatflow.StepQuestion:
		n.property(b.ID, "save.property", b.Save["object"], b.Save["property"])
	case chatflow.StepSet:
		n.property(b.ID, "property", b.Object, b.Property)
	case chatflow.StepBranch:
		for i, c := range b.Cases {
			for j, w := range c.When {
				n.property(b.ID, fmt.Sprintf("cases.%d.when.%d.name", i, j), w.On, w.Name)
			}
		}
	case chatflow.StepTicket:
		for name := range b.Properties {
			n.property(b.ID, "properties", property.Ticket, name)
		}
		n.place(b)
	}
}

func (n *names) property(step, field, object, name string) {
	list := map[string][]string{property.Contact: n.contact, property.Ticket: n.ticket}[object]
	if list != nil && name != "" && !slices.Contains(list, name) {
		n.bad(step, field, "property_unknown", "There is no %s property named %q.", object, name)
	}
}

// fields checks what conditions on the contact name.
func (f *flows) fields(ctx context.Context, q db.Queryer, n *names, set desk.Conditions) error {
	all, err := f.Assign.Fields(ctx, q, f.Languages)
	if err != nil {
		return err
	}
	for i, c := range set.When {
		if !slices.ContainsFunc(all, func(x assignment.Field) bool { return x.Field == c.Field }) {
			n.bad("", fmt.Sprintf("targeting.visitor.contact.when.%d.field", i), "property_unknown", "There is no field %q to compare.", c.Field)
		}
	}
	return nil
}

// asked checks the business hours that a branch asks for.
func (f *flows) asked(ctx context.Context, q db.Queryer, n *names, b chatflow.Block) error {
	if b.Type != chatflow.StepBranch {
		return nil
	}
	for i, c := range b.Cases {
		for j, w := range c.When {
			if w.On != "hours" || w.Name == "" {
				continue
			}
			if err := f.hours(ctx, q, n, b.ID, fmt.Sprintf("cases.%d.when.%d.name", i, j), w.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// hours checks the name of business hours.
func (f *flows) hours(ctx context.Context, q db.Queryer, n *names, step, field, slug string) error {
	if f.Hours == nil {
		return nil
	}
	known, err := f.Hours(ctx, q, slug)
	if err == nil && !known {
		n.bad(step, field, "hours_unknown", "There are no business hours %q.", slug)
	}
	return err
}

// place checks a pipeline and a status. Without a pipeline the status may be of any.
func (n *names) place(b chatflow.Block) {
	found, status := b.Pipeline == "", b.Status == ""
	for _, p := range n.pipelines {
		if b.Pipeline != "" && p.Slug != b.Pipeline {
			continue
		}
		found = true
		status = status || slices.ContainsFunc(p.Statuses, func(s desk.Status) bool { return s.Slug == b.Status })
	}
	switch {
	case !found:
		n.bad(b.ID, "pipeline", "pipeline_unknown", "There is no pipeline %q.", b.Pipeline)
	case !status:
		n.bad(b.ID, "status", "status_unknown", "There is no status %q there.", b.Status)
	}
}

// whom checks the people and the teams of a policy.
func (f *flows) whom(ctx context.Context, q db.Queryer, n *names, step, field string, p *desk.AssignPolicy) error {
	if p == nil {
		return nil
	}
	named, err := f.People.Named(ctx, q, p.Users, p.Teams)
	if err != nil {
		return err
	}
	for _, email := range p.Users {
		if _, ok := named.Users[email]; !ok {
			n.bad(step, field, "user_unknown", "Nobody here has the address %s.", email)
		}
	}
	for _, slug := range p.Teams {
		if _, ok := named.Teams[slug]; !ok {
			n.bad(step, field, "team_unknown", "There is no team %s.", slug)
		}
	}
	return f.followed(ctx, q, n, step, field, p)
}

// followed checks the rest of a policy as a channel's is: rules of skills, fallbacks, hours (CF-12). What was said already is not said again.
func (f *flows) followed(ctx context.Context, q db.Queryer, n *names, step, field string, p *desk.AssignPolicy) error {
	if slices.ContainsFunc(n.out, func(x chatflow.Problem) bool { return x.Step == step && x.Field == field }) {
		return nil
	}
	whole := desk.AssignPolicy{}
	b, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(b, &whole) // a copy: it fills in what is left out
	}
	if err != nil {
		return err
	}
	err = f.Inboxes.CheckAssign(ctx, q, &whole)
	var refused *desk.Error
	if !errors.As(err, &refused) || refused.Code != desk.Invalid && refused.Code != desk.TooLarge {
		return err
	}
	switch refused.Reason {
	case "assign.users_missing", "assign.teams_missing", "assign.to_unknown", "assign.by_unknown":
		return nil // Validate says so
	}
	code := strings.ReplaceAll(strings.TrimPrefix(refused.Reason, "assign."), ".", "_")
	n.bad(step, field+strings.TrimPrefix(refused.Field, "assign"), code, "%s", desk.PublicOf(err))
	return nil
}
