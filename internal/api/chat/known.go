package chat

import (
	"context"
	"fmt"
	"slices"

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
	for _, b := range d.Steps {
		n.block(b)
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
	return nil
}
