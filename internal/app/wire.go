package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/api/actions"
	"github.com/kanalhq/kanal/internal/api/admin"
	"github.com/kanalhq/kanal/internal/api/agent"
	"github.com/kanalhq/kanal/internal/api/chat"
	"github.com/kanalhq/kanal/internal/api/hubspot"
	"github.com/kanalhq/kanal/internal/api/inform"
	"github.com/kanalhq/kanal/internal/api/lists"
	"github.com/kanalhq/kanal/internal/api/person"
	"github.com/kanalhq/kanal/internal/api/public"
	"github.com/kanalhq/kanal/internal/api/site"
	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/api/work"
	"github.com/kanalhq/kanal/internal/api/writing"
	"github.com/kanalhq/kanal/internal/assignment"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/blobgc"
	"github.com/kanalhq/kanal/internal/bulk"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/config"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/door"
	"github.com/kanalhq/kanal/internal/hook"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/keeping"
	"github.com/kanalhq/kanal/internal/netx"
	"github.com/kanalhq/kanal/internal/oversight"
	"github.com/kanalhq/kanal/internal/purge"
	"github.com/kanalhq/kanal/internal/realtime"
	"github.com/kanalhq/kanal/internal/redaction"
	"github.com/kanalhq/kanal/internal/search"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/skill/tongue"
	"github.com/kanalhq/kanal/internal/survey"
	"github.com/kanalhq/kanal/internal/switchboard"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/triage"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/webchat"
	"github.com/kanalhq/kanal/web"
)

// late hands the switchboard an intake that is made after it: each needs the other.
type late struct{ a *App }

func (l late) Deliver(ctx context.Context, raws []channel.Raw) error {
	return l.a.Intake.Deliver(ctx, raws)
}

// flows makes what joins the nouns.
func (a *App) flows(ctx context.Context) error {
	node, err := a.nodeName()
	if err != nil {
		return err
	}
	a.Door = door.New(door.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Box: a.Box, Access: a.Access, People: a.People, Settings: a.Settings, Base: a.cfg.Base.String(), Log: a.log,
		Web: netx.Guard{AllowPrivate: config.PrivateProviders() || inside(a.cfg.Base)}.HTTP(netx.HTTPOptions{Timeout: 15 * time.Second, MaxBody: 1 << 20}),
	})
	a.Avail = availability.New(availability.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Channels: a.Registry, People: a.People, Inboxes: a.Inbox, Tickets: a.Tickets, Contacts: a.Contacts, Settings: a.Settings, Log: a.log,
		Hours: a.Worktime.Hours,
	})
	a.Assign = assignment.New(assignment.Deps{
		Clock: a.Clock, People: a.People, Inboxes: a.Inbox, Tickets: a.Tickets, Threads: a.Threads, Contacts: a.Contacts, Properties: a.Properties, Visitors: a.Visitors, Channels: a.Registry,
		Keep: config.Window("DECISIONS_KEEP"), Log: a.log,
	}).WithHours(a.Worktime.Closed).Gate(a.Avail.Gate).Opens(a.Avail.Opens).WithLimits(assignment.LimitsOf(a.Settings, a.People)).WithSkills(a.Skills).WithTongue(a.Skills.LanguageOf)
	a.Board = switchboard.New(switchboard.Deps{
		DB: a.DB, Inbox: a.Inbox, Events: a.Events, Registry: a.Registry, Blobs: a.Blobs, Clock: a.Clock, Intake: late{a}, Guard: netx.Guard{AllowPrivate: true},
		Log: a.log, Node: node, Listen: a.listen, LeaseTTL: config.Window("RECEIVER_LEASE"), BackOff: config.Window("RECONNECT_BASE"), MaxBackOff: config.Window("RECONNECT_MAX"),
	})
	a.Intake = intake.New(intake.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Registry: a.Registry, Blobs: a.Blobs, Events: a.Events, Jobs: a.Jobs, Contacts: a.Contacts, Threads: a.Threads,
		Tickets: a.Tickets, Inbox: a.Inbox, Assign: a.Assign, Lines: a.Board, Sieve: a.Spam,
		RawKeep: config.Window("RAW_KEEP"), Reopen: config.Window("REOPEN"), Orphans: config.Window("ATTACHMENT_ORPHAN"),
	})
	a.erasing()
	a.replies()
	a.Identity = identity.New(identity.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Contacts: a.Contacts, Threads: a.Threads, Tickets: a.Tickets, Journal: a.Intake, Files: a.Blobs, Log: a.log,
		Keep: config.Window("CONTACT_KEEP"), Visitors: a.Visitors, Consents: a.Consent, Forms: a.Forms,
		Also: a.alsoOf, Held: a.Keeping.Held, Salt: a.Box.Derive("erased addresses"), Remember: a.remembersErased,
	})
	a.Contacts.Erased = a.Identity.Erased
	a.Intake.Visitors = a.Identity
	a.forms()
	a.waits()
	a.Search = search.New(a.DB, a.Events, a.log).Files(a.Blobs).Clock(a.Clock)
	a.Views = view.New(a.DB, a.abilities).Saved(a.Saved)
	a.Bulk = bulk.New(bulk.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Access: a.Access, Tickets: a.Tickets, Assign: a.Assign, Triage: a.Triage, Purge: a.Purge, View: a.Views, Log: a.log,
		Keep: config.Window("BULK_KEEP"),
	})
	a.moving()
	a.ticketing()
	a.Notify = a.notifier()
	a.Transfer = a.transfer(transfer.Outside{})
	a.Hub = realtime.New(realtime.Deps{Events: a.Events, DB: a.DB, Log: a.log, InboxOf: a.Views.InboxOf, Held: a.Views.HeldTickets, HeldThread: a.Views.HeldThread, Stays: config.Window("PRESENCE"), Answers: a.answers, Holds: a.holdsAnswers})
	if err := a.chat(); err != nil {
		return err
	}
	a.Notify.Schedule(a.Jobs)
	a.metrics = a.newMetrics()
	a.housekeeping()
	return nil
}

// erasing makes what takes away, and what keeps (CO-10).
func (a *App) erasing() {
	a.Purge = purge.New(purge.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Threads: a.Threads, Tickets: a.Tickets, Journal: a.Intake, Log: a.log,
		Spam: config.Window("SPAM_PURGE"), Trash: config.Window("TRASH_PURGE"),
		Also: a.alsoOfTicket, Conversations: a.Chatflows.Forget, Emptied: a.emptied, Windows: a.hiddenFor,
		Held: func(ctx context.Context, q db.Queryer, t desk.TicketID, c desk.ContactID) (bool, error) {
			return a.Keeping.Held(ctx, q, t, c)
		},
	})
	a.Keeping = keeping.New(keeping.Deps{DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, Settings: a.Settings, Tickets: a.Tickets, Contacts: a.Contacts, Purge: a.Purge, Log: a.log})
	a.Redaction = redaction.New(redaction.Deps{
		DB: a.DB, Events: a.Events, Settings: a.Settings, Threads: a.Threads, Tickets: a.Tickets, Forms: a.Forms, Journal: a.Intake, Box: a.Box, Held: a.Keeping.Held,
	})
	a.Intake.Blank = a.Redaction
}

// replies makes what leaves again: triage, which a reply may close with, dispatch, and the surveys that follow.
func (a *App) replies() {
	a.Triage = triage.New(triage.Deps{
		DB: a.DB, Clock: a.Clock, Jobs: a.Jobs, People: a.People, Inboxes: a.Inbox, Threads: a.Threads, Tickets: a.Tickets, Assign: a.Assign, Senders: a.Spam, Log: a.log,
	})
	a.Dispatch = dispatch.New(dispatch.Deps{
		Rest: a.Triage, Follow: a.Triage, Visitors: givenAddress{a.Visitors},
		DB: a.DB, Clock: a.Clock, Events: a.Events, Jobs: a.Jobs, People: a.People, Contacts: a.Contacts, Inbox: a.Inbox, Threads: a.Threads, Tickets: a.Tickets,
		Assign: a.Assign, Board: a.Board, Registry: a.Registry, Company: a.company, Numbers: a.numbersInSubjects, Log: a.log, Fallback: a.cfg.RelayTo != nil,
		Links: dispatch.Links{Base: a.cfg.Base, Key: a.Box.Derive("file links"), Keep: config.Window("FILE_LINK"), Local: a.cfg.LocalLinks || config.LocalLinks(), Words: a.words},
		Windows: dispatch.Windows{
			Undo: config.Window("UNDO_SEND"), RetryBase: config.Window("RETRY_BASE"), RetryMax: config.Window("RETRY_MAX"), GiveUp: config.Window("SEND_GIVE_UP"),
		},
	})
	a.Surveys = survey.New(survey.Deps{
		DB: a.DB, Clock: a.Clock, Events: a.Events, Contacts: a.Contacts, Tickets: a.Tickets, Threads: a.Threads, Replies: a.Dispatch, Base: a.cfg.Base, Key: a.Box.Derive("survey links"),
		Keep: config.Window("SURVEY"), Log: a.log, Words: a.named,
	})
}

// freshSettings are what a new account begins with: one with visitors in the company's hours, and private where the company is (CO-01).
func (a *App) freshSettings(ctx context.Context, q db.Queryer, spec channel.Spec, given json.RawMessage) (json.RawMessage, error) {
	if !spec.Can.Live {
		return a.freshForm(ctx, q, spec, given)
	}
	c, err := a.Settings.Company(ctx, q)
	if err != nil {
		return nil, err
	}
	return webchat.Fresh(given, c.Timezone, c.Privacy)
}

// alsoOfTicket takes what others keep of a ticket that is erased.
func (a *App) alsoOfTicket(ctx context.Context, tx *db.Tx, id desk.TicketID) error {
	if err := a.Bulk.Forget(ctx, tx, []desk.TicketID{id}, nil); err != nil {
		return err
	}
	if err := a.Assign.Forget(ctx, tx, []desk.TicketID{id}, nil); err != nil {
		return err
	}
	if err := a.Letters.Forget(ctx, tx, []desk.TicketID{id}, nil); err != nil {
		return err
	}
	if err := a.Forms.Forget(ctx, tx, nil, []desk.TicketID{id}, nil); err != nil {
		return err
	}
	return a.Surveys.Erase(ctx, tx, id, 0)
}

// alsoOf takes what others keep of a person who is erased (CR-14).
func (a *App) alsoOf(ctx context.Context, tx *db.Tx, gone identity.Gone) error {
	var ids []string
	browsers, err := a.Visitors.Forget(ctx, tx, gone.Contacts, gone.Threads, gone.Words)
	if err != nil {
		return err
	}
	if err := a.Consent.Forget(ctx, tx, gone.Contacts, browsers, gone.Threads); err != nil {
		return err
	}
	if err := a.Chatflows.Forget(ctx, tx, gone.Threads); err != nil {
		return err
	}
	if err := a.Forms.Forget(ctx, tx, gone.Contacts, gone.Tickets, gone.Words); err != nil {
		return err
	}
	for _, id := range gone.Contacts {
		if err := a.Surveys.Erase(ctx, tx, 0, id); err != nil {
			return err
		}
		ids = append(ids, id.String())
	}
	for _, id := range gone.Tickets {
		ids = append(ids, id.String())
	}
	for _, id := range gone.Threads {
		ids = append(ids, id.String())
	}
	for _, id := range gone.Messages {
		ids = append(ids, id.String())
	}
	if err := a.Bulk.Forget(ctx, tx, gone.Tickets, gone.Words); err != nil {
		return err
	}
	if err := a.Assign.Forget(ctx, tx, gone.Tickets, gone.Threads); err != nil {
		return err
	}
	if err := a.Letters.Forget(ctx, tx, gone.Tickets, gone.Threads); err != nil {
		return err
	}
	if err := a.Saved.Forget(ctx, tx, gone.Words); err != nil {
		return err
	}
	return api.ForgetAnswers(ctx, tx, gone.Words, ids)
}

// endWeak ends the sessions that the rules of signing in ask more of.
func (a *App) endWeak(ctx context.Context, tx *db.Tx, actor desk.Actor, rules setting.SignIn) error {
	return a.Door.EndWeak(ctx, tx, actor, rules, 0)
}

// transfer is settings as text, with secrets read from outside.
func (a *App) transfer(outside transfer.Outside) *transfer.Service {
	return transfer.New(transfer.Deps{
		DB: a.DB, Channels: a.Registry, People: a.People, Properties: a.Properties, Tickets: a.Tickets, Inboxes: a.Inbox, Settings: a.Settings, Snippets: a.Snippets, Worktime: a.Worktime, Views: a.Saved, Spaces: a.Spaces, Chatflows: a.Chatflows, Forms: a.Forms, Notify: a.Notify, Spam: a.Spam, Surveys: a.Surveys, Skills: a.Skills, Access: a.Access, Outside: outside, Weak: a.endWeak,
	})
}

// edge is everything that answers HTTP.
func (a *App) edge() http.Handler {
	s := api.New(api.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Access: a.Access, Key: a.Box.Derive("signed links"), BaseURL: a.cfg.Base, Version: Version().Version,
		Assets: web.FS(), Proxies: a.cfg.TrustedProxies, Observe: a.metrics.observe, RepeatKept: config.Window("IDEMPOTENCY"), Admit: a.Door.Admit,
	})
	a.doors(s)
	writes := writing.Deps{
		DB: a.DB, Clock: a.Clock, People: a.People, Contacts: a.Contacts, Threads: a.Threads, Settings: a.Settings, Snippets: a.Snippets, Dispatch: a.Dispatch, View: a.Views,
	}
	writing.Mount(s, writes)
	agent.Mount(s, agent.Deps{
		Macro: writing.MacroOf(writes), Undo: config.Window("UNDO_SEND"),
		DB: a.DB, Clock: a.Clock, Log: a.log, Events: a.Events, Access: a.Access, Door: a.Door, People: a.People, Contacts: a.Contacts, Tickets: a.Tickets, Threads: a.Threads,
		Assign: a.Assign, Dispatch: a.Dispatch, Correct: a.Intake, Search: a.Search, View: a.Views, Hub: a.Hub, Blobs: a.Blobs, Settings: a.Settings, Inboxes: a.Inbox, Seen: a.Notify.Seen, Waiting: a.Waiting,
		MaxUpload: 250 << 20, // what a mail cannot carry goes as a link
	})
	actions.Mount(s, actions.Deps{DB: a.DB, Log: a.log, View: a.Views, Triage: a.Triage})
	work.MountWaiting(s, work.WaitingDeps{DB: a.DB, Clock: a.Clock, View: a.Views, Waiting: a.Waiting, Assign: a.Assign, Inboxes: a.Inbox, Settings: a.Settings})
	admin.Mount(s, admin.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Registry: a.Registry, Access: a.Access, People: a.People, Inboxes: a.Inbox, Tickets: a.Tickets, Properties: a.Properties,
		Settings: a.Settings, Surveys: a.Surveys, Intake: a.Intake, Board: a.Board, View: a.Views, TestClock: !a.cfg.ClockAt.IsZero(),
		Assign: a.Assign, Transfer: a.transfer(transfer.Outside{Closed: true}), Oversight: oversight.New(a.DB, a.Clock), Availability: a.Avail, Post: systemMail{a}.post,
		Health: admin.Health{Jobs: a.Jobs.Stats, Dead: a.Jobs.DeadJobs, Search: a.Search.Behind, Missing: a.missing, DiskFree: a.diskFree, Started: desk.Time(time.Now().UnixMilli())},
	})
	chat.MountVisitors(s, chat.VisitorDeps{
		DB: a.DB, View: a.Views, Visitors: a.Visitors, Contacts: a.Contacts, Threads: a.Threads, Assign: a.Assign, Consent: a.Consent, After: a.After, Link: a.Identity,
		Handover: a.Intake.Handover, Stopped: a.Dialogue.Stopped, Presence: a.Lobby.PresenceOf,
	})
	chat.MountFlows(s, chat.FlowDeps{
		DB: a.DB, Clock: a.Clock, Flows: a.Chatflows, Inboxes: a.Inbox, Registry: a.Registry, Key: a.Box.Derive("chatflow previews"), BaseURL: a.cfg.Base,
		Properties: a.Properties, People: a.People, Tickets: a.Tickets, Open: a.Avail.Open, Hours: a.hasHours, Assign: a.Assign, Contacts: a.Contacts, View: a.Views, Languages: tongue.Codes,
	})
	for _, mount := range []func(*api.Server){a.mountWorktime, a.mountMoving, a.mountForms, a.mountPrivacy} {
		mount(s)
	}
	inform.Mount(s, inform.Deps{DB: a.DB, Notify: a.Notify})
	lists.Mount(s, lists.Deps{DB: a.DB, View: a.Views, Saved: a.Saved, Spaces: a.Spaces})
	lists.MountBulk(s, a.Bulk)
	a.mountSkills(s)
	lists.MountSpam(s, lists.SpamDeps{DB: a.DB, Spam: a.Spam, Windows: a.hiddenFor})
	person.Mount(s, person.Deps{DB: a.DB, Contacts: a.Contacts, Identity: a.Identity, Properties: a.Properties, People: a.People, View: a.Views, Log: a.log})
	site.Mount(s, a.site())
	public.Mount(s, public.Deps{Links: a.Dispatch, Blobs: a.Blobs, Surveys: a.Surveys, Log: a.log})
	widget.Mount(s, widget.Deps{
		DB: a.DB, Clock: a.Clock, Log: a.log, Base: a.cfg.Base, Registry: a.Registry, Visitors: a.Visitors, Identity: a.Identity, Signer: a.signer(), Consents: a.Consent,
		Inboxes: a.Inbox, Settings: a.Settings, Threads: a.Threads, Chatflows: a.Chatflows, Avail: a.Avail, Intake: a.Intake, Guard: a.Guard, Mapper: a.mapper(), Blobs: a.Blobs,
		Key: a.Box.Derive("widget uploads"), Preview: a.Box.Derive("chatflow previews"), Ends: a.Dialogue.Left, Transcript: a.transcript, Rate: a.rate, Viewing: a.Lobby.Viewing, Fetched: a.Lobby.Fetched,
		Country: a.Geo.Country, Facts: a.contactFacts,
	})
	hubspot.Mount(s, hubspot.Deps{Signer: a.signer()})
	streams := widget.StreamDeps{DB: a.DB, Visitors: a.Visitors, Lobby: a.Lobby, Guard: a.Guard, Base: a.cfg.Base, Person: a.person}
	widget.MountStream(s, streams)
	widget.MountPush(s, streams, a.Push.Key.Public())
	a.Jobs.Every("api.prune", time.Hour, s.Prune)
	s.Handle("/hooks/", hook.New(hook.Deps{DB: a.DB, Registry: a.Registry, Inbox: a.Inbox, Intake: late{a}, Log: a.log}))
	s.Handle("GET /healthz", http.HandlerFunc(healthz))
	s.Handle("GET /readyz", http.HandlerFunc(a.readyz))
	s.Handle("GET /metrics", a.metrics.handler())
	return s.Handler()
}

// housekeeping registers what is done now and then, on one node.
func (a *App) housekeeping() {
	a.Jobs.Every("contact.duplicates", 5*time.Second, a.Identity.Look)
	a.Jobs.Every("contact.expire", time.Hour, a.Identity.Expire)
	a.Jobs.Every("job.prune", time.Hour, func(ctx context.Context) error {
		_, err := a.Jobs.PruneDead(ctx, a.Clock.Ms().Add(-config.Window("JOB_DEAD")))
		return err
	})
	a.Jobs.Every("visitors.expire", time.Hour, a.expireVisitors)
	a.Jobs.Every("keeping.due", config.Window("PURGE_EVERY"), a.Keeping.Due)
	a.Jobs.Every("tickets.wake", time.Hour, a.Triage.WakeDue)
	a.Jobs.Every("decisions.prune", time.Hour, func(ctx context.Context) error { return a.Assign.Prune(ctx, a.DB) })
	a.Jobs.Every("surveys.ask", time.Minute, a.Surveys.Run)
	a.Jobs.Every("forms.file", 20*time.Second, a.Submissions.Run)
	a.Jobs.Every("tickets.purge", config.Window("PURGE_EVERY"), a.Purge.Run)
	a.Jobs.Every("blobs.collect", config.Window("BLOB_GC_EVERY"), blobgc.New(a.DB, a.Blobs, config.Window("BLOB_GC"), a.log).Run)
}
