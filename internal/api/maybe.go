package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Maybe is an optional field of a PATCH where null means something: Sent tells "left alone" from "set to null".
type Maybe[T any] struct {
	Sent  bool
	Value T
}

// UnmarshalJSON is called only for a field that was sent, null included.
func (m *Maybe[T]) UnmarshalJSON(b []byte) error {
	m.Sent = true
	return json.Unmarshal(b, &m.Value)
}

// Schema is that of T, with null.
func (Maybe[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	s.Nullable = s.Ref == ""
	return &s
}

// Page is how every list is answered.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
}

// Out is an answer with a body.
type Out[T any] struct{ Body T }

// Answer makes an Out.
func Answer[T any](v T, err error) (*Out[T], error) {
	if err != nil {
		return nil, err
	}
	return &Out[T]{Body: v}, nil
}

// ByID is the input of an operation that is only given an id in its path.
type ByID struct {
	ID string `path:"id" doc:"Its id." example:"4503599627370497"`
}

// Listing is the input of a list.
type Listing struct {
	Cursor string `query:"cursor" doc:"What the last page gave as next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"Rows of a page."`
}

// None is the input or answer of an operation that has none.
type None struct{}
