package dispatch

import (
	"cmp"
	"context"
	"fmt"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

// SayCommand is what a bot or Kanal itself says to a visitor.
type SayCommand struct {
	Actor  desk.Actor       // a bot, an automation, or desk.System
	Thread desk.Thread      // held by the caller
	Kind   desk.MessageKind // "" is a message; a welcome, or a note that the visitor is to read ("… has joined")
	Content
	Offers *desk.Offers
	System *webchat.System // of a note: what the widget says in its own words; without it only the team sees the note
	Client string          // "": chatflow for a bot, else system
}

// Say stores what a bot or Kanal itself says in a conversation with a visitor, in the caller's transaction: being stored is being sent, so there
// is no job and nothing to undo. It is told as message.queued, like a person's answer, and its ledger waits for the visitor's browser to take it. A note
// (KindSystem) has the direction outgoing, unlike the notes that only the team sees. Neither assigns a ticket nor counts as a first reply.
func (s *Service) Say(ctx context.Context, tx *db.Tx, c SayCommand) (desk.Message, error) {
	if c.Thread.VisitorID == 0 {
		return desk.Message{}, desk.Errorf(desk.Invalid, "message.no_visitor", "This conversation is with nobody on a website.")
	}
	content, err := s.clean(c.Content, !c.Offers.Empty())
	if err != nil {
		return desk.Message{}, err
	}
	files, err := s.files(ctx, tx, c.Actor, content, c.Thread)
	if err != nil {
		return desk.Message{}, err
	}
	client := "system"
	if c.Actor.Kind == desk.ActorBot {
		client = "chatflow"
	}
	x := thread.Extra{Said: true}
	if c.System != nil {
		x.Data = map[string]any{webchat.ExtraKey: webchat.Extra{System: c.System}}
	}
	to := visitorParty(c.Thread)
	to.Status = desk.StatusSent
	m, err := s.Threads.AppendWith(ctx, tx, desk.Message{
		ThreadID: c.Thread.ID, Kind: cmp.Or(c.Kind, desk.KindMessage), Direction: desk.Outgoing, Channel: c.Thread.Channel, AccountID: c.Thread.AccountID,
		Actor: c.Actor, ContactID: c.Thread.ContactID, From: desk.Party{Field: fieldFrom}, Recipients: []desk.Party{to}, Text: content.Text, HTML: content.HTML,
		Truncation: desk.NotTruncated, Disposition: desk.DispNormal, Status: desk.StatusSent, Client: cmp.Or(c.Client, client), Attachments: files, Offers: offered(c.Offers),
	}, x)
	if err != nil {
		return m, fmt.Errorf("dispatch: say: %w", err)
	}
	if err := s.Threads.OpenDelivery(ctx, tx, m.ID, to.Address, desk.StatusSent); err != nil {
		return m, err
	}
	if m.TicketID != 0 {
		return m, s.Tickets.NoteMessage(ctx, tx, m.TicketID, m)
	}
	return m, nil
}

// visitorParty is the browser that a conversation is with, as a recipient.
func visitorParty(th desk.Thread) desk.Party {
	return desk.Party{Field: fieldTo, Kind: desk.AddrVisitor, Address: "v" + th.VisitorID.String(), Contact: th.ContactID}
}

const maxOffers = 20

// offered bounds and cleans what a message offers; nil when that is nothing.
func offered(o *desk.Offers) *desk.Offers {
	if o.Empty() {
		return nil
	}
	out := &desk.Offers{Quick: buttons(o.Quick)}
	if o.Input != nil {
		in := *o.Input
		in.Placeholder, in.Choices = cleanLine(in.Placeholder, 200), buttons(in.Choices)
		out.Input = &in
	}
	return out
}

func buttons(in []desk.QuickReply) []desk.QuickReply {
	out := []desk.QuickReply{}
	for _, b := range in {
		b.Label, b.Value = cleanLine(b.Label, 80), cleanLine(b.Value, 500)
		if b.Label != "" && len(out) < maxOffers {
			out = append(out, b)
		}
	}
	return out
}
