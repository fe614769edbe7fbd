package email

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// errMachine: Kanal could not store a mail. It is still in the mailbox.
var errMachine = errors.New("imap: not stored")

// position is how far a folder was read. It is stored as JSON under "imap:FOLDER".
type position struct {
	Validity uint32 `json:"v"`
	Last     uint32 `json:"u"` // every uid up to here is accounted for
	ModSeq   uint64 `json:"m,omitempty"`
	Since    int64  `json:"s"` // Unix seconds: nothing that arrived earlier is ours
}

func (p position) bytes() []byte {
	b, _ := json.Marshal(p) // plain numbers
	return b
}

const (
	chunkItems = 50
	chunkBytes = 4 << 20
	giveUp     = 3 // attempts at one message that breaks the connection, or that Kanal fails on
)

// sync files everything new in a folder, in the order of uids.
func (m *mailbox) sync(ctx context.Context, s *imapSession, folder string) error {
	b, err := s.examine(folder)
	if err != nil {
		if answered(err) {
			return fmt.Errorf("imap: open folder %q: %w", folder, err)
		}
		return err
	}
	pos, err := m.position(ctx, s, folder, b)
	if err != nil {
		return err
	}
	if b.next != 0 && b.next <= pos.Last+1 {
		return nil
	}
	since := time.Time{}
	if pos.Last == 0 { // the first reading, or the folder was numbered anew
		since = time.Unix(pos.Since, 0)
	}
	uids, err := s.after(pos.Last, since)
	if err != nil {
		return err
	}
	for len(uids) > 0 {
		n := min(len(uids), chunkItems)
		if err := m.chunk(ctx, s, folder, &pos, uids[:n], since); err != nil {
			return err
		}
		uids = uids[n:]
	}
	pos.ModSeq = b.modseq
	if b.next > 0 && pos.Last < b.next-1 {
		pos.Last = b.next - 1 // uids in between are gone, or were too old
	}
	return m.store(ctx, folder, pos)
}

// position reads a folder's cursor. The first time it is set to now, less the days to bring in. When the folder was numbered anew
// (UIDVALIDITY) everything since then is read again: what is filed already is known by its dedupe key.
func (m *mailbox) position(ctx context.Context, s *imapSession, folder string, b box) (position, error) {
	var pos position
	raw, err := m.host.Cursor(ctx, cursorName(folder))
	if err != nil {
		return pos, fmt.Errorf("%w: read cursor: %w", errMachine, err)
	}
	if len(raw) > 0 && json.Unmarshal(raw, &pos) == nil {
		if pos.Validity == b.validity {
			return pos, nil
		}
		m.host.Log().Warn("imap: the folder was numbered anew and is read again", "channel_account_id", m.acc.ID.String())
		pos = position{Validity: b.validity, Since: pos.Since}
		return pos, m.store(ctx, folder, pos)
	}
	now := m.host.Clock().Now()
	pos = position{Validity: b.validity, Since: now.AddDate(0, 0, -m.set.ImportDays).Unix(), ModSeq: b.modseq}
	if m.set.ImportDays == 0 {
		if pos.Last, err = lastUID(s, b); err != nil {
			return pos, err
		}
	}
	return pos, m.store(ctx, folder, pos)
}

// lastUID is the highest uid in use, also where the server does not give UIDNEXT.
func lastUID(s *imapSession, b box) (uint32, error) {
	if b.next > 0 {
		return b.next - 1, nil
	}
	if b.messages == 0 {
		return 0, nil
	}
	uids, err := s.after(0, time.Time{})
	if err != nil || len(uids) == 0 {
		return 0, err
	}
	return uids[len(uids)-1], nil
}

func cursorName(folder string) string { return "imap:" + folder }

func (m *mailbox) store(ctx context.Context, folder string, pos position) error {
	if err := m.host.SetCursor(ctx, cursorName(folder), pos.bytes()); err != nil {
		return fmt.Errorf("%w: store cursor: %w", errMachine, err)
	}
	return nil
}

// chunk files some messages. Those that came before since are passed over.
func (m *mailbox) chunk(ctx context.Context, s *imapSession, folder string, pos *position, uids []uint32, since time.Time) error {
	items, err := s.peek(uids)
	if err != nil && !answered(err) {
		return err
	}
	if len(items) < len(uids) {
		items = complete(items, uids, m.host.Clock().Now())
	}
	var batch []item
	var total int64
	flush := func() error {
		err := m.fetch(ctx, s, folder, pos, batch)
		batch, total = nil, 0
		return err
	}
	for _, it := range items {
		if !since.IsZero() && it.date.Before(since) {
			continue
		}
		alone := it.size > m.opts.MaxMessageBytes || m.attempts(folder, pos.Validity, it.uid) > 0
		if len(batch) > 0 && (alone || total+it.size > chunkBytes) {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, total = append(batch, it), total+it.size
		if alone {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if last := uids[len(uids)-1]; pos.Last < last {
		pos.Last = last
	}
	return m.store(ctx, folder, *pos)
}

// complete adds those that the server told nothing of: each is asked for on its own, so that a forgetful answer loses no mail.
func complete(items []item, uids []uint32, now time.Time) []item {
	for _, u := range uids {
		if !slices.ContainsFunc(items, func(it item) bool { return it.uid == u }) {
			items = append(items, item{uid: u, size: chunkBytes, date: now})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.uid, b.uid) })
	return items
}

// fetch gets the bodies of a batch and files them in order.
func (m *mailbox) fetch(ctx context.Context, s *imapSession, folder string, pos *position, batch []item) error {
	if len(batch) == 0 {
		return nil
	}
	if len(batch) == 1 {
		return m.single(ctx, s, folder, pos, batch[0], false)
	}
	var total int64
	uids := make([]uint32, len(batch))
	for i, it := range batch {
		uids[i], total = it.uid, total+it.size
	}
	release, err := m.memory(ctx, total)
	if err != nil {
		return err
	}
	defer release()
	bodies, err := s.bodies(uids, false, m.opts.MaxMessageBytes)
	if err != nil && !answered(err) {
		for _, u := range uids { // one of them may have broken the connection: next time each on its own
			m.failed(folder, pos.Validity, u)
		}
		return err
	}
	for _, it := range batch {
		body, ok := bodies[it.uid]
		if !ok || body == nil {
			// Refused with the others, or gone: ask for it alone.
			if err := m.single(ctx, s, folder, pos, it, true); err != nil {
				return err
			}
			continue
		}
		if err := m.deliver(ctx, folder, pos, it, body, ""); err != nil {
			return err
		}
	}
	return nil
}

// single gets one message. One that cannot be had whole is filed as broken, with its header if that can be had, so that it is
// accounted for and those behind it move on. held says that its memory is taken already.
func (m *mailbox) single(ctx context.Context, s *imapSession, folder string, pos *position, it item, held bool) error {
	tries := m.attempts(folder, pos.Validity, it.uid)
	if tries >= giveUp {
		return m.deliver(ctx, folder, pos, it, nil, fmt.Sprintf("The mail server broke off %d times while this mail was fetched. It is still in the mailbox.", tries))
	}
	if !held {
		release, err := m.memory(ctx, min(it.size, m.opts.MaxMessageBytes))
		if err != nil {
			return err
		}
		defer release()
	}
	var broken string
	if it.size > m.opts.MaxMessageBytes {
		broken = fmt.Sprintf("This mail has %s, more than the %s that are taken in. It is still in the mailbox.", megabytes(it.size), megabytes(m.opts.MaxMessageBytes))
	} else {
		bodies, err := s.bodies([]uint32{it.uid}, false, m.opts.MaxMessageBytes)
		body, ok := bodies[it.uid]
		switch {
		case err != nil && !answered(err):
			m.failed(folder, pos.Validity, it.uid)
			return err
		case ok && body != nil:
			return m.deliver(ctx, folder, pos, it, body, "")
		case ok:
			broken = fmt.Sprintf("This mail is larger than the %s that are taken in. It is still in the mailbox.", megabytes(m.opts.MaxMessageBytes))
		case err == nil:
			listed, err := s.listed(it.uid)
			if err != nil || !listed {
				return err // deleted in the meantime
			}
			broken = "The mail server lists this mail but does not hand it out. It is still in the mailbox."
		default:
			broken = "The mail server refuses to hand out this mail: " + oneLine(err.Error())
		}
	}
	heads, err := s.bodies([]uint32{it.uid}, true, 1<<20)
	if err != nil && !answered(err) {
		m.failed(folder, pos.Validity, it.uid)
		return err
	}
	return m.deliver(ctx, folder, pos, it, heads[it.uid], broken)
}

// deliver files one message and moves the cursor with it.
func (m *mailbox) deliver(ctx context.Context, folder string, pos *position, it item, body []byte, broken string) error {
	next := *pos
	next.Last = it.uid
	raw := channel.Raw{
		Account: m.acc.ID, Channel: Name, Body: body, At: m.host.Clock().Now(), Broken: broken,
		Envelope: channel.Envelope{To: []string{m.set.Address}, Folder: folder, UID: it.uid},
		Cursor:   &channel.Cursor{Name: cursorName(folder), Value: next.bytes()},
	}
	if broken != "" {
		raw.Dedupe = "imap:" + folder + ":" + strconv.FormatUint(uint64(pos.Validity), 10) + ":" + strconv.FormatUint(uint64(it.uid), 10)
	} else {
		raw.Dedupe = DedupeKey(raw)
		raw.Auth = m.evidence(ctx, body)
	}
	err := m.host.Deliver(ctx, raw)
	if err == nil {
		*pos = next
		m.forget(folder, pos.Validity, it.uid)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if desk.CodeOf(err) != desk.Unavailable {
		// A mail that Kanal itself stumbles over must not keep the others.
		if m.failed(folder, pos.Validity, it.uid) >= giveUp {
			m.host.Log().Error("imap: a mail could not be filed and was passed over", "channel_account_id", m.acc.ID.String(), "uid", it.uid, "error", err.Error())
			if broken != "" {
				*pos = next
				return m.store(ctx, folder, next)
			}
			return m.deliver(ctx, folder, pos, it, body, "Kanal failed on this mail: "+desk.PublicOf(err))
		}
	}
	return fmt.Errorf("%w: %w", errMachine, err)
}

// seen counts failures of messages, for as long as the account is open.
type seen struct {
	folder        string
	validity, uid uint32
}

func (m *mailbox) attempts(folder string, validity, uid uint32) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tries[seen{folder, validity, uid}]
}

func (m *mailbox) failed(folder string, validity, uid uint32) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tries == nil {
		m.tries = map[seen]int{}
	}
	m.tries[seen{folder, validity, uid}]++
	return m.tries[seen{folder, validity, uid}]
}

func (m *mailbox) forget(folder string, validity, uid uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tries, seen{folder, validity, uid})
}
