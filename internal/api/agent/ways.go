package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/view"
)

// ways fills in how an answer in a conversation with a visitor may leave: the account of a plain one first (GEN-24, WS-21).
func (a *agents) ways(ctx context.Context, t *view.TicketThread) error {
	acc, to, m, err := a.Dispatch.Plain(ctx, a.DB, t.Thread)
	if err != nil && desk.CodeOf(err) != desk.Invalid && desk.CodeOf(err) != desk.Conflict {
		return err
	}
	all, err := a.Dispatch.Ways(ctx, a.DB, t.Thread)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	mail, err := a.Dispatch.MailOf(ctx, a.DB, t.Thread)
	if err != nil {
		return err
	}
	for _, o := range all {
		w := view.Way{ThreadAccount: view.ThreadAccount{ID: o.ID, Name: o.Name, Address: o.Address, Active: o.Active, State: o.State}, Channel: o.Channel, Can: a.Dispatch.Can(o), To: []desk.Party{}}
		if w.Can.AttachmentTypes == nil {
			w.Can.AttachmentTypes = []string{}
		}
		if o.ID != t.AccountID {
			w.To = append(w.To, mail)
		}
		if o.ID == acc.ID && len(to.To) > 0 {
			w.To = to.To
			t.Ways = append([]view.Way{w}, t.Ways...)
		} else {
			t.Ways = append(t.Ways, w)
		}
	}
	t.Can = t.Ways[0].Can
	d := &t.ReplyDefaults
	d.To, d.Cc, d.InReplyTo, d.Subject = append(d.To, to.To...), append(d.Cc, to.Cc...), m.ID, dispatch.ReplySubject(m.Subject)
	return nil
}
