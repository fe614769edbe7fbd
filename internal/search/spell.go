package search

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/search/lang"
)

// Spelling is another way to write a search that finds more.
type Spelling struct {
	Query   string `json:"query"`
	Applied bool   `json:"applied" doc:"The hits are of this spelling, because what was typed finds nothing; ask with exact for the other."`
}

// expand finds what else a single word may be: other forms of it in its language and, while it is being typed, how it may go on. Quoted words stay as
// they are.
func (s *Service) expand(ctx context.Context, q *query) error {
	for c := range q.clauses {
		for i := range q.clauses[c].any {
			t := &q.clauses[c].any[i]
			if t.exact || t.field == fieldMark {
				continue
			}
			if t.prefix {
				alts, err := s.goesOn(ctx, *t)
				if err != nil {
					return err
				}
				t.alts = alts
			}
			if len(t.words) == 1 && worth(t.words[0]) {
				forms, err := s.forms(ctx, t.words[0], written(t.raw))
				if err != nil {
					return err
				}
				for _, f := range forms {
					if !slices.Contains(t.alts, f) {
						t.alts = append(t.alts, f)
					}
				}
			}
		}
	}
	return nil
}

const (
	maxOn    = 40 // words that one being typed may become
	maxForms = 24 // other forms of a word
)

// goesOn are the words that begin with the last word of a term.
func (s *Service) goesOn(ctx context.Context, t term) ([]string, error) {
	last := t.words[len(t.words)-1]
	prefix := t.word(last)
	found, err := db.All(ctx, s.db, db.Column[string], `SELECT term FROM (SELECT term FROM search_terms WHERE term >= $1 AND term < $2 ORDER BY term LIMIT 3000) near
		ORDER BY LENGTH(term), term LIMIT $3`, prefix, prefix+"\U0010FFFF", maxOn)
	if err != nil {
		return nil, fmt.Errorf("search: words that go on: %w", err)
	}
	var out []string
	for _, w := range found {
		if w != prefix {
			out = append(out, strings.TrimPrefix(w, string([]rune(prefix)[:len([]rune(prefix))-len([]rune(last))])))
		}
	}
	return out, nil
}

type stemRow struct {
	term, stem string
	langs      lang.Set
}

func (s *Service) stems(ctx context.Context, query string, args ...any) ([]stemRow, error) {
	return db.All(ctx, s.db, func(r db.Scanner) (x stemRow, err error) {
		var langs int64
		err = r.Scan(&x.term, &x.stem, &langs)
		x.langs = lang.Set(langs)
		return x, err
	}, query, args...)
}

// forms are the other words that have the stem of one, in a language in which it was seen; one never seen may be of any.
func (s *Service) forms(ctx context.Context, word, raw string) ([]string, error) {
	own, err := s.stems(ctx, "SELECT term, stem, langs FROM search_stems WHERE term = $1", word)
	if err != nil {
		return nil, fmt.Errorf("search: stems: %w", err)
	}
	if len(own) == 0 {
		for _, st := range lang.Stems(raw, lang.All) {
			own = append(own, stemRow{word, plain(st.Text), st.In})
		}
	}
	in := map[string]lang.Set{}
	var names []string
	for _, o := range own {
		in[o.stem] |= o.langs
		names = append(names, o.stem)
	}
	arg, _ := json.Marshal(names)
	found, err := s.stems(ctx, "SELECT term, stem, langs FROM search_stems WHERE stem IN "+s.texts(1)+" ORDER BY stem, term LIMIT 200", string(arg))
	if err != nil {
		return nil, fmt.Errorf("search: forms: %w", err)
	}
	var out []string
	for _, f := range found {
		if f.term != word && f.langs&in[f.stem] != 0 && !slices.Contains(out, f.term) {
			out = append(out, f.term)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(a) - len(b) })
	return first(out, maxForms), nil
}

// maxGuess bounds what is tried when little is found.
const maxGuess = 100 * time.Millisecond

// respell tries what the words may have been meant to be. A guess counts only when the viewer may see what it finds: no word is told from elsewhere.
func (s *Service) respell(ctx context.Context, v access.Viewer, text string, limit int, res *Found) error {
	began := time.Now()
	guess, err := s.guess(ctx, v, text, began)
	if err != nil || guess == "" {
		return err
	}
	a, err := s.ask(ctx, v, parse(guess+" ", s.nowOf(v)))
	if err != nil || a.idle() {
		return err
	}
	if len(res.Hits) > 0 {
		found, _, _, err := s.find(ctx, a, desk.MaxID, len(res.Hits)+1, maxTime/2)
		if err == nil && len(found) > len(res.Hits) {
			res.Spelling = &Spelling{Query: guess}
		}
		return err
	}
	if err := s.page(ctx, a, desk.MaxID, limit, res); err != nil {
		return err
	}
	if len(res.Hits) > 0 {
		res.Spelling = &Spelling{Query: guess, Applied: true}
		return s.top(ctx, v, guess+" ", res)
	}
	return nil
}

// guess is the search with its unknown words respelt, or "" when there is no better way to write it.
func (s *Service) guess(ctx context.Context, v access.Viewer, text string, began time.Time) (string, error) {
	q := parse(text, s.nowOf(v))
	var doubtful []term
	for _, c := range q.clauses {
		for _, t := range c.any {
			if !c.not && !t.exact && len(t.words) == 1 && worth(t.words[0]) && lang.Slips(t.words[0]) > 0 && strings.HasSuffix(text[:t.part.end], t.raw) {
				doubtful = append(doubtful, t)
			}
		}
	}
	changed := false
	for i := len(doubtful) - 1; i >= 0 && i >= len(doubtful)-6; i-- { // from the end, so that places stay
		t := doubtful[i]
		if time.Since(began) > maxGuess {
			break
		}
		alone := t.words[0] // with its other forms
		if !t.prefix {
			alone += " "
		}
		stands, err := s.finds(ctx, v, alone)
		if err != nil {
			return "", err
		}
		if stands {
			continue
		}
		near, err := s.near(ctx, t.words[0])
		if err != nil {
			return "", err
		}
		for _, n := range near {
			if ok, err := s.finds(ctx, v, n+" "); err != nil || !ok {
				if err != nil {
					return "", err
				}
				continue
			}
			text = text[:t.part.end-len(t.raw)] + n + text[t.part.end:]
			changed = true
			break
		}
	}
	if !changed {
		return "", nil
	}
	return text, nil
}

// finds: the viewer sees something that has the words.
func (s *Service) finds(ctx context.Context, v access.Viewer, text string) (bool, error) {
	a, err := s.ask(ctx, v, parse(text, s.nowOf(v)))
	if err != nil || a.idle() {
		return false, err
	}
	docs, _, _, err := s.find(ctx, a, desk.MaxID, 1, maxTime/4)
	return len(docs) > 0, err
}

// near are words of names, subjects and files that differ from one by a slip or two, the nearest first, at most four.
func (s *Service) near(ctx context.Context, word string) ([]string, error) {
	slips := lang.Slips(word)
	arg, _ := json.Marshal(lang.Gaps(word, slips))
	type candidate struct {
		term, shown string
		rank        int
	}
	rows, err := db.All(ctx, s.db, func(r db.Scanner) (c candidate, err error) {
		err = r.Scan(&c.term, &c.shown)
		return c, err
	}, "SELECT DISTINCT term, shown FROM search_gaps WHERE gap IN "+s.texts(1)+" LIMIT 500", string(arg))
	if err != nil {
		return nil, fmt.Errorf("search: near words: %w", err)
	}
	var kept []candidate
	for _, c := range rows {
		d := lang.Distance(word, c.term, slips)
		if d == 0 || d > slips {
			continue
		}
		c.rank = 4 * d
		if []rune(c.term)[0] != []rune(word)[0] {
			c.rank += 2
		}
		if len([]rune(c.term)) != len([]rune(word)) {
			c.rank++
		}
		kept = append(kept, c)
	}
	slices.SortFunc(kept, func(a, b candidate) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return strings.Compare(a.term, b.term)
	})
	var out []string
	for _, c := range kept[:min(4, len(kept))] {
		out = append(out, c.shown)
	}
	return out, nil
}
