package channel

import (
	"slices"
	"strings"
)

// Settings are JSON objects whose values have dotted paths, as in Field.Path: "imap.host" is the host in the object imap.

// Look returns the value at a path, or nil.
func Look(m map[string]any, path string) any {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return m[path]
	}
	sub, _ := m[head].(map[string]any)
	if sub == nil {
		return nil
	}
	return Look(sub, rest)
}

// Put sets the value at a path, making the objects on its way.
func Put(m map[string]any, path string, v any) {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		m[path] = v
		return
	}
	sub, _ := m[head].(map[string]any)
	if sub == nil {
		sub = map[string]any{}
		m[head] = sub
	}
	Put(sub, rest, v)
}

// Overlay lays src over dst; objects are merged, dotted keys are nested.
func Overlay(dst, src map[string]any) {
	keys := make([]string, 0, len(src))
	for k := range src {
		keys = append(keys, k)
	}
	slices.Sort(keys) // "imap" before "imap.host"
	for _, k := range keys {
		sub, ok := src[k].(map[string]any)
		if !ok {
			Put(dst, k, src[k])
			continue
		}
		into, _ := Look(dst, k).(map[string]any)
		if into == nil {
			into = map[string]any{}
			Put(dst, k, into)
		}
		Overlay(into, sub)
	}
}
