package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// holdToSchema checks every answer that a test gets against the document: what it says is what comes.
func (s *site) holdToSchema(method, target string, r reply) {
	s.t.Helper()
	kind, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	if kind != "application/json" && kind != "application/problem+json" {
		return
	}
	u, err := url.Parse(target)
	if err != nil {
		s.t.Fatal(err)
	}
	op := s.operation(method, u.Path)
	if op == nil {
		return
	}
	answer := op.Responses[fmt.Sprint(r.status)]
	if answer == nil {
		answer = op.Responses["default"]
	}
	if answer == nil {
		s.t.Errorf("%s %s answered %d, which the document does not know", method, u.Path, r.status)
		return
	}
	media := answer.Content[kind]
	if media == nil || media.Schema == nil {
		return
	}
	var v any
	if err := json.Unmarshal([]byte(r.text), &v); err != nil {
		s.t.Errorf("%s %s: %v", method, u.Path, err)
		return
	}
	res := &huma.ValidateResult{}
	huma.Validate(s.api.OpenAPI().Components.Schemas, media.Schema, huma.NewPathBuffer([]byte{}, 0), huma.ModeReadFromServer, v, res)
	for _, e := range res.Errors {
		s.t.Errorf("%s %s %d is not as the document says: %v\n%.600s", method, u.Path, r.status, e, r.text)
	}
}

func (s *site) operation(method, path string) *huma.Operation {
	parts := strings.Split(path, "/")
	var found *huma.Operation
	best := -1
	for pattern, item := range s.api.OpenAPI().Paths {
		want := strings.Split(pattern, "/")
		if len(want) != len(parts) {
			continue
		}
		same, ok := 0, true
		for i := range want {
			if want[i] == parts[i] {
				same++
			} else if !strings.HasPrefix(want[i], "{") {
				ok = false
			}
		}
		op := map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "PUT": item.Put, "DELETE": item.Delete}[method]
		if ok && op != nil && same > best {
			found, best = op, same
		}
	}
	return found
}
