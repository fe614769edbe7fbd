package dispatch

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// Caution is something to look at before a message leaves. It refuses nothing.
type Caution struct {
	Kind    CautionKind `json:"kind" enum:"new_outsider,look_alike,mistyped_domain,attachment_to_cc,colleague,own_address"`
	Address string      `json:"address"`
	Detail  string      `json:"detail" doc:"look_alike and mistyped_domain: the address or domain that was probably meant."`
}

// CautionKind says what it is about.
type CautionKind string

// The cautions.
const (
	NewOutsider    CautionKind = "new_outsider"     // nobody of this conversation, nor of its company
	LookAlike      CautionKind = "look_alike"       // reads like somebody of this conversation, or like us, and is not
	MistypedDomain CautionKind = "mistyped_domain"  // nearly a well-known mail provider
	AttachmentToCc CautionKind = "attachment_to_cc" // the files go to an outsider in copy
	Colleague      CautionKind = "colleague"        // a user gets it as mail
	OwnAddress     CautionKind = "own_address"      // it would come back in as a new mail
)

// CheckCommand is an answer before it is sent.
type CheckCommand struct {
	ThreadID desk.ThreadID // 0: a new message
	Recipients
	Attachments bool
	Forward     bool // those in To are new by nature
}

// Check looks over the recipients of an answer: it reads only.
func (s *Service) Check(ctx context.Context, q db.Queryer, c CheckCommand) ([]Caution, error) {
	f := familiar{addresses: map[string]bool{}}
	if c.ThreadID != 0 {
		th, err := s.Threads.Get(ctx, q, c.ThreadID)
		if err != nil {
			return nil, err
		}
		if err := s.meet(ctx, q, th, &f); err != nil {
			return nil, err
		}
	}
	accs, err := s.Inbox.Accounts(ctx, q, inbox.Filter{})
	if err != nil {
		return nil, err
	}
	for _, a := range accs {
		f.own = append(f.own, domainOf(a.Address))
	}
	out := []Caution{}
	for _, l := range []struct {
		field string
		ps    []desk.Party
	}{{fieldTo, c.To}, {fieldCc, c.Cc}, {fieldBcc, c.Bcc}} {
		for _, p := range l.ps {
			address := desk.NormalizeEmail(p.Address)
			if address == "" {
				continue
			}
			k, err := s.Contacts.Who(ctx, q, desk.AddrEmail, address)
			if err != nil {
				return nil, err
			}
			switch {
			case k.User != 0:
				if !f.addresses[address] {
					out = append(out, Caution{Kind: Colleague, Address: address})
				}
			case k.Ours:
				out = append(out, Caution{Kind: OwnAddress, Address: address})
			default:
				out = append(out, f.judge(address, l.field, c)...)
			}
		}
	}
	return out, nil
}

// meet learns who is in a conversation.
func (s *Service) meet(ctx context.Context, q db.Queryer, th desk.Thread, f *familiar) error {
	f.conversation = true
	parties, err := s.Threads.Parties(ctx, q, th.ID)
	if err != nil {
		return err
	}
	for _, p := range parties {
		f.add(p.Address)
	}
	if th.ContactID == 0 {
		return nil
	}
	addresses, err := s.Contacts.Addresses(ctx, q, th.ContactID)
	for _, a := range addresses {
		f.add(a.Value)
	}
	return err
}

// familiar is who is known where a message goes to.
type familiar struct {
	conversation bool
	addresses    map[string]bool
	domains      []string // of the addresses, but for the providers that everybody uses
	own          []string // the team's
}

func (f *familiar) add(address string) {
	if address = desk.NormalizeEmail(address); address == "" || f.addresses[address] {
		return
	}
	f.addresses[address] = true
	if d := domainOf(address); !slices.Contains(providers, d) && !slices.Contains(f.domains, d) {
		f.domains = append(f.domains, d)
	}
}

// judge is pure: what is to be said of one address.
func (f *familiar) judge(address, field string, c CheckCommand) (out []Caution) {
	if f.addresses[address] {
		return nil
	}
	domain := domainOf(address)
	say := func(k CautionKind, detail string) { out = append(out, Caution{k, address, detail}) }
	switch {
	case slices.Contains(providers, domain):
		if meant := f.similarAddress(address); meant != "" {
			say(LookAlike, meant)
		}
	case f.similarDomain(domain) != "":
		say(LookAlike, f.similarDomain(domain))
	case f.similarAddress(address) != "":
		say(LookAlike, f.similarAddress(address))
	default:
		if meant := nearest(domain, providers); meant != "" {
			say(MistypedDomain, meant)
		}
	}
	within := slices.Contains(f.domains, domain) || slices.Contains(f.own, domain)
	if !f.conversation || within || c.Forward && field == fieldTo {
		return out
	}
	if len(out) == 0 {
		say(NewOutsider, "")
	}
	if c.Attachments && field != fieldTo {
		say(AttachmentToCc, "")
	}
	return out
}

func (f *familiar) similarDomain(domain string) string {
	if slices.Contains(f.domains, domain) || slices.Contains(f.own, domain) {
		return ""
	}
	if d := nearest(domain, f.domains); d != "" {
		return d
	}
	return nearest(domain, f.own)
}

// similarAddress is the address of the conversation that reads like this one: the same name elsewhere counts only at a domain that reads alike.
func (f *familiar) similarAddress(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	for known := range f.addresses {
		l, d, _ := strings.Cut(known, "@")
		if d == domain && l != local && (skeleton(l) == skeleton(local) || len(l) > 4 && distance(l, local) == 1) {
			return known
		}
	}
	return ""
}

// nearest is the domain that another one is easily taken for; "" when it is one of them, or like none.
func nearest(domain string, known []string) string {
	if slices.Contains(known, domain) {
		return ""
	}
	for _, k := range known {
		if k == "" {
			continue
		}
		if skeleton(k) == skeleton(domain) {
			return k
		}
		if n := distance(k, domain); n == 1 && len(k) > 5 || n == 2 && len(k) > 11 {
			return k
		}
	}
	return ""
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(desk.NormalizeEmail(address), "@")
	return domain
}

// providers are the mail providers whose names are mistyped most.
var providers = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net",
	"gmx.at", "web.de", "t-online.de", "freenet.de", "hotmail.de", "yahoo.de", "outlook.de", "hotmail.dk", "live.dk", "outlook.dk", "mail.dk", "hotmail.se", "live.se", "outlook.se", "telia.com",
	"hotmail.fi", "luukku.com", "yahoo.co.uk", "hotmail.co.uk", "btinternet.com", "orange.fr", "free.fr", "hotmail.fr", "laposte.net", "libero.it",
}

var sameLook = strings.NewReplacer(
	"rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "5", "s", "|", "l",
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "l", "ј", "j", "к", "k", "ӏ", "l", "м", "m", "н", "h", "о", "o", "р", "p", "ѕ", "s", "т", "t", "у", "y", "х", "x",
	"α", "a", "ο", "o", "ν", "v", "ι", "l", "κ", "k", "ρ", "p", "υ", "u", "ı", "l", "ɡ", "g",
)

// skeleton is what a name looks like: letters that are taken for each other are one.
func skeleton(s string) string {
	if u, err := idna.ToUnicode(s); err == nil {
		s = u
	}
	s = strings.Map(func(r rune) rune { // é looks like e
		if r >= 0x300 && r <= 0x36f {
			return -1
		}
		return r
	}, norm.NFKD.String(strings.ToLower(s)))
	return sameLook.Replace(s)
}

// distance counts the letters to add, drop, change or swap with their neighbour. It gives up beyond 2.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > 2 || len(y)-len(x) > 2 || len(x) > 100 || len(y) > 100 {
		return 3
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
