package ticket

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Tag is a word that may stand on tickets (TK-10). Former are names that lead to it: it was called so, or others were merged into it.
type Tag struct {
	ID        desk.TagID `json:"id"`
	Name      string     `json:"name"`
	Former    []string   `json:"former" doc:"Names that lead to it: it was called so, or tags of that name were merged into it."`
	Tickets   int        `json:"tickets" doc:"How many tickets it stands on."`
	CreatedAt desk.Time  `json:"created_at"`
}

// Limits of tags.
const (
	maxTag     = 60 // letters
	maxTags    = 30 // on one ticket
	maxAllTags = 2000
)

// OpenTags says whether whoever changes tickets may make new tags by typing them. Set at start-up; without it they may.
func (s *Service) OpenTags(fn func(ctx context.Context, q db.Queryer) (bool, error)) { s.openTags = fn }

// CleanTag is a tag's name as it is kept, or why it is none.
func CleanTag(name string) (string, error) {
	name = oneLine(name)
	if name == "" || utf8.RuneCountInString(name) > maxTag || strings.ContainsFunc(name, func(r rune) bool { return r == ',' || r == '"' || unicode.IsControl(r) }) {
		return "", desk.Errorf(desk.Invalid, "tag.malformed", "A tag has 1 to %d letters, and neither a comma nor a quotation mark.", maxTag).In("tags")
	}
	return name, nil
}

type tagRow struct {
	Tag
	key  string
	into desk.TagID
}

func scanTag(r db.Scanner) (t tagRow, err error) {
	t.Former = []string{}
	err = r.Scan(&t.ID, &t.Name, &t.key, &t.into, &t.CreatedAt)
	return t, err
}

const tagColumns = "id, name, name_key, into_id, created_at"

// Tags lists the tags that there are, by name. counted also says on how many tickets each stands.
func (s *Service) Tags(ctx context.Context, q db.Queryer, counted bool) ([]Tag, error) {
	rows, err := db.All(ctx, q, scanTag, "SELECT "+tagColumns+" FROM tags ORDER BY name_key, id")
	if err != nil {
		return nil, fmt.Errorf("ticket: tags: %w", err)
	}
	out, at := []Tag{}, map[desk.TagID]int{}
	for _, r := range rows {
		if r.into == 0 {
			at[r.ID] = len(out)
			out = append(out, r.Tag)
		}
	}
	for _, r := range rows {
		if i, ok := at[r.into]; ok {
			out[i].Former = append(out[i].Former, r.Name)
		}
	}
	if !counted {
		return out, nil
	}
	_, err = db.All(ctx, q, func(r db.Scanner) (n int, err error) {
		var id desk.TagID
		if err = r.Scan(&id, &n); err == nil {
			if i, ok := at[id]; ok {
				out[i].Tickets = n
			}
		}
		return n, err
	}, "SELECT tag_id, COUNT(*) FROM ticket_tags GROUP BY tag_id")
	return out, err
}

// TagsOf are the names of the tags on a ticket, in their order. former adds the names that lead to them, for rules that were written before.
func (s *Service) TagsOf(ctx context.Context, q db.Queryer, id desk.TicketID, former bool) ([]string, error) {
	text := "SELECT g.name FROM ticket_tags x JOIN tags g ON g.id = x.tag_id WHERE x.ticket_id = $1 ORDER BY g.name_key"
	if former {
		text = "SELECT g.name FROM ticket_tags x JOIN tags g ON g.id = x.tag_id OR g.into_id = x.tag_id WHERE x.ticket_id = $1 ORDER BY g.into_id, g.name_key"
	}
	names, err := db.All(ctx, q, db.Column[string], text, id)
	if err != nil {
		return nil, fmt.Errorf("ticket: tags: %w", err)
	}
	if names == nil {
		names = []string{}
	}
	return names, nil
}

// findTag is the tag that a name means now.
func (s *Service) findTag(ctx context.Context, q db.Queryer, name string) (t tagRow, ok bool, err error) {
	t, err = db.One(ctx, q, scanTag, "SELECT "+tagColumns+" FROM tags WHERE name_key = $1", desk.TagKey(name))
	if err == nil && t.into != 0 {
		t, err = db.One(ctx, q, scanTag, "SELECT "+tagColumns+" FROM tags WHERE id = $1", t.into)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	return t, err == nil, err
}

// needTags finds tags by name and makes those that are new, where that is allowed.
func (s *Service) needTags(ctx context.Context, tx *db.Tx, actor desk.Actor, names []string) ([]tagRow, error) {
	out := []tagRow{}
	for _, name := range names {
		clean, err := CleanTag(name)
		if err != nil {
			return nil, err
		}
		t, ok, err := s.findTag(ctx, tx, clean)
		if err == nil && !ok {
			if binds(actor) && s.openTags != nil {
				open, err := s.openTags(ctx, tx)
				if err != nil {
					return nil, err
				}
				if !open {
					return nil, desk.Errorf(desk.Invalid, "tag.unknown", "There is no tag %q, and only administrators make new ones.", clean).In("tags")
				}
			}
			t, err = s.makeTag(ctx, tx, actor, clean)
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o tagRow) bool { return o.ID == t.ID }) {
			out = append(out, t)
		}
	}
	return out, nil
}

func (s *Service) makeTag(ctx context.Context, tx *db.Tx, actor desk.Actor, name string) (tagRow, error) {
	n, err := db.One(ctx, tx, db.Column[int], "SELECT COUNT(*) FROM tags WHERE into_id = 0")
	if err != nil {
		return tagRow{}, fmt.Errorf("ticket: make tag: %w", err)
	}
	if n >= maxAllTags {
		return tagRow{}, desk.Errorf(desk.TooLarge, "tag.too_many", "There may be at most %d tags. Merge or remove some first.", maxAllTags).In("tags")
	}
	made, err := tx.Exec(ctx, "INSERT INTO tags ("+tagColumns+") VALUES ($1, $2, $3, 0, $4) ON CONFLICT (name_key) DO NOTHING", desk.TagID(tx.NewID()), name, desk.TagKey(name), s.clk.Ms())
	if err != nil {
		return tagRow{}, fmt.Errorf("ticket: make tag: %w", err)
	}
	t, ok, err := s.findTag(ctx, tx, name)
	if err != nil || !ok || made == 0 {
		return t, errors.Join(err, map[bool]error{false: errNoTag}[ok])
	}
	return t, s.tellTag(ctx, tx, actor, map[string]any{"what": "created", "id": t.ID, "name": t.Name})
}

var errNoTag = desk.Errorf(desk.NotFound, "tag.not_found", "There is no such tag. Somebody may have removed or merged it.")

func (s *Service) tellTag(ctx context.Context, tx *db.Tx, actor desk.Actor, data map[string]any) error {
	_, err := s.ev.Record(ctx, tx, desk.Event{Type: desk.EvTagChanged, Actor: actor, Data: event.Data(data)})
	return err
}

// wants reports whether a change speaks of tags.
func (c Change) wantsTags() bool { return c.Tags != nil || len(c.AddTags)+len(c.RemoveTags) > 0 }

// retag puts a change of tags on a ticket that is held, and says what stood there before and what stands there now.
func (s *Service) retag(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TicketID, c Change) (before, after []string, err error) {
	if before, err = s.TagsOf(ctx, tx, id, false); err != nil {
		return nil, nil, err
	}
	names := before
	if c.Tags != nil {
		names = *c.Tags
	}
	want, err := s.needTags(ctx, tx, actor, append(slices.Clone(names), c.AddTags...))
	if err != nil {
		return nil, nil, err
	}
	for _, name := range c.RemoveTags {
		t, ok, err := s.findTag(ctx, tx, name)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			want = slices.DeleteFunc(want, func(w tagRow) bool { return w.ID == t.ID })
		}
	}
	if len(want) > maxTags {
		return nil, nil, desk.Errorf(desk.Invalid, "tag.too_many_here", "A ticket may have at most %d tags.", maxTags).In("tags")
	}
	slices.SortFunc(want, func(a, b tagRow) int { return strings.Compare(a.key, b.key) })
	after = []string{}
	ids := make([]desk.TagID, 0, len(want))
	for _, t := range want {
		after, ids = append(after, t.Name), append(ids, t.ID)
	}
	if slices.Equal(before, after) {
		return before, after, nil
	}
	if err := s.holdTags(ctx, tx, ids); err != nil {
		return nil, nil, err
	}
	gone := "DELETE FROM ticket_tags WHERE ticket_id = $1"
	if len(ids) > 0 {
		gone += " AND tag_id NOT IN " + db.IDs(ids)
	}
	if _, err := tx.Exec(ctx, gone, id); err != nil {
		return nil, nil, fmt.Errorf("ticket: tag: %w", err)
	}
	for _, tag := range ids {
		if _, err := tx.Exec(ctx, "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES ($1, $2) ON CONFLICT (ticket_id, tag_id) DO NOTHING", id, tag); err != nil {
			return nil, nil, fmt.Errorf("ticket: tag: %w", err)
		}
	}
	return before, after, nil
}

// firstTags puts a new ticket's tags on it, and tells of them and of how it came about.
func (s *Service) firstTags(ctx context.Context, tx *db.Tx, n NewTicket, id desk.TicketID, data map[string]any) (err error) {
	if n.Made != "" {
		data["made"] = n.Made
	}
	if len(n.Tags) > 0 {
		_, data["tags"], err = s.retag(ctx, tx, n.Actor, id, Change{AddTags: n.Tags})
	}
	return err
}

// holdTags keeps tags from being merged or removed until the transaction ends; many may hold one at once.
func (s *Service) holdTags(ctx context.Context, tx *db.Tx, ids []desk.TagID) error {
	text := "SELECT id FROM tags WHERE into_id = 0 AND id IN " + db.IDs(ids)
	if tx.Dialect() == db.Postgres {
		text += " ORDER BY id FOR SHARE"
	}
	there, err := db.All(ctx, tx, db.Column[desk.TagID], text)
	if err != nil {
		return fmt.Errorf("ticket: hold tags: %w", err)
	}
	if len(there) != len(ids) {
		return errNoTag
	}
	return nil
}

// CreateTag adds a tag. A name that led to another tag is its own again.
func (s *Service) CreateTag(ctx context.Context, tx *db.Tx, actor desk.Actor, name string) (Tag, error) {
	clean, err := CleanTag(name)
	if err != nil {
		return Tag{}, err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM tags WHERE name_key = $1 AND into_id <> 0", desk.TagKey(clean)); err != nil {
		return Tag{}, fmt.Errorf("ticket: create tag: %w", err)
	}
	if t, ok, err := s.findTag(ctx, tx, clean); err != nil || ok {
		return t.Tag, errors.Join(err, map[bool]error{true: taken(t.Name)}[ok])
	}
	t, err := s.makeTag(ctx, tx, actor, clean)
	return t.Tag, err
}

func taken(name string) error {
	return desk.Errorf(desk.Conflict, "tag.taken", "There is already a tag %q. Merge the two, or choose another name.", name).In("name")
}

func (s *Service) lockTag(ctx context.Context, tx *db.Tx, id desk.TagID) (tagRow, error) {
	t, err := db.One(ctx, tx, scanTag, "SELECT "+tagColumns+" FROM tags WHERE id = $1 AND into_id = 0"+tx.ForUpdate(), id)
	if errors.Is(err, sql.ErrNoRows) {
		return t, errNoTag
	}
	return t, err
}

// RenameTag calls a tag by another name, on every ticket at once. Its former name leads to it: filters, rules and searches that say it go on.
func (s *Service) RenameTag(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TagID, name string) (Tag, error) {
	clean, err := CleanTag(name)
	if err != nil {
		return Tag{}, err
	}
	t, err := s.lockTag(ctx, tx, id)
	if err != nil || t.Name == clean {
		return t.Tag, err
	}
	key, was := desk.TagKey(clean), t
	if key != t.key {
		other, ok, err := s.findTag(ctx, tx, clean)
		if err != nil {
			return t.Tag, err
		}
		if ok && other.key == key {
			return t.Tag, taken(other.Name)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM tags WHERE name_key = $1 AND into_id <> 0", key); err != nil {
			return t.Tag, fmt.Errorf("ticket: rename tag: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE tags SET name = $1, name_key = $2 WHERE id = $3", clean, key, id); err != nil {
		return t.Tag, fmt.Errorf("ticket: rename tag: %w", err)
	}
	if key != t.key {
		if _, err := tx.Exec(ctx, "INSERT INTO tags ("+tagColumns+") VALUES ($1, $2, $3, $4, $5)", desk.TagID(tx.NewID()), was.Name, was.key, id, was.CreatedAt); err != nil {
			return t.Tag, fmt.Errorf("ticket: rename tag: %w", err)
		}
	}
	t.Name = clean
	return t.Tag, s.tellTag(ctx, tx, actor, map[string]any{"what": "renamed", "id": id, "name": clean, "was": was.Name})
}

// MergeTag puts one tag in another's place, on every ticket; its name leads there.
func (s *Service) MergeTag(ctx context.Context, tx *db.Tx, actor desk.Actor, from, into desk.TagID) (Tag, error) {
	if from == into {
		return Tag{}, desk.Errorf(desk.Invalid, "tag.merge_self", "Choose another tag to merge this one into.").In("into")
	}
	held := map[desk.TagID]tagRow{}
	for _, id := range []desk.TagID{min(from, into), max(from, into)} {
		t, err := s.lockTag(ctx, tx, id)
		if err != nil {
			return Tag{}, err
		}
		held[id] = t
	}
	for _, query := range []string{
		"INSERT INTO ticket_tags (ticket_id, tag_id) SELECT ticket_id, CAST($2 AS BIGINT) FROM ticket_tags WHERE tag_id = $1 ON CONFLICT (ticket_id, tag_id) DO NOTHING",
		"DELETE FROM ticket_tags WHERE tag_id = $1 AND tag_id <> $2",
		"UPDATE tags SET into_id = $2 WHERE id = $1 OR into_id = $1",
	} {
		if _, err := tx.Exec(ctx, query, from, into); err != nil {
			return Tag{}, fmt.Errorf("ticket: merge tags: %w", err)
		}
	}
	return held[into].Tag, s.tellTag(ctx, tx, actor, map[string]any{"what": "merged", "id": from, "name": held[from].Name, "into": into, "into_name": held[into].Name})
}

// RemoveTag takes a tag off every ticket, and its names away.
func (s *Service) RemoveTag(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.TagID) error {
	t, err := s.lockTag(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, query := range []string{"DELETE FROM ticket_tags WHERE tag_id = $1", "DELETE FROM tags WHERE id = $1 OR into_id = $1"} {
		if _, err := tx.Exec(ctx, query, id); err != nil {
			return fmt.Errorf("ticket: remove tag: %w", err)
		}
	}
	return s.tellTag(ctx, tx, actor, map[string]any{"what": "removed", "id": id, "name": t.Name})
}
