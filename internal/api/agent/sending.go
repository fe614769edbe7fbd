package agent

import (
	"context"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
)

// undoPreference is the key of a person's own undo time, in seconds.
const undoPreference = "undo_send_seconds"

// options reads when a message leaves and what is done to the ticket then, when the viewer may do that.
func (a *agents) options(ctx context.Context, v access.Viewer, inbox desk.InboxID, ticket desk.TicketID, o SendOptions, status, macro string) (desk.SendPlan, dispatch.Timing, error) {
	var plan desk.SendPlan
	var timing dispatch.Timing
	if macro != "" && a.Macro != nil {
		var err error
		if plan, err = a.Macro(ctx, v, macro); err != nil {
			return plan, timing, err
		}
	}
	if status != "" {
		plan.Status = status
	}
	if o.Snooze || o.SnoozeUntil != 0 {
		plan.Snooze, plan.SnoozeTo = true, o.SnoozeUntil
	}
	if ticket == 0 && macro != "" {
		plan = desk.SendPlan{Status: status} // a template's text serves a conversation without a ticket too
	}
	if plan.OwnerID != nil || plan.TeamID != nil {
		if err := v.NeedIn(inbox, access.TicketsAssign); err != nil {
			return plan, timing, err
		}
	}
	rest := plan
	rest.OwnerID, rest.TeamID = nil, nil
	if !rest.Empty() {
		if err := v.NeedIn(inbox, access.TicketsEdit); err != nil {
			return plan, timing, err
		}
	}
	timing = dispatch.Timing{SendAt: o.SendAt, IfQuiet: o.IfQuiet}
	if o.SendAt != 0 && o.SendAt <= a.Clock.Ms() {
		timing.SendAt = 0 // its time has come while it was on its way here
	}
	if o.Undo {
		wait, err := a.undo(ctx, v)
		if err != nil {
			return plan, timing, err
		}
		timing.Undo = &wait
	}
	return plan, timing, nil
}

// undo is a person's own time for taking a message back.
func (a *agents) undo(ctx context.Context, v access.Viewer) (time.Duration, error) {
	if v.User.ID != 0 {
		own, err := a.People.Preferences(ctx, a.DB, v.User.ID)
		if err != nil {
			return 0, err
		}
		if n, ok := own[undoPreference].(float64); ok && n >= 0 && n <= 60 {
			return time.Duration(n) * time.Second, nil
		}
	}
	if a.Undo > 0 {
		return a.Undo, nil
	}
	return 10 * time.Second, nil
}
