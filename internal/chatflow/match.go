package chatflow

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/desk"
)

// Candidate is a chatflow that may show, in the version that is live.
type Candidate struct {
	ID        desk.ChatflowID       `json:"id"`
	AccountID desk.ChannelAccountID `json:"account_id"`
	Name      string                `json:"name"`
	Kind      string                `json:"kind"`
	Position  int64                 `json:"position"`
	Number    int64                 `json:"number"` // of the version
	Active    bool                  `json:"active"`
	Def       Definition            `json:"-"`
	// Closed says that it is outside the channel's business hours: a chatflow of business hours does not show then (CF-13).
	Closed bool `json:"-"`
	// Off is why its channel cannot show at all (switched off, another website); "" when it can.
	Off string `json:"-"`
}

// Visitor is what targeting knows of who looks at the page.
type Visitor struct {
	Known     bool   `json:"known,omitempty"`
	Language  string `json:"language,omitempty"`
	Country   string `json:"country,omitempty"`
	Returning bool   `json:"returning,omitempty"`
	Device    string `json:"device,omitempty" enum:",desktop,mobile"`
	Referrer  string `json:"referrer,omitempty" maxLength:"4000" doc:"The page that they came from; empty: none."`
	Visits    int    `json:"visits,omitempty" doc:"With this one; 0 is told by returning."`
	// Facts of the contact that they are proven to be, by the names of routing's fields; nil: nobody.
	Facts condition.Facts `json:"-"`
}

// The reasons of a Why.
const (
	WhyWins      = "wins"
	WhyLater     = "later_in_order" // it fits, and another that fits stands before it
	WhyInactive  = "inactive"
	WhyDraft     = "never_published"
	WhyOff       = "channel_off"
	WhyHours     = "outside_business_hours"
	WhyPage      = "page_not_included"
	WhyExcluded  = "page_excluded"
	WhyKnown     = "visitor_known"
	WhyUnknown   = "visitor_unknown"
	WhyLanguage  = "language"
	WhyCountry   = "country"
	WhyFirst     = "visitor_returning"
	WhyReturning = "visitor_first_time"
	WhyDevice    = "device"
	WhyReferrer  = "referrer"
	WhyVisits    = "visits"
	WhyUnproven  = "contact_unproven"
	WhyContact   = "contact"
)

// Why says of one chatflow whether it fits a page and a visitor, and what decided it.
type Why struct {
	Flow   desk.ChatflowID `json:"flow"`
	Name   string          `json:"name"`
	Fits   bool            `json:"fits"`
	Wins   bool            `json:"wins"`
	Reason string          `json:"reason" enum:"wins,later_in_order,inactive,never_published,channel_off,outside_business_hours,page_not_included,page_excluded,visitor_known,visitor_unknown,language,country,visitor_returning,visitor_first_time,device,referrer,visits,contact_unproven,contact"`
	Detail string          `json:"detail" doc:"What was asked for, or the name of the one before it."`
}

// Match says which chatflow a page shows to a visitor, and of each why or why not (CF-14 to CF-17). Exactly one of those that fit wins: the first by
// position; of two at one place the older. nil when none fits. It is pure.
func Match(flows []Candidate, page string, v Visitor) (*Candidate, []Why) {
	order := slices.Clone(flows)
	slices.SortStableFunc(order, func(a, b Candidate) int {
		if a.Position != b.Position {
			return int(min(1, max(-1, a.Position-b.Position)))
		}
		return int(min(1, max(-1, int64(a.ID)-int64(b.ID))))
	})
	at := locate(page)
	var winner *Candidate
	why := make([]Why, 0, len(order))
	for i := range order {
		c := &order[i]
		w := Why{Flow: c.ID, Name: c.Name}
		w.Reason, w.Detail = fits(c, at, v)
		if w.Reason == "" {
			w.Fits = true
			if w.Reason = WhyLater; winner == nil {
				winner, w.Wins, w.Reason = c, true, WhyWins
			} else {
				w.Detail = winner.Name
			}
		}
		why = append(why, w)
	}
	return winner, why
}

// fits returns why a chatflow does not fit, or "".
func fits(c *Candidate, at place, v Visitor) (reason, detail string) {
	switch {
	case !c.Active:
		return WhyInactive, ""
	case c.Number == 0:
		return WhyDraft, ""
	case c.Off != "":
		return WhyOff, c.Off
	case c.Closed && c.Def.Hours == "business_hours":
		return WhyHours, ""
	}
	t := c.Def.Targeting
	if len(t.Include) > 0 && !slices.ContainsFunc(t.Include, func(r Rule) bool { return r.holds(at) }) {
		return WhyPage, at.path
	}
	for _, r := range t.Exclude {
		if r.holds(at) {
			return WhyExcluded, r.String()
		}
	}
	return t.Visitor.refuses(v)
}

func (a Audience) refuses(v Visitor) (reason, detail string) {
	same := func(list []string, value string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, value) })
	}
	switch {
	case a.Known == "known" && !v.Known:
		return WhyUnknown, ""
	case a.Known == "unknown" && v.Known:
		return WhyKnown, ""
	case a.Returning == "first" && v.Returning:
		return WhyFirst, ""
	case a.Returning == "returning" && !v.Returning:
		return WhyReturning, ""
	case len(a.Devices) > 0 && !same(a.Devices, v.Device):
		return WhyDevice, v.Device
	case len(a.Languages) > 0 && !speaks(a.Languages, v.Language):
		return WhyLanguage, v.Language
	case len(a.Countries) > 0 && !same(a.Countries, v.Country):
		return WhyCountry, v.Country
	case len(a.Referrers) > 0 && !slices.ContainsFunc(a.Referrers, func(r Rule) bool { return r.holds(locate(v.Referrer)) }):
		return WhyReferrer, v.Referrer
	}
	if n := v.visits(); n < a.MinVisits || a.MaxVisits > 0 && n > a.MaxVisits {
		return WhyVisits, strconv.Itoa(n)
	}
	return a.ofContact(v)
}

// visits are how often the visitor was here, with this time; a browser that may not be counted tells only whether it was here before.
func (v Visitor) visits() int {
	switch {
	case v.Visits > 0:
		return v.Visits
	case v.Returning:
		return 2
	}
	return 1
}

// ofContact tests what is stored of the person. Who has not proven to be somebody is nobody: otherwise a typed address would tell, by what shows, what is stored of it.
func (a Audience) ofContact(v Visitor) (reason, detail string) {
	if a.Contact == nil || len(a.Contact.When) == 0 {
		return "", ""
	}
	if v.Facts == nil {
		return WhyUnproven, ""
	}
	ok, found := condition.Test(*a.Contact, v.Facts)
	if ok {
		return "", ""
	}
	for _, f := range found {
		if !f.Holds {
			return WhyContact, f.Field
		}
	}
	return WhyContact, ""
}

// speaks reports whether one of the languages is the visitor's: de takes de-AT too, de-AT takes only that.
func speaks(languages []string, visitor string) bool {
	have := langCode(visitor)
	return slices.ContainsFunc(languages, func(s string) bool {
		want := langCode(s)
		return want != "" && (want == have || strings.HasPrefix(have, want+"-"))
	})
}

// holds reports whether every test of a rule does. A rule without tests holds nowhere: it is not finished.
func (r Rule) holds(at place) bool {
	return len(r.All) > 0 && !slices.ContainsFunc(r.All, func(t Test) bool { return !t.holds(at) })
}

// String is the rule as a line that a person reads.
func (r Rule) String() string {
	out := make([]string, len(r.All))
	for i, t := range r.All {
		name := t.Part
		if t.Name != "" {
			name += " " + t.Name
		}
		out[i] = strings.TrimSpace(name + " " + t.Op + " " + t.Value)
	}
	return strings.Join(out, ", ")
}

// place is a page's address in the form in which addresses are compared: lower case, decoded, no scheme, no fragment, no slash at the end.
type place struct {
	host, path, query string
	params            url.Values // names and values in lower case
}

func (p place) url() string { return p.host + p.path }

func (p place) whole() string {
	if p.query == "" {
		return p.url()
	}
	return p.url() + "?" + p.query
}

// locate reads an address. What is no address is a path.
func locate(s string) place {
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil { // a stray %: take it as it stands
		s, _, _ = strings.Cut(s, "#")
		s = cutScheme(s)
		before, query, _ := strings.Cut(s, "?")
		host, rest, _ := strings.Cut(before, "/")
		return place{host: plainHost(host), path: plainPath("/" + rest), query: plainQuery(query), params: params(query)}
	}
	if u.Host == "" && u.Scheme == "" && !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "?") && s != "" {
		if again, err := url.Parse("//" + s); err == nil {
			u = again
		}
	}
	return place{host: plainHost(u.Host), path: plainPath(u.Path), query: plainQuery(u.RawQuery), params: params(u.RawQuery)}
}

func cutScheme(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		return rest
	}
	return s
}

func plainHost(h string) string {
	h = strings.ToLower(h)
	for _, port := range []string{":80", ":443"} {
		h = strings.TrimSuffix(h, port)
	}
	if ascii, err := idna.Lookup.ToASCII(h); err == nil && ascii != "" {
		h = ascii
	}
	return strings.TrimSuffix(h, ".")
}

func plainPath(p string) string {
	if decoded, err := url.PathUnescape(p); err == nil && strings.Contains(p, "%") {
		p = decoded
	}
	p = strings.ToLower(p)
	if p = path.Clean("/" + p); p == "/" {
		return "/"
	}
	return p
}

func plainQuery(q string) string {
	if decoded, err := url.QueryUnescape(q); err == nil {
		q = decoded
	}
	return strings.ToLower(q)
}

func params(raw string) url.Values {
	out := url.Values{}
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name = plainQuery(name); name != "" {
			out[name] = append(out[name], plainQuery(value))
		}
	}
	return out
}

// holds reports whether a test is true of a page.
func (t Test) holds(at place) bool {
	switch t.Part {
	case "query":
		return t.ofQuery(at)
	case "host":
		return t.compare([]string{at.host}, plainHost(cutScheme(strings.TrimSpace(t.Value))))
	case "path":
		return t.compare([]string{at.path}, t.pathValue())
	}
	if t.Op == "exists" { // of where a visitor comes from
		return at.host != ""
	}
	want := locate(t.Value)
	if want.host == "" { // "/shop" as an address means that path everywhere
		return Test{Part: "path", Op: t.Op, Value: t.Value}.holds(at)
	}
	switch t.Op {
	case "contains", "not_contains":
		return t.compare([]string{at.whole()}, strings.ToLower(decoded(cutScheme(strings.TrimSpace(t.Value)))))
	case "wildcard":
		return wild(t.wildValue(), at.subject(t.Value))
	case "ends":
		return t.compare([]string{at.subject(t.Value)}, strings.TrimSuffix(strings.ToLower(decoded(cutScheme(strings.TrimSpace(t.Value)))), "/"))
	case "begins":
		v := strings.ToLower(decoded(cutScheme(strings.TrimSpace(t.Value))))
		return t.compare([]string{at.whole(), at.url() + "/"}, v)
	}
	if want.query != "" {
		return t.compare([]string{at.whole()}, want.whole())
	}
	return t.compare([]string{at.url()}, want.url())
}

// subject is what of the page a value speaks of: with its query only if the value has one.
func (p place) subject(value string) string {
	if strings.Contains(value, "?") {
		return p.whole()
	}
	return p.url()
}

func decoded(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

func (t Test) wildValue() string {
	v := strings.ToLower(decoded(cutScheme(strings.TrimSpace(t.Value))))
	if len(v) > 1 && !strings.HasSuffix(v, "*") {
		v = strings.TrimSuffix(v, "/")
	}
	return v
}

func (t Test) pathValue() string {
	v := strings.ToLower(decoded(strings.TrimSpace(t.Value)))
	switch t.Op {
	case "is", "is_not":
		return plainPath(v)
	case "ends":
		if len(v) > 1 {
			v = strings.TrimSuffix(v, "/")
		}
	case "wildcard":
		v = t.wildValue()
	}
	return v
}

func (t Test) ofQuery(at place) bool {
	values, there := at.params[plainQuery(t.Name)]
	if t.Op == "exists" {
		return there
	}
	if t.Op == "is_not" || t.Op == "not_contains" {
		return !there || t.compare(values, strings.ToLower(strings.TrimSpace(t.Value)))
	}
	return there && t.compare(values, strings.ToLower(strings.TrimSpace(t.Value)))
}

// compare tests the forms of one thing: one of them must fit; for a negation none may.
func (t Test) compare(have []string, want string) bool {
	any := func(fit func(s string) bool) bool { return slices.ContainsFunc(have, fit) }
	switch t.Op {
	case "is":
		return any(func(s string) bool { return s == want })
	case "is_not":
		return !any(func(s string) bool { return s == want })
	case "contains":
		return any(func(s string) bool { return strings.Contains(s, want) })
	case "not_contains":
		return !any(func(s string) bool { return strings.Contains(s, want) })
	case "begins":
		return any(func(s string) bool { return strings.HasPrefix(s, want) || s+"/" == want })
	case "ends":
		return any(func(s string) bool { return strings.HasSuffix(s, want) })
	case "wildcard":
		return any(func(s string) bool { return wild(want, s) })
	case "exists":
		return any(func(s string) bool { return s != "" })
	}
	return false
}

// wild matches a text against a pattern in which * stands for anything, also nothing. "example.com/shop/*" takes /shop itself too.
func wild(pattern, s string) bool {
	if strings.HasSuffix(pattern, "/*") && s == strings.TrimSuffix(pattern, "/*") {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return s == pattern
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, last)
}
