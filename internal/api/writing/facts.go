package writing

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/snippet"
	"github.com/kanalhq/kanal/internal/view"
)

// facts are the values of tokens for a ticket, a conversation or a contact in sight.
func (w *writers) facts(ctx context.Context, v access.Viewer, in RenderInput) (map[string]string, error) {
	out := map[string]string{"agent.name": v.User.Name, "agent.first_name": v.User.FirstName, "agent.last_name": v.User.LastName, "agent.email": v.User.Email}
	company, err := w.Settings.Company(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	out["company.name"] = company.Name
	out["today"] = w.Clock.Ms().Time().In(w.zone(v, company.Timezone)).Format("2006-01-02")
	who := in.ContactID
	if in.ThreadID != 0 {
		place, err := w.View.ThreadPlace(ctx, view.SightOf(v), in.ThreadID)
		if err != nil {
			return nil, err
		}
		th, err := w.Threads.Get(ctx, w.DB, in.ThreadID)
		if err != nil {
			return nil, err
		}
		if th.ContactID != 0 { // of several conversations on a ticket, the one that is answered
			who = th.ContactID
		}
		if in.TicketID == 0 {
			in.TicketID = place.Ticket
		}
	}
	if in.TicketID != 0 {
		t, err := w.View.Ticket(ctx, view.SightOf(v), in.TicketID)
		if err != nil {
			return nil, err
		}
		if who == 0 {
			who = t.ContactID
		}
		out["ticket.number"], out["ticket.subject"], out["ticket.category"] = strconv.FormatInt(t.Number, 10), t.Subject, t.Category
		out["ticket.priority"], out["ticket.status"], out["inbox.name"] = string(t.Priority), t.Status.Name, t.Inbox.Name
		properties(out, "ticket.property.", v.Veil.Over("ticket", t.Properties))
	}
	if who == 0 && in.Email != "" {
		k, err := w.Contacts.Who(ctx, w.DB, desk.AddrEmail, in.Email)
		if err != nil {
			return nil, err
		}
		who = k.Contact
	}
	if who == 0 {
		return out, nil
	}
	c, err := w.Contacts.Get(ctx, w.DB, who)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return nil, err
	}
	c.Veil(v.Veil)
	person(out, c)
	return out, nil
}

func person(out map[string]string, c desk.Contact) {
	first, last := c.FirstName, c.LastName
	if first == "" && !strings.Contains(c.Name, "@") {
		first, last, _ = strings.Cut(c.Name, " ")
	}
	name := c.Name
	if strings.Contains(name, "@") {
		name = ""
	}
	out["contact.name"], out["contact.first_name"], out["contact.last_name"], out["contact.email"], out["contact.phone"] = name, first, last, c.Email, c.Phone
	properties(out, "contact.property.", c.Properties)
}

func properties(out map[string]string, prefix string, values map[string]any) {
	for k, v := range values {
		switch x := v.(type) {
		case nil:
		case float64:
			out[prefix+k] = strconv.FormatFloat(x, 'f', -1, 64)
		case []any:
			parts := make([]string, len(x))
			for i := range x {
				parts[i] = fmt.Sprint(x[i])
			}
			out[prefix+k] = strings.Join(parts, ", ")
		default:
			out[prefix+k] = fmt.Sprint(x)
		}
	}
}

// zone is the person's own time zone, else the company's.
func (w *writers) zone(v access.Viewer, company string) *time.Location {
	for _, name := range []string{v.User.Timezone, company} {
		if name == "" {
			continue
		}
		if z, err := time.LoadLocation(name); err == nil {
			return z
		}
	}
	return time.UTC
}

// known refuses actions that name somebody who is not there.
func (w *writers) known(ctx context.Context, a snippet.Actions) error {
	_, err := w.resolve(ctx, access.Viewer{}, a)
	return err
}

// resolve turns a template's actions into what is done to a ticket by a viewer, now.
func (w *writers) resolve(ctx context.Context, v access.Viewer, a snippet.Actions) (desk.SendPlan, error) {
	p := desk.SendPlan{Status: a.Status, Properties: a.Properties}
	if a.Priority != "" {
		priority := desk.Priority(strings.TrimPrefix(a.Priority, "none"))
		p.Priority = &priority
	}
	if a.Category != "" {
		p.Category = &a.Category
	}
	switch a.Owner {
	case "":
	case "me":
		p.OwnerID = &v.User.ID
	case "none":
		p.OwnerID = new(desk.UserID)
	default:
		n, err := w.People.Named(ctx, w.DB, []string{a.Owner}, nil)
		if err != nil {
			return p, err
		}
		id, ok := n.Users[a.Owner]
		if !ok {
			return p, desk.Errorf(desk.Invalid, "snippet.owner", "Nobody here has the address %s.", a.Owner).In("actions.owner")
		}
		p.OwnerID = &id
	}
	switch a.Team {
	case "":
	case "none":
		p.TeamID = new(desk.TeamID)
	default:
		n, err := w.People.Named(ctx, w.DB, nil, []string{a.Team})
		if err != nil {
			return p, err
		}
		t, ok := n.Teams[a.Team]
		if !ok {
			return p, desk.Errorf(desk.Invalid, "snippet.team", "There is no team %s.", a.Team).In("actions.team")
		}
		p.TeamID = &t.ID
	}
	if a.Snooze == "" {
		return p, nil
	}
	p.Snooze = true
	company, err := w.Settings.Company(ctx, w.DB)
	p.SnoozeTo = until(a.Snooze, w.Clock.Ms().Time().In(w.zone(v, company.Timezone)))
	return p, err
}

// until is the end of a rest; mornings begin at nine.
func until(rest string, now time.Time) desk.Time {
	morning := func(days int) desk.Time {
		return desk.At(time.Date(now.Year(), now.Month(), now.Day()+days, 9, 0, 0, 0, now.Location()))
	}
	switch rest {
	case "1h":
		return desk.At(now.Add(time.Hour))
	case "4h":
		return desk.At(now.Add(4 * time.Hour))
	case "tomorrow":
		return morning(1)
	case "next_week":
		return morning(1 + (7-int(now.Weekday()))%7)
	}
	return 0
}

// Macro is what a template does to a ticket besides its text, when this viewer uses it now.
func (w *writers) Macro(ctx context.Context, v access.Viewer, name string) (desk.SendPlan, error) {
	id, err := snippetID(name)
	if err != nil {
		return desk.SendPlan{}, err
	}
	s, err := w.Snippets.Get(ctx, w.DB, reader(v), id)
	if err != nil {
		return desk.SendPlan{}, err
	}
	if err := v.Veil.Check("ticket", s.Actions.Properties); err != nil {
		return desk.SendPlan{}, err
	}
	return w.resolve(ctx, v, s.Actions)
}

// MacroOf is Macro for the package that sends.
func MacroOf(d Deps) func(ctx context.Context, v access.Viewer, id string) (desk.SendPlan, error) {
	return (&writers{Deps: d}).Macro
}
