package view

import (
	"context"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// last is what the newest message of a thread says about answering it.
type last struct {
	thread     desk.ThreadID
	id         desk.MessageID
	direction  desk.Direction
	subject    string
	from       desk.Party
	recipients []desk.Party
	forward    *desk.Forward
}

// replyDefaults fills in whom a plain answer goes to: whoever wrote last, or the recipients of our own last message when
// nobody has written. Our own addresses are never among them.
func (v *Service) replyDefaults(ctx context.Context, threads []TicketThread, ids []desk.ThreadID) error {
	var q query
	q.add(`SELECT m.thread_id, m.id, m.direction, m.subject, m.from_name, m.from_address, m.recipients, m.forward FROM messages m WHERE m.id IN
		(SELECT MAX(x.id) FROM messages x WHERE x.kind = 'message' AND x.direction <> '' AND x.thread_id IN `)
	list(&q, ids).add(" GROUP BY x.thread_id, x.direction) ORDER BY m.id")
	found, err := all(ctx, v.db, &q, func(s db.Scanner) (l last, err error) {
		err = s.Scan(&l.thread, &l.id, &l.direction, &l.subject, &l.from.Name, &l.from.Address, db.ScanJSON(&l.recipients), db.ScanJSON(&l.forward))
		return l, err
	})
	if err != nil {
		return err
	}
	own, err := v.ownAddresses(ctx, found)
	if err != nil {
		return err
	}
	best := map[desk.ThreadID]last{}
	for _, l := range found {
		if have, ok := best[l.thread]; !ok || have.direction != desk.Incoming || l.direction == desk.Incoming {
			best[l.thread] = l
		}
	}
	for i := range threads {
		t := &threads[i]
		t.ReplyDefaults = ReplyDefaults{To: []desk.Party{}, Cc: []desk.Party{}, Subject: "Re: " + stripRe(t.Subject)}
		if l, ok := best[t.ID]; ok {
			t.ReplyDefaults = l.defaults(own)
		}
	}
	return nil
}

// defaults decides from one message. It follows the forward's original author when the mail was filed under him (EM-26), else Reply-To, else From.
func (l last) defaults(own map[string]bool) ReplyDefaults {
	d := ReplyDefaults{To: []desk.Party{}, Cc: []desk.Party{}, Subject: "Re: " + stripRe(l.subject), InReplyTo: l.id}
	seen := map[string]bool{}
	add := func(to *[]desk.Party, field string, p desk.Party) {
		key := strings.ToLower(p.Address)
		if key == "" || seen[key] || own[key] {
			return
		}
		seen[key] = true
		*to = append(*to, desk.Party{Field: field, Kind: p.Kind, Address: p.Address, Name: p.Name})
	}
	if l.direction == desk.Incoming {
		replyTo := false
		for _, p := range l.recipients {
			if p.Field == "reply_to" && !own[strings.ToLower(p.Address)] {
				add(&d.To, "to", p)
				replyTo = true
			}
		}
		switch {
		case l.forward != nil && l.forward.Is && l.forward.Used == "original" && l.forward.Original.Address != "":
			d.To, seen = []desk.Party{}, map[string]bool{}
			add(&d.To, "to", l.forward.Original)
			d.Subject = "Re: " + stripRe(firstOf(l.forward.Subject, l.subject))
		case !replyTo:
			add(&d.To, "to", l.from)
		}
	}
	for _, p := range l.recipients {
		switch {
		case p.Field == "to" && l.direction != desk.Incoming:
			add(&d.To, "to", p)
		case p.Field == "to", p.Field == "cc":
			add(&d.Cc, "cc", p)
		}
	}
	return d
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// stripRe drops leading answer prefixes, of which a subject needs one.
func stripRe(s string) string {
	for {
		t := strings.TrimSpace(s)
		cut := false
		for _, p := range []string{"re:", "aw:", "sv:", "antw:", "odp:", "vs:", "re :"} {
			if len(t) >= len(p) && strings.EqualFold(t[:len(p)], p) {
				t, cut = t[len(p):], true
				break
			}
		}
		if s = t; !cut {
			return t
		}
	}
}

// ownAddresses are those of the messages' parties that the registry holds as ours.
func (v *Service) ownAddresses(ctx context.Context, ls []last) (map[string]bool, error) {
	set := map[string]bool{}
	for _, l := range ls {
		set[strings.ToLower(l.from.Address)] = true
		for _, p := range l.recipients {
			set[strings.ToLower(p.Address)] = true
		}
	}
	delete(set, "")
	if len(set) == 0 {
		return set, nil
	}
	addresses := make([]string, 0, len(set))
	for a := range set {
		addresses = append(addresses, a)
	}
	var q query
	own, err := all(ctx, v.db, list(q.add("SELECT value FROM address_registry WHERE value IN "), addresses), db.Column[string])
	out := make(map[string]bool, len(own))
	for _, a := range own {
		out[strings.ToLower(a)] = true
	}
	return out, err
}
