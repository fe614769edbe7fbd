package desk

import (
	"errors"
	"fmt"
	"time"
)

// Code is the class of an Error. It maps to an HTTP status in one place (internal/api).
type Code string

// The classes.
const (
	Invalid      Code = "invalid"      // 422: the input breaks a rule
	Unauthorized Code = "unauthorized" // 401: nobody is signed in
	Forbidden    Code = "forbidden"    // 403: signed in, not allowed
	NotFound     Code = "not_found"    // 404: no such thing, or not visible to the actor
	Conflict     Code = "conflict"     // 409: the state forbids it now
	TooLarge     Code = "too_large"    // 413: over a documented limit
	RateLimited  Code = "rate_limited" // 429: slow down
	Unavailable  Code = "unavailable"  // 503: the machine cannot now; try again, nothing was lost
	Internal     Code = "internal"     // 500: a bug
)

// Error is the one error type a caller may look into. Reason is a stable slug that the manual
// explains (for example channel.window_closed). Public is a sentence a person may read: what
// happened, what was kept, what to do. Err is the cause, for the log only.
type Error struct {
	Code   Code
	Reason string
	Public string
	Field  string        // the input field at fault, if one is
	Retry  time.Duration // when to try again, if that is known
	Err    error
}

func (e *Error) Error() string {
	s := string(e.Code) + " " + e.Reason + ": " + e.Public
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose public sentence is formatted.
func Errorf(code Code, reason, format string, args ...any) *Error {
	return &Error{Code: code, Reason: reason, Public: fmt.Sprintf(format, args...)}
}

// In names the input field at fault.
func (e *Error) In(field string) *Error { e.Field = field; return e }

// After says when to try again.
func (e *Error) After(d time.Duration) *Error { e.Retry = d; return e }

// Because adds the cause, which is logged and never shown.
func (e *Error) Because(err error) *Error { e.Err = err; return e }

// CodeOf returns the class of err; an error that is no Error is Internal, nil is "".
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// ReasonOf returns the reason slug of err, or "" when it has none.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// PublicOf returns the sentence a person may read.
func PublicOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Public != "" {
		return e.Public
	}
	return "Something went wrong."
}
