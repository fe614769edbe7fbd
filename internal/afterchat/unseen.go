package afterchat

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

// unseenKind is the kind of the job that mails what a visitor has not seen: one a conversation.
const unseenKind = "afterchat.unseen"

// look is how often a visitor who still seems to be there is looked for.
const look = 5 * time.Second

// recent is how old an answer may be that still waits for a visitor: as long as a channel may let it wait.
const recent = 24 * time.Hour

// Client is what mails of this package say made them.
const Client = "afterchat"

type unseenPayload struct {
	Thread desk.ThreadID `json:"thread_id"`
}

// watch lets a conversation be looked at once its newest answer could have been seen.
func (s *Service) watch(ctx context.Context, tx *db.Tx, th desk.Thread) error {
	return s.enqueue(ctx, tx, th.ID)
}

func (s *Service) enqueue(ctx context.Context, tx *db.Tx, id desk.ThreadID) error {
	_, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: unseenKind, Payload: unseenPayload{id}, UniqueKey: id.String(), RunAt: s.Clock.Ms().Add(s.Gather)})
	return err
}

// Left is told of visitors who have closed the last of their pages: what they have not seen leaves now (CH-29), not at the next look.
func (s *Service) Left(ctx context.Context, visitors []desk.VisitorID) error {
	ids, err := db.All(ctx, s.DB, db.Column[desk.ThreadID], "SELECT t.id FROM threads t WHERE t.visitor_id <> 0 AND t.visitor_id IN "+db.Among(s.DB, "$1")+
		" AND t.last_message_at > $2 AND EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = t.id AND m.id > t.seen_by_visitor AND m.id > t.mailed_to AND m.direction = 'outgoing' AND m.kind = 'message' AND m.account_id = t.account_id) ORDER BY t.id", db.JSON(visitors), s.Clock.Ms().Add(-recent))
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, id := range ids {
			j, err := s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: unseenKind, Payload: unseenPayload{id}, UniqueKey: id.String()})
			if err != nil {
				return err
			}
			if _, err := s.Jobs.RunNow(ctx, tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// pile is what a visitor has not seen of a conversation, oldest first, and what was said before.
type pile struct {
	thread  desk.Thread
	unseen  []desk.Message
	earlier []desk.Message
}

func (p pile) last() desk.Message { return p.unseen[len(p.unseen)-1] }

// errOvertaken ends a mail whose messages were seen, or mailed, while it was written.
var errOvertaken = errors.New("afterchat: seen meanwhile")

// unseen is the job: it waits while the visitor may still look, and then mails what they have not seen, once.
func (s *Service) unseen(ctx context.Context, j *job.Job) error {
	var p unseenPayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	found, err := s.pile(ctx, p.Thread)
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	if err != nil || len(found.unseen) == 0 {
		return err
	}
	to, err := s.reach(ctx, found.thread)
	if err != nil || to.Address == "" {
		return err // looked at again when an address becomes known
	}
	wait, err := s.wait(ctx, found)
	if err != nil {
		return err
	}
	if wait > 0 {
		return job.Snooze(wait)
	}
	acc, err := s.Sender(ctx, found.thread)
	if err != nil {
		return err
	}
	if acc.ID == 0 {
		return s.note(ctx, found.thread, "The visitor has left and was not sent the answer by mail: no mail channel of this inbox can send. Connect one, or choose one in the chat channel's settings.")
	}
	err = s.mail(ctx, found, acc, to)
	if errors.Is(err, errOvertaken) {
		return job.Snooze(s.Gather)
	}
	if err == nil || db.IsMachine(err) || ctx.Err() != nil {
		return err
	}
	s.Log.Warn("an unseen answer could not be mailed", "thread_id", found.thread.ID, "err", err)
	return s.note(ctx, found.thread, "The visitor has left and could not be sent the answer by mail: "+desk.PublicOf(err))
}

// pile reads what the visitor has not seen: answers of people after what they saw, what went out by mail, and what they wrote themselves.
func (s *Service) pile(ctx context.Context, id desk.ThreadID) (pile, error) {
	th, err := s.Threads.Get(ctx, s.DB, id)
	if err != nil || th.VisitorID == 0 || th.Hidden != desk.HiddenNo {
		return pile{thread: th}, err
	}
	ms, err := s.Threads.Messages(ctx, s.DB, th.ID, thread.Page{Limit: 200})
	if err != nil {
		return pile{}, err
	}
	reader, err := s.reader(ctx, th)
	if err != nil {
		return pile{}, err
	}
	p := pile{thread: th}
	after := max(th.SeenByVisitor, th.MailedTo)
	for _, m := range ms {
		if m.Direction == desk.Incoming && m.Kind == desk.KindMessage {
			after = max(after, m.ID)
		}
	}
	for i := len(ms) - 1; i >= 0; i-- {
		m := ms[i]
		switch {
		case !shown(m) || !webchat.Between(m, m.Channel == th.Channel, th, reader):
		case m.ID > after && m.Kind == desk.KindMessage && m.Direction == desk.Outgoing && m.AccountID == th.AccountID && (m.Actor.Kind == desk.ActorUser || m.Actor.Kind == desk.ActorToken):
			p.unseen = append(p.unseen, m)
		case len(p.unseen) == 0:
			p.earlier = append(p.earlier, m)
		}
	}
	return p, nil
}

// shown tells what both sides of a conversation have read or may read: never a comment, a note to the team, or what has not left.
func shown(m desk.Message) bool {
	if m.Kind != desk.KindMessage && m.Kind != desk.KindWelcome || m.ForwardOf != 0 || m.Status == desk.StatusCancelled {
		return false
	}
	return m.SendAt == 0 || m.Status != desk.StatusQueued
}

// reach is the address that is known of the visitor: proven, or given in this very chat. Nobody who is banned is written to.
func (s *Service) reach(ctx context.Context, th desk.Thread) (desk.Party, error) {
	v, err := s.Visitors.Get(ctx, s.DB, th.VisitorID)
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return desk.Party{}, err
	}
	if v.BannedAt != 0 {
		return desk.Party{}, nil
	}
	return s.Replies.MailOf(ctx, s.DB, th)
}

// wait is how long a visitor is left to see it by themselves: while their page is open, as long as the account says; once it is closed, only
// until the agent has finished.
func (s *Service) wait(ctx context.Context, p pile) (time.Duration, error) {
	set, err := s.settings(ctx, s.DB, p.thread)
	if err != nil {
		return 0, err
	}
	age := time.Duration(s.Clock.Ms()-p.last().CreatedAt) * time.Millisecond
	patience := cmp.Or(s.Unseen, time.Duration(set.Email.UnseenSecs)*time.Second)
	if s.Online == nil || !s.Online(p.thread.VisitorID) {
		return max(0, min(s.Gather, patience)-age), nil
	}
	return max(0, min(look, patience-age)), nil
}

// Sender is the mail account that answers leave by: the chosen one, else the inbox's own; zero when none can send.
func (s *Service) Sender(ctx context.Context, th desk.Thread) (desk.ChannelAccount, error) {
	set, err := s.settings(ctx, s.DB, th)
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	fit := func(a desk.ChannelAccount) bool {
		ad, ok := s.Registry.Get(a.Channel)
		return ok && a.ArchivedAt == 0 && a.Active && ad.Spec().Address == desk.AddrEmail && channel.Can(ad, a.Settings).Send
	}
	if set.Email.Account != "" {
		a, err := s.Inbox.AccountBySlug(ctx, s.DB, set.Email.Account)
		if err != nil && desk.CodeOf(err) != desk.NotFound || err == nil && fit(a) {
			return a, err
		}
	}
	all, err := s.Inbox.Accounts(ctx, s.DB, inbox.Filter{Inbox: th.InboxID, ActiveOnly: true})
	if err != nil {
		return desk.ChannelAccount{}, err
	}
	slices.SortFunc(all, func(a, b desk.ChannelAccount) int { return cmp.Compare(a.ID, b.ID) }) // the one that the inbox has longest
	var best desk.ChannelAccount
	for _, a := range all {
		if !fit(a) {
			continue
		}
		spare, err := s.Inbox.IsFallback(ctx, s.DB, a.ID)
		if err != nil {
			return best, err
		}
		if a.Authorized && !spare {
			return a, nil
		}
		if best.ID == 0 || a.Authorized {
			best = a
		}
	}
	return best, nil
}

// mail sends what was not seen as one mail. That it went out is written with it, in one transaction in which nobody can see it meanwhile.
func (s *Service) mail(ctx context.Context, p pile, acc desk.ChannelAccount, to desk.Party) error {
	l, err := s.letter(ctx, p.thread)
	if err != nil {
		return err
	}
	var none time.Duration
	_, err = s.Replies.Reply(ctx, dispatch.ReplyCommand{
		Actor: p.last().Actor, ThreadID: p.thread.ID, FromAccount: acc.ID, To: []desk.Party{to}, Cc: []desk.Party{}, Bcc: []desk.Party{}, Subject: l.subject(),
		Content: dispatch.Content{HTML: l.unseen(p)}, Timing: dispatch.Timing{Undo: &none}, Client: Client, Copy: true, Files: filesOf(p.unseen),
		Also: func(ctx context.Context, tx *db.Tx, _ desk.Message) error {
			now, err := s.Threads.Lock(ctx, tx, p.thread.ID)
			if err != nil {
				return err
			}
			if now.SeenByVisitor != p.thread.SeenByVisitor || now.MailedTo != p.thread.MailedTo || now.LastInboundAt != p.thread.LastInboundAt {
				return errOvertaken
			}
			return s.Threads.MailedTo(ctx, tx, now.ID, p.last().ID)
		},
	})
	return err
}

func filesOf(ms []desk.Message) (out []desk.Attachment) {
	for _, m := range ms {
		for _, a := range m.Attachments {
			out = append(out, desk.Attachment{Name: a.Name, Type: a.Type, Size: a.Size, SHA256: a.SHA256, Inline: a.Inline, ContentID: a.ContentID})
		}
	}
	return out
}

// note tells the team something in a conversation, unless it was the last thing told.
func (s *Service) note(ctx context.Context, th desk.Thread, text string) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		th, err := s.Threads.Lock(ctx, tx, th.ID)
		if err != nil {
			return err
		}
		ms, err := s.Threads.Messages(ctx, tx, th.ID, thread.Page{Limit: 1})
		if err != nil || len(ms) > 0 && ms[0].Text == text {
			return err
		}
		_, err = s.Threads.Append(ctx, tx, desk.Message{
			ThreadID: th.ID, Kind: desk.KindSystem, Channel: th.Channel, AccountID: th.AccountID, Actor: desk.System, Text: text, Client: "system",
		})
		return err
	})
}
