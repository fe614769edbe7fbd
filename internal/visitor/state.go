package visitor

import (
	"context"
	"fmt"
	"maps"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// What has become of a visitor, in the data of visitor.updated.
const (
	Identified = "identified"
	Claimed    = "claimed"
	Profile    = "profile"
	Banned     = "banned"
	Unbanned   = "unbanned"
	Ended      = "ended"
)

// Tell records visitor.updated.
func (s *Service) Tell(ctx context.Context, tx *db.Tx, actor desk.Actor, v Visitor, what string, more map[string]any) error {
	data := map[string]any{"visitor_id": v.ID, "what": what}
	maps.Copy(data, more)
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvVisitorUpdated, Actor: actor, Contact: v.ContactID, Data: event.Data(data)})
	return err
}

// Says keeps what a visitor typed of themselves: a claim, nothing proven (TR-09). Empty fields are left alone.
func (s *Service) Says(ctx context.Context, tx *db.Tx, v Visitor, name, email, phone string) (Visitor, error) {
	for _, f := range []struct {
		at *string
		to string
		n  int
	}{{&v.ClaimedName, name, 200}, {&v.ClaimedEmail, email, 320}, {&v.ClaimedPhone, phone, 40}} {
		if t := clean(f.to, f.n); t != "" {
			*f.at = t
		}
	}
	_, err := tx.Exec(ctx, "UPDATE visitors SET claimed_name = $1, claimed_email = $2, claimed_phone = $3 WHERE id = $4", v.ClaimedName, v.ClaimedEmail, v.ClaimedPhone, v.ID)
	if err != nil {
		return v, fmt.Errorf("visitor: says: %w", err)
	}
	return v, nil
}

// Belongs files a browser under a contact, proven or not. external is the customer's own name for the person, "" leaves it alone.
func (s *Service) Belongs(ctx context.Context, tx *db.Tx, v Visitor, to desk.ContactID, proven bool, external string) (Visitor, error) {
	v.ContactID, v.Proven = to, proven
	if external = clean(external, 200); external != "" {
		v.ExternalID = external
	}
	if _, err := tx.Exec(ctx, "UPDATE visitors SET contact_id = $1, proven = $2, external_id = $3 WHERE id = $4", v.ContactID, v.Proven, v.ExternalID, v.ID); err != nil {
		return v, fmt.Errorf("visitor: belongs: %w", err)
	}
	return v, nil
}

// End signs a browser out: its secret opens nothing any more, and the signed tokens that it showed are no good for anybody (TR-08). Once is enough.
func (s *Service) End(ctx context.Context, tx *db.Tx, v Visitor, revoke bool) error {
	n, err := tx.Exec(ctx, "UPDATE visitors SET ended_at = $1 WHERE id = $2 AND ended_at = 0", s.clk.Ms(), v.ID)
	if err != nil {
		return fmt.Errorf("visitor: end: %w", err)
	}
	if revoke {
		if _, err := tx.Exec(ctx, "UPDATE visitor_tokens SET revoked_at = $1 WHERE visitor_id = $2 AND revoked_at = 0", s.clk.Ms(), v.ID); err != nil {
			return fmt.Errorf("visitor: end: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, "DELETE FROM visitor_push WHERE visitor_id = $1", v.ID); err != nil {
		return fmt.Errorf("visitor: end: %w", err)
	}
	if n == 0 {
		return nil
	}
	return s.Tell(ctx, tx, v.Actor(), v, Ended, nil)
}

// Ban keeps a browser, and every other of the same person, from writing; why is for the team. Banning again changes the reason.
func (s *Service) Ban(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.VisitorID, reason string) (Visitor, error) {
	return s.setBan(ctx, tx, actor, id, s.clk.Ms(), clean(reason, 500), Banned)
}

// Unban lets a person write again.
func (s *Service) Unban(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.VisitorID) (Visitor, error) {
	return s.setBan(ctx, tx, actor, id, 0, "", Unbanned)
}

func (s *Service) setBan(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.VisitorID, at desk.Time, reason, what string) (Visitor, error) {
	v, err := s.Lock(ctx, tx, id)
	if err != nil {
		return v, err
	}
	by := actor.UserID()
	if at == 0 {
		by = 0
	}
	all, err := db.All(ctx, tx, Scan, "SELECT "+Columns+" FROM visitors WHERE id = $1 OR contact_id = $2 AND contact_id <> 0 AND proven = 1 AND $3 = 1 ORDER BY id"+tx.ForUpdate(), v.ID, v.ContactID, v.Proven)
	if err != nil {
		return v, fmt.Errorf("visitor: ban: %w", err)
	}
	for _, o := range all {
		if o.BannedAt == 0 && at == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, "UPDATE visitors SET banned_at = $1, banned_by = $2, ban_reason = $3 WHERE id = $4", at, by, reason, o.ID); err != nil {
			return v, fmt.Errorf("visitor: ban: %w", err)
		}
		o.BannedAt, o.BannedBy, o.BanReason = at, by, reason
		if err := s.Tell(ctx, tx, actor, o, what, map[string]any{"reason": reason}); err != nil {
			return v, err
		}
		if o.ID == v.ID {
			v = o
		}
	}
	return v, nil
}

// BannedPerson reports a ban of another browser of the same proven person: a new browser does not lift it.
func (s *Service) BannedPerson(ctx context.Context, q db.Queryer, c desk.ContactID) (at desk.Time, reason string, err error) {
	type ban struct {
		at     desk.Time
		reason string
	}
	all, err := db.All(ctx, q, func(r db.Scanner) (b ban, err error) { err = r.Scan(&b.at, &b.reason); return b, err },
		"SELECT banned_at, ban_reason FROM visitors WHERE contact_id = $1 AND contact_id <> 0 AND proven = 1 AND banned_at <> 0 ORDER BY banned_at DESC LIMIT 1", c)
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	return all[0].at, all[0].reason, nil
}

// MarkBanned bans one browser because its person is.
func (s *Service) MarkBanned(ctx context.Context, tx *db.Tx, v Visitor, at desk.Time, reason string) (Visitor, error) {
	v.BannedAt, v.BanReason = at, reason
	if _, err := tx.Exec(ctx, "UPDATE visitors SET banned_at = $1, ban_reason = $2 WHERE id = $3", at, reason, v.ID); err != nil {
		return v, fmt.Errorf("visitor: ban: %w", err)
	}
	return v, s.Tell(ctx, tx, desk.System, v, Banned, map[string]any{"reason": reason})
}

// BannedOnes lists banned browsers, the latest ban first: from the one after (at, id) on; 0: from the first.
func (s *Service) BannedOnes(ctx context.Context, q db.Queryer, at desk.Time, id desk.VisitorID, limit int) ([]Visitor, error) {
	all, err := db.All(ctx, q, Scan, "SELECT "+Columns+" FROM visitors WHERE banned_at <> 0 AND ($1 = 0 OR banned_at < $1 OR banned_at = $1 AND id < $2) ORDER BY banned_at DESC, id DESC LIMIT $3", at, id, limit)
	if err != nil {
		return nil, fmt.Errorf("visitor: banned: %w", err)
	}
	return all, nil
}

// ByUTK is the browser that was seen last with a tracking id; the zero visitor when none was. A tracking id is no proof of anything.
func (s *Service) ByUTK(ctx context.Context, q db.Queryer, utk string) (Visitor, error) {
	if utk = clean(utk, 64); utk == "" {
		return Visitor{}, nil
	}
	all, err := db.All(ctx, q, Scan, "SELECT "+Columns+" FROM visitors WHERE utk = $1 AND utk <> '' AND ended_at = 0 ORDER BY last_seen DESC, id DESC LIMIT 1", utk)
	if err != nil || len(all) == 0 {
		return Visitor{}, err
	}
	return all[0], nil
}

// OfContact lists the browsers of a contact, the latest first.
func (s *Service) OfContact(ctx context.Context, q db.Queryer, c desk.ContactID) ([]Visitor, error) {
	return db.All(ctx, q, Scan, "SELECT "+Columns+" FROM visitors WHERE contact_id = $1 AND contact_id <> 0 ORDER BY last_seen DESC, id DESC LIMIT 50", c)
}

// Sees are the conversations that a browser may see, as a condition on threads t with three arguments that SeesArgs gives: those begun in it, and, once it is proven whose
// it is, those that proven browsers of the same person began. n is the number of the first argument.
func Sees(n int) string {
	return fmt.Sprintf(`t.visitor_id <> 0 AND (t.visitor_id = $%d OR $%d = 1 AND t.contact_id = $%d AND t.contact_id <> 0
		AND EXISTS (SELECT 1 FROM visitors o WHERE o.id = t.visitor_id AND o.proven = 1))`, n, n+1, n+2)
}

// SeesArgs are the arguments of Sees. contact is who the visitor's contact is now, after merges.
func (v Visitor) SeesArgs(contact desk.ContactID) []any { return []any{v.ID, v.Proven, contact} }
