package view

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

// SightOf is what a viewer may see.
func SightOf(v access.Viewer) Sight {
	return Sight{User: v.User.ID, All: v.AllInboxes, Inboxes: v.Inboxes}
}

// Gate is the ticket that a path names (an id or #number), when the viewer may do p in its inbox. What cannot be seen is NotFound.
func (v *Service) Gate(ctx context.Context, who access.Viewer, name string, p access.Permission) (desk.TicketID, error) {
	id, err := v.TicketID(ctx, name)
	if err != nil {
		return 0, err
	}
	return id, v.MayInTicket(ctx, who, id, p)
}

// MayInTicket returns nil when the viewer may do p in the ticket's inbox.
func (v *Service) MayInTicket(ctx context.Context, who access.Viewer, id desk.TicketID, p access.Permission) error {
	if err := v.MayOpen(ctx, SightOf(who), id); err != nil {
		return err
	}
	inbox, err := v.InboxOf(ctx, id)
	if err != nil {
		return err
	}
	return who.NeedIn(inbox, p)
}
