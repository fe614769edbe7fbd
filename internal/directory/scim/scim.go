// Package scim is the language of SCIM 2.0 (RFC 7643, RFC 7644): resources as maps, filters, changes by PATCH, and errors with their scimType. It is pure: it reads no
// database, knows no user, and refuses what the grammar does not have. What Microsoft Entra ID and Okta send beside the letter is understood: operations in capitals, booleans as
// words, values that are a list of one, attributes named by their whole URN, and members that a path filters. Called by internal/directory and its handlers.
package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// The names of what is spoken.
const (
	UserSchema     = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupSchema    = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	ListResponse   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	ErrorSchema    = "urn:ietf:params:scim:api:messages:2.0:Error"
	PatchSchema    = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	MediaType      = "application/scim+json"
)

// Error is a refusal as the protocol words it (RFC 7644, 3.12).
type Error struct {
	Status int
	Type   string // scimType, "" for none
	Detail string
}

func (e *Error) Error() string { return fmt.Sprintf("scim: %d %s %s", e.Status, e.Type, e.Detail) }

// MarshalJSON writes the status as text, which the standard asks for.
func (e *Error) MarshalJSON() ([]byte, error) {
	out := map[string]any{"schemas": []string{ErrorSchema}, "status": fmt.Sprint(e.Status), "detail": e.Detail}
	if e.Type != "" {
		out["scimType"] = e.Type
	}
	return json.Marshal(out)
}

// Types of refusals.
const (
	InvalidFilter = "invalidFilter"
	InvalidPath   = "invalidPath"
	InvalidValue  = "invalidValue"
	InvalidSyntax = "invalidSyntax"
	NoTarget      = "noTarget"
	Mutability    = "mutability"
	Uniqueness    = "uniqueness"
	TooMany       = "tooMany"
)

func bad(typ, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: typ, Detail: fmt.Sprintf(format, args...)}
}

// Resource is a user or a group as JSON has it. Names of attributes are found whatever their case (RFC 7643, 2.1).
type Resource map[string]any

// key is the name under which an attribute stands in a map.
func key(m map[string]any, name string) string {
	if _, ok := m[name]; ok {
		return name
	}
	for k := range m {
		if strings.EqualFold(k, name) {
			return k
		}
	}
	return name
}

func get(m map[string]any, name string) any { return m[key(m, name)] }

// Text is a text among attributes, by a path of names; "" when there is none.
func (r Resource) Text(path ...string) string {
	var at any = map[string]any(r)
	for _, p := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return ""
		}
		at = get(m, p)
	}
	s, _ := at.(string)
	return strings.TrimSpace(s)
}

// Has reports whether an attribute is there.
func (r Resource) Has(name string) bool {
	_, ok := r[key(r, name)]
	return ok
}

// Bool is a truth value, also one that came as a word; def when there is none.
func (r Resource) Bool(name string, def bool) (bool, error) {
	v, ok := r[key(r, name)]
	if !ok || v == nil {
		return def, nil
	}
	b, ok := truth(v)
	if !ok {
		return def, bad(InvalidValue, "%s is true or false.", name)
	}
	return b, nil
}

func truth(v any) (is, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	case []any: // Okta and others send a list of one now and then
		if len(v) == 1 {
			return truth(v[0])
		}
	}
	return false, false
}

// List is a multi-valued attribute; a single one counts as a list of one.
func (r Resource) List(name string) []map[string]any {
	var out []map[string]any
	v := get(r, name)
	if one, ok := v.(map[string]any); ok {
		v = []any{one}
	}
	all, _ := v.([]any)
	for _, x := range all {
		switch x := x.(type) {
		case map[string]any:
			out = append(out, x)
		case string:
			out = append(out, map[string]any{"value": x})
		}
	}
	return out
}

// Primary is the value of a multi-valued attribute that counts: the primary one, else the one of kind work, else the first.
func (r Resource) Primary(name string) string {
	best, rank := "", -1
	for _, x := range r.List(name) {
		value, _ := get(x, "value").(string)
		kind, _ := get(x, "type").(string)
		at := 0
		if strings.EqualFold(kind, "work") {
			at = 1
		}
		if is, _ := truth(get(x, "primary")); is {
			at = 2
		}
		if value = strings.TrimSpace(value); value != "" && at > rank {
			best, rank = value, at
		}
	}
	return best
}

// Values are the values of a multi-valued attribute, each once.
func (r Resource) Values(name string) []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range r.List(name) {
		if v, _ := get(x, "value").(string); v != "" && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// Read reads a resource. Numbers stay as they are written.
func Read(body []byte) (Resource, error) {
	r := Resource{}
	if err := json.Unmarshal(body, &r); err != nil || r == nil {
		return nil, bad(InvalidSyntax, "The body is not a JSON object.")
	}
	return r, nil
}

// attribute takes the URN of a schema off a name: urn:…:User:active is active. An extension's name stays whole.
func attribute(path string) string {
	for _, urn := range []string{UserSchema, GroupSchema} {
		if len(path) > len(urn) && strings.EqualFold(path[:len(urn)], urn) && path[len(urn)] == ':' {
			return path[len(urn)+1:]
		}
	}
	return path
}
