package webchat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Words are one text in several languages, by code: en, da, pt-BR.
type Words map[string]string

// In is the text in the first of the languages that there is one in: exactly, then in its base language; then in English, then in any (CO-11).
// got is the language it is in.
func (w Words) In(langs ...string) (text, got string) {
	for _, l := range append(slices.Clone(langs), "en") {
		for _, try := range []string{l, base(l)} {
			if text, got = w.exactly(try); text != "" {
				return text, got
			}
		}
	}
	for _, l := range slices.Sorted(maps.Keys(w)) {
		if strings.TrimSpace(w[l]) != "" {
			return w[l], l
		}
	}
	return "", ""
}

func (w Words) exactly(lang string) (text, got string) {
	if lang == "" {
		return "", ""
	}
	for l, v := range w {
		if strings.EqualFold(strings.ReplaceAll(l, "_", "-"), strings.ReplaceAll(lang, "_", "-")) && strings.TrimSpace(v) != "" {
			return v, l
		}
	}
	return "", ""
}

// base of pt-BR is pt.
func base(lang string) string {
	b, _, _ := strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	return b
}

// UnmarshalJSON also takes one text without a language, which is English.
func (w *Words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		if *w = (Words{}); one != "" {
			(*w)["en"] = one
		}
		return nil
	}
	m := map[string]string{}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*w = m
	return nil
}

// Texts are words of the widget by their key. Stored settings nest dotted keys; here they are flat.
type Texts map[string]string

// UnmarshalJSON flattens.
func (t *Texts) UnmarshalJSON(b []byte) error {
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	out := Texts{}
	if err := flatten(out, "", m); err != nil {
		return err
	}
	*t = out
	return nil
}

func flatten(out Texts, prefix string, m map[string]any) error {
	for k, v := range m {
		switch v := v.(type) {
		case string:
			out[prefix+k] = v
		case map[string]any:
			if err := flatten(out, prefix+k+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the text %s%s is not a text", prefix, k)
		}
	}
	return nil
}

// Overrides are the widget's words that are set for a language, those of its base language where it has none.
func (s Settings) Overrides(lang string) map[string]string {
	out := map[string]string{}
	for _, l := range []string{base(lang), lang} {
		for have, texts := range s.Texts {
			if strings.EqualFold(have, l) {
				maps.Copy(out, texts)
			}
		}
	}
	maps.DeleteFunc(out, func(_, v string) bool { return strings.TrimSpace(v) == "" })
	return out
}
