package thread

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Find is what is known of an item that seeks its thread.
type Find struct {
	Inbox     desk.InboxID
	Account   desk.ChannelAccountID
	Threading channel.Threading
	Key       string          // Threading key: the channel's key. Threading contact: the sender's own address
	Thread    desk.ThreadID   // Threading key: the conversation itself, named by who may name it
	Tokens    []desk.ThreadID // threads named by signed tokens of ours, already verified
	Proven    bool            // a token came in a recipient address: whoever wrote held a mail of ours and used its Reply-To
	Ids       Locked
	Direct    int          // how many of Ids.Refs come from In-Reply-To
	From      desk.Party   // the visible sender
	Others    []desk.Party // To and Cc
	Trusted   bool         // a colleague: never a stranger
}

// How a thread was found, as stored in message.received and shown by trace.
const (
	ByToken      = "token"
	ByInReplyTo  = "in_reply_to"
	ByReferences = "references"
	ByOvertaken  = "overtaken" // an answer to it was here first
	ByKey        = "key"
	ByContact    = "contact"
)

// Placed is where an item belongs. Thread is zero when it begins a new one.
type Placed struct {
	Thread   desk.Thread
	By       string
	Stranger bool        // it joins by a token, though its sender was never in the thread
	Claims   desk.Thread // it refers to this thread, but its sender is a stranger there: it does not join
	ClaimsBy string
	Bridge   desk.Thread // an answer to it had begun this other thread: the two are one exchange
}

// Place finds and locks the thread of an item: signed token, then In-Reply-To, then References newest first, then an answer that came
// before it; for other channels by their key or the sender. Never by subject (EM-30). A references match by a stranger is reported and not joined.
func (s *Service) Place(ctx context.Context, tx *db.Tx, f Find) (Placed, error) {
	if f.Threading != channel.ByReference {
		return s.placeByKey(ctx, tx, f)
	}
	found, err := s.candidates(ctx, tx, f)
	if err != nil {
		return Placed{}, err
	}
	var p Placed
	for _, c := range found {
		if p.Thread.ID != 0 {
			break
		}
		if c.by == ByOvertaken {
			continue // last resort, below
		}
		ok, err := s.welcome(ctx, tx, f, c)
		if err != nil {
			return Placed{}, err
		}
		switch {
		case ok:
			p.Thread, p.By = c.thread, c.by
		case c.by == ByToken && f.Proven:
			p.Thread, p.By, p.Stranger = c.thread, c.by, true
		case p.Claims.ID == 0:
			p.Claims, p.ClaimsBy = c.thread, c.by
		}
	}
	for _, c := range found {
		if c.by != ByOvertaken || c.thread.ID == p.Thread.ID {
			continue
		}
		ok, err := s.awaited(ctx, tx, f, c)
		if err != nil {
			return Placed{}, err
		}
		if ok && p.Thread.ID == 0 {
			p.Thread, p.By = c.thread, c.by
		} else if ok {
			p.Bridge = c.thread
		}
	}
	if p.Thread.ID != 0 {
		p.Claims, p.ClaimsBy = desk.Thread{}, ""
	}
	return p, nil
}

type candidate struct {
	thread desk.Thread
	by     string
}

// hit is a thread that a token or an id names.
type hit struct {
	id desk.ThreadID
	by string
}

// splitOff are the threads that were made of one, and of those.
const splitOff = `WITH RECURSIVE made(id) AS (SELECT thread_id FROM thread_splits WHERE from_id = $1 UNION SELECT s.thread_id FROM thread_splits s JOIN made ON s.from_id = made.id) SELECT id FROM made`

// followSplits lets a token name the conversation that was split off its own, when the nearest id that the item refers to went over to it (WS-18).
func (s *Service) followSplits(ctx context.Context, tx *db.Tx, hits []hit) ([]hit, error) {
	for i, h := range hits {
		if h.by != ByToken {
			continue
		}
		parts, err := db.All(ctx, tx, db.Column[desk.ThreadID], splitOff, h.id)
		if err != nil {
			return nil, fmt.Errorf("thread: splits: %w", err)
		}
		for _, r := range hits {
			if r.by == ByToken || r.id != h.id && !slices.Contains(parts, r.id) {
				continue
			}
			hits[i].id = r.id
			break
		}
	}
	return hits, nil
}

// candidates are the threads that the item's tokens and ids name, in the order in which they count, all locked in the order of their ids.
func (s *Service) candidates(ctx context.Context, tx *db.Tx, f Find) ([]candidate, error) {
	var hits []hit
	for _, id := range f.Tokens {
		hits = append(hits, hit{id, ByToken})
	}
	for i, r := range f.Ids.Refs {
		by := ByReferences
		if i < f.Direct {
			by = ByInReplyTo
		}
		hits = append(hits, hit{f.Ids.Known[r].Thread, by})
	}
	if k := f.Ids.Known[f.Ids.Own]; f.Ids.Own != "" && k.Message == 0 {
		hits = append(hits, hit{k.Thread, ByOvertaken})
	}
	hits, err := s.followSplits(ctx, tx, hits)
	if err != nil {
		return nil, err
	}
	var ids []desk.ThreadID
	for _, h := range hits {
		if h.id != 0 {
			ids = append(ids, h.id)
		}
	}
	sort.Slice(ids, func(i, j int) bool { return ids[i] < ids[j] })
	locked := map[desk.ThreadID]desk.Thread{}
	for _, id := range ids {
		if _, done := locked[id]; done {
			continue
		}
		t, err := s.Lock(ctx, tx, id)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return nil, err
		}
		locked[id] = t // zero when it is gone
	}
	var out []candidate
	seen := map[string]bool{}
	for _, h := range hits {
		t := locked[h.id]
		if t.ID == 0 {
			continue
		}
		if h.by == ByToken && t.InboxID != f.Inbox && t.AccountID != f.Account {
			if here, err := s.lived(ctx, tx, h.id, f.Inbox); err != nil || !here {
				if err != nil {
					return nil, err
				}
				continue // a token of another inbox: that inbox has its own copy (EM-33), unless the conversation was moved from here
			}
		}
		if key := h.by + t.ID.String(); !seen[key] {
			seen[key] = true
			out = append(out, candidate{t, h.by})
		}
	}
	return out, nil
}

// welcome: the sender was in the thread's From, To or Cc, or another address of the same contact was.
func (s *Service) welcome(ctx context.Context, tx *db.Tx, f Find, c candidate) (bool, error) {
	if f.Trusted {
		return true, nil
	}
	return s.Knows(ctx, tx, c.thread.ID, f.From)
}

// awaited: an item whose answer came first belongs there when its sender was addressed by the answer, or the one who answered was addressed by it.
func (s *Service) awaited(ctx context.Context, tx *db.Tx, f Find, c candidate) (bool, error) {
	if ok, err := s.welcome(ctx, tx, f, c); ok || err != nil {
		return ok, err
	}
	senders, err := db.All(ctx, tx, db.Column[string], "SELECT DISTINCT from_address FROM messages WHERE thread_id = $1 AND from_address <> ''", c.thread.ID)
	if err != nil {
		return false, fmt.Errorf("thread: senders: %w", err)
	}
	for _, a := range senders {
		for _, p := range f.Others {
			if partyValue(p) == a {
				return true, nil
			}
		}
	}
	return false, nil
}

const knowsSQL = `SELECT 1 FROM thread_parties WHERE thread_id = $1 AND kind = $2 AND address = $3
	UNION ALL
	SELECT 1 FROM contact_addresses a JOIN contact_addresses b ON b.contact_id = a.contact_id
		JOIN thread_parties p ON p.thread_id = $1 AND p.kind = b.kind AND p.address = b.value
		WHERE a.kind = $2 AND a.value = $3 AND a.contact_id <> 0
	UNION ALL
	SELECT 1 FROM contact_addresses a JOIN threads t ON t.contact_id = a.contact_id
		WHERE t.id = $1 AND a.kind = $2 AND a.value = $3 AND a.contact_id <> 0
	LIMIT 1`

// Knows reports whether somebody is no stranger to a thread: their address was in a From, To or Cc of it, or another address of the same
// contact was, or the thread is that contact's.
func (s *Service) Knows(ctx context.Context, q db.Queryer, id desk.ThreadID, p desk.Party) (bool, error) {
	v := partyValue(p)
	if v == "" {
		return false, nil
	}
	var one int
	err := q.QueryRow(ctx, knowsSQL, id, string(partyKind(p)), v).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("thread: knows: %w", err)
	}
	return true, nil
}

// placeByKey locks the key's row, made when it is new, and the thread it names.
func (s *Service) placeByKey(ctx context.Context, tx *db.Tx, f Find) (Placed, error) {
	if f.Thread != 0 {
		t, err := s.Lock(ctx, tx, f.Thread)
		if err == nil || desk.CodeOf(err) != desk.NotFound { // an erased one begins anew
			return Placed{Thread: t, By: ByKey}, err
		}
	}
	if f.Key == "" {
		return Placed{}, nil
	}
	var id desk.ThreadID
	err := tx.QueryRow(ctx, `INSERT INTO thread_keys (account_id, thread_key, thread_id) VALUES ($1, $2, 0)
		ON CONFLICT (account_id, thread_key) DO UPDATE SET thread_id = thread_keys.thread_id RETURNING thread_id`, f.Account, Ref(f.Key)).Scan(&id)
	if err != nil {
		return Placed{}, fmt.Errorf("thread: lock key: %w", err)
	}
	if id == 0 {
		return Placed{}, nil
	}
	t, err := s.Lock(ctx, tx, id)
	if desk.CodeOf(err) == desk.NotFound {
		return Placed{}, nil
	}
	by := ByKey
	if f.Threading == channel.ByContact {
		by = ByContact
	}
	return Placed{Thread: t, By: by}, err
}

// BindKey names the thread of a key that Place has locked.
func (s *Service) BindKey(ctx context.Context, tx *db.Tx, account desk.ChannelAccountID, key string, id desk.ThreadID) error {
	if _, err := tx.Exec(ctx, "UPDATE thread_keys SET thread_id = $1 WHERE account_id = $2 AND thread_key = $3", id, account, Ref(key)); err != nil {
		return fmt.Errorf("thread: bind key: %w", err)
	}
	return nil
}
