package lobby

import (
	"hash/maphash"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/netx"
)

// Kind is what a visitor asks for, each with limits of its own.
type Kind string

// The kinds.
const (
	Hello    Kind = "hello"    // the widget asks what to show
	Create   Kind = "create"   // a new browser gets an identity
	Message  Kind = "message"  // says something
	Upload   Kind = "upload"   // sends a file
	Typing   Kind = "typing"   // types
	Identify Kind = "identify" // shows a signed token
	View     Kind = "view"     // a page or an event
	Other    Kind = "other"    // everything else: reading, marking as seen
)

// Rate is a limit: so many at once, regained evenly in a time.
type Rate struct {
	Burst int
	Per   time.Duration // in which the burst is regained; 0: no limit
}

// Limit is a kind's limits: of one visitor, of one address (an IPv6 network of a customer line counts as one) and of all together.
type Limit struct {
	Visitor, Address, All Rate
}

// Limits are those of an installation.
type Limits struct {
	Of      map[Kind]Limit
	Streams int  // open at a time, of one address
	Mail    Rate // to one mail address that visitors typed, whoever they are
}

// DefaultLimits let a person, an office behind one address and a busy website through, and stop programs.
var DefaultLimits = Limits{
	Of: map[Kind]Limit{
		Hello:    {Rate{60, time.Minute}, Rate{3000, time.Minute}, Rate{30_000, 15 * time.Second}},
		Create:   {Rate{}, Rate{600, 10 * time.Minute}, Rate{30_000, time.Minute}},
		Message:  {Rate{20, 20 * time.Second}, Rate{600, time.Minute}, Rate{20_000, 20 * time.Second}},
		Upload:   {Rate{30, 5 * time.Minute}, Rate{300, 10 * time.Minute}, Rate{2000, time.Minute}},
		Typing:   {Rate{30, 15 * time.Second}, Rate{3000, time.Minute}, Rate{30_000, 15 * time.Second}},
		Identify: {Rate{20, 10 * time.Minute}, Rate{300, 10 * time.Minute}, Rate{10_000, time.Minute}},
		View:     {Rate{120, 2 * time.Minute}, Rate{6000, time.Minute}, Rate{30_000, 15 * time.Second}},
		Other:    {Rate{240, 2 * time.Minute}, Rate{12_000, time.Minute}, Rate{60_000, 15 * time.Second}},
	},
	Streams: 3000,
	Mail:    Rate{6, 24 * time.Hour},
}

// Guard counts what visitors ask for and refuses what is too much. Its memory is bounded: beyond maxMarks those who asked least lately are forgotten.
type Guard struct {
	limits Limits
	seed   maphash.Seed
	now    func() time.Time

	mu      sync.Mutex
	marks   map[uint64]int64 // when the bucket will be full again, in ns: everything that a bucket is
	refused map[string]int64 // by reason
	streams map[string]int32 // open, by address
}

const maxMarks = 200_000

// NewGuard makes a Guard.
func NewGuard(l Limits) *Guard {
	return &Guard{limits: l, seed: maphash.MakeSeed(), now: time.Now, marks: map[uint64]int64{}, refused: map[string]int64{}, streams: map[string]int32{}}
}

// Take counts a request of a visitor (0: not known yet) from an address. The error says to wait, and for how long.
func (g *Guard) Take(k Kind, visitor desk.VisitorID, address string) error {
	l := g.limits.Of[k]
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now().UnixNano()
	g.sweep(now)
	// The narrowest first: who is refused there costs the others nothing.
	if visitor != 0 {
		if wait := g.draw(string(k)+" v"+visitor.String(), l.Visitor, now); wait > 0 {
			return g.refuse(string(k)+"_visitor", wait)
		}
	}
	if wait := g.draw(string(k)+" a"+netx.Neighbourhood(address), l.Address, now); wait > 0 {
		return g.refuse(string(k)+"_address", wait)
	}
	if wait := g.draw(string(k), l.All, now); wait > 0 {
		return g.refuse(string(k)+"_all", wait)
	}
	return nil
}

// Mails counts a mail to an address that a visitor typed. New browsers are free, so that their own limits do not keep a stranger from being written to.
func (g *Guard) Mails(to string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := g.draw("mail "+to, g.limits.Mail, g.now().UnixNano()); wait > 0 {
		return g.refuse("mail_to", wait)
	}
	return nil
}

// draw takes one from a bucket, or says how long to wait. A bucket is the moment at which it will be full again.
func (g *Guard) draw(name string, r Rate, now int64) time.Duration {
	if r.Per == 0 || r.Burst == 0 {
		return 0
	}
	key := maphash.String(g.seed, name)
	each := int64(r.Per) / int64(r.Burst)
	full := max(g.marks[key], now) + each
	if over := full - now - int64(r.Per); over > 0 {
		return time.Duration(over)
	}
	g.marks[key] = full
	return 0
}

// sweep forgets buckets that are full, when there are many; if that does not help, any.
func (g *Guard) sweep(now int64) {
	if len(g.marks) < maxMarks {
		return
	}
	for k, full := range g.marks {
		if full <= now {
			delete(g.marks, k)
		}
	}
	for k := range g.marks {
		if len(g.marks) < maxMarks*9/10 {
			return
		}
		delete(g.marks, k)
	}
}

func (g *Guard) refuse(reason string, wait time.Duration) error {
	g.refused[reason]++
	return desk.Errorf(desk.RateLimited, "widget.limited", "Too much at once. Try again in a moment.").After(wait)
}

// refusal counts and makes a refusal.
func (g *Guard) refusal(reason string, wait time.Duration) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refuse(reason, wait)
}

// Refuse counts a refusal that somebody else has made: a forged token, another site's request.
func (g *Guard) Refuse(reason string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.refused) < 200 || g.refused[reason] > 0 {
		g.refused[reason]++
	}
}

// Refused counts refusals by reason.
func (g *Guard) Refused() map[string]int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make(map[string]int64, len(g.refused))
	for k, n := range g.refused {
		out[k] = n
	}
	return out
}

func (g *Guard) opened(address string) error {
	who := netx.Neighbourhood(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limits.Streams > 0 && int(g.streams[who]) >= g.limits.Streams {
		return g.refuse("streams_address", 30*time.Second)
	}
	g.streams[who]++
	return nil
}

func (g *Guard) closed(address string) {
	who := netx.Neighbourhood(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.streams[who]--; g.streams[who] <= 0 {
		delete(g.streams, who)
	}
}

// SameOrigin refuses what another site's page has made a browser send: everything of the widget but hello comes from its own frame.
func SameOrigin(r *http.Request, base *url.URL) error {
	refused := desk.Errorf(desk.Forbidden, "widget.cross_site", "This request was made by another site's page.")
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return refused
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return refused
	}
	if base != nil && strings.EqualFold(u.Host, base.Host) && u.Scheme == base.Scheme {
		return nil
	}
	if strings.EqualFold(u.Host, r.Host) {
		return nil
	}
	return refused
}
