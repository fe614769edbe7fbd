package intake

import (
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

// What is filed of an item.
const (
	FilesMessage = "message" // as a message of the thread
	FilesNote    = "note"    // as a note of the system in the thread
	FilesNothing = "nothing" // only in the journal, with its reason
)

// Who is recorded as its author.
const (
	AsCustomer = "customer"
	AsUser     = "user"
	AsSystem   = "system"
)

// What happens to the ticket.
const (
	TicketNew  = "new"  // one is made when the account's policy says so
	TicketKept = "kept" // the thread's own; made when it has none and the policy says so
	TicketNone = "none" // no ticket is touched
)

// Whose contact record is used.
const (
	ContactMade  = "made"  // found, or made when nobody has the address
	ContactKnown = "known" // only one that exists
	ContactNone  = "none"  // none, but for the original sender of a forward
)

// When a closed ticket is opened again.
const (
	ReopenAlways = "yes"
	ReopenAsker  = "if the writer asked for it" // the thread is the colleague's own, with no customer in it
	ReopenNever  = "no"
)

// States of a journal entry.
const (
	StateFiled     = "filed"
	StateDuplicate = "duplicate"
	StateSetAside  = "set_aside"
	StateIgnored   = "ignored"
)

// Rule is one cell of the disposition table: what a mail of a disposition leads to, with a thread found or not.
type Rule struct {
	Disposition desk.Disposition
	Matched     bool // a thread was found
	Files       string
	As          string
	Ticket      string
	Contact     string
	Reopen      string
	Counts      bool   // counts as the customer's word: the ticket waits for us
	Answer      bool   // an automatic answer may be sent (EM-31)
	Assign      bool   // a ticket that is made for it is given an owner by the account's rule
	Notify      bool   // people are told of it
	State       string // of the journal entry
	Why         string // one sentence for the manual
}

// Table is what each disposition leads to (EM-25, EM-31, EM-32, EM-37, EM-14). The code reads it, a test walks every cell on both databases, and
// docs/manual/dispositions.md is made from it.
var Table = []Rule{
	{desk.DispNormal, false, FilesMessage, AsCustomer, TicketNew, ContactMade, ReopenNever, true, true, true, true, StateFiled,
		"A new conversation: its thread, its ticket and its owner are made in the same step."},
	{desk.DispNormal, true, FilesMessage, AsCustomer, TicketKept, ContactMade, ReopenAlways, true, true, true, true, StateFiled,
		"An answer joins its thread; a closed ticket opens again."},
	{desk.DispAutoReply, false, FilesNothing, AsCustomer, TicketNone, ContactNone, ReopenNever, false, false, false, false, StateIgnored,
		"An absence notice that belongs to nothing stays in the journal, where an administrator can file it after all."},
	{desk.DispAutoReply, true, FilesMessage, AsCustomer, TicketKept, ContactKnown, ReopenNever, false, false, false, false, StateFiled,
		"An absence notice is shown in its thread, opens nothing and is never answered automatically."},
	{desk.DispBounce, false, FilesNothing, AsSystem, TicketNone, ContactNone, ReopenNever, false, false, false, false, StateIgnored,
		"A delivery report about a message that Kanal did not send stays in the journal. It never makes a ticket."},
	{desk.DispBounce, true, FilesNote, AsSystem, TicketKept, ContactNone, ReopenNever, false, false, false, true, StateFiled,
		"A delivery report marks the message it is about, recipient by recipient, and stands beside it."},
	{desk.DispList, false, FilesMessage, AsCustomer, TicketNew, ContactMade, ReopenNever, true, false, true, true, StateFiled,
		"Mail that came over a list or to many is filed like any other, and never answered automatically."},
	{desk.DispList, true, FilesMessage, AsCustomer, TicketKept, ContactMade, ReopenAlways, true, false, true, true, StateFiled,
		"An answer that came over a list joins its thread, and is never answered automatically."},
	{desk.DispOwn, false, FilesNothing, AsSystem, TicketNone, ContactNone, ReopenNever, false, false, false, false, StateIgnored,
		"An automatic mail from one of the team's own addresses is not taken in again: loops end here."},
	{desk.DispOwn, true, FilesNothing, AsSystem, TicketNone, ContactNone, ReopenNever, false, false, false, false, StateDuplicate,
		"A copy of a message that Kanal sent is that message, not a new one."},
	{desk.DispColleague, false, FilesMessage, AsUser, TicketNew, ContactNone, ReopenNever, true, false, true, true, StateFiled,
		"A colleague's mail is work too, but makes no contact of the colleague. A customer's mail that a colleague forwards is the customer's."},
	{desk.DispColleague, true, FilesMessage, AsUser, TicketKept, ContactNone, ReopenAsker, false, false, false, true, StateFiled,
		"A colleague who answers from their own mail program is shown as who they are, not as the customer."},
	{desk.DispVerification, false, FilesNothing, AsSystem, TicketNone, ContactNone, ReopenNever, false, false, false, true, StateFiled,
		"A provider's request to confirm a forward is shown to administrators on the channel, with its code and link."},
	{desk.DispVerification, true, FilesNothing, AsSystem, TicketNone, ContactNone, ReopenNever, false, false, false, true, StateFiled,
		"The same, whatever it refers to."},
}

// RuleFor returns the cell of the table; a disposition that nobody knows is treated as normal.
func RuleFor(d desk.Disposition, matched bool) Rule {
	for _, r := range Table {
		if r.Disposition == d && r.Matched == matched {
			return r
		}
	}
	return RuleFor(desk.DispNormal, matched)
}

// Manual is docs/manual/dispositions.md: the table as a page.
func Manual() string {
	var b strings.Builder
	b.WriteString(`# What becomes of a mail

<!-- Made from internal/intake/table.go by: go test ./internal/intake -run Manual -update -->

Every mail that Kanal takes is kept in a journal with its original (` + "`kanal inbound list`" + `). What kind of mail it is decides what it leads to. “Answer” means
an answer to a thread that is here already.

| kind | answer | filed as | author | contact | ticket | reopens it | customer's word | automatic answer | a new ticket's owner decided | people told | journal |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`)
	for _, r := range Table {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | `%s` |\n", r.Disposition, yes(r.Matched), r.Files, r.As, r.Contact, r.Ticket, r.Reopen,
			yes(r.Counts), yes(r.Answer), yes(r.Assign), yes(r.Notify), r.State)
	}
	b.WriteString("\n## Why\n\n")
	for _, r := range Table {
		which := "that begins something"
		if r.Matched {
			which = "that answers something"
		}
		fmt.Fprintf(&b, "- `%s` %s: %s\n", r.Disposition, which, r.Why)
	}
	b.WriteString(`
## How the kinds are told apart

- ` + "`own`" + `: its Message-ID is one that Kanal sent, or it is an automatic mail from one of the team's own addresses.
- ` + "`bounce`" + `, ` + "`auto_reply`" + `, ` + "`list`" + `, ` + "`verification`" + `: by the headers and the form of the mail (RFC 3464, RFC 3834, List-*, the provider's own wording).
- ` + "`colleague`" + `: the visible sender is a user of this installation or an address of one of its channels.
- ` + "`normal`" + `: everything else.

## How an answer finds its thread

By Kanal's signed token in the address it was sent to or in a Message-ID, then by In-Reply-To, then by References from the newest, then because an answer to it
came first. Never by the subject. Somebody who refers to a thread without ever having been in its From, To or Cc (nor any other address of the same contact) gets a ticket of
their own, linked as claiming to belong to the other, with one click to join. Missing authentication alone is no reason for that; a token in the address it was sent to is
proof that the writer held a mail of ours, so they join, marked as a stranger.

## The same mail twice

The same Message-ID with the same content is one message in an inbox, however often and through however many accounts it comes. Two inboxes get one ticket each, linked.
The same Message-ID with other content is a message of its own, flagged ` + "`same_id_other_content`" + `. A mail without a Message-ID is filed all the same.

## What went wrong

What cannot be understood is ` + "`set_aside`" + ` with the error; administrators are told, and ` + "`kanal inbound replay ID`" + ` files it once the cause is mended. What is
` + "`ignored`" + ` can be filed after all the same way: it becomes an ordinary message that is never answered automatically.
`)
	return b.String()
}

func yes(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}
