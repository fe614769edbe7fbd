package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/redaction/find"
	"github.com/kanalhq/kanal/internal/thread"
)

// largeRaw is the size in bytes above which an original is kept as a blob.
const largeRaw = 64 << 10

// item is one raw item on its way through a delivery. Everything above the line is settled before the transaction; below it, anew in each run.
type item struct {
	raw      channel.Raw
	acc      desk.ChannelAccount
	inbox    desk.Inbox
	spec     channel.Spec
	adapter  channel.Adapter
	dedupe   string
	at       desk.Time
	blob     string // digest of an original kept as a blob
	in       []channel.Inbound
	found    map[int][]find.Found // what was blanked out of each
	fault    error                // it cannot be understood
	original bool                 // forwards are filed under who wrote them first (EM-26, EM-27)
	force    bool                 // an administrator files what was ignored
	// ----
	id    desk.RawID
	fresh bool
}

func (it *item) before(other *item) bool {
	if it.acc.InboxID != other.acc.InboxID {
		return it.acc.InboxID < other.acc.InboxID
	}
	if it.raw.Account != other.raw.Account {
		return it.raw.Account < other.raw.Account
	}
	return it.dedupe < other.dedupe
}

// stage does all that needs no transaction: it finds the account, parses, and stores large bytes. Its errors are the machine's.
func (s *Service) stage(ctx context.Context, raw channel.Raw) (*item, error) {
	it := &item{raw: raw, dedupe: thread.Ref(raw.Dedupe), at: desk.At(raw.At)}
	if it.at == 0 {
		it.at = s.Clock.Ms()
	}
	if it.dedupe == "" {
		it.dedupe = "raw:" + digest(raw.Body)
	}
	if err := s.account(ctx, it); err != nil {
		return nil, err
	}
	if it.fault == nil {
		s.parse(ctx, it)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.blank(ctx, it); err != nil {
		return nil, err
	}
	return it, s.store(ctx, it)
}

// account loads where the item came in. An account that is gone is the item's fault: it is kept, and can be replayed.
func (s *Service) account(ctx context.Context, it *item) (err error) {
	it.acc, err = s.Inbox.Account(ctx, s.DB, it.raw.Account)
	if err == nil {
		it.inbox, err = s.Inbox.Inbox(ctx, s.DB, it.acc.InboxID)
	}
	if desk.CodeOf(err) == desk.NotFound {
		it.fault = err
		return nil
	}
	if err != nil {
		return err
	}
	var ok bool
	if it.adapter, ok = s.Registry.Get(it.acc.Channel); !ok {
		it.fault = desk.Errorf(desk.Invalid, "intake.channel_unknown", "This server has no channel %q.", it.acc.Channel)
		return nil
	}
	it.spec = it.adapter.Spec()
	it.original = originalSender(it.acc.Settings)
	return nil
}

// settled makes sure, in the transaction, of where the item is filed: an account that has moved to another inbox since the item was staged files there (MG-06).
func (s *Service) settled(ctx context.Context, tx *db.Tx, it *item) error {
	if it.fault != nil {
		return nil
	}
	version, err := s.Inbox.Place(ctx, tx, it.acc.ID)
	if err != nil || version == it.acc.Version {
		return err
	}
	if it.acc, err = s.Inbox.Account(ctx, tx, it.acc.ID); err != nil {
		return err
	}
	it.inbox, err = s.Inbox.Inbox(ctx, tx, it.acc.InboxID)
	return err
}

// originalSender reads the account's switch "choose original sender of email forwards", which is on unless it was turned off.
func originalSender(settings json.RawMessage) bool {
	var v struct {
		Original *bool `json:"original_sender"`
	}
	return json.Unmarshal(settings, &v) != nil || v.Original == nil || *v.Original
}

// parse asks the adapter what the item means. Whatever it does, a panic included, is the item's fault.
func (s *Service) parse(ctx context.Context, it *item) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("an adapter panicked while parsing", "channel", it.acc.Channel, "channel_account_id", it.acc.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			it.fault = fmt.Errorf("panic while parsing: %v", p)
		}
	}()
	in, err := it.adapter.Parse(ctx, it.raw)
	if err != nil {
		it.fault = fmt.Errorf("parse: %w", err)
		return
	}
	for i := range in {
		clean(&in[i], it.spec)
	}
	it.in = in
}

// clean fills in what adapters may leave out and makes the strings that become keys fit for both databases. Texts are cleaned where they are stored.
func clean(in *channel.Inbound, spec channel.Spec) {
	if in.Kind == "" {
		in.Kind = channel.InMessage
	}
	if in.Disposition == "" {
		in.Disposition = desk.DispNormal
	}
	in.ContentHash = thread.Clean(in.ContentHash)
	for _, p := range []*desk.Party{&in.From, &in.Sender} {
		if p.Kind == "" {
			p.Kind = spec.Address
		}
		p.Address, p.Name = thread.Clean(p.Address), thread.Clean(p.Name)
	}
	if in.Sender.Address == "" && in.Sender.Name == "" {
		in.Sender = in.From
	}
	for _, list := range []struct {
		field string
		all   []desk.Party
	}{{"to", in.To}, {"cc", in.Cc}, {"reply_to", in.ReplyTo}} {
		for i := range list.all {
			list.all[i].Field = list.field
			if list.all[i].Kind == "" {
				list.all[i].Kind = spec.Address
			}
		}
	}
}

// store keeps attachment bytes and a large original as blobs, before the transaction that refers to them.
func (s *Service) store(ctx context.Context, it *item) error {
	for i := range it.in {
		for j := range it.in[i].Attachments {
			a := &it.in[i].Attachments[j]
			if a.Remote != "" && a.Data == nil {
				continue
			}
			sha, size, err := s.Blobs.Put(ctx, bytes.NewReader(a.Data))
			if err != nil {
				return wrap("store attachment", err)
			}
			a.SHA256, a.Size, a.Data = sha, size, nil
		}
	}
	if len(it.raw.Body) <= largeRaw || it.blob != "" {
		return nil
	}
	sha, _, err := s.Blobs.Put(ctx, bytes.NewReader(it.raw.Body))
	if err != nil {
		return wrap("store original", err)
	}
	it.blob = sha
	return nil
}

// sentAt is the sender's own clock when it can be believed: not after the arrival, not before mail.
func (it *item) sentAt(t time.Time) desk.Time {
	at := desk.At(t)
	if t.IsZero() || t.Year() < 1980 || at > it.at {
		return it.at
	}
	return at
}

func wrap(what string, err error) error {
	if err == nil || db.IsMachine(err) && desk.CodeOf(err) == desk.Unavailable {
		return err
	}
	return fmt.Errorf("intake: %s: %w", what, err)
}
