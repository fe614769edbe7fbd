package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
)

// Hit is one thing found.
type Hit struct {
	Kind      string         `json:"kind" enum:"ticket,message,contact"`
	TicketID  desk.TicketID  `json:"ticket_id"`
	ThreadID  desk.ThreadID  `json:"thread_id" doc:"Of a message: its conversation, which stands alone when there is no ticket."`
	MessageID desk.MessageID `json:"message_id"`
	ContactID desk.ContactID `json:"contact_id"`
	Number    int64          `json:"number" doc:"Of the ticket."`
	Title     string         `json:"title"`
	Excerpt   string         `json:"excerpt" doc:"HTML-escaped text with the words found in <mark>."`
	At        desk.Time      `json:"at"`
}

// SearchResult is one page of hits, newest first.
type SearchResult struct {
	Items  []Hit  `json:"items"`
	Next   string `json:"next" doc:"Send it as cursor for the next page; empty at the end."`
	Behind int64  `json:"behind_seq" doc:"How many events the index has still to read: what happened in them is not found yet."`
}

// Searcher finds what a viewer may see: search.Service, as app hands it over.
type Searcher func(ctx context.Context, v access.Viewer, q, cursor string, limit int) (SearchResult, error)

func (a *agents) mountSearch() {
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/search", ID: "search", Tag: "Search", Summary: "Search tickets, messages and contacts",
		Description: "Words, \"phrases\", and the operators is: from: to: status: has:attachment before: after: subject: #number."}, a.search)
}

type searchInput struct {
	api.Listing
	Q string `query:"q" maxLength:"500" example:"from:mira invoice"`
}

func (a *agents) search(ctx context.Context, v access.Viewer, in *searchInput) (*api.Out[SearchResult], error) {
	r, err := a.Search(ctx, v, in.Q, in.Cursor, in.Limit)
	r.Items = some(r.Items)
	return api.Answer(r, err)
}
