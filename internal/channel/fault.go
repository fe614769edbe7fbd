package channel

import (
	"fmt"
	"time"
)

// Fault is the class of a failed send; the desk acts on it, never on provider codes.
type Fault string

// The classes.
const (
	Transient Fault = "transient" // try again later
	Permanent Fault = "permanent" // never try again
	Reconnect Fault = "reconnect" // credentials are dead; the account's state changes and the send waits
	Closed    Fault = "closed"    // the provider's reply window has passed
	Uncertain Fault = "uncertain" // it may have gone out; never retried by the machine
)

// SendError is how an adapter reports a failed send. Public is a sentence an agent may read. After, if
// set, is the provider's wish for when to retry.
type SendError struct {
	Fault  Fault
	Code   string // the provider's code: "550 5.1.1"
	Public string
	After  time.Duration
	Err    error
}

func (e *SendError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s %s: %s: %v", e.Fault, e.Code, e.Public, e.Err)
	}
	return fmt.Sprintf("%s %s: %s", e.Fault, e.Code, e.Public)
}

func (e *SendError) Unwrap() error { return e.Err }
