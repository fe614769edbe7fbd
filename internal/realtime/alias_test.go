package realtime_test

import (
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/ticket"
)

type (
	ticketNew  = ticket.NewTicket
	userChange = people.UserChange
)
