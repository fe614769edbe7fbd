package intake

import (
	"fmt"
	"strings"
)

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
