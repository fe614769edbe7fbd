package assignment

import "github.com/kanalhq/kanal/internal/desk"

// ticketLanguage is the language that stands on a ticket.
func ticketLanguage(t *desk.Ticket) string { return "" }
