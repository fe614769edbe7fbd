package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/kanalhq/kanal/internal/desk"
)

// Problem is how every error is written: RFC 9457, application/problem+json.
type Problem struct {
	Type      string         `json:"type" example:"about:blank" doc:"Always about:blank; reason tells problems apart."`
	Title     string         `json:"title" example:"Conflict"`
	Status    int            `json:"status" example:"409"`
	Detail    string         `json:"detail" example:"Somebody changed this ticket in the meantime." doc:"A sentence a person may read."`
	Code      desk.Code      `json:"code" enum:"invalid,unauthorized,forbidden,not_found,conflict,too_large,rate_limited,unavailable,internal"`
	Reason    string         `json:"reason" example:"ticket.stale" doc:"A stable slug that the manual explains."`
	Field     string         `json:"field" doc:"The input field at fault, if one is."`
	RequestID string         `json:"request_id" doc:"Quote it when you report the problem: the log has the cause under it."`
	Errors    []FieldProblem `json:"errors,omitempty" doc:"Every field at fault, when there are several."`

	retryAfter time.Duration
}

// FieldProblem is one field of the input that breaks a rule.
type FieldProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes it problem+json.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders adds Retry-After when there is a time to wait.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return h
}

// statuses maps classes to HTTP: the one place.
var statuses = map[desk.Code]int{
	desk.Invalid: http.StatusUnprocessableEntity, desk.Unauthorized: http.StatusUnauthorized, desk.Forbidden: http.StatusForbidden,
	desk.NotFound: http.StatusNotFound, desk.Conflict: http.StatusConflict, desk.TooLarge: http.StatusRequestEntityTooLarge,
	desk.RateLimited: http.StatusTooManyRequests, desk.Unavailable: http.StatusServiceUnavailable, desk.Internal: http.StatusInternalServerError,
}

// codes is the way back, for errors that begin as a status (the HTTP library's own).
func codeOf(status int) desk.Code {
	switch status {
	case http.StatusBadRequest, http.StatusUnsupportedMediaType, http.StatusNotAcceptable:
		return desk.Invalid
	case http.StatusRequestTimeout:
		return desk.Unavailable
	}
	for c, s := range statuses {
		if s == status {
			return c
		}
	}
	if status < 500 {
		return desk.Invalid
	}
	return desk.Internal
}

// refusal is a fixed error of this package, to which a cause can be added.
type refusal desk.Error

func refuse(code desk.Code, reason, public string) refusal {
	return refusal{Code: code, Reason: reason, Public: public}
}
func (f refusal) with(err error) error { e := desk.Error(f); e.Err = err; return &e }
func (f refusal) Error() string        { e := desk.Error(f); return e.Error() }
func (f refusal) As(target any) bool {
	t, ok := target.(**desk.Error)
	if ok {
		e := desk.Error(f)
		*t = &e
	}
	return ok
}

var (
	errNoRoute   = refuse(desk.NotFound, "route.not_found", "There is nothing at this address of the API.")
	errOrigin    = refuse(desk.Forbidden, "request.cross_origin", "This request was made by another site.")
	errInternal  = refuse(desk.Internal, "internal", "Something went wrong.")
	errScope     = refuse(desk.Forbidden, "token.scope_missing", "This token may not change the account of its user: that needs the scope all.")
	errDirectory = refuse(desk.Forbidden, "token.directory_only", "This token is for a directory alone: it opens nothing but /scim/v2.")
	errNobody    = refuse(desk.Unauthorized, "access.not_signed_in", "Sign in to go on.")
)

// problem makes the answer of an error. Only a desk.Error speaks to the person; of anything else the log alone sees the chain.
func problem(err error, requestID string) *Problem {
	p := &Problem{Type: "about:blank", Code: desk.CodeOf(err), Reason: desk.ReasonOf(err), Detail: desk.PublicOf(err), RequestID: requestID}
	var e *desk.Error
	if errors.As(err, &e) {
		p.Field = e.Field
	}
	if p.Reason == "" {
		p.Reason = string(p.Code)
	}
	var limit *limited
	switch {
	case errors.As(err, &limit):
		p.retryAfter = limit.wait
	case e != nil && e.Retry > 0:
		p.retryAfter = e.Retry
	case p.Code == desk.Unavailable:
		p.retryAfter = 2 * time.Second
	case p.Code == desk.RateLimited: // too many failed sign-ins
		p.retryAfter = 15 * time.Minute
	}
	p.Status = statuses[p.Code]
	p.Title = http.StatusText(p.Status)
	return p
}

// fail makes the problem of an error and logs what the person is not told.
func (s *Server) fail(r *http.Request, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	id := RequestID(r.Context())
	p = problem(err, id)
	switch {
	case r.Context().Err() != nil:
		s.Log.Debug("request abandoned", "route", r.Pattern, "request_id", id, "err", err)
	case p.Code == desk.Internal:
		s.Log.Error("request failed", "route", r.Pattern, "request_id", id, "err", err)
	case p.Code == desk.Unavailable:
		s.Log.Warn("request failed", "route", r.Pattern, "request_id", id, "err", err)
	}
	return p
}

// Fail answers a request with an error: for handlers that are no operations.
func (s *Server) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p := s.fail(r, err)
	h := w.Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("Content-Length")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func init() {
	// What the HTTP library refuses by itself (a body that is no JSON, a field of the wrong type) is written like everything else.
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromLibrary("", status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		id := ""
		if ctx != nil {
			id = RequestID(ctx.Context())
		}
		return fromLibrary(id, status, msg, errs)
	}
	huma.DefaultArrayNullable = false
}

func fromLibrary(id string, status int, msg string, errs []error) *Problem {
	if status == 0 { // asked for the shape only
		return &Problem{}
	}
	if status == http.StatusBadRequest {
		status = http.StatusUnprocessableEntity
	}
	p := &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: codeOf(status), Reason: "request.invalid", RequestID: id, Detail: sentence(msg)}
	for _, e := range errs {
		f := FieldProblem{Detail: sentence(e.Error())}
		if d, ok := e.(huma.ErrorDetailer); ok {
			d := d.ErrorDetail()
			f = FieldProblem{Field: field(d.Location), Detail: sentence(d.Message)}
		}
		p.Errors = append(p.Errors, f)
	}
	if len(p.Errors) > 0 {
		p.Field = p.Errors[0].Field
		p.Detail = p.Errors[0].Detail
		if p.Field != "" {
			p.Detail = p.Field + ": " + p.Detail
		}
	}
	switch p.Code {
	case desk.Internal:
		p.Reason, p.Detail, p.Errors = "internal", "Something went wrong.", nil
	case desk.TooLarge:
		p.Reason, p.Detail = "request.too_large", "The request is larger than allowed here."
	}
	return p
}

// field turns "body.contact.email" into "contact.email".
func field(location string) string {
	for _, p := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, p); ok {
			return rest
		}
	}
	if location == "body" {
		return ""
	}
	return location
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func stack() string { return string(debug.Stack()) }
