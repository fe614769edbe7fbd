package scim

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Operation is one change of a PATCH (RFC 7644, 3.5.2).
type Operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// maxOperations is how many changes one request may hold.
const maxOperations = 1000

// ReadPatch reads the operations of a request.
func ReadPatch(body []byte) ([]Operation, error) {
	var p struct {
		Operations []Operation `json:"Operations"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, bad(InvalidSyntax, "The body is not a PATCH.")
	}
	switch {
	case len(p.Operations) == 0:
		return nil, bad(InvalidSyntax, "There is no operation.")
	case len(p.Operations) > maxOperations:
		return nil, bad(TooMany, "There are more than %d operations.", maxOperations)
	}
	return p.Operations, nil
}

// readOnly attributes are the server's.
var readOnly = map[string]bool{"id": true, "meta": true, "schemas": true, "groups": true, "roles": true}

// Apply makes the resource that operations lead to; the one that is given stays as it is.
func Apply(r Resource, ops []Operation) (Resource, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out := Resource{}
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, err
	}
	for _, op := range ops {
		if err := apply(out, op); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func apply(r Resource, op Operation) error {
	var value any
	if len(op.Value) > 0 {
		if err := json.Unmarshal(op.Value, &value); err != nil {
			return bad(InvalidSyntax, "The value of an operation is not JSON.")
		}
	}
	kind := strings.ToLower(op.Op)
	if kind != "add" && kind != "replace" && kind != "remove" {
		return bad(InvalidSyntax, "%q is not an operation: add, replace or remove.", short(op.Op))
	}
	if strings.TrimSpace(op.Path) != "" {
		return at(r, kind, op.Path, value)
	}
	if kind == "remove" {
		return bad(NoTarget, "To remove, a path says what.")
	}
	m, ok := value.(map[string]any)
	if !ok {
		return bad(InvalidValue, "Without a path the value is an object.")
	}
	for name, v := range m {
		if readOnly[strings.ToLower(name)] { // Okta repeats the id
			continue
		}
		if err := at(r, kind, name, v); err != nil {
			return err
		}
	}
	return nil
}

// target is a path: attribute, perhaps with a filter, perhaps with a part of what that finds.
type target struct {
	path []string
	of   Filter
	sub  string
	eq   map[string]any // what the filter asks for, to make it where nothing is found
}

func parseTarget(path string) (t target, err error) {
	head, rest, filtered := strings.Cut(strings.TrimSpace(path), "[")
	if t.path, err = split(strings.TrimSpace(head), InvalidPath); err != nil || !filtered {
		return t, err
	}
	end := strings.LastIndexByte(rest, ']')
	if end < 0 {
		return t, bad(InvalidPath, "A bracket of the path is not closed.")
	}
	if t.of, err = ParseFilter(rest[:end]); err != nil {
		return t, bad(InvalidPath, "The path %q cannot be read.", short(path))
	}
	if sub := rest[end+1:]; sub != "" {
		if !strings.HasPrefix(sub, ".") || len(sub) == 1 {
			return t, bad(InvalidPath, "The path %q cannot be read.", short(path))
		}
		t.sub = sub[1:]
	}
	t.eq = map[string]any{}
	asks(t.of, t.eq)
	return t, nil
}

func asks(f Filter, into map[string]any) {
	switch f := f.(type) {
	case and:
		asks(f.a, into)
		asks(f.b, into)
	case test:
		if f.op == "eq" && len(f.path) == 1 {
			into[f.path[0]] = f.value
		}
	}
}

func at(r Resource, kind, path string, value any) error {
	t, err := parseTarget(path)
	if err != nil {
		return err
	}
	if readOnly[strings.ToLower(t.path[0])] {
		return bad(Mutability, "%s cannot be changed.", t.path[0])
	}
	m := map[string]any(r)
	for _, name := range t.path[:len(t.path)-1] {
		k := key(m, name)
		child, ok := m[k].(map[string]any)
		if !ok {
			if kind == "remove" {
				return nil
			}
			child = map[string]any{}
			m[k] = child
		}
		m = child
	}
	k := key(m, t.path[len(t.path)-1])
	if t.of != nil {
		return among(m, k, kind, t, value)
	}
	switch kind {
	case "remove":
		if all, ok := m[k].([]any); ok && value != nil { // Entra's old way: the members to remove are the value
			m[k] = without(all, value)
			return nil
		}
		delete(m, k)
	case "add":
		if all, ok := m[k].([]any); ok {
			m[k] = with(all, value)
			return nil
		}
		m[k] = merged(m[k], value)
	default:
		if old, ok := m[k].(map[string]any); ok { // replacing some parts of a complex attribute leaves the others
			m[k] = merged(old, value)
			return nil
		}
		if _, many := m[k].([]any); many {
			value = list(value)
		}
		m[k] = value
	}
	return nil
}

func merged(old, value any) any {
	o, ok1 := old.(map[string]any)
	v, ok2 := value.(map[string]any)
	if !ok1 || !ok2 {
		return value
	}
	for name, x := range v {
		o[key(o, name)] = x
	}
	return o
}

func list(v any) []any {
	if all, ok := v.([]any); ok {
		return all
	}
	if v == nil {
		return []any{}
	}
	return []any{v}
}

func same(a, b any) bool {
	ma, ok1 := a.(map[string]any)
	mb, ok2 := b.(map[string]any)
	if ok1 && ok2 {
		if va, vb := get(ma, "value"), get(mb, "value"); va != nil || vb != nil {
			return reflect.DeepEqual(va, vb)
		}
	}
	return reflect.DeepEqual(a, b)
}

func with(all []any, value any) []any {
	for _, v := range list(value) {
		found := false
		for i, x := range all {
			if same(x, v) {
				all[i], found = v, true
			}
		}
		if !found {
			all = append(all, v)
		}
	}
	return all
}

func without(all []any, value any) []any {
	out := []any{}
	for _, x := range all {
		gone := false
		for _, v := range list(value) {
			gone = gone || same(x, v)
		}
		if !gone {
			out = append(out, x)
		}
	}
	return out
}

// among changes what a filter finds in a multi-valued attribute; where it finds nothing, add and replace make what it asks for, as Entra expects.
func among(m map[string]any, k, kind string, t target, value any) error {
	all, _ := m[k].([]any)
	out, found := []any{}, false
	for _, x := range all {
		c, ok := x.(map[string]any)
		if !ok || !t.of.Match(c) {
			out = append(out, x)
			continue
		}
		found = true
		switch {
		case kind == "remove" && t.sub == "":
			continue
		case kind == "remove":
			delete(c, key(c, t.sub))
		case t.sub != "":
			c[key(c, t.sub)] = value
		default:
			merged(c, value)
		}
		out = append(out, c)
	}
	if !found && kind != "remove" {
		c := map[string]any{}
		for name, v := range t.eq {
			c[name] = v
		}
		if len(c) == 0 {
			return bad(NoTarget, "The path finds nothing.")
		}
		if t.sub != "" {
			c[t.sub] = value
		} else {
			merged(c, value)
		}
		out = append(out, c)
	}
	m[k] = out
	return nil
}
