package agent

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
)

func (a *agents) mountContacts() {
	const tag = "Contacts"
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/contacts", ID: "listContacts", Tag: tag, Summary: "List contacts, newest first"}, a.contacts)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/contacts/{id}", ID: "getContact", Tag: tag, Summary: "One contact with its addresses", Errors: []int{404}}, a.getContact)
	api.Register(a.server, api.Op{Method: "PATCH", Path: "/api/contacts/{id}", ID: "patchContact", Tag: tag, Summary: "Change a contact", Errors: []int{404, 409}}, a.patchContact)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/contacts/{id}/tickets", ID: "listContactTickets", Tag: tag, Summary: "A contact's tickets, newest first", Errors: []int{404}}, a.contactTickets)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/users", ID: "listUsers", Tag: "People", Summary: "The users"}, a.users)
	api.Register(a.server, api.Op{Method: "GET", Path: "/api/teams", ID: "listTeams", Tag: "People", Summary: "The teams"}, a.teams)
}

type contactsInput struct {
	api.Listing
	Q string `query:"q" maxLength:"200" doc:"Part of a name or an address."`
}

func (a *agents) contacts(ctx context.Context, _ access.Viewer, in *contactsInput) (*api.Out[view.ContactPage], error) {
	return api.Answer(a.View.Contacts(ctx, in.Q, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func contactID(in string) (desk.ContactID, error) {
	id, err := desk.ParseID[desk.ContactID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
	}
	return id, nil
}

func (a *agents) getContact(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[desk.Contact], error) {
	id, err := contactID(in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.View.Contact(ctx, id))
}

type patchContactInput struct {
	api.ByID
	Body struct {
		Name       *string        `json:"name,omitempty" maxLength:"200"`
		FirstName  *string        `json:"first_name,omitempty" maxLength:"200"`
		LastName   *string        `json:"last_name,omitempty" maxLength:"200"`
		Email      *string        `json:"email,omitempty" maxLength:"320"`
		Phone      *string        `json:"phone,omitempty" maxLength:"40"`
		OwnerID    *desk.UserID   `json:"owner_id,omitempty"`
		Language   *string        `json:"language,omitempty" maxLength:"35"`
		Properties map[string]any `json:"properties,omitempty" doc:"Merged by name; null removes one."`
	}
}

func (a *agents) patchContact(ctx context.Context, v access.Viewer, in *patchContactInput) (*api.Out[desk.Contact], error) {
	id, err := contactID(in.ID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	return api.Answer(write(ctx, a.DB, func(ctx context.Context, tx *db.Tx) (desk.Contact, error) {
		return a.Contacts.Update(ctx, tx, v.Actor, id, contact.Change{
			Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, OwnerID: b.OwnerID, Language: b.Language, Properties: b.Properties,
		})
	}))
}

type contactTicketsInput struct {
	api.ByID
	api.Listing
}

func (a *agents) contactTickets(ctx context.Context, v access.Viewer, in *contactTicketsInput) (*api.Out[view.TicketPage], error) {
	id, err := contactID(in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(a.View.ContactTickets(ctx, view.SightOf(v), id, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

type usersInput struct {
	All bool `query:"all" doc:"With those who were deactivated."`
}

func (a *agents) users(ctx context.Context, _ access.Viewer, in *usersInput) (*api.Out[api.Page[desk.User]], error) {
	us, err := a.People.List(ctx, a.DB, in.All)
	return api.Answer(api.Page[desk.User]{Items: some(us)}, err)
}

func (a *agents) teams(ctx context.Context, _ access.Viewer, _ *api.None) (*api.Out[api.Page[desk.Team]], error) {
	ts, err := a.People.Teams(ctx, a.DB)
	return api.Answer(api.Page[desk.Team]{Items: some(ts)}, err)
}
