// Package forward finds out whether a mail was forwarded by hand, and who wrote it first (EM-26). It reads what mail programs
// write over a forwarded mail, in many languages, as HTML or text, and mails attached as a whole. It does no IO. Only channel/email calls it.
//
// What it finds is a claim of the forwarder: it says whose contact a mail is filed under and must never be trusted for authorisation.
package forward

import "time"

// Original is what is known of the first sender.
type Original struct {
	Name       string
	Address    string // normalised; "" when unresolved
	Subject    string
	Date       time.Time // zero when unsure
	Confidence string    // certain, likely, unresolved
	Deeper     int       // forwards inside the forwarded mail
}

// The confidences.
const (
	Certain    = "certain"
	Likely     = "likely"
	Unresolved = "unresolved"
)

// Attached is a message inside the message.
type Attached struct {
	Name, Address string
	Subject       string
	Date          time.Time
	InReplyTo     string
}

// Input is what forwards are looked for in.
type Input struct {
	Subject  string
	Plain    string
	HTML     string // raw
	Attached []Attached
	Reply    bool // the mail answers another by its references
}

// Detect returns the original of a forwarded mail, or nil when the mail is none.
func Detect(in Input) *Original { return nil }
