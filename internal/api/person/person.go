// Package person has the operations on people: contacts with their addresses and companies, what was said with them, which records may be one person,
// merging and parting, and what the law gives them: a copy of everything, and erasure. Handlers are thin and hold no rule of their own. app mounts them.
package person

import (
	"context"
	"log/slog"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/contact"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/property"
	"github.com/kanalhq/kanal/internal/view"
)

// Deps is what the operations call.
type Deps struct {
	DB         *db.DB
	Contacts   *contact.Service
	Identity   *identity.Service
	Properties *property.Service
	People     *people.Service
	View       *view.Service
	Log        *slog.Logger
}

type persons struct {
	Deps
	server *api.Server
}

// Mount adds the operations to a server.
func Mount(s *api.Server, d Deps) {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	p := &persons{d, s}
	const tag = "Contacts"
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts", ID: "listContacts", Tag: tag, Summary: "List contacts, newest first unless sorted"}, p.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts", ID: "createContact", Tag: tag, Summary: "Add a contact", Status: 201, Errors: []int{409}}, p.create)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}", ID: "getContact", Tag: tag, Summary: "One contact with addresses, company and merges", Errors: []int{404},
		Description: "A contact that was merged into another answers with the one that remains."}, p.get)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/contacts/{id}", ID: "patchContact", Tag: tag, Summary: "Change a contact", Errors: []int{404, 409}}, p.patch)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/contacts/{id}", ID: "deleteContact", Tag: tag, Summary: "Delete a contact, which can be restored for a while", Errors: []int{404}}, p.remove)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts/{id}/restore", ID: "restoreContact", Tag: tag, Summary: "Restore a deleted contact", Errors: []int{404}}, p.restore)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts/{id}/addresses", ID: "addContactAddress", Tag: tag, Summary: "Give a contact one more address", Errors: []int{404, 409}}, p.addAddress)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/contacts/{id}/addresses/{address_id}", ID: "patchContactAddress", Tag: tag, Summary: "Make an address primary, or note that it is verified", Errors: []int{404}}, p.patchAddress)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/contacts/{id}/addresses/{address_id}", ID: "removeContactAddress", Tag: tag, Summary: "Take an address away", Errors: []int{404}}, p.removeAddress)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/tickets", ID: "listContactTickets", Tag: tag, Summary: "A contact's tickets, newest first", Errors: []int{404}}, p.tickets)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/timeline", ID: "contactTimeline", Tag: tag, Summary: "Everything with a contact, over all tickets one may see", Errors: []int{404}}, p.timeline)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/files", ID: "listContactFiles", Tag: tag, Summary: "Files that came and went, newest first", Errors: []int{404}}, p.files)
	api.Register(s, api.Op{Method: "GET", Path: "/api/companies/{id}", ID: "getCompanyRecord", Tag: tag, Summary: "A company, known by its people's domain", Errors: []int{404}}, p.company)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/companies/{id}", ID: "patchCompanyRecord", Tag: tag, Summary: "Name a company", Errors: []int{404}}, p.patchCompany)
	p.mountIdentity()
}

func contactID(in string) (desk.ContactID, error) {
	id, err := desk.ParseID[desk.ContactID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "contact.not_found", "There is no such contact.")
	}
	return id, nil
}

// mine is the contact that a path names, when it is within the viewer's reach (PM-05) and, for what changes it, theirs to change.
func (p *persons) mine(ctx context.Context, v access.Viewer, in string, need access.Permission) (desk.ContactID, error) {
	id, err := contactID(in)
	if err != nil {
		return 0, err
	}
	return id, p.may(ctx, p.DB, v, id, need)
}

func (p *persons) may(ctx context.Context, q db.Queryer, v access.Viewer, id desk.ContactID, need access.Permission) error {
	if v.Contacts.Whole() && v.Contacts.Edit == v.Contacts.View {
		return nil
	}
	c, err := p.Contacts.Kept(ctx, q, id)
	if err != nil {
		return err
	}
	if err := p.View.MayContact(ctx, view.SightOf(v), c.ID); err != nil {
		return err
	}
	return v.NeedContact(c.OwnerID, need)
}

type listInput struct {
	api.Listing
	Q        string `query:"q" maxLength:"200" doc:"Beginnings of words of a name or an address; all of them must match."`
	Sort     string `query:"sort" enum:"-created,created,name,-name,email,-email,-updated,updated"`
	Owner    string `query:"owner" doc:"A user's id, me, or none."`
	Language string `query:"language"`
	Company  string `query:"company_id"`
	Has      string `query:"has" doc:"Holds an address of this kind, such as email or phone." maxLength:"60"`
	Deleted  bool   `query:"deleted" doc:"Those that were deleted and can be restored."`
}

func (p *persons) list(ctx context.Context, v access.Viewer, in *listInput) (*api.Out[contact.ContactPage], error) {
	f := contact.Filter{Query: in.Q, Sort: in.Sort, Cursor: in.Cursor, Limit: in.Limit, Language: in.Language, Has: desk.AddressKind(in.Has), Deleted: in.Deleted, Within: func(arg func(any) string) string { return v.Contacts.ContactSQL("c", v.Tickets, arg) }}
	var err error
	switch in.Owner {
	case "":
	case "me":
		f.Owner = v.User.ID
	case "none":
		f.NoOwner = true
	default:
		if f.Owner, err = desk.ParseID[desk.UserID](in.Owner); err != nil {
			return nil, err
		}
	}
	if in.Company != "" {
		if f.Company, err = desk.ParseID[desk.CompanyID](in.Company); err != nil {
			return nil, err
		}
	}
	page, err := p.Contacts.List(ctx, p.DB, f)
	if page.Items == nil {
		page.Items = []desk.Contact{}
	}
	return api.Answer(page, err)
}

// Person is a contact as its page shows it.
type Person struct {
	desk.Contact
	Company *desk.Company `json:"company"`
	Erased  desk.Time     `json:"erased_before" doc:"For administrators: whoever has this address was erased on request then, and came again. null: no."`
	Merges  []PersonMerge `json:"merges" doc:"The merges that made the contact what it is, newest first; each can be undone."`
}

// PersonMerge is a merge with the name of the contact that was merged away.
type PersonMerge struct {
	identity.Merge
	Name string `json:"from_name"`
}

func (p *persons) whole(ctx context.Context, id desk.ContactID) (Person, error) {
	c, err := p.Contacts.Kept(ctx, p.DB, id)
	if err != nil {
		return Person{}, err
	}
	out := Person{Contact: c, Merges: []PersonMerge{}}
	if c.CompanyID != 0 {
		co, err := p.Contacts.Company(ctx, p.DB, c.CompanyID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return out, err
		}
		if err == nil {
			out.Company = &co
		}
	}
	ms, err := p.Identity.Merges(ctx, p.DB, c.ID)
	for _, m := range ms {
		name, err := p.Contacts.NameOf(ctx, p.DB, m.From)
		if err != nil {
			return out, err
		}
		out.Merges = append(out.Merges, PersonMerge{m, name})
	}
	return out, err
}

func (p *persons) get(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Person], error) {
	id, err := p.mine(ctx, v, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	out, err := p.whole(ctx, id)
	if err == nil && v.Can(access.ContactsErase) {
		out.Erased, err = p.Contacts.ErasedBefore(ctx, p.DB, id)
	}
	return api.Answer(out, err)
}

type createInput struct {
	Body struct {
		Name       string         `json:"name,omitempty" maxLength:"200"`
		FirstName  string         `json:"first_name,omitempty" maxLength:"200"`
		LastName   string         `json:"last_name,omitempty" maxLength:"200"`
		Email      string         `json:"email,omitempty" maxLength:"320"`
		Phone      string         `json:"phone,omitempty" maxLength:"40"`
		OwnerID    desk.UserID    `json:"owner_id,omitempty"`
		Language   string         `json:"language,omitempty" maxLength:"35"`
		Properties map[string]any `json:"properties,omitempty"`
	}
}

func (p *persons) create(ctx context.Context, v access.Viewer, in *createInput) (*api.Out[desk.Contact], error) {
	b := in.Body
	props, err := p.check(ctx, v, &b.OwnerID, b.Properties)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (desk.Contact, error) {
		if err := p.Properties.Fit(ctx, tx, property.Contact, props, props); err != nil {
			return desk.Contact{}, err
		}
		return p.Contacts.Create(ctx, tx, v.Actor, contact.Fields{
			Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, OwnerID: b.OwnerID, Language: b.Language, Properties: props,
		}, contact.SourceAgent)
	}))
}

// check refuses an owner who is nobody and properties that are not defined or hold the wrong kind of value. A property set to null is removed.
func (p *persons) check(ctx context.Context, v access.Viewer, owner *desk.UserID, values map[string]any) (map[string]any, error) {
	if owner != nil && *owner != 0 {
		if _, err := p.People.Get(ctx, p.DB, *owner); desk.CodeOf(err) == desk.NotFound {
			return nil, desk.Errorf(desk.Invalid, "contact.owner_unknown", "There is no such user.").In("owner_id")
		} else if err != nil {
			return nil, err
		}
	}
	if err := v.Veil.Check(property.Contact, values); err != nil || len(values) == 0 {
		return values, err
	}
	set := map[string]any{}
	out := map[string]any{}
	for k, v := range values {
		if v == nil || v == "" {
			out[k] = nil
		} else {
			set[k] = v
		}
	}
	good, err := p.Properties.Check(ctx, p.DB, property.Contact, set)
	for k, v := range good {
		out[k] = v
	}
	return out, err
}

type patchInput struct {
	api.ByID
	Body struct {
		Name       *string        `json:"name,omitempty" maxLength:"200"`
		FirstName  *string        `json:"first_name,omitempty" maxLength:"200"`
		LastName   *string        `json:"last_name,omitempty" maxLength:"200"`
		Email      *string        `json:"email,omitempty" maxLength:"320"`
		Phone      *string        `json:"phone,omitempty" maxLength:"40"`
		OwnerID    *desk.UserID   `json:"owner_id,omitempty" doc:"An empty text takes the owner away."`
		Language   *string        `json:"language,omitempty" maxLength:"35"`
		Properties map[string]any `json:"properties,omitempty" doc:"Merged by name; null removes one."`
	}
}

func (p *persons) patch(ctx context.Context, v access.Viewer, in *patchInput) (*api.Out[desk.Contact], error) {
	id, err := p.mine(ctx, v, in.ID, access.ContactsEdit)
	if err != nil {
		return nil, err
	}
	b := in.Body
	props, err := p.check(ctx, v, b.OwnerID, b.Properties)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (desk.Contact, error) {
		c, err := p.Contacts.Update(ctx, tx, v.Actor, id, contact.Change{
			Name: b.Name, FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, OwnerID: b.OwnerID, Language: b.Language, Properties: props,
		})
		if err == nil && len(props) > 0 { // options may depend on another choice, as of a ticket (TK-10)
			err = p.Properties.Fit(ctx, tx, property.Contact, c.Properties, props)
		}
		return c, err
	}))
}

func (p *persons) remove(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[desk.Contact], error) {
	return p.change(ctx, v, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error) {
		return p.Contacts.Delete(ctx, tx, v.Actor, id)
	})
}

func (p *persons) restore(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[desk.Contact], error) {
	return p.change(ctx, v, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error) {
		return p.Contacts.Restore(ctx, tx, v.Actor, id)
	})
}

// change runs fn in a transaction and answers with the contact as it is then.
func (p *persons) change(ctx context.Context, v access.Viewer, in string, fn func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error)) (*api.Out[desk.Contact], error) {
	id, err := p.mine(ctx, v, in, access.ContactsEdit)
	if err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (desk.Contact, error) {
		c, err := fn(ctx, tx, id)
		if err != nil {
			return c, err
		}
		return p.Contacts.Kept(ctx, tx, c.ID)
	}))
}

type addAddressInput struct {
	api.ByID
	Body struct {
		Kind  string `json:"kind" enum:"email,phone" doc:"Other kinds come with their channels."`
		Value string `json:"value" minLength:"1" maxLength:"320"`
	}
}

func (p *persons) addAddress(ctx context.Context, v access.Viewer, in *addAddressInput) (*api.Out[desk.Contact], error) {
	return p.change(ctx, v, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error) {
		c, err := p.Contacts.Get(ctx, tx, id)
		if err != nil {
			return c, err
		}
		_, err = p.Contacts.AddAddress(ctx, tx, v.Actor, c.ID, desk.AddressKind(in.Body.Kind), in.Body.Value, "", contact.SourceAgent)
		return c, err
	})
}

// AddressPath names one address of a contact. Exported, because inputs embed it.
type AddressPath struct {
	api.ByID
	AddressID string `path:"address_id"`
}

type patchAddressInput struct {
	AddressPath
	Body struct {
		Verified *bool `json:"verified,omitempty" doc:"Somebody made sure that the address is the contact's."`
		Primary  bool  `json:"primary,omitempty" doc:"Mail and calls go to this one of its kind first."`
	}
}

func (p *persons) address(ctx context.Context, tx *db.Tx, id desk.ContactID, in string) (desk.Contact, desk.Address, error) {
	c, err := p.Contacts.Get(ctx, tx, id)
	if err != nil {
		return c, desk.Address{}, err
	}
	for _, a := range c.Addresses {
		if a.ID.String() == in {
			return c, a, nil
		}
	}
	return c, desk.Address{}, desk.Errorf(desk.NotFound, "contact.address_unknown", "This contact has no such address.")
}

func (p *persons) patchAddress(ctx context.Context, v access.Viewer, in *patchAddressInput) (*api.Out[desk.Contact], error) {
	return p.change(ctx, v, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error) {
		c, a, err := p.address(ctx, tx, id, in.AddressID)
		if err != nil {
			return c, err
		}
		if in.Body.Verified != nil && *in.Body.Verified != a.Verified {
			if err := p.Contacts.Verify(ctx, tx, v.Actor, c.ID, a.ID, *in.Body.Verified); err != nil {
				return c, err
			}
		}
		if !in.Body.Primary {
			return c, nil
		}
		var ch contact.Change
		switch a.Kind {
		case desk.AddrEmail:
			ch.Email = &a.Value
		case desk.AddrPhone:
			ch.Phone = &a.Value
		default:
			return c, desk.Errorf(desk.Invalid, "contact.no_primary", "Only mail addresses and phone numbers have a primary one.").In("primary")
		}
		return p.Contacts.Update(ctx, tx, v.Actor, c.ID, ch)
	})
}

func (p *persons) removeAddress(ctx context.Context, v access.Viewer, in *AddressPath) (*api.Out[desk.Contact], error) {
	return p.change(ctx, v, in.ID, func(ctx context.Context, tx *db.Tx, id desk.ContactID) (desk.Contact, error) {
		c, a, err := p.address(ctx, tx, id, in.AddressID)
		if err != nil {
			return c, err
		}
		return c, p.Contacts.RemoveAddress(ctx, tx, v.Actor, c.ID, a.Kind, a.Value)
	})
}

// PagedInput is a list of a contact. Exported, because inputs embed it.
type PagedInput struct {
	api.ByID
	api.Listing
}

// family is a contact that exists, with everybody merged into it; itself first.
func (p *persons) family(ctx context.Context, v access.Viewer, in string) ([]desk.ContactID, error) {
	id, err := p.mine(ctx, v, in, access.TicketsView)
	if err != nil {
		return nil, err
	}
	c, err := p.Contacts.Kept(ctx, p.DB, id)
	if err != nil {
		return nil, err
	}
	return p.Contacts.Family(ctx, p.DB, c.ID)
}

func (p *persons) tickets(ctx context.Context, v access.Viewer, in *PagedInput) (*api.Out[view.TicketPage], error) {
	family, err := p.family(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(p.View.ContactTickets(ctx, view.SightOf(v), family[0], view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

type timelineInput struct {
	PagedInput
	Show string `query:"show" enum:"messages,comments,events" doc:"Only these; all without it."`
}

func (p *persons) timeline(ctx context.Context, v access.Viewer, in *timelineInput) (*api.Out[view.PersonTimeline], error) {
	family, err := p.family(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(p.View.Person(ctx, view.SightOf(v), family, in.Show, view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func (p *persons) files(ctx context.Context, v access.Viewer, in *PagedInput) (*api.Out[view.FilePage], error) {
	family, err := p.family(ctx, v, in.ID)
	if err != nil {
		return nil, err
	}
	return api.Answer(p.View.PersonFiles(ctx, view.SightOf(v), family[0], view.Page{Cursor: in.Cursor, Limit: in.Limit}))
}

func companyID(in string) (desk.CompanyID, error) {
	id, err := desk.ParseID[desk.CompanyID](in)
	if err != nil {
		return 0, desk.Errorf(desk.NotFound, "company.not_found", "There is no such company.")
	}
	return id, nil
}

func (p *persons) company(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[desk.Company], error) {
	id, err := companyID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := p.View.MayCompany(ctx, view.SightOf(v), id); err != nil {
		return nil, err
	}
	return api.Answer(p.Contacts.Company(ctx, p.DB, id))
}

type patchCompanyInput struct {
	api.ByID
	Body struct {
		Name string `json:"name" maxLength:"200"`
	}
}

func (p *persons) patchCompany(ctx context.Context, v access.Viewer, in *patchCompanyInput) (*api.Out[desk.Company], error) {
	id, err := companyID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := p.View.MayCompany(ctx, view.SightOf(v), id); err != nil {
		return nil, err
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (desk.Company, error) {
		return p.Contacts.RenameCompany(ctx, tx, id, in.Body.Name)
	}))
}
