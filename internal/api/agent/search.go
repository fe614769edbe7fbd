package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/search"
)

// Searcher finds what a viewer may see: search.Service.
type Searcher interface {
	Search(ctx context.Context, v access.Viewer, q string, opt search.Options) (search.Found, error)
	Facets(ctx context.Context, v access.Viewer, q string) (search.Facets, error)
	Suggest(ctx context.Context, v access.Viewer, q string, limit int) ([]search.Completion, error)
}

func (a *agents) mountSearch() {
	const tag = "Search"
	api.Register(a.server, api.Op{
		Method: "GET", Path: "/api/search", ID: "search", Tag: tag, Summary: "Search tickets, messages, comments and contacts",
		Description: "Words, \"phrases\", -without, one OR another, and the operators from: to: cc: subject: filename: is: in: status: owner: team: inbox: channel: priority: category: has: type: " +
			"before: after: on: older_than: newer_than: property.name: #number. Newest first.",
	}, a.search)
	api.Register(a.server, api.Op{
		Method: "GET", Path: "/api/search/facets", ID: "searchFacets", Tag: tag, Summary: "What a search finds, counted by kind, status, owner and inbox",
	}, a.searchFacets)
	api.Register(a.server, api.Op{
		Method: "GET", Path: "/api/search/suggest", ID: "searchSuggest", Tag: tag, Summary: "How a search that is being typed may go on",
		Description: "Operators and the values they take, contacts, tickets by number or subject: for the last word of q.",
	}, a.searchSuggest)
}

type searchInput struct {
	api.Listing
	Q     string `query:"q" maxLength:"1000" example:"from:mira invoice"`
	Exact bool   `query:"exact" doc:"Find what was typed and nothing that was perhaps meant."`
}

func (a *agents) search(ctx context.Context, v access.Viewer, in *searchInput) (*api.Out[search.Found], error) {
	r, err := a.Search.Search(ctx, v, in.Q, search.Options{Cursor: in.Cursor, Limit: in.Limit, Exact: in.Exact})
	return api.Answer(r, err)
}

type searchText struct {
	Q string `query:"q" maxLength:"1000" example:"from:mira invoice"`
}

func (a *agents) searchFacets(ctx context.Context, v access.Viewer, in *searchText) (*api.Out[search.Facets], error) {
	r, err := a.Search.Facets(ctx, v, in.Q)
	return api.Answer(r, err)
}

// Completions are what may come next.
type Completions struct {
	Items []search.Completion `json:"items"`
}

func (a *agents) searchSuggest(ctx context.Context, v access.Viewer, in *searchText) (*api.Out[Completions], error) {
	items, err := a.Search.Suggest(ctx, v, in.Q, 10)
	return api.Answer(Completions{items}, err)
}
