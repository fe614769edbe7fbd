package dispatch

import (
	"context"
	"slices"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/thread"
)

// outgoing is a message about to be queued.
type outgoing struct {
	actor     desk.Actor
	thread    desk.Thread
	account   desk.ChannelAccount
	to        Recipients
	subject   string
	content   Content
	inReplyTo desk.MessageID
	automatic bool
	client    string
	mentions  []desk.UserID
	timing    Timing
	plan      desk.SendPlan
	forward   *passed // what is passed on
	offers    *desk.Offers
	copied    bool              // repeats what was said: a note to the team
	along     []desk.Attachment // files of other messages
}

// queue stores an outgoing message with its name fixed now, its recipients in the ledger, and the job that sends it. The caller holds
// the thread.
func (s *Service) queue(ctx context.Context, tx *db.Tx, o outgoing) (desk.Message, error) {
	adapter, ok := s.Registry.Get(o.account.Channel)
	if !ok {
		return desk.Message{}, desk.Errorf(desk.Conflict, "channel.unknown", "This build of Kanal does not know the channel %q.", o.account.Channel)
	}
	spec := adapter.Spec()
	to, err := o.to.normalize(spec.Address)
	if err != nil {
		return desk.Message{}, err
	}
	files, err := s.files(ctx, tx, o.actor, o.content, o.thread)
	if err != nil {
		return desk.Message{}, err
	}
	files = append(append(files, o.forward.carried()...), o.along...)
	can := channel.Can(adapter, o.account.Settings)
	if err := checkLimits(can, o.content.Text, files); err != nil {
		return desk.Message{}, err
	}
	if err := s.large(can, o.content, files); err != nil {
		return desk.Message{}, err
	}
	html := o.content.HTML
	if !spec.Can.HTML {
		html = ""
	}
	if !spec.Can.Subject {
		o.subject = ""
	}
	remote := ""
	if named, ok := adapter.(channel.Identifier); ok {
		remote = named.NewRemoteID(o.account, token(adapter, o.thread.ID))
	}
	chain, err := s.chain(ctx, tx, o)
	if err != nil {
		return desk.Message{}, err
	}
	at, rule, err := s.timed(o.timing)
	if err != nil {
		return desk.Message{}, err
	}
	if !o.offers.Empty() && !can.QuickReplies {
		return desk.Message{}, desk.Errorf(desk.Invalid, "message.no_quick_replies", "%s carries no quick replies.", o.account.Name).In("quick")
	}
	kind := desk.KindMessage
	if o.copied {
		kind = desk.KindSystem
	}
	m, err := s.Threads.AppendWith(ctx, tx, o.forward.on(desk.Message{
		SendAt: at, SendRule: rule, Plan: planned(o.plan), Offers: offered(o.offers),
		ThreadID: o.thread.ID, TicketID: o.thread.TicketID, Kind: kind, Direction: desk.Outgoing, Channel: o.account.Channel,
		AccountID: o.account.ID, Actor: o.actor, ContactID: o.thread.ContactID, From: desk.Party{Field: fieldFrom, Kind: spec.Address, Address: o.account.Address},
		Recipients: to.all(), Subject: o.subject, Text: o.content.Text, HTML: html, Truncation: desk.NotTruncated, RemoteID: remote,
		InReplyTo: o.inReplyTo, Disposition: disposition(o.automatic), Status: desk.StatusQueued, Client: o.client, Attachments: files, Mentions: o.mentions,
	}), thread.Extra{References: chain})
	if err != nil {
		return m, err
	}
	return m, s.release(ctx, tx, o, m)
}

// release opens the message's ledger and gives it its job. The caller holds the thread.
func (s *Service) release(ctx context.Context, tx *db.Tx, o outgoing, m desk.Message) error {
	if m.RemoteID != "" && o.account.InboxID != o.thread.InboxID { // an answer to it will arrive in the account's inbox
		ids, err := s.Threads.LockRefs(ctx, tx, o.account.InboxID, m.RemoteID, nil)
		if err != nil {
			return err
		}
		if err := s.Threads.Bind(ctx, tx, ids, m.ThreadID, m.ID); err != nil {
			return err
		}
	}
	if err := s.Threads.CreateDeliveries(ctx, tx, m.ID, addressesOf(m.Recipients)); err != nil {
		return err
	}
	if m.SendRule.Scheduled() {
		return s.enqueueDue(ctx, tx, m)
	}
	return s.enqueue(ctx, tx, m, max(m.SendAt, s.Clock.Ms()))
}

// chain is what the message refers to, nearest first, as it is stored.
func (s *Service) chain(ctx context.Context, tx *db.Tx, o outgoing) ([]string, error) {
	if o.inReplyTo == 0 {
		return nil, nil
	}
	refs, _, err := s.Threads.References(ctx, tx, o.thread.ID, o.inReplyTo)
	slices.Reverse(refs)
	return refs, err
}

func disposition(automatic bool) desk.Disposition {
	if automatic {
		return desk.DispAutoReply
	}
	return desk.DispNormal
}

func addressesOf(ps []desk.Party) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Address
	}
	return out
}

// named is whom a comment mentions: the people, and the members that the mentioned teams have now (WS-10). A team may stand among the people too: ids are
// one noun's alone, and an editor need not tell them apart. What is neither is left out.
func (s *Service) named(ctx context.Context, q db.Queryer, by desk.Actor, people []desk.UserID, named []desk.TeamID) (users []desk.UserID, teams []desk.TeamID, err error) {
	users, teams = []desk.UserID{}, []desk.TeamID{}
	if len(people) == 0 && len(named) == 0 {
		return users, teams, nil
	}
	all, err := s.People.Teams(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	wanted := slices.Clone(named)
	for _, id := range people {
		if slices.ContainsFunc(all, func(t desk.Team) bool { return int64(t.ID) == int64(id) }) {
			wanted = append(wanted, desk.TeamID(id))
		} else if !slices.Contains(users, id) {
			users = append(users, id)
		}
	}
	for _, t := range all {
		if !slices.Contains(wanted, t.ID) {
			continue
		}
		teams = append(teams, t.ID)
		for _, id := range slices.Concat(t.Members, t.Extra) {
			if id != by.UserID() && !slices.Contains(users, id) {
				users = append(users, id)
			}
		}
	}
	return users, teams, nil
}
