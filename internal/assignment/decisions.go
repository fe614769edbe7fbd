package assignment

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/routing"
)

// Kept is an automatic decision with what it was made from.
type Kept struct {
	ID        int64                 `json:"id"`
	At        desk.Time             `json:"at"`
	TicketID  desk.TicketID         `json:"ticket_id"`
	ThreadID  desk.ThreadID         `json:"thread_id"`
	AccountID desk.ChannelAccountID `json:"channel_account_id"`
	InboxID   desk.InboxID          `json:"inbox_id"`
	Cause     string                `json:"cause"`
	OwnerID   desk.UserID           `json:"owner_id"`
	TeamID    desk.TeamID           `json:"team_id"`
	Reason    string                `json:"reason"`
	Input     routing.Input         `json:"-"`
	rest      *rest
	shut      *shut
}

// rest is what another policy may look at: who its own did not name, available as they were then, else as they are now; and hours that were not its own, by the plan of today.
type rest struct {
	routing.Input
	by   map[desk.UserID]int
	then people.Then
}

const keptColumns = "id, at, ticket_id, thread_id, account_id, inbox_id, cause, input, owner_id, team_id, reason"

func scanKept(r db.Scanner) (k Kept, err error) {
	var input string
	if err = r.Scan(&k.ID, &k.At, &k.TicketID, &k.ThreadID, &k.AccountID, &k.InboxID, &k.Cause, &input, &k.OwnerID, &k.TeamID, &k.Reason); err != nil {
		return k, err
	}
	k.Input, err = unpack(input)
	return k, err
}

// record keeps a decision for replay.
func (s *Service) record(ctx context.Context, tx *db.Tx, in routing.Input, a desk.Assignment, ticket desk.TicketID, thread desk.ThreadID) error {
	if s.Keep <= 0 {
		return nil
	}
	text, err := pack(in)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO assignment_decisions (`+keptColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.NewID(), in.At, ticket, thread, in.Account, in.Place.Inbox, in.Cause, text, a.OwnerID, a.TeamID, a.Reason)
	if err != nil {
		return fmt.Errorf("assignment: record: %w", err)
	}
	return nil
}

// packed marks an input that is compressed: a large team repeats itself.
const packed = "gz:"

const packAbove = 2 << 10

// writers are kept: each has tables of a megabyte.
var writers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	return w
}}

func pack(in routing.Input) (string, error) {
	b, err := in.Keep()
	if err != nil || len(b) < packAbove {
		return string(b), err
	}
	var buf bytes.Buffer
	w, _ := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(b); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return packed + base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

func unpack(text string) (in routing.Input, err error) {
	b := []byte(text)
	if rest, ok := strings.CutPrefix(text, packed); ok {
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return in, err
		}
		r, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return in, err
		}
		if b, err = io.ReadAll(io.LimitReader(r, 64<<20)); err != nil {
			return in, err
		}
	}
	err = json.Unmarshal(b, &in)
	return in, err
}

// Most is how many decisions one replay looks at.
const Most = 5000

// Decisions returns what was decided for an account in a time, oldest first, at most Most of them: the latest. With other policies, what they look at beside what was kept is
// read too: facts of the work as it began, and people as they are now.
func (s *Service) Decisions(ctx context.Context, q db.Queryer, account desk.ChannelAccountID, since, until desk.Time, others ...desk.AssignPolicy) ([]Kept, error) {
	ks, err := db.All(ctx, q, scanKept, `SELECT `+keptColumns+` FROM (SELECT * FROM assignment_decisions WHERE account_id = $1 AND at >= $2 AND at < $3 ORDER BY at DESC, id DESC LIMIT $4) d ORDER BY at, id`,
		account, since, until, Most)
	if err != nil {
		return nil, fmt.Errorf("assignment: decisions: %w", err)
	}
	if len(ks) == 0 || len(others) == 0 {
		return ks, nil
	}
	acc, err := s.Inboxes.Account(ctx, q, account)
	if err != nil {
		return nil, err
	}
	known := map[routing.Place]*rest{}
	for i := range ks {
		k := &ks[i]
		if err := s.hoursThen(ctx, q, k, others); err != nil {
			return nil, err
		}
		if !k.Input.Light && !k.Input.Short {
			continue
		}
		if slices.ContainsFunc(others, routing.AsksFacts) && k.Input.Facts == nil {
			if err := s.recall(ctx, q, acc, k); err != nil {
				return nil, err
			}
		}
		place := routing.Place{Inbox: k.Input.Place.Inbox, Kind: k.Input.Channel}
		r, ok := known[place]
		if !ok {
			if r, err = s.everybody(ctx, q, acc, k.Input, others); err != nil {
				return nil, err
			}
			ids := make([]desk.UserID, len(r.Candidates))
			for i, c := range r.Candidates {
				ids[i] = c.User.ID
			}
			if r.then, err = s.People.Between(ctx, q, ids, ks[0].At, ks[len(ks)-1].At+1); err != nil {
				return nil, err
			}
			known[place] = r
		}
		k.rest = r
	}
	return ks, nil
}

// hoursThen says whether the hours that other policies keep were open at the time of a decision.
func (s *Service) hoursThen(ctx context.Context, q db.Queryer, k *Kept, others []desk.AssignPolicy) (err error) {
	for _, p := range others {
		if p.Hours == "" || p.Hours == k.Input.Policy.Hours && !k.Input.Light || s.hours == nil || k.shut != nil && k.shut.slug == p.Hours {
			continue
		}
		x := shut{slug: p.Hours}
		x.closed, x.opens, err = s.hours(ctx, q, p.Hours, k.At)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return err
		}
		k.shut = &x
	}
	return nil
}

// shut is whether hours were closed, and when they opened.
type shut struct {
	slug   string
	closed bool
	opens  desk.Time
}

// recall looks up what is known of the work, when its own policy did not ask.
func (s *Service) recall(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, k *Kept) (err error) {
	about := About{Account: acc, Latest: k.Input.Cause == routing.Reopened}
	if k.TicketID != 0 {
		var t desk.Ticket
		t, err = s.Tickets.Get(ctx, q, k.TicketID)
		about.Ticket = &t
	} else {
		var th desk.Thread
		th, err = s.Threads.Get(ctx, q, k.ThreadID)
		about.Thread = &th
	}
	if err == nil {
		k.Input.Facts, k.Input.Owner, err = s.facts(ctx, q, about)
	}
	if desk.CodeOf(err) == desk.NotFound {
		return nil
	}
	return err
}

// everybody is whom policies name in an inbox, and who takes work there.
func (s *Service) everybody(ctx context.Context, q db.Queryer, acc desk.ChannelAccount, like routing.Input, policies []desk.AssignPolicy) (*rest, error) {
	r := &rest{Input: routing.Input{Place: like.Place, Channel: like.Channel, Kind: like.Kind, At: s.Clock.Ms()}, by: map[desk.UserID]int{}}
	box, err := s.Inboxes.Inbox(ctx, q, like.Place.Inbox)
	if desk.CodeOf(err) == desk.NotFound {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	r.Place.Kind = string(box.Kind)
	if err := s.times(ctx, q, Work{Account: acc}, &r.Input); err != nil {
		return nil, err
	}
	roll := people.Roll{Takers: most}
	for _, p := range policies {
		users, teams := routing.Names(p)
		roll.Emails, roll.Teams = append(roll.Emails, users...), append(roll.Teams, teams...)
	}
	if err := s.gather(ctx, q, nil, box, Work{Account: acc}, roll, true, &r.Input); err != nil {
		return nil, err
	}
	for i, c := range r.Candidates {
		r.by[c.User.ID] = i
	}
	return r, nil
}

// under is what another policy would have decided from.
func (k Kept) under(p desk.AssignPolicy) routing.Input {
	in := k.Input
	in.Policy = p
	if p.Hours != k.Input.Policy.Hours || in.Light {
		if k.Input.Policy.Hours != "" || !in.Closed { // else the channel itself was closed, and still is
			in.Closed, in.Opens = false, 0
		}
		if !in.Closed && k.shut != nil && k.shut.slug == p.Hours {
			in.Closed, in.Opens = k.shut.closed, k.shut.opens
		}
	}
	if k.rest == nil {
		return in
	}
	if in.Light {
		in.Place, in.ChatLimit, in.Weight, in.CallBlocks = k.rest.Place, k.rest.ChatLimit, k.rest.Weight, k.rest.CallBlocks
	}
	had := make(map[desk.UserID]bool, len(in.Candidates))
	cs := make([]routing.Candidate, 0, len(in.Candidates)+len(k.rest.Candidates))
	for _, c := range in.Candidates {
		had[c.User.ID] = true
		if i, ok := k.rest.by[c.User.ID]; ok && c.Skills == nil { // as far as they were not asked for
			c.Skills = k.rest.Candidates[i].Skills
		}
		cs = append(cs, c)
	}
	for _, c := range k.rest.Candidates {
		if !had[c.User.ID] {
			if l, ok := k.rest.then.At(c.User.ID, in.At); ok {
				c.User.Available, c.User.By = l.Available, l.By
			}
			cs = append(cs, c)
		}
	}
	in.Candidates, in.Teams = cs, slices.Clone(in.Teams)
	for _, t := range k.rest.Teams {
		if !slices.ContainsFunc(in.Teams, func(x routing.Team) bool { return x.Slug == t.Slug }) {
			in.Teams = append(in.Teams, t)
		}
	}
	return in
}

// Last is the latest automatic decision about a conversation without a ticket, decided once more from what was kept: ok is false when none is.
func (s *Service) Last(ctx context.Context, q db.Queryer, id desk.ThreadID) (a desk.Assignment, ok bool, err error) {
	k, ok, err := s.lastOf(ctx, q, id)
	if err != nil || !ok {
		return a, false, err
	}
	return routing.Decide(k.Input), true, nil
}

func (s *Service) lastOf(ctx context.Context, q db.Queryer, id desk.ThreadID) (Kept, bool, error) {
	ks, err := db.All(ctx, q, scanKept, `SELECT `+keptColumns+` FROM assignment_decisions WHERE thread_id = $1 AND thread_id <> 0 ORDER BY id DESC LIMIT 1`, id)
	if err != nil || len(ks) == 0 {
		return Kept{}, false, err
	}
	return ks[0], true, nil
}

// Replayed is what another policy makes of what was decided.
type Replayed struct {
	Decisions int      `json:"decisions"`
	Same      int      `json:"same"`
	Changed   int      `json:"changed"`
	Assigned  [2]int   `json:"assigned" doc:"How many had an owner at once: before, now."`
	Queued    [2]int   `json:"queued" doc:"How many waited: before, now."`
	Owners    []Share  `json:"owners" doc:"Who got how many, most first."`
	Items     []Differ `json:"items" doc:"Those that come out otherwise, in their order, at most 500."`
}

// Share is how many somebody got and would get.
type Share struct {
	UserID desk.UserID `json:"user_id"`
	Name   string      `json:"name"`
	Before int         `json:"before"`
	Now    int         `json:"now"`
}

// Differ is one decision that another policy changes.
type Differ struct {
	TicketID desk.TicketID   `json:"ticket_id"`
	ThreadID desk.ThreadID   `json:"thread_id"`
	At       desk.Time       `json:"at"`
	Before   desk.Assignment `json:"before"`
	Now      desk.Assignment `json:"now"`
}

const maxDiffer = 500

// Replay decides again by another policy, and says what comes out otherwise. Of work that was tried several times the first decision counts: what came after followed from it.
// Everything else stays as it was then, and so does what everybody had: one decision does not change what the next one finds.
func Replay(ks []Kept, policy desk.AssignPolicy) Replayed {
	out := Replayed{Owners: []Share{}, Items: []Differ{}}
	type key struct {
		t  desk.TicketID
		th desk.ThreadID
	}
	seen, shares := map[key]bool{}, map[desk.UserID]*Share{}
	for _, k := range ks {
		id := key{k.TicketID, k.ThreadID}
		if seen[id] {
			continue
		}
		seen[id] = true
		before := routing.Decide(k.Input)
		now := routing.Decide(k.under(policy))
		out.Decisions++
		out.count(before, 0, shares)
		out.count(now, 1, shares)
		if before.OwnerID == now.OwnerID && before.Queued == now.Queued && before.TeamID == now.TeamID {
			out.Same++
			continue
		}
		out.Changed++
		if len(out.Items) < maxDiffer {
			out.Items = append(out.Items, Differ{TicketID: k.TicketID, ThreadID: k.ThreadID, At: k.At, Before: before, Now: now})
		}
	}
	for _, x := range shares {
		out.Owners = append(out.Owners, *x)
	}
	slices.SortFunc(out.Owners, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Now, a.Now), cmp.Compare(b.Before, a.Before), cmp.Compare(a.UserID, b.UserID))
	})
	return out
}

// count adds one decision: i is 0 for what was, 1 for what would be.
func (r *Replayed) count(a desk.Assignment, i int, shares map[desk.UserID]*Share) {
	if a.Queued {
		r.Queued[i]++
	}
	if a.OwnerID == 0 {
		return
	}
	r.Assigned[i]++
	s := shares[a.OwnerID]
	if s == nil {
		s = &Share{UserID: a.OwnerID}
		shares[a.OwnerID] = s
	}
	for _, c := range a.Candidates {
		if c.UserID == a.OwnerID {
			s.Name = c.Name
		}
	}
	if i == 0 {
		s.Before++
	} else {
		s.Now++
	}
}

// Prune forgets decisions that are kept long enough.
func (s *Service) Prune(ctx context.Context, d *db.DB) error {
	before := s.Clock.Ms() - desk.Time(s.Keep.Milliseconds())
	for ctx.Err() == nil {
		var n int64
		err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			n, err = tx.Exec(ctx, `DELETE FROM assignment_decisions WHERE id IN (SELECT id FROM assignment_decisions WHERE at < $1 ORDER BY at LIMIT 500)`, before)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
	return ctx.Err()
}

// Forget takes away what was kept of tickets and conversations that are erased: their words and addresses stand in it.
func (s *Service) Forget(ctx context.Context, tx *db.Tx, tickets []desk.TicketID, threads []desk.ThreadID) error {
	for _, part := range []struct{ where, ids string }{{"ticket_id", db.IDs(tickets)}, {"thread_id", db.IDs(threads)}} {
		if part.ids == "(0)" {
			continue
		}
		if _, err := tx.Exec(ctx, `DELETE FROM assignment_decisions WHERE `+part.where+` <> 0 AND `+part.where+` IN `+part.ids); err != nil {
			return fmt.Errorf("assignment: forget: %w", err)
		}
	}
	return nil
}

// Tried is what a policy would do now, and what was found for each of its rules (SK-08).
type Tried struct {
	Assignment desk.Assignment `json:"assignment"`
	Rules      []TriedRule     `json:"rules"`
	Language   string          `json:"language"`
	Facts      condition.Facts `json:"facts" doc:"What is known of it, by the names of the fields."`
}

// Veil takes away what somebody may not see of properties: fields are named alike.
func (t *Tried) Veil(v desk.Veil) {
	for _, name := range v.Hidden {
		delete(t.Facts, name)
	}
}

// TriedRule is a rule with what its conditions found.
type TriedRule struct {
	Name  string            `json:"name"`
	Off   bool              `json:"off"`
	Holds bool              `json:"holds"`
	Found []condition.Found `json:"found"`
}

// Try decides what a policy would do with some work now. It writes nothing and holds nobody.
func (s *Service) Try(ctx context.Context, q db.Queryer, w Work) (Tried, error) {
	w.facts = true
	in, err := s.input(ctx, q, nil, w)
	if err != nil {
		return Tried{}, err
	}
	out := Tried{Assignment: routing.Decide(in), Rules: []TriedRule{}, Language: in.Language(), Facts: in.Facts}
	for _, r := range in.Policy.Rules {
		x := TriedRule{Name: r.Name, Off: r.Off, Holds: true, Found: []condition.Found{}}
		if r.If != nil {
			x.Holds, x.Found = condition.Test(*r.If, in.Facts)
		}
		out.Rules = append(out.Rules, x)
	}
	return out, nil
}
