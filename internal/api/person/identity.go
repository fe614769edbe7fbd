package person

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/identity"
)

func (p *persons) mountIdentity() {
	const tag = "Contacts"
	s := p.server
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/duplicates", ID: "listDuplicates", Tag: tag, Summary: "Pairs of contacts that may be one person, the surest first"}, p.queue)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/duplicates", ID: "contactDuplicates", Tag: tag, Summary: "Contacts that may be the same person, with reasons", Errors: []int{404}}, p.duplicates)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts/{id}/dismiss", ID: "dismissDuplicate", Tag: tag, Summary: "Say that two contacts are two people, or take that back", Errors: []int{404, 409}}, p.dismiss)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts/{id}/merge", ID: "mergeContact", Tag: tag, Summary: "Merge another contact into this one", Repeatable: true, Errors: []int{404, 409}}, p.merge)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contact-merges/{id}/undo", ID: "undoContactMerge", Tag: tag, Summary: "Part two contacts that were merged", Errors: []int{404, 409}}, p.undo)
	api.Register(s, api.Op{Method: "GET", Path: "/api/contacts/{id}/holds", ID: "contactHolds", Tag: tag, Summary: "How much is held of a person", Errors: []int{404}}, p.holds)
	api.Register(s, api.Op{Method: "POST", Path: "/api/contacts/{id}/erase", ID: "eraseContact", Tag: tag, Summary: "Erase a person and everything they said, for good", Errors: []int{404}}, p.erase)
	s.Raw(api.Op{Method: "GET", Path: "/api/contacts/{id}/export", ID: "exportContact", Tag: tag, Summary: "Everything held of one person, as a zip", Errors: []int{404}},
		[]*huma.Param{api.PathParam("id", "The contact's id.")}, api.Media{}, api.Media{Type: "application/zip", Description: "JSON, files and originals."}, p.export)
}

func (p *persons) queue(ctx context.Context, _ access.Viewer, in *api.Listing) (*api.Out[identity.PairPage], error) {
	return api.Answer(p.Identity.Queue(ctx, p.DB, in.Cursor, in.Limit))
}

func (p *persons) duplicates(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[api.Page[identity.Suggestion]], error) {
	id, err := p.mine(ctx, v, in.ID, access.TicketsView)
	if err != nil {
		return nil, err
	}
	found, err := p.Identity.Duplicates(ctx, p.DB, id)
	if desk.CodeOf(err) == desk.NotFound {
		if _, kept := p.Contacts.Kept(ctx, p.DB, id); kept == nil {
			found, err = nil, nil // deleted: nothing to compare
		}
	}
	if found == nil {
		found = []identity.Suggestion{}
	}
	return api.Answer(api.Page[identity.Suggestion]{Items: found}, err)
}

type dismissInput struct {
	api.ByID
	Body struct {
		Other     desk.ContactID `json:"other_id"`
		Dismissed *bool          `json:"dismissed,omitempty" doc:"false takes it back."`
	}
}

func (p *persons) dismiss(ctx context.Context, v access.Viewer, in *dismissInput) (*api.Out[api.Page[identity.Suggestion]], error) {
	id, err := p.mine(ctx, v, in.ID, access.ContactsEdit)
	if err != nil {
		return nil, err
	}
	if err := p.may(ctx, p.DB, v, in.Body.Other, access.ContactsEdit); err != nil {
		return nil, err
	}
	err = p.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		return p.Identity.Dismiss(ctx, tx, v.Actor, id, in.Body.Other, in.Body.Dismissed == nil || *in.Body.Dismissed)
	})
	if err != nil {
		return nil, err
	}
	return p.duplicates(ctx, v, &in.ByID)
}

type mergeInput struct {
	api.ByID
	Body struct {
		From desk.ContactID    `json:"from" doc:"The contact that becomes a part of this one."`
		Keep map[string]string `json:"keep,omitempty" doc:"By field (name, email, phone, owner_id, language, property.<name>): into or from. Without a word the contact that remains keeps its own, and blanks are filled."`
	}
}

// Parted names the two contacts after a merge was undone.
type Parted struct {
	From desk.ContactID `json:"from_id"`
	Into desk.ContactID `json:"into_id"`
}

// MergedContact is what a merge leads to.
type MergedContact struct {
	MergeID desk.MergeID `json:"merge_id" doc:"Undo it with POST /api/contact-merges/{id}/undo."`
	Contact desk.Contact `json:"contact"`
}

func (p *persons) merge(ctx context.Context, v access.Viewer, in *mergeInput) (*api.Out[MergedContact], error) {
	id, err := p.mine(ctx, v, in.ID, access.ContactsEdit)
	if err != nil {
		return nil, err
	}
	if err := p.may(ctx, p.DB, v, in.Body.From, access.ContactsEdit); err != nil {
		return nil, err
	}
	for field, side := range in.Body.Keep {
		if side != identity.KeepInto && side != identity.KeepFrom {
			return nil, desk.Errorf(desk.Invalid, "contact.keep", "%q is kept from %q: say into or from.", field, side).In("keep")
		}
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (MergedContact, error) {
		m, err := p.Identity.Merge(ctx, tx, identity.MergeCommand{Actor: v.Actor, Into: id, From: in.Body.From, Keep: in.Body.Keep})
		if err != nil {
			return MergedContact{}, err
		}
		c, err := p.Contacts.Get(ctx, tx, m.Into)
		return MergedContact{m.ID, c}, err
	}))
}

func (p *persons) undo(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[Parted], error) {
	id, err := desk.ParseID[desk.MergeID](in.ID)
	if err != nil {
		return nil, desk.Errorf(desk.NotFound, "contact.merge_not_found", "There is no such merge.")
	}
	return api.Answer(db.Written(ctx, p.DB, func(ctx context.Context, tx *db.Tx) (Parted, error) {
		m, err := p.Identity.Undo(ctx, tx, v.Actor, id)
		if err == nil {
			err = p.may(ctx, tx, v, m.Into, access.ContactsEdit) // what was parted is taken back when it may not be
		}
		return Parted{m.From, m.Into}, err
	}))
}

func (p *persons) holds(ctx context.Context, v access.Viewer, in *api.ByID) (*api.Out[identity.Held], error) {
	id, err := p.mine(ctx, v, in.ID, access.ContactsErase)
	if err != nil {
		return nil, err
	}
	return api.Answer(p.Identity.Holds(ctx, id))
}

type eraseInput struct {
	api.ByID
	Body struct {
		Confirm string `json:"confirm" doc:"The contact's name or address, typed by the person who erases." maxLength:"320"`
	}
}

func (p *persons) erase(ctx context.Context, v access.Viewer, in *eraseInput) (*api.Out[identity.Held], error) {
	id, err := p.mine(ctx, v, in.ID, access.ContactsErase)
	if err != nil {
		return nil, err
	}
	return api.Answer(p.Identity.Erase(ctx, v.Actor, id, in.Body.Confirm))
}

// export streams the archive. What fails after the first byte ends the connection, so that half an archive is not taken for a whole one.
func (p *persons) export(w http.ResponseWriter, r *http.Request, v access.Viewer) {
	id, err := p.mine(r.Context(), v, r.PathValue("id"), access.ContactsExport)
	var e *identity.Export
	if err == nil {
		e, err = p.Identity.Export(r.Context(), v.Actor, id)
	}
	if err != nil {
		p.server.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+e.Name()+`"`)
	w.Header().Set("Cache-Control", "no-store")
	if err := e.Write(r.Context(), w); err != nil {
		if r.Context().Err() == nil {
			p.Log.Error("an export of a person broke off", "contact", id, "err", err)
		}
		panic(http.ErrAbortHandler)
	}
}
