package site

import (
	"context"
	"strconv"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/installation"
)

func (p *site) operations() {
	const tag = "Chat"
	api.Register(p.server, api.Op{Method: "GET", Path: "/api/tracking-code", ID: "getTrackingCode", Tag: tag, Summary: "The code for websites, and what their content security policy must allow",
		Description: "One code serves all chat channels of the installation; which of them shows on a page is decided by their chatflows."}, p.code)
	api.Register(p.server, api.Op{Method: "POST", Path: "/api/channel-accounts/{id}/installation", ID: "checkInstallation", Tag: tag, Summary: "Look whether a page carries the code", Errors: []int{404},
		Description: "Fetches the page as a stranger would, without running its scripts. Redirects are followed, never to a private address."}, p.check)
}

func (p *site) code(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[installation.Code], error) {
	c, err := p.Settings.Company(ctx, p.DB)
	return api.Answer(installation.CodeOf(p.Base, c.Locale), err)
}

type checkInput struct {
	api.ByID
	Body struct {
		URL string `json:"url" maxLength:"2000" example:"https://www.example.com/contact"`
	}
}

func (p *site) check(ctx context.Context, _ access.Viewer, in *checkInput) (*api.Out[installation.Report], error) {
	id, _ := strconv.ParseInt(in.ID, 10, 64)
	acc, err := p.Inboxes.Account(ctx, p.DB, desk.ChannelAccountID(id))
	if err != nil {
		return nil, err
	}
	if !p.Live(acc.Channel) {
		return nil, desk.Errorf(desk.Invalid, "installation.channel", "Only a chat channel stands on websites.").In("id")
	}
	return api.Answer(p.Check.Check(ctx, in.Body.URL, p.domains(acc)))
}
