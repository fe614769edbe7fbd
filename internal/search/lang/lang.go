// Package lang knows the languages of words, purely: which language a text is probably in, what a word is without its endings, and how far apart two
// words are. It reads and keeps nothing; the search index asks it.
package lang

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/swedish"
)

// Set is some of the languages.
type Set uint8

// The languages whose endings are known.
const (
	English Set = 1 << iota
	Danish
	German
	Swedish
	Finnish
	All = English | Danish | German | Swedish | Finnish
)

var stemmers = []struct {
	in   Set
	stem func(*snowballstem.Env) bool
}{{English, english.Stem}, {Danish, danish.Stem}, {German, german.Stem}, {Swedish, swedish.Stem}, {Finnish, finnish.Stem}}

// Stem is a word without its endings, and the languages in which that is its stem.
type Stem struct {
	Text string
	In   Set
}

// Stems are the stems of a lower-case word in some languages, equal ones together.
func Stems(word string, in Set) []Stem {
	var out []Stem
	for _, s := range stemmers {
		if in&s.in == 0 {
			continue
		}
		env := snowballstem.NewEnv(word)
		s.stem(env)
		text := tidy(env.Current(), s.in)
		if text == "" {
			text = word
		}
		known := false
		for i := range out {
			if out[i].Text == text {
				out[i].In |= s.in
				known = true
			}
		}
		if !known {
			out = append(out, Stem{text, s.in})
		}
	}
	return out
}

// tidy mends what the stemmers leave apart in words that customers write often: fakturan and faktura, cykler and cykel, tilauksen and tilaus.
func tidy(stem string, in Set) string {
	long := len(stem) > 4
	if in == Swedish && long {
		stem = strings.TrimSuffix(strings.TrimSuffix(stem, "s"), "an")
	}
	if s, ok := strings.CutSuffix(stem, "eln"); ok && in&(Swedish|Danish) != 0 {
		stem = s + "el"
	}
	if n := len(stem); in&(Swedish|Danish) != 0 && long && strings.HasSuffix(stem, "el") && !strings.ContainsRune("aeiouy", rune(stem[n-3])) {
		stem = stem[:n-2] + "l"
	}
	if in == Finnish && long {
		if s, ok := strings.CutSuffix(stem, "ks"); ok {
			stem = s
		}
		stem = strings.TrimSuffix(stem, "s")
		if s, ok := strings.CutSuffix(stem, "ng"); ok {
			stem = s + "nk"
		}
	}
	return stem
}

// small words that tell the languages apart, folded as the index folds. What several languages share counts for each.
var small = map[string]Set{}

func init() {
	for in, words := range map[Set][]string{
		English: {"the", "and", "is", "are", "was", "were", "to", "of", "you", "your", "we", "have", "has", "with", "for", "this", "that", "not", "it", "be", "on", "please", "hello", "thanks", "our", "my", "can", "would", "from", "when", "which"},
		Danish:  {"og", "er", "det", "at", "ikke", "jeg", "en", "et", "til", "for", "med", "pa", "af", "har", "vi", "kan", "den", "der", "hvad", "hej", "tak", "hilsen", "mvh", "efter", "vores", "min", "mit", "skal", "som", "blev", "fra", "hvor"},
		German:  {"der", "die", "das", "und", "ist", "nicht", "ich", "wir", "sie", "ein", "eine", "mit", "fur", "auf", "zu", "den", "dem", "von", "im", "bitte", "hallo", "danke", "gruße", "grusse", "haben", "habe", "sind", "wird", "wie", "noch", "auch", "bei"},
		Swedish: {"och", "ar", "det", "att", "inte", "jag", "en", "ett", "till", "for", "med", "pa", "av", "har", "vi", "kan", "den", "som", "vad", "hej", "tack", "halsningar", "mvh", "efter", "vara", "min", "ska", "fran", "eller", "nar", "blev"},
		Finnish: {"ja", "on", "ei", "se", "etta", "ole", "en", "mina", "me", "te", "han", "hei", "kiitos", "terveisin", "mutta", "tai", "kun", "jos", "olen", "oli", "ovat", "voi", "voitteko", "kanssa", "miten", "tama", "nyt", "vain", "myos", "mita"},
	} {
		for _, w := range words {
			small[w] |= in
		}
	}
}

// Detect tells from its small words which language a text is in, or those between which they leave it open; All when they say too little.
func Detect(words []string) Set {
	var n [5]int
	for i, w := range words {
		if i == 400 {
			break
		}
		if in := small[w]; in != 0 {
			for k := range n {
				if in&(1<<k) != 0 {
					n[k]++
				}
			}
		}
	}
	best := 0
	for _, c := range n {
		best = max(best, c)
	}
	if best < 2 {
		return All
	}
	var out Set
	for k, c := range n {
		if 10*c >= 8*best {
			out |= 1 << k
		}
	}
	return out
}
