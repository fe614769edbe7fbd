package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/desk"
)

// Op describes one operation. What it needs stands in the table of rules.
type Op struct {
	Method, Path string
	ID           string // operationId, lower camel case
	Tag          string
	Summary      string
	Description  string
	Status       int   // of success; 0 is 200, or 204 for an answer without a body
	MaxBody      int64 // bytes; 0 is 1 MB
	Errors       []int // beside those that any operation has: 401, 403, 413, 422, 500, 503
	Repeatable   bool  // takes an Idempotency-Key
}

// bodyWithin is how long a JSON body may take to come: a long answer over a poor line must get through.
const bodyWithin = time.Minute

// DefaultMaxBody bounds a JSON body, in bytes.
const DefaultMaxBody = 1 << 20

func (s *Server) operation(op Op) (huma.Operation, Rule) {
	rule, ok := rules[op.Method+" "+op.Path]
	if !ok {
		panic(fmt.Sprintf("api: %s %s has no rule in rules.go", op.Method, op.Path))
	}
	s.routes = append(s.routes, Route{op.Method, op.Path, rule})
	if op.MaxBody == 0 {
		op.MaxBody = DefaultMaxBody
	}
	out := huma.Operation{
		Method: op.Method, Path: op.Path, OperationID: op.ID, Tags: []string{op.Tag}, Summary: op.Summary, Description: op.Description,
		DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody, Errors: op.Errors, BodyReadTimeout: bodyWithin,
	}
	// Any operation may be refused for these: nobody is signed in, the role or another site's origin, the input, the machine.
	out.Errors = append(out.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	if op.Method != http.MethodGet {
		out.Errors = append(out.Errors, http.StatusRequestEntityTooLarge)
	}
	if rule.Limit != "" {
		out.Errors = append(out.Errors, http.StatusTooManyRequests)
	}
	if rule.Public {
		out.Security = []map[string][]string{}
	} else {
		out.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		if rule.Needs != "" {
			out.Description = strings.TrimSpace(out.Description + "\n\nNeeds the permission `" + string(rule.Needs) + "`.")
		}
	}
	out.Middlewares = huma.Middlewares{s.guard(rule)}
	if op.Repeatable {
		out.Errors = append(out.Errors, http.StatusConflict)
		out.Parameters = append(out.Parameters, idempotencyHeader)
		out.Middlewares = append(out.Middlewares, s.repeatable(op.MaxBody))
	}
	return out, rule
}

type viewerKey struct{}

// guard asks who it is and whether the rule lets them, before anything of the request is read.
func (s *Server) guard(rule Rule) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		v, err := s.authorize(r, rule)
		if err != nil {
			s.Fail(w, r, err)
			return
		}
		next(huma.WithValue(huma.WithValue(ctx, viewerKey{}, v), httpKey{}, r))
	}
}

type httpKey struct{}

// Request is the HTTP request that an operation answers: for its address and user agent.
func Request(ctx context.Context) *http.Request {
	r, _ := ctx.Value(httpKey{}).(*http.Request)
	return r
}

// Register adds an operation whose input and answer are described by their types.
func Register[I, O any](s *Server, op Op, handle func(ctx context.Context, v access.Viewer, in *I) (*O, error)) {
	o, _ := s.operation(op)
	huma.Register(s.api, o, func(ctx context.Context, in *I) (*O, error) {
		v, _ := ctx.Value(viewerKey{}).(access.Viewer)
		out, err := handle(ctx, v, in)
		if err != nil {
			r := Request(ctx)
			return nil, headed(s.fail(r, err))
		}
		veil(out, v.Veil)
		return out, nil
	})
}

// veil takes out of an answer what its reader may not see of properties, wherever it stands (PM-11): so no operation can forget to.
func veil(out any, v desk.Veil) {
	if !v.Clear() {
		veilValue(reflect.ValueOf(out), v)
	}
}

var veiled = reflect.TypeFor[desk.Veiled]()

func veilValue(x reflect.Value, v desk.Veil) {
	if x.CanAddr() && x.Addr().Type().Implements(veiled) && x.Addr().CanInterface() {
		x.Addr().Interface().(desk.Veiled).Veil(v)
	}
	switch x.Kind() {
	case reflect.Pointer:
		if !x.IsNil() {
			veilValue(x.Elem(), v)
		}
	case reflect.Interface:
		if !x.IsNil() && x.Elem().Kind() == reflect.Pointer {
			veilValue(x.Elem(), v)
		}
	case reflect.Struct:
		for i := range x.NumField() {
			if x.Type().Field(i).IsExported() {
				veilValue(x.Field(i), v)
			}
		}
	case reflect.Slice, reflect.Array:
		if k := x.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer || k == reflect.Interface || k == reflect.Slice {
			for i := range x.Len() {
				veilValue(x.Index(i), v)
			}
		}
	}
}

// headed carries a problem's headers the way the library reads them.
func headed(p *Problem) error {
	if h := p.GetHeaders(); len(h) > 0 {
		return huma.ErrorWithHeaders(p, h)
	}
	return p
}

// Media describes the body of a Raw operation's answer or request.
type Media struct {
	Type        string // "" none
	Description string
	JSON        reflect.Type // a type for application/json instead
}

// Raw adds an operation that reads or writes bytes itself: files, streams.
func (s *Server) Raw(op Op, params []*huma.Param, in, out Media, handle func(w http.ResponseWriter, r *http.Request, v access.Viewer)) {
	o, _ := s.operation(op)
	o.Parameters = append(o.Parameters, params...)
	if in.Type != "" {
		o.RequestBody = &huma.RequestBody{Description: in.Description, Required: true, Content: map[string]*huma.MediaType{in.Type: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
	}
	status := op.Status
	if status == 0 {
		status = http.StatusOK
	}
	answer := &huma.Response{Description: out.Description}
	switch {
	case out.JSON != nil:
		answer.Content = map[string]*huma.MediaType{"application/json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(out.JSON, true, "")}}
	case out.Type != "":
		answer.Content = map[string]*huma.MediaType{out.Type: {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	o.Responses = map[string]*huma.Response{strconv.Itoa(status): answer}
	for _, code := range append(o.Errors, http.StatusInternalServerError) {
		o.Responses[strconv.Itoa(code)] = &huma.Response{Description: http.StatusText(code), Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")},
		}}
	}
	s.api.OpenAPI().AddOperation(&o)
	s.api.Adapter().Handle(&o, huma.Middlewares(o.Middlewares).Handler(func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		v, _ := ctx.Context().Value(viewerKey{}).(access.Viewer)
		handle(w, r, v)
	}))
}

// PathParam and QueryParam document the parameters of a Raw operation.
func PathParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// QueryParam documents an optional parameter of a Raw operation.
func QueryParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// JSON writes an answer of a Raw operation.
func (s *Server) JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Body bounds the body of a Raw operation; reading beyond is an error that TooLarge recognises.
func Body(w http.ResponseWriter, r *http.Request, limit int64) {
	r.Body = http.MaxBytesReader(w, r.Body, limit)
}

// TooLarge reports whether err says that a body went beyond its bound.
func TooLarge(err error) bool {
	var e *http.MaxBytesError
	return errors.As(err, &e)
}
