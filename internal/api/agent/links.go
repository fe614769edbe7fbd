package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

// accountCan narrows what the composer may offer to what the conversation's account can do: how much it carries, and whether larger files go as
// links (EM-39).
func (a *agents) accountCan(ctx context.Context, t *view.TicketThread) error {
	acc, err := a.Inboxes.Account(ctx, a.DB, t.AccountID)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	t.Can = a.Dispatch.Can(acc)
	if t.Can.AttachmentTypes == nil {
		t.Can.AttachmentTypes = []string{}
	}
	return nil
}
