package dialogue

import (
	"context"
	"html"
	"maps"
	"strings"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/routing"
)

// carryOut does what is pending, in order, up to what must wait: a pause, a webhook, a mail. What an effect refuses because of its values is left out and logged: a
// bot does not stop because a property is gone.
func (s *Service) carryOut(ctx context.Context, t *turn) error {
	for len(t.run.Progress.Pending) > 0 && !t.run.Over() {
		e := t.run.Progress.Pending[0]
		switch e.Type {
		case chatflow.DoDelay, chatflow.DoWebhook, chatflow.DoEmail, chatflow.DoWait:
			return nil
		}
		t.run.Progress.Pending = t.run.Progress.Pending[1:]
		if err := s.effect(ctx, t, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) effect(ctx context.Context, t *turn, e chatflow.Effect) error {
	switch e.Type {
	case chatflow.DoSay, chatflow.DoAsk:
		m, err := s.say(ctx, t.tx, t.th, e)
		if e.Type == chatflow.DoAsk {
			t.run.Progress.Asked = m.ID
		}
		return err
	case chatflow.DoSet:
		return s.set(ctx, t, e)
	case chatflow.DoTicket:
		return s.ticket(ctx, t, e)
	case chatflow.DoAssign:
		return s.assign(ctx, t, e)
	case chatflow.DoHandover:
		how := chatflow.HandedOver
		if t.run.Progress.State.Over == chatflow.Failed {
			how = chatflow.Failed
		}
		if err := s.toPeople(ctx, t, e.Policy); err != nil {
			return err
		}
		t.run.Status = how
		return s.tell(ctx, t.tx, t.th, t.run, e.Reason)
	case chatflow.DoEnd:
		return s.end(ctx, t, e)
	}
	return nil
}

// Said is what an effect says and offers: for what a page shows of a bot's first words, before there is a conversation.
func Said(e chatflow.Effect) (text, html string, o desk.Offers) {
	text = e.Text
	if e.Image != "" || e.Link != nil {
		html, text = bubbleHTML(e), bubbleText(e)
	}
	o.Quick = buttons(e.Quick)
	if in := e.Input; in != nil {
		o.Input = &desk.Question{Step: in.Step, Answer: in.Answer, Required: in.Required, Choices: buttons(in.Choices)}
	}
	return text, html, o
}

// say stores what the bot says. Whatever stands in it is text: pictures and links are the chatflow's own.
func (s *Service) say(ctx context.Context, tx *db.Tx, th desk.Thread, e chatflow.Effect) (desk.Message, error) {
	c := dispatch.SayCommand{Actor: botOf(th), Thread: th}
	var o desk.Offers
	c.Text, c.HTML, o = Said(e)
	if c.Offers = &o; o.Empty() && strings.TrimSpace(c.Text) == "" && c.HTML == "" {
		return desk.Message{}, nil
	}
	return s.Dispatch.Say(ctx, tx, c)
}

func buttons(in []chatflow.Button) []desk.QuickReply {
	out := []desk.QuickReply{}
	for _, b := range in {
		out = append(out, desk.QuickReply{Label: b.Label, Value: b.Value, URL: b.URL, Step: b.Step})
	}
	return out
}

func bubbleHTML(e chatflow.Effect) string {
	var b strings.Builder
	if e.Text != "" {
		b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(e.Text), "\n", "<br>") + "</p>")
	}
	if e.Image != "" {
		b.WriteString(`<p><img src="` + html.EscapeString(e.Image) + `" alt=""></p>`)
	}
	if e.Link != nil {
		b.WriteString(`<p><a href="` + html.EscapeString(e.Link.URL) + `">` + html.EscapeString(labelOf(e.Link)) + `</a></p>`)
	}
	return b.String()
}

func bubbleText(e chatflow.Effect) string {
	parts := []string{}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	if e.Link != nil {
		line := e.Link.URL
		if e.Link.Label != "" {
			line = e.Link.Label + ": " + line
		}
		parts = append(parts, line)
	}
	if len(parts) == 0 {
		return e.Image
	}
	return strings.Join(parts, "\n")
}

func labelOf(l *chatflow.Link) string {
	if l.Label != "" {
		return l.Label
	}
	return l.URL
}

// ticket files a ticket, stamped as the account does, and with what the step says (CF-08). What is owed to it is paid. Its owner is decided when the bot leaves,
// or by a step that assigns.
func (s *Service) ticket(ctx context.Context, t *turn, e chatflow.Effect) error {
	acc, err := s.Inboxes.Account(ctx, t.tx, t.th.AccountID)
	if err != nil {
		return err
	}
	p := acc.Ticket
	for _, f := range []struct {
		to *string
		v  string
	}{{&p.Pipeline, e.Pipeline}, {&p.Status, e.Status}, {&p.Priority, e.Priority}} {
		if f.v != "" {
			*f.to = f.v
		}
	}
	if len(e.Properties) > 0 {
		all := maps.Clone(p.Properties)
		if all == nil {
			all = map[string]any{}
		}
		maps.Copy(all, e.Properties)
		p.Properties = all
	}
	tk, err := s.Intake.Ticket(ctx, t.tx, botOf(t.th), t.th.ID, intake.TicketWish{Subject: e.Subject, Description: e.Description, Policy: &p})
	if err != nil {
		return err
	}
	t.th.TicketID = tk.ID
	if err := s.pay(ctx, t); err != nil {
		return err
	}
	return s.look(ctx, t)
}

// assign gives the ticket to whom a step says; without a ticket it is kept for when there is one.
func (s *Service) assign(ctx context.Context, t *turn, e chatflow.Effect) error {
	if t.run.Progress.Assign, t.run.Progress.Told = e.Policy, true; t.th.TicketID == 0 {
		return nil
	}
	acc, err := s.Inboxes.Account(ctx, t.tx, t.th.AccountID)
	if err != nil {
		return err
	}
	tk, err := s.Tickets.Survivor(ctx, t.tx, t.th.TicketID)
	if err != nil || !tk.Open {
		return err
	}
	_, err = s.Assign.AssignBy(ctx, t.tx, tk, acc, e.Policy, routing.HandedOver)
	return err
}

// end is the bot's own end. A ticket that it filed is people's from now on; without one the conversation stays the bot's (CF-21).
func (s *Service) end(ctx context.Context, t *turn, e chatflow.Effect) error {
	if t.th.TicketID != 0 {
		if err := s.toPeople(ctx, t, t.run.Progress.Assign); err != nil {
			return err
		}
	} else if e.Close && t.th.Open {
		if _, err := s.Threads.Turn(ctx, t.tx, botOf(t.th), t.th.ID, false); err != nil {
			return err
		}
	}
	t.run.Status = chatflow.Ended
	return s.tell(ctx, t.tx, t.th, t.run, e.Reason)
}

// left notes that something was not done because of its values.
func (s *Service) left(t *turn, what string, err error) error {
	if err == nil || db.IsMachine(err) {
		return err
	}
	switch desk.CodeOf(err) {
	case desk.Invalid, desk.Conflict, desk.NotFound, desk.Forbidden, desk.TooLarge:
		s.Log.Warn("a bot's step was left out", "step", what, "thread", t.th.ID, "flow", t.run.Flow, "reason", desk.ReasonOf(err))
		return nil
	}
	return err
}
