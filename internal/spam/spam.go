// Package spam owns the allow and deny lists of senders (EM-35) and which kinds of mail are held back (EM-36): the tables sender_rules and spam_kinds. Its verdict is
// pure (Judge); intake asks it when a message comes in and does what it says. It refuses rules that would hold the team's own addresses or everybody. Called by intake, the
// API, triage (block a sender, allow one) and transfer.
package spam

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// What a rule names, and what it does.
const (
	Address = "address"
	Domain  = "domain"
	Allow   = "allow"
	Deny    = "deny"
)

// Rule is one entry of a list. There is one rule a value: a sender is allowed or denied, never both.
type Rule struct {
	ID        desk.SenderRuleID `json:"id"`
	Kind      string            `json:"kind" enum:"address,domain"`
	Value     string            `json:"value" doc:"An address, or a domain, which stands for the domains below it too." example:"promotions.example"`
	Action    string            `json:"action" enum:"allow,deny"`
	Note      string            `json:"note"`
	CreatedBy desk.UserID       `json:"created_by"`
	CreatedAt desk.Time         `json:"created_at"`
	Hits      int64             `json:"hits" doc:"How many messages it decided."`
	LastHit   desk.Time         `json:"last_hit_at"`
}

// Service is the lists and filters of this installation. Safe for concurrent use.
type Service struct {
	db  *db.DB
	clk *clock.Clock
	ev  *event.Log
}

// New makes the service.
func New(d *db.DB, clk *clock.Clock, ev *event.Log) *Service { return &Service{d, clk, ev} }

const ruleColumns = "id, kind, value, action, note, created_by, created_at, hits, last_hit_at"

func scanRule(s db.Scanner) (r Rule, err error) {
	err = s.Scan(&r.ID, &r.Kind, &r.Value, &r.Action, &r.Note, &r.CreatedBy, &r.CreatedAt, &r.Hits, &r.LastHit)
	return r, err
}

// Filter narrows Rules. After pages by value.
type Filter struct {
	Action string
	Query  string
	After  string
	Limit  int // at most 500; 0 means 100
}

// Rules lists entries by value.
func (s *Service) Rules(ctx context.Context, q db.Queryer, f Filter) ([]Rule, error) {
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 100
	}
	like := "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(strings.ToLower(strings.TrimSpace(f.Query))) + "%"
	rules, err := db.All(ctx, q, scanRule, "SELECT "+ruleColumns+` FROM sender_rules WHERE (action = $1 OR $1 = '') AND (value LIKE $2 ESCAPE '\' OR LOWER(note) LIKE $2 ESCAPE '\') AND value > $3
		ORDER BY value, kind LIMIT $4`, f.Action, like, f.After, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("spam: rules: %w", err)
	}
	return rules, nil
}

// All lists every rule, for settings as text.
func (s *Service) All(ctx context.Context, q db.Queryer) ([]Rule, error) {
	rules, err := db.All(ctx, q, scanRule, "SELECT "+ruleColumns+" FROM sender_rules ORDER BY action, value, kind")
	if err != nil {
		return nil, fmt.Errorf("spam: rules: %w", err)
	}
	return rules, nil
}

// Counts is how many entries each list has.
func (s *Service) Counts(ctx context.Context, q db.Queryer) (allow, deny int64, err error) {
	err = q.QueryRow(ctx, "SELECT COALESCE(SUM(CASE WHEN action = 'allow' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN action = 'deny' THEN 1 ELSE 0 END), 0) FROM sender_rules").Scan(&allow, &deny)
	if err != nil {
		err = fmt.Errorf("spam: counts: %w", err)
	}
	return allow, deny, err
}

// Get returns one rule.
func (s *Service) Get(ctx context.Context, q db.Queryer, id desk.SenderRuleID) (Rule, error) {
	r, err := db.One(ctx, q, scanRule, "SELECT "+ruleColumns+" FROM sender_rules WHERE id = $1", id)
	if errors.Is(err, sql.ErrNoRows) {
		return r, desk.Errorf(desk.NotFound, "sender_rule.not_found", "There is no such entry.")
	}
	return r, err
}

const maxNote = 500

// Read makes a rule of what somebody typed: an address, a domain, @domain or *.domain.
func Read(value, action, note string) (Rule, error) {
	r := Rule{Action: action, Note: strings.Join(strings.Fields(note), " ")}
	if action != Allow && action != Deny {
		return r, desk.Errorf(desk.Invalid, "sender_rule.action", "An entry allows or denies.").In("action")
	}
	if len(r.Note) > maxNote {
		return r, desk.Errorf(desk.Invalid, "sender_rule.note_too_long", "A note may have at most %d bytes.", maxNote).In("note")
	}
	v := strings.ToLower(strings.TrimSpace(value))
	v = strings.TrimSuffix(strings.TrimPrefix(v, "<"), ">")
	if at := strings.LastIndexByte(v, '@'); at > 0 {
		if r.Value = desk.NormalizeEmail(v); r.Value == "" {
			return r, malformed(value)
		}
		r.Kind = Address
		return r, nil
	}
	if strings.HasPrefix(v, "+") && len(v) > 6 && strings.Trim(v[1:], "0123456789") == "" { // a telephone number
		r.Kind, r.Value = Address, v
		return r, nil
	}
	v = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(v, "@"), "*."), ".")
	if ascii, err := idna.Lookup.ToASCII(v); err == nil {
		v = ascii
	}
	if !domainForm(v) {
		return r, malformed(value)
	}
	if suffix, icann := publicsuffix.PublicSuffix(v); suffix == v && (icann || !strings.Contains(v, ".")) {
		return r, desk.Errorf(desk.Invalid, "sender_rule.too_wide", "“%s” is not one sender's domain: everybody under it would be meant. Name a domain below it.", v).In("value")
	}
	r.Kind, r.Value = Domain, v
	return r, nil
}

func malformed(value string) error {
	if len(value) > 80 {
		value = strings.ToValidUTF8(value[:80], "") + "…"
	}
	return desk.Errorf(desk.Invalid, "sender_rule.malformed", "“%s” is neither an address nor a domain.", value).In("value")
}

func domainForm(v string) bool {
	if v == "" || len(v) > 253 || !strings.Contains(v, ".") {
		return false
	}
	if _, err := netip.ParseAddr(v); err == nil {
		return false
	}
	for _, label := range strings.Split(v, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// Put adds a rule, or changes the one that the value has. What is denied may not be ours. Records settings.changed, nothing when nothing changed.
func (s *Service) Put(ctx context.Context, tx *db.Tx, actor desk.Actor, r Rule) (Rule, error) {
	if r.Action == Deny {
		if err := s.ours(ctx, tx, r); err != nil {
			return r, err
		}
	}
	had, err := db.One(ctx, tx, scanRule, "SELECT "+ruleColumns+" FROM sender_rules WHERE kind = $1 AND value = $2"+tx.ForUpdate(), r.Kind, r.Value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return r, fmt.Errorf("spam: put: %w", err)
	case had.Action == r.Action && had.Note == r.Note:
		return had, nil
	}
	r.CreatedBy, r.CreatedAt = actor.UserID(), s.clk.Ms()
	// What counted under the other list says nothing about this one.
	out, err := db.One(ctx, tx, scanRule, `INSERT INTO sender_rules (id, kind, value, action, note, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (kind, value) DO UPDATE SET note = excluded.note, hits = CASE WHEN sender_rules.action = excluded.action THEN sender_rules.hits ELSE 0 END,
		last_hit_at = CASE WHEN sender_rules.action = excluded.action THEN sender_rules.last_hit_at ELSE 0 END, action = excluded.action RETURNING `+ruleColumns,
		tx.NewID(), r.Kind, r.Value, r.Action, r.Note, r.CreatedBy, r.CreatedAt)
	if err != nil {
		return r, fmt.Errorf("spam: put: %w", err)
	}
	var before any
	if had.ID != 0 {
		before = said(had)
	}
	return out, s.tell(ctx, tx, actor, "sender_rule", out.Value, before, said(out))
}

// said is a rule as the audit shows it.
func said(r Rule) map[string]any {
	return map[string]any{"kind": r.Kind, "value": r.Value, "action": r.Action, "note": r.Note}
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor desk.Actor, object, slug string, before, after any) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": object, "slug": slug, "before": before, "after": after})})
	return err
}

// ours refuses to deny an address of the team or its domain: its own mail would be held, and forwards to it.
func (s *Service) ours(ctx context.Context, q db.Queryer, r Rule) error {
	value, query := r.Value, "SELECT 1 AS one FROM users WHERE email = $1 UNION ALL SELECT 1 FROM address_registry WHERE value = $1"
	if r.Kind == Domain { // also one above ours: it denies what is below it
		value = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(value)
		query = `SELECT 1 AS one FROM users WHERE email LIKE '%@' || $1 ESCAPE '!' OR email LIKE '%@%.' || $1 ESCAPE '!'
			UNION ALL SELECT 1 FROM address_registry WHERE value LIKE '%@' || $1 ESCAPE '!' OR value LIKE '%@%.' || $1 ESCAPE '!'`
	}
	var n int
	err := q.QueryRow(ctx, "SELECT COUNT(*) FROM ("+query+") o", value).Scan(&n)
	if err != nil {
		return fmt.Errorf("spam: ours: %w", err)
	}
	if n > 0 {
		return desk.Errorf(desk.Invalid, "sender_rule.ours", "%s belongs to your own team and cannot be denied.", r.Value).In("value")
	}
	return nil
}

// Remove takes a rule away; one that is gone is nothing.
func (s *Service) Remove(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.SenderRuleID) error {
	had, err := db.One(ctx, tx, scanRule, "DELETE FROM sender_rules WHERE id = $1 RETURNING "+ruleColumns, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("spam: remove: %w", err)
	}
	return s.tell(ctx, tx, actor, "sender_rule", had.Value, said(had), nil)
}

// For returns the rules that could speak of some addresses, and the kinds that are held: what Judge needs, in one look.
func (s *Service) For(ctx context.Context, q db.Queryer, addresses []string) ([]Rule, map[string]bool, error) {
	keys := [maxKeys]string{}
	n := 0
	for _, a := range addresses {
		for _, k := range keysOf(a) {
			if n < maxKeys {
				keys[n] = k.value
				n++
			}
		}
	}
	args := make([]any, maxKeys)
	for i := range keys {
		args[i] = keys[i]
	}
	rules, err := db.All(ctx, q, scanRule, forSQL, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("spam: rules of a sender: %w", err)
	}
	held := map[string]bool{}
	out := rules[:0]
	for _, r := range rules {
		if r.Action == "" {
			held[r.Value] = true
			continue
		}
		out = append(out, r)
	}
	return out, held, nil
}

// maxKeys is how many values are looked up of one item; the statement stays the same and so prepared.
const maxKeys = 20

var forSQL = func() string {
	var in strings.Builder
	for i := range maxKeys {
		if i > 0 {
			in.WriteString(", ")
		}
		fmt.Fprintf(&in, "$%d", i+1)
	}
	return "SELECT " + ruleColumns + " FROM sender_rules WHERE kind IN ('" + Address + "', '" + Domain + "') AND value <> '' AND value IN (" + in.String() + `)
		UNION ALL SELECT 0, '', kind, '', '', 0, 0, 0, 0 FROM spam_kinds WHERE held = 1`
}()

// Hit counts that a rule decided over a message.
func (s *Service) Hit(ctx context.Context, tx *db.Tx, id desk.SenderRuleID) error {
	if _, err := tx.Exec(ctx, "UPDATE sender_rules SET hits = hits + 1, last_hit_at = $1 WHERE id = $2", s.clk.Ms(), id); err != nil {
		return fmt.Errorf("spam: hit: %w", err)
	}
	return nil
}
