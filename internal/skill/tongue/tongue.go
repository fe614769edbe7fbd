// Package tongue tells in which language a customer writes (SK-09). It is pure: a text and the languages that are likely here give a code. Short and mixed
// texts are left unsure rather than guessed: a wrong language sends work to somebody who cannot read it. Called by intake, and by those who try rules.
//
// Frequent words decide first, each counting less the more languages share it, because letters in threes (whatlanggo) mistake short texts and close
// neighbours for each other; threes decide what words cannot, and everything that is not written in Latin letters.
package tongue

import (
	"slices"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
)

const (
	enough  = 10   // letters, below which nothing is said
	long    = 60   // letters, from which threes of letters are trusted alone
	clear   = 1.0  // the score of words that says something
	apart   = 1.35 // how far the best must be ahead of the next
	measure = 4000 // runes looked at
)

// Detect returns the ISO 639-1 code of the language of a text, and whether that is sure. likely are the languages that the installation uses: they decide
// between those that a text may be in equally well.
func Detect(text string, likely ...string) (code string, sure bool) {
	text = said(text)
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	script := whatlanggo.DetectScript(text)
	if script == nil || letters < enough && script == unicode.Latin || letters < 3 {
		return "", false
	}
	if script != unicode.Latin {
		info := whatlanggo.Detect(text)
		code = Code(info.Lang.Iso6391())
		return code, code != "" && (info.IsReliable() || info.Confidence == 1 || slices.Contains(likely, code))
	}
	if code, sure = byWords(text, likely); sure {
		return code, true
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: known})
	if info.Lang < 0 {
		return code, false
	}
	threes := Code(info.Lang.Iso6391())
	if code == "" {
		code = threes
	}
	return code, info.IsReliable() && letters >= long && code == threes
}

// byWords is the language whose frequent words a text has; the nearest one, unsure, when several are as near.
func byWords(text string, likely []string) (string, bool) {
	score := map[string]float64{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		for _, l := range words[w] {
			score[l] += 1 / float64(len(words[w]))
		}
	}
	for r, langs := range signs {
		if strings.ContainsRune(text, r) {
			for _, l := range langs {
				score[l] += 0.6 / float64(len(langs))
			}
		}
	}
	best := ""
	for _, l := range languages {
		if best == "" || score[l] > score[best] {
			best = l
		}
	}
	if score[best] < clear {
		return "", false
	}
	near := slices.DeleteFunc(slices.Clone(languages), func(l string) bool { return score[l] == 0 || score[l]*apart < score[best] })
	if len(near) == 1 {
		return best, true
	}
	used := slices.DeleteFunc(slices.Clone(near), func(l string) bool { return !slices.Contains(likely, l) })
	if len(used) == 1 {
		return used[0], true
	}
	return best, false
}

// said is what the writer says here and now: without quoted lines, what stands under a signature's mark, addresses and links.
func said(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.TrimRight(line, "\r\n") == "-- " || trimmed == "--" {
			break
		}
		if strings.HasPrefix(trimmed, ">") {
			continue
		}
		for _, w := range strings.Fields(trimmed) {
			if !strings.ContainsAny(w, "@/\\_=<>") {
				b.WriteString(w)
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
		if b.Len() > measure*2 {
			break
		}
	}
	rs := []rune(b.String())
	return string(rs[:min(len(rs), measure)])
}

// Code is a language as Kanal names it: ISO 639-1 in small letters, without a region ("pt-BR" is pt), Norwegian by its written form; "" for what is none.
func Code(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(strings.ReplaceAll(language, "_", "-"))), "-")
	switch base {
	case "no", "nn":
		return "nb"
	case "iw":
		return "he"
	case "in":
		return "id"
	}
	if slices.Contains(Codes, base) {
		return base
	}
	return ""
}

var known = func() map[whatlanggo.Lang]bool {
	m := map[whatlanggo.Lang]bool{}
	for l := range whatlanggo.Langs {
		if c := l.Iso6391(); c != "" && Code(c) != "" && l != whatlanggo.Epo && l != whatlanggo.Nno {
			m[l] = true
		}
	}
	return m
}()
