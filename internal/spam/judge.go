package spam

import (
	"slices"
	"strings"
)

// Kinds of mail that a filter may hold back (EM-36). All are off until somebody switches them on: an installation begins with holding nothing but what it denied.
const (
	Marketing   = "marketing"    // sent to many: it says how to unsubscribe, or that it is bulk
	Automated   = "automated"    // made by a machine
	RoleAddress = "role_address" // from an address that nobody answers: noreply@, mailer-daemon@
	Spoofed     = "spoofed"      // it fails the checks that its sender's domain asks for (DMARC)
)

// Kinds in the order in which they are asked, surest first; the first that applies is the reason.
var Kinds = []string{Spoofed, Marketing, RoleAddress, Automated}

// Why a conversation is hidden, beside the kinds, as desk.Ticket.HiddenReason says it. "" is a person's own decision.
const (
	DeniedSender = "denied_sender"
	DeniedDomain = "denied_domain"
	Blocked      = "blocked" // a person marked it as spam and blocked its sender
)

// Automatic reports whether a reason is a machine's.
func Automatic(reason string) bool {
	return reason == DeniedSender || reason == DeniedDomain || slices.Contains(Kinds, reason)
}

// Facts are what is known of an item when it is judged.
type Facts struct {
	Addresses []string // the visible sender and, for a forward, who wrote it first; as contact.Normalize writes them
	Marks     []string // what the channel saw in it: marketing, automated, role_address
	Spoofed   bool
	Team      bool // a colleague or one of our own addresses wrote it, and nothing speaks against that
	Reply     bool // it joins a conversation that is here
}

// Verdict is whether to hold an item back, and why.
type Verdict struct {
	Hold    bool
	Reason  string
	Allowed bool  // an allow rule vouches for it
	Rule    *Rule // the rule that decided, which counts a hit
}

// Judge decides. An allowed sender is never held, a denied one always; an answer in a known conversation is held for nothing else, and a colleague's mail for nothing at
// all. Between the rules of one list the address goes before the domain, and a domain before those above it.
func Judge(rules []Rule, held map[string]bool, f Facts) Verdict {
	if r := match(rules, Allow, f.Addresses); r != nil {
		return Verdict{Allowed: true, Rule: r}
	}
	if f.Team {
		return Verdict{}
	}
	if r := match(rules, Deny, f.Addresses); r != nil {
		reason := DeniedDomain
		if r.Kind == Address {
			reason = DeniedSender
		}
		return Verdict{Hold: true, Reason: reason, Rule: r}
	}
	if f.Reply {
		return Verdict{}
	}
	for _, kind := range Kinds {
		if held[kind] && f.is(kind) {
			return Verdict{Hold: true, Reason: kind}
		}
	}
	return Verdict{}
}

func (f Facts) is(kind string) bool {
	if kind == Spoofed {
		return f.Spoofed
	}
	return slices.Contains(f.Marks, kind)
}

// match is the closest rule of a list for any of the addresses.
func match(rules []Rule, action string, addresses []string) *Rule {
	for _, address := range addresses {
		for _, key := range keysOf(address) {
			for i := range rules {
				if rules[i].Action == action && rules[i].Kind == key.kind && rules[i].Value == key.value {
					return &rules[i]
				}
			}
		}
	}
	return nil
}

type key struct{ kind, value string }

// maxDomains is how many levels of a domain are looked up: deeper names than that are somebody playing.
const maxDomains = 8

// keysOf are the rules that could speak of an address, closest first: the address, its domain, and the domains above that.
func keysOf(address string) []key {
	address = strings.ToLower(strings.TrimSpace(address))
	if address == "" {
		return nil
	}
	keys := []key{{Address, address}}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return keys
	}
	domain := strings.Trim(address[at+1:], ".")
	if plus := strings.IndexByte(address[:at], '+'); plus > 0 { // news+1234@ is news@
		keys = append(keys, key{Address, address[:plus] + address[at:]})
	}
	var levels []key
	for strings.Contains(domain, ".") { // a rule never names a top level
		levels = append(levels, key{Domain, domain})
		_, domain, _ = strings.Cut(domain, ".")
	}
	if len(levels) > maxDomains { // the nearest and the registered ones
		levels = append(levels[:1:1], levels[len(levels)-maxDomains+1:]...)
	}
	return append(keys, levels...)
}
