package customview

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
)

// unsaid stands where the name of a person stood who was erased. A condition keeps its place, so that a view never shows more than it did.
const unsaid = "erased"

// Forget takes words that name an erased person out of saved views: their names and what they look for (CR-14).
func (s *Service) Forget(ctx context.Context, tx *db.Tx, words []string) error {
	if len(words) == 0 {
		return nil
	}
	vs, err := db.All(ctx, tx, scan, `SELECT `+columns+` FROM custom_views ORDER BY id`+tx.ForUpdate())
	if err != nil {
		return fmt.Errorf("customview: forget: %w", err)
	}
	for _, v := range vs {
		filter, said := v.Filter.Without(words)
		name, named := Unsaid(v.Name, words)
		if !said && !named {
			continue
		}
		slug := v.Slug
		if named && slug != "" {
			slug = fmt.Sprintf("%s-%d", unsaid, v.ID)
		}
		_, err := tx.Exec(ctx, `UPDATE custom_views SET name = $1, slug = $2, filter = $3, version = version + 1, updated_at = $4 WHERE id = $5`, name, slug, db.JSON(filter), s.clk.Ms(), v.ID)
		if err != nil {
			return fmt.Errorf("customview: forget: %w", err)
		}
	}
	return nil
}

// Without is the filter with none of the words in its values; said reports whether one was there.
func (f Filter) Without(words []string) (out Filter, said bool) {
	out = f
	out.Value, said = Unsaid(f.Value, words)
	for _, list := range []*[]Filter{&out.All, &out.Any} {
		subs := make([]Filter, len(*list))
		for i, sub := range *list {
			var some bool
			subs[i], some = sub.Without(words)
			said = said || some
		}
		if len(subs) > 0 {
			*list = subs
		}
	}
	return out, said
}

// Unsaid is a value with none of the words in it; said reports whether one was there.
func Unsaid(v any, words []string) (out any, said bool) {
	switch v := v.(type) {
	case string:
		for _, w := range words {
			if w != "" && strings.Contains(strings.ToLower(v), strings.ToLower(w)) {
				return unsaid, true
			}
		}
	case []any:
		list := make([]any, len(v))
		for i, x := range v {
			var some bool
			list[i], some = Unsaid(x, words)
			said = said || some
		}
		return list, said
	}
	return v, false
}
