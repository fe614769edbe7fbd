package widget

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// hello answers POST /widget/hello: what the widget does on this page, for this browser. A page that no account wants, or that has no chatflow, gets {}.
func (w *widget) hello(rw http.ResponseWriter, r *http.Request) error {
	var in HelloIn
	if err := read(rw, r, &in); err != nil {
		return err
	}
	ctx := r.Context()
	v, err := w.known(r, lobby.Hello, in.Token)
	if err != nil {
		return err
	}
	if v.ID == 0 {
		if err := w.Guard.Take(lobby.Hello, 0, w.server.ClientIP(r)); err != nil {
			return err
		}
	}
	s := &greeting{w: w, r: r, in: in, v: v, token: in.Token}
	if in.Reason == "event" {
		err = s.events(ctx)
		if err == nil {
			w.server.JSON(rw, http.StatusOK, struct{}{})
		}
		return err
	}
	if err := s.weigh(ctx); err != nil {
		return err
	}
	if err := s.recognise(ctx); err != nil {
		return err
	}
	out, err := s.say(ctx)
	if err != nil {
		return err
	}
	if out == nil {
		w.server.JSON(rw, http.StatusOK, struct{}{})
		return nil
	}
	w.server.JSON(rw, http.StatusOK, out)
	return nil
}

// greeting is one hello on its way.
type greeting struct {
	w       *widget
	r       *http.Request
	in      HelloIn
	v       visitor.Visitor
	token   string
	open    Open
	latest  Th
	acc     account
	flow    *chatflow.Candidate
	why     []chatflow.Why
	flows   []chatflow.Candidate
	all     map[desk.ChannelAccountID]account
	times   int // visits, with this one
	preview bool
	track   bool
	what    *IdentityOut
}

// weigh finds the account and the chatflow (CF-17): of a preview's token, of what fits the page, or of the conversation that goes on (CH-33).
func (s *greeting) weigh(ctx context.Context) error {
	all, err := s.w.accounts(ctx)
	if err != nil {
		return err
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	if token := s.previewToken(); token != "" {
		if err := s.showDraft(ctx, all, token); err != nil {
			return err
		}
	}
	flows, err := s.w.Chatflows.Live(ctx, s.w.DB)
	if err != nil {
		return err
	}
	for i := range flows {
		acc, ok := all[flows[i].AccountID]
		flows[i].Off = s.off(acc, ok)
		if ok && flows[i].Off == "" && flows[i].Def.Hours == "business_hours" {
			if flows[i].Closed, err = s.closed(ctx, acc, flows[i].Def.BusinessHours); err != nil {
				return err
			}
		}
	}
	s.flows, s.all, s.times = flows, all, s.visits()
	if err := s.match(ctx); err != nil {
		return err
	}
	if s.acc.ID != 0 || s.open.Threads == 0 {
		return nil
	}
	s.acc = all[s.latest.AccountID] // the zero account when it is gone: the conversation is closed then
	if s.off(s.acc, s.acc.ID != 0) != "" {
		s.acc = account{}
	}
	return nil
}

// match finds the chatflow for who it is, as far as is known by now.
func (s *greeting) match(ctx context.Context) (err error) {
	who := chatflow.Visitor{
		Known: s.v.ContactID != 0, Language: s.in.Locale, Country: s.country(), Returning: s.returning(), Device: s.device(), Referrer: s.cameFrom(), Visits: s.times,
	}
	if who.Facts, err = s.person(ctx); err != nil {
		return err
	}
	winner, why := chatflow.Match(s.flows, s.in.URL, who)
	s.why = why
	if s.flow == nil && winner != nil {
		s.flow, s.acc = winner, s.all[winner.AccountID]
	}
	return nil
}

// closed reports whether the hours that a chatflow shows in are over: named ones, or its channel's.
func (s *greeting) closed(ctx context.Context, acc account, slug string) (bool, error) {
	if slug != "" {
		open, err := s.w.Avail.Open(ctx, s.w.DB, acc.ChannelAccount, slug, s.w.Clock.Now())
		return !open, err
	}
	facts, err := s.w.Avail.Facts(ctx, s.w.DB, acc.ChannelAccount)
	return facts.State == availability.Offline, err
}

// showDraft lets a preview's token show what is not published (CF-23).
func (s *greeting) showDraft(ctx context.Context, all map[desk.ChannelAccountID]account, token string) error {
	id, number, ok := chatflow.ReadPreview(s.w.Preview, token, s.w.Clock.Ms())
	if !ok {
		return nil
	}
	f, err := s.w.Chatflows.Get(ctx, s.w.DB, id)
	if err == nil {
		var draft chatflow.Version
		if draft, err = s.w.Chatflows.VersionOf(ctx, s.w.DB, id, number); err == nil {
			if acc, there := all[f.AccountID]; there && f.ArchivedAt == 0 {
				s.acc, s.preview = acc, true
				s.flow = &chatflow.Candidate{ID: f.ID, AccountID: f.AccountID, Name: f.Name, Kind: f.Kind, Number: number, Active: true, Def: draft.Definition}
			}
		}
	}
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return err
}

// look finds the conversations that go on.
func (s *greeting) look(ctx context.Context) error {
	if s.v.ID == 0 {
		return nil
	}
	list, err := s.w.list(ctx, s.v, "", 30)
	if err != nil {
		return err
	}
	s.open = Open{}
	for _, th := range list.Items {
		s.open.Unread += th.Unread
		if !th.Open {
			continue
		}
		if s.open.Threads++; s.open.Latest == 0 {
			s.open.Latest, s.latest = th.ID, th
		}
	}
	return nil
}

func (s *greeting) previewToken() string {
	if s.in.Preview != "" {
		return s.in.Preview
	}
	u, err := url.Parse(s.in.URL)
	if err != nil {
		return ""
	}
	return u.Query().Get(chatflow.PreviewParam)
}

func (s *greeting) returning() bool {
	if s.in.Returning != nil {
		return *s.in.Returning
	}
	return s.v.Visits > 1
}

// country from which the page is looked at now; where the request does not tell, what the browser's last one did (CF-15).
func (s *greeting) country() string {
	if s.w.Country != nil {
		if c := s.w.Country(s.w.server.ClientIP(s.r)); c != "" {
			return c
		}
	}
	return s.v.Country
}

// seed draws whom a visitor sees, the same for a whole visit (CH-12). Of a browser that is not to be known it comes of the request alone, and nothing is kept for it.
func (s *greeting) seed() uint64 {
	p := s.acc.set.Privacy
	if s.v.Tracked && p.Tracking == "on" && p.Consent != "explicit" {
		return uint64(s.v.ID) + uint64(s.v.Visits)
	}
	mac := hmac.New(sha256.New, s.w.Key)
	fmt.Fprintf(mac, "heading %d\n%s\n%s", s.w.Clock.Ms()/86_400_000, s.w.server.ClientIP(s.r), s.r.UserAgent())
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

var phone = regexp.MustCompile(`(?i)mobi|android|iphone|ipod`)

func (s *greeting) device() string {
	switch s.in.Device {
	case "desktop", "mobile":
		return s.in.Device
	}
	if phone.MatchString(s.r.UserAgent()) {
		return "mobile"
	}
	return "desktop"
}

// off says why an account is not for this page; "" when it is.
func (s *greeting) off(acc account, there bool) string {
	surface := s.in.Surface
	if surface == "" {
		surface = "web"
	}
	switch {
	case !there:
		return "removed"
	case !acc.Active:
		return "inactive"
	case acc.set.Surface != "both" && acc.set.Surface != surface:
		return "surface"
	case !s.allowed(acc.set.Domains):
		return "domain"
	}
	return ""
}

// allowed: the page's origin is one of an account's domains. A page cannot lie about its origin; without a foreign one it is our own frame that asks, which tells the page's
// address, or an app, which has none.
func (s *greeting) allowed(domains []string) bool {
	if len(domains) == 0 {
		return true
	}
	if origin := s.r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" {
			return false // a page without an origin: sandboxed, or a file
		}
		if !strings.EqualFold(u.Host, s.r.Host) && (s.w.Base == nil || !strings.EqualFold(u.Host, s.w.Base.Host)) {
			return OnDomain(domains, u.Hostname())
		}
	}
	u, err := url.Parse(s.in.URL)
	if err != nil || s.in.Surface == "mobile" {
		return s.in.Surface == "mobile"
	}
	return strings.EqualFold(u.Host, s.r.Host) || OnDomain(domains, u.Hostname()) // a page of Kanal's own: previews
}

// OnDomain reports whether a host is one of a list, in which *.example.com stands for everything below example.com.
func OnDomain(domains []string, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, d := range domains {
		d = strings.ToLower(d)
		if rest, ok := strings.CutPrefix(d, "*."); ok {
			if strings.HasSuffix(host, "."+rest) {
				return true
			}
			continue
		}
		if h, _, ok := strings.Cut(d, ":"); ok {
			d = h
		}
		if host == d {
			return true
		}
	}
	return len(domains) == 0
}

var crawlers = regexp.MustCompile(`(?i)bot\b|crawl|spider|slurp|headless(chrome)?-?render|lighthouse|facebookexternalhit|preview`)

// recognise says who it is: the signed identity first, then the token; a browser that is new is given one when its pages may be kept, else only when it wants to write.
func (s *greeting) recognise(ctx context.Context) (err error) {
	w := s.w
	if s.acc.ID == 0 {
		return nil
	}
	if s.track, err = w.mayTrack(ctx, s.r, s.v, s.acc, s.in); err != nil {
		return err
	}
	view := s.in.Reason == "" || s.in.Reason == "load" || s.in.Reason == "navigate"
	g := w.glimpse(s.r, s.acc, s.in, view)
	g.Track = s.track
	wants := s.in.Identity != nil && s.in.Identity.Token != ""
	switch {
	case s.v.ID != 0:
		if s.v, err = w.noteVisit(ctx, s.r, s.v, s.acc, s.page(view), s.in.Events); err != nil {
			return err
		}
	case wants, s.track && !s.preview && !crawlers.MatchString(s.r.UserAgent()):
		if err := w.Guard.Take(lobby.Create, 0, w.server.ClientIP(s.r)); err != nil {
			return err
		}
		if s.v, s.token, err = w.begin(ctx, g); err != nil {
			return err
		}
	default:
		s.token = ""
		return nil
	}
	was := s.v.ID
	if s.v, s.token, s.what, err = w.prove(ctx, s.r, s.v, s.token, s.acc, s.in.Identity, g); err != nil {
		return err
	}
	if s.v, err = w.claims(ctx, s.v, s.acc, s.in.Claims); err != nil {
		return err
	}
	if was == s.v.ID && s.what == nil {
		return nil
	}
	if !s.preview { // it is for somebody else
		acc := s.acc
		s.flow = nil
		if err := s.match(ctx); err != nil {
			return err
		}
		if s.acc.ID == 0 {
			s.acc = acc
		}
	}
	return s.look(ctx) // what goes on is another's now
}

func (s *greeting) page(view bool) HelloIn {
	in := s.in
	if !view {
		in.URL = ""
	}
	return in
}

// events keeps what a page tells between two hellos.
func (s *greeting) events(ctx context.Context) error {
	if s.v.ID == 0 {
		return nil
	}
	acc, err := s.w.pick(ctx, s.in)
	if err != nil {
		return err
	}
	if s.v, err = s.w.noteVisit(ctx, s.r, s.v, acc, s.page(false), s.in.Events); err == nil {
		_, err = s.w.claims(ctx, s.v, acc, s.in.Claims)
	}
	return err
}

// say makes the answer; nil when there is nothing to show and nothing goes on.
func (s *greeting) say(ctx context.Context) (*HelloOut, error) {
	w, acc := s.w, s.acc
	if acc.ID == 0 {
		return nil, nil
	}
	lang := s.in.Locale
	langs := w.langs(ctx, acc, lang)
	out := &HelloOut{
		Open: s.open, Files: Files{acc.set.Files.Enabled, maxBytes(acc.set)}, Emoji: acc.set.Emoji, Typing: acc.set.Typing, Read: acc.set.Read, Transcript: acc.set.Email.Transcript,
		Identity: s.what, Tracking: s.track, Labels: []string{},
	}
	if s.v.ID != 0 {
		token := s.token
		if token == s.in.Token {
			token = "" // it has it
		}
		out.Visitor = asVisitor(s.v, token)
	}
	if s.flow != nil {
		spoken := s.flow.Def.Speaks(langs[0])
		if spoken != "" && s.flow.Def.Language != "" && s.flow.Def.Language != "auto" {
			langs = append([]string{spoken}, langs...)
		}
	}
	if s.preview {
		out.Why = s.why
	}
	out.Account = s.appearance(ctx, langs)
	contact, err := w.contactOf(ctx, s.v)
	if err != nil {
		return nil, err
	}
	ask := availability.Asking{Langs: langs, Visitor: s.v.ID, Zone: zone(s.in.Timezone)}
	if ask.Owner, err = s.answering(ctx); err != nil {
		return nil, err
	}
	if out.Availability, err = w.Avail.State(ctx, w.DB, acc.ChannelAccount, ask); err != nil {
		return nil, err
	}
	out.Heading, err = w.Avail.Heading(ctx, w.DB, acc.ChannelAccount, availability.WhoAsks{Contact: contact, Langs: langs, Seed: s.seed()})
	if err != nil {
		return nil, err
	}
	out.Texts = Texts{Locale: langs[0], Dir: dir(langs[0]), Overrides: acc.set.Overrides(langs[0])}
	out.Labels = labels(out.Texts.Locale, out.Texts.Overrides)
	if s.flow != nil {
		if out.Flow, err = s.shownFlow(ctx, langs, out.Availability.State); err != nil {
			return nil, err
		}
	}
	out.Launcher = s.flow != nil && out.Availability.Show || s.open.Threads > 0
	if s.device() == "mobile" && acc.set.Appearance.Phone == "hide" && s.open.Threads == 0 && s.in.Surface != "mobile" {
		out.Launcher = false
	}
	return out, nil
}

// answering is who of the team has the conversation that goes on; 0: nobody yet.
func (s *greeting) answering(ctx context.Context) (desk.UserID, error) {
	if s.latest.ID == 0 || s.open.Threads == 0 {
		return 0, nil
	}
	th, err := s.w.Threads.Get(ctx, s.w.DB, s.latest.ID)
	if err != nil || th.TicketID == 0 {
		if desk.CodeOf(err) == desk.NotFound {
			err = nil
		}
		return th.OwnerID, err
	}
	return db.One(ctx, s.w.DB, db.Column[desk.UserID], "SELECT owner_id FROM tickets WHERE id = $1", th.TicketID)
}

func zone(name string) *time.Location {
	if name == "" || len(name) > 64 {
		return nil
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return l
}
