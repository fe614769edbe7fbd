package search

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/search/lang"
)

// fresh is what a batch adds to the vocabulary: words to complete, stems of words, and gaps of names.
type fresh struct {
	terms []string
	stems []stemRow
	gaps  [][3]string // gap, term, as written
	keys  []string
}

// recent remembers what is stored, so that little is stored again. Used by the one follower.
type recent struct {
	keys  map[string]struct{}
	limit int
}

func newRecent(limit int) *recent { return &recent{map[string]struct{}{}, limit} }

// fresh is what of documents may not be stored yet, each once. Long words nobody completes.
func (r *recent) fresh(docs []*row) *fresh {
	f := &fresh{}
	seen := map[string]struct{}{}
	isNew := func(key string) bool {
		if _, ok := r.keys[key]; ok {
			return false
		}
		if _, ok := seen[key]; ok {
			return false
		}
		seen[key] = struct{}{}
		f.keys = append(f.keys, key)
		return true
	}
	for _, d := range docs {
		for _, w := range d.words {
			if len(w) <= 40 && isNew("t"+w) {
				f.terms = append(f.terms, w)
			}
		}
		in := lang.Detect(d.words)
		for term, raw := range d.prose {
			if !isNew("s" + string(rune(in)) + term) {
				continue
			}
			for _, st := range lang.Stems(raw, in) {
				f.stems = append(f.stems, stemRow{term, plain(st.Text), st.In})
			}
		}
		for term, raw := range d.names {
			if lang.Slips(term) == 0 || len(term) > 24 || !isNew("n"+term) {
				continue
			}
			for _, g := range lang.Gaps(term, 1) {
				f.gaps = append(f.gaps, [3]string{g, term, raw})
			}
		}
	}
	slices.Sort(f.terms) // one order for all, so that writers cannot lock each other out
	slices.SortFunc(f.stems, func(a, b stemRow) int { return strings.Compare(a.term+" "+a.stem, b.term+" "+b.stem) })
	slices.SortFunc(f.gaps, func(a, b [3]string) int { return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1]) })
	return f
}

func (r *recent) add(f *fresh) {
	if len(r.keys)+len(f.keys) > r.limit {
		clear(r.keys)
	}
	for _, k := range f.keys {
		r.keys[k] = struct{}{}
	}
}

// store writes the additions.
func (f *fresh) store(ctx context.Context, tx *db.Tx) error {
	terms := make([][]any, len(f.terms))
	for i, t := range f.terms {
		terms[i] = []any{t}
	}
	if err := insert(ctx, tx, "INSERT INTO search_terms (term) VALUES ", " ON CONFLICT DO NOTHING", terms); err != nil {
		return err
	}
	var stems [][]any
	for i, s := range f.stems {
		if i > 0 && f.stems[i-1].term == s.term && f.stems[i-1].stem == s.stem { // two documents in two languages: one statement takes a row once
			stems[len(stems)-1][2] = stems[len(stems)-1][2].(int64) | int64(s.langs)
			continue
		}
		stems = append(stems, []any{s.term, s.stem, int64(s.langs)})
	}
	if err := insert(ctx, tx, "INSERT INTO search_stems (term, stem, langs) VALUES ", " ON CONFLICT (term, stem) DO UPDATE SET langs = search_stems.langs | excluded.langs", stems); err != nil {
		return err
	}
	gaps := make([][]any, len(f.gaps))
	for i, g := range f.gaps {
		gaps[i] = []any{g[0], g[1], g[2]}
	}
	return insert(ctx, tx, "INSERT INTO search_gaps (gap, term, shown) VALUES ", " ON CONFLICT DO NOTHING", gaps)
}

// insert writes rows, some at a time.
func insert(ctx context.Context, tx *db.Tx, head, tail string, rows [][]any) error {
	for part := range slices.Chunk(rows, 200) {
		var b strings.Builder
		b.WriteString(head)
		var args []any
		for i, row := range part {
			if i > 0 {
				b.WriteString(", ")
			}
			for k := range row {
				b.WriteString(map[bool]string{true: "($", false: ", $"}[k == 0])
				b.WriteString(strconv.Itoa(len(args) + k + 1))
			}
			b.WriteByte(')')
			args = append(args, row...)
		}
		if _, err := tx.Exec(ctx, b.String()+tail, args...); err != nil {
			return err
		}
	}
	return nil
}
