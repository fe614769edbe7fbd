package demo

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/installation"
)

//go:embed shop.html
var shopFiles embed.FS

var shopPage = template.Must(template.ParseFS(shopFiles, "shop.html"))

// ShopPage is one page of the shop's website.
type ShopPage struct {
	Path, Name, Title string
	Lead              string
	Items             []ShopItem
	Code              template.HTML // the tracking code, as it is pasted into a page
	Form              string        // a form that stands on it, by its short name
	Script            template.HTML // the code of the form
	Pages             []ShopPage
}

// ShopItem is a thing on a page.
type ShopItem struct{ Name, About, Price string }

var shopPages = []ShopPage{
	{Path: "/shop", Name: "Shop", Title: "Bikes for every day", Lead: "City bikes, cargo bikes and everything that belongs to them, put together in Copenhagen.", Items: []ShopItem{
		{"Havn 7", "Seven gears, hub dynamo, for the harbour and back", "6,490 kr"}, {"Lærke", "A light city bike of 12 kg", "5,990 kr"}, {"Bryggen cargo", "Two children and the groceries", "21,900 kr"}}},
	{Path: "/shop/workshop", Name: "Workshop", Title: "Service and repair", Lead: "Book a service, or bring it by before ten.", Items: []ShopItem{
		{"Small service", "Brakes, gears, tyres, chain", "449 kr"}, {"Large service", "Everything, and the wheels trued", "899 kr"}, {"Puncture", "While you wait", "149 kr"}}},
	{Path: "/shop/help", Name: "Help", Title: "How can we help?", Lead: "Orders, returns, warranty: ask below, our assistant answers at once and fetches somebody when it cannot.", Items: []ShopItem{
		{"Where is my order?", "Have the number ready: it begins with NC", ""}, {"Returns", "Thirty days, unused, with the receipt", ""}, {"Warranty", "Five years on frames", ""}}},
	{Path: "/shop/contact", Name: "Contact", Title: "Contact", Lead: "Write to us, with a photo if that helps.", Form: "contact"},
}

// shop adds the shop's website, whose policy of contents is as strict as a careful company's.
func (p *Page) shop(mux *http.ServeMux) {
	base, err := url.Parse(p.Workspace)
	if err != nil {
		return
	}
	origin := base.Scheme + "://" + base.Host
	code := installation.CodeOf(base, "en").HTML
	policy := "default-src 'self'; script-src " + origin + "; connect-src " + origin + "; frame-src " + origin + "; img-src 'self' data: " + origin +
		"; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
	for _, page := range shopPages {
		page.Pages, page.Code = shopPages, template.HTML(code) //nolint:gosec // made by installation.CodeOf
		if page.Form != "" {
			page.Script = template.HTML(`<script src="` + origin + `/forms.js" data-form="` + page.Form + `" async></script>`) //nolint:gosec // ours
		}
		mux.HandleFunc("GET "+page.Path, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", policy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Content-Type", "text/html; charset=utf-8")
			_ = shopPage.Execute(w, page)
		})
	}
}

// chatflows are what the widget says on the shop's website: a bot on the page of help, people everywhere.
func (f *filler) chatflows(ctx context.Context, tx *db.Tx) error {
	if f.Flows == nil {
		return nil
	}
	acc, err := f.Inboxes.AccountBySlug(ctx, tx, "website-chat")
	if err != nil {
		return err
	}
	by := desk.ByUser(f.users["mette"].ID)
	for i, want := range []struct{ id, name, path string }{{"support_bot", "Help page: assistant", "/shop/help"}, {"live_chat", "Everywhere: talk to us", ""}} {
		t, ok := chatflow.TemplateOf(want.id, "en")
		if !ok {
			continue
		}
		if want.path != "" {
			t.Definition.Targeting.Include = []chatflow.Rule{{All: []chatflow.Test{{Part: "path", Op: "begins", Value: want.path}}}}
		}
		flow, err := f.Flows.Create(ctx, tx, by, chatflow.Flow{AccountID: acc.ID, Name: want.name, Kind: t.Kind, Active: true, Position: int64(i + 1), Draft: t.Definition})
		if err != nil {
			return err
		}
		if _, err := f.Flows.Publish(ctx, tx, by, flow.ID, "As the shop began"); err != nil {
			return err
		}
	}
	return nil
}
