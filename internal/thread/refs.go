package thread

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// MaxRefs is how many ids of one item take part in threading: the nearest, and the very first (the root).
const MaxRefs = 24

// maxRef is the longest id kept as it is, in bytes; a longer one is kept as its digest, so that an index can hold it.
const maxRef = 300

// Ref is the one form of a message id: no brackets, no blanks, bounded. "" is none.
func Ref(id string) string {
	id = strings.TrimSpace(id)
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	id = strings.TrimSpace(Clean(id))
	if len(id) > maxRef {
		sum := sha256.Sum256([]byte(id))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return id
}

// Refs bounds what an item refers to, nearest first: no repeats, not the item itself, at most MaxRefs with the root among them.
func Refs(own string, refs []string) []string {
	out := make([]string, 0, min(len(refs), MaxRefs))
	seen := map[string]bool{"": true, own: true}
	for i, r := range refs {
		if len(out) >= MaxRefs-1 && i < len(refs)-1 {
			continue
		}
		if r = Ref(r); !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}

// LockRemote holds an id over all inboxes and accounts until the transaction ends: deliveries of one mail to several inboxes wait for each other,
// so that the later finds the earlier, and a receipt waits for the settle that names its message. On SQLite there is one writer anyway.
func (s *Service) LockRemote(ctx context.Context, tx *db.Tx, id string) error {
	if tx.Dialect() != db.Postgres {
		return nil
	}
	if id = Ref(id); id == "" {
		return nil
	}
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 5711))", id); err != nil {
		return fmt.Errorf("thread: lock id: %w", err)
	}
	return nil
}

// Known is what an inbox knows of a message id. Thread without Message is a placeholder: something answered it before it came.
type Known struct {
	Thread  desk.ThreadID
	Message desk.MessageID
}

// Locked are the message ids that a transaction holds, with what each stands for.
type Locked struct {
	Inbox desk.InboxID
	Own   string   // "" when the item has no id
	Refs  []string // nearest first
	Known map[string]Known
}

// LockRefs writes an item's own and referenced ids as placeholders where they are new and locks all of them, sorted, in one statement: whoever
// comes with one of them at the same time waits here, and a reply that overtakes its root meets it.
func (s *Service) LockRefs(ctx context.Context, tx *db.Tx, inbox desk.InboxID, own string, refs []string) (Locked, error) {
	l := Locked{Inbox: inbox, Own: Ref(own)}
	l.Refs = Refs(l.Own, refs)
	all := append(make([]string, 0, len(l.Refs)+1), l.Refs...)
	if l.Own != "" {
		all = append(all, l.Own)
	}
	l.Known = make(map[string]Known, len(all))
	if len(all) == 0 {
		return l, nil
	}
	sort.Strings(all)
	args := make([]any, 0, len(all)+1)
	args = append(args, int64(inbox))
	for _, r := range all {
		args = append(args, r)
	}
	rows, err := tx.Query(ctx, lockRefs[len(all)], args...)
	if err != nil {
		return l, fmt.Errorf("thread: lock ids: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r string
		var k Known
		if err := rows.Scan(&r, &k.Thread, &k.Message); err != nil {
			return l, fmt.Errorf("thread: lock ids: %w", err)
		}
		l.Known[r] = k
	}
	return l, rows.Err()
}

// Recall completes what is known of locked ids by what was known in inboxes that the account has left (MG-06): answers to what was said there find their conversation,
// wherever it is now. Only the account's own conversations count, and of the item's own id only a message that came through it: another account's copy stays a copy (EM-33).
func (s *Service) Recall(ctx context.Context, tx *db.Tx, l *Locked, account desk.ChannelAccountID, former []desk.InboxID) error {
	in, args := "", []any{account, l.Own}
	for r, k := range l.Known {
		if k.Thread == 0 {
			args = append(args, r)
			in += fmt.Sprintf(", $%d", len(args))
		}
	}
	if in == "" || len(former) == 0 {
		return nil
	}
	type row struct {
		inbox desk.InboxID
		ref   string
		Known
	}
	rows, err := db.All(ctx, tx, func(sc db.Scanner) (r row, err error) {
		err = sc.Scan(&r.inbox, &r.ref, &r.Thread, &r.Message)
		return r, err
	}, `SELECT r.inbox_id, r.ref, r.thread_id, r.message_id FROM message_refs r JOIN threads t ON t.id = r.thread_id LEFT JOIN messages m ON m.id = r.message_id
		WHERE r.inbox_id IN `+db.IDs(former)+` AND t.account_id = $1 AND (r.ref <> $2 OR COALESCE(m.account_id, $1) = $1) AND r.ref IN (`+in[2:]+`)`, args...)
	if err != nil {
		return fmt.Errorf("thread: recall: %w", err)
	}
	sort.Slice(rows, func(i, j int) bool { return slices.Index(former, rows[i].inbox) < slices.Index(former, rows[j].inbox) })
	for _, r := range rows {
		if l.Known[r.ref].Thread != 0 {
			continue
		}
		l.Known[r.ref] = r.Known
		if _, err := tx.Exec(ctx, "UPDATE message_refs SET thread_id = $1, message_id = $2 WHERE inbox_id = $3 AND ref = $4 AND thread_id = 0", r.Thread, r.Message, l.Inbox, r.ref); err != nil {
			return fmt.Errorf("thread: recall: %w", err)
		}
	}
	return nil
}

// lockRefs and bindRefs are the statements by number of ids: constant texts, so that they stay prepared.
var lockRefs, bindRefs [MaxRefs + 2]string

func init() {
	for n := 1; n < len(lockRefs); n++ {
		var values, in strings.Builder
		for i := range n {
			if i > 0 {
				values.WriteString(", ")
				in.WriteString(", ")
			}
			fmt.Fprintf(&values, "($1, $%d)", i+2)
			fmt.Fprintf(&in, "$%d", i+3)
		}
		lockRefs[n] = "INSERT INTO message_refs (inbox_id, ref) VALUES " + values.String() +
			" ON CONFLICT (inbox_id, ref) DO UPDATE SET message_id = message_refs.message_id RETURNING ref, thread_id, message_id"
		bindRefs[n] = "UPDATE message_refs SET thread_id = $1 WHERE inbox_id = $2 AND thread_id = 0 AND ref IN (" + in.String() + ")"
	}
}

// Bind says where the locked ids belong now: the item's own to its message, placeholders that stood nowhere to the thread. An id that
// already names another message keeps it (EM-33).
func (s *Service) Bind(ctx context.Context, tx *db.Tx, l Locked, thread desk.ThreadID, message desk.MessageID) error {
	if l.Own != "" && l.Known[l.Own].Message == 0 {
		if _, err := tx.Exec(ctx, "UPDATE message_refs SET thread_id = $1, message_id = $2 WHERE inbox_id = $3 AND ref = $4", thread, message, l.Inbox, l.Own); err != nil {
			return fmt.Errorf("thread: bind id: %w", err)
		}
	}
	args := []any{thread, l.Inbox}
	for _, r := range l.Refs {
		if l.Known[r].Thread == 0 {
			args = append(args, r)
		}
	}
	if len(args) == 2 {
		return nil
	}
	if _, err := tx.Exec(ctx, bindRefs[len(args)-2], args...); err != nil {
		return fmt.Errorf("thread: bind placeholders: %w", err)
	}
	return nil
}

// References is the chain for an answer to a message of a thread, oldest first and bounded (RFC 5322 §3.6.4): what the message referred to,
// then the message itself. inReplyTo 0 answers the newest message that has an id.
func (s *Service) References(ctx context.Context, q db.Queryer, thread desk.ThreadID, inReplyTo desk.MessageID) (refs []string, parent string, err error) {
	type row struct {
		remote string
		refs   []string
	}
	query, args := "SELECT remote_id, reply_refs FROM messages WHERE id = $1", []any{inReplyTo}
	if inReplyTo == 0 {
		query, args = "SELECT remote_id, reply_refs FROM messages WHERE thread_id = $1 AND kind = 'message' AND remote_id <> '' AND status <> 'cancelled' ORDER BY id DESC LIMIT 1", []any{thread}
	}
	rows, err := db.All(ctx, q, func(sc db.Scanner) (r row, err error) {
		err = sc.Scan(&r.remote, db.ScanJSON(&r.refs))
		return r, err
	}, query, args...)
	if err != nil || len(rows) == 0 {
		return []string{}, "", err
	}
	chain := rows[0].refs // nearest first, as stored
	for i := len(chain) - 1; i >= 0; i-- {
		refs = append(refs, chain[i])
	}
	if parent = rows[0].remote; parent != "" {
		refs = append(refs, parent)
	}
	const most = 20
	if len(refs) > most { // the root and the newest
		refs = append(refs[:1:1], refs[len(refs)-most+1:]...)
	}
	return refs, parent, nil
}

// Clean makes a string fit for both databases: valid UTF-8 without NUL.
func Clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// clip cleans s and cuts it to at most n bytes at a rune.
func clip(s string, n int) string {
	s = Clean(s)
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
