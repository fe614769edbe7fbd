package property

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// Limits of a value, in bytes.
const (
	maxText     = 1000
	maxLongText = 64 << 10
)

// Check returns values as they are stored, coerced to their types: numbers as float64, dates as "2006-01-02", several choices as []string in
// the definition's order. A nil or empty value stays in the answer as nil: it removes the property. The error names the first
// field at fault, by name, as properties.NAME.
func (s *Service) Check(ctx context.Context, q db.Queryer, object string, values map[string]any) (map[string]any, error) {
	good, bad, err := s.Sort(ctx, q, object, values)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(bad))
	for name := range bad {
		names = append(names, name)
	}
	if len(names) == 0 {
		return good, nil
	}
	slices.Sort(names)
	return nil, bad[names[0]]
}

// Sort is Check for values that must not be lost with a bad neighbour (a channel's defaults after a definition changed): the good ones, and an error for each bad one.
func (s *Service) Sort(ctx context.Context, q db.Queryer, object string, values map[string]any) (good map[string]any, bad map[string]error, err error) {
	good, bad = map[string]any{}, map[string]error{}
	if len(values) == 0 {
		return good, bad, nil
	}
	defs, err := s.List(ctx, q, object)
	if err != nil {
		return nil, nil, err
	}
	for name, v := range values {
		i := slices.IndexFunc(defs, func(p desk.Property) bool { return p.Name == name })
		if i < 0 {
			bad[name] = desk.Errorf(desk.Invalid, "property.unknown", "There is no %s property named %q.", object, name).In("properties." + name)
			continue
		}
		c, err := coerce(defs[i], v)
		if err != nil {
			bad[name] = err
			continue
		}
		good[name] = c
	}
	return good, bad, nil
}

func coerce(p desk.Property, v any) (any, error) {
	if v == nil || v == "" {
		return nil, nil
	}
	refuse := func(format string, args ...any) (any, error) {
		e := desk.Errorf(desk.Invalid, "property.value_malformed", format, args...).In("properties." + p.Name)
		e.Public = p.Label + ": " + e.Public
		return nil, e
	}
	switch p.Type {
	case "text", "long_text":
		return text(p, v, refuse)
	case "number":
		if n, ok := number(v); ok {
			return n, nil
		}
		return refuse("this must be a number.")
	case "boolean":
		switch v {
		case true, "true":
			return true, nil
		case false, "false":
			return false, nil
		}
		return refuse("this must be true or false.")
	case "date":
		if d, ok := date(v); ok {
			return d, nil
		}
		return refuse("this must be a date such as 2026-03-31.")
	case "choice":
		s, ok := v.(string)
		if !ok || !slices.Contains(p.Options, s) {
			return refuse("%v is not one of the options (%s).", v, strings.Join(p.Options, ", "))
		}
		return s, nil
	case "multi_choice":
		return several(p, v, refuse)
	}
	return refuse("the type %q is unknown.", p.Type)
}

type refusal func(format string, args ...any) (any, error)

func text(p desk.Property, v any, refuse refusal) (any, error) {
	var s string
	switch x := v.(type) {
	case string:
		s = x
	case bool, float64, int, int64, json.Number:
		b, _ := json.Marshal(x)
		s = string(b)
	default:
		return refuse("this must be text.")
	}
	limit := maxLongText
	if p.Type == "text" {
		if limit = maxText; strings.ContainsAny(s, "\r\n") {
			return refuse("this must be one line.")
		}
	}
	if len(s) > limit {
		return refuse("this may have at most %d bytes.", limit)
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return refuse("this is not readable text.")
	}
	return s, nil
}

func number(v any) (float64, bool) {
	var n float64
	switch x := v.(type) {
	case float64:
		n = x
	case int:
		n = float64(x)
	case int64:
		n = float64(x)
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return 0, false
		}
		n = f
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		if err != nil {
			return 0, false
		}
		n = f
	default:
		return 0, false
	}
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}

func date(v any) (string, bool) {
	switch x := v.(type) {
	case time.Time:
		return x.UTC().Format(time.DateOnly), true
	case string:
		for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
			if t, err := time.Parse(layout, x); err == nil {
				return t.UTC().Format(time.DateOnly), true
			}
		}
	}
	return "", false
}

func several(p desk.Property, v any, refuse refusal) (any, error) {
	var chosen []string
	switch x := v.(type) {
	case string:
		chosen = []string{x}
	case []string:
		chosen = x
	case []any:
		for _, e := range x {
			s, ok := e.(string)
			if !ok {
				return refuse("%v is not one of the options (%s).", e, strings.Join(p.Options, ", "))
			}
			chosen = append(chosen, s)
		}
	default:
		return refuse("this must be a list of options.")
	}
	for _, c := range chosen {
		if !slices.Contains(p.Options, c) {
			return refuse("%s is not one of the options (%s).", c, strings.Join(p.Options, ", "))
		}
	}
	out := []string{}
	for _, o := range p.Options {
		if slices.Contains(chosen, o) {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}
