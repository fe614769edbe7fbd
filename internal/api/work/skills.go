package work

import (
	"context"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/skill"
	"github.com/kanalhq/kanal/internal/skill/tongue"
)

// SkillDeps is what the operations on skills call.
type SkillDeps struct {
	DB     *db.DB
	Skills *skill.Service
	People *people.Service
}

type skills struct{ SkillDeps }

// MountSkills adds the operations on skills (SK-03, SK-04).
func MountSkills(s *api.Server, d SkillDeps) {
	h := &skills{d}
	const tag = "Skills"
	api.Register(s, api.Op{Method: "GET", Path: "/api/skills", ID: "listSkills", Tag: tag, Summary: "Skills by category, languages first"}, h.list)
	api.Register(s, api.Op{Method: "POST", Path: "/api/skills", ID: "createSkills", Tag: tag, Summary: "Add skills to a category, all or none", Status: 201, Errors: []int{404, 409}}, h.create)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/skills/{slug}", ID: "updateSkill", Tag: tag, Summary: "Rename a skill, or move it to another category", Errors: []int{404, 409}}, h.update)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/skills/{slug}", ID: "deleteSkill", Tag: tag, Summary: "Delete a skill that nobody has and no rule asks for", Status: 204, Errors: []int{404, 409}}, h.remove)
	api.Register(s, api.Op{Method: "GET", Path: "/api/skills/{slug}/uses", ID: "listSkillUses", Tag: tag, Summary: "Who has a skill, and which rules ask for it"}, h.uses)
	api.Register(s, api.Op{Method: "POST", Path: "/api/skill-categories", ID: "createSkillCategory", Tag: tag, Summary: "Add a category", Status: 201, Errors: []int{409}}, h.createCategory)
	api.Register(s, api.Op{Method: "PATCH", Path: "/api/skill-categories/{slug}", ID: "renameSkillCategory", Tag: tag, Summary: "Rename a category", Errors: []int{404, 409}}, h.renameCategory)
	api.Register(s, api.Op{Method: "DELETE", Path: "/api/skill-categories/{slug}", ID: "deleteSkillCategory", Tag: tag, Summary: "Delete a category without skills", Status: 204, Errors: []int{404, 409}}, h.removeCategory)
	api.Register(s, api.Op{Method: "GET", Path: "/api/users/{id}/skills", ID: "listUserSkills", Tag: tag, Summary: "What somebody knows", Errors: []int{404}}, h.of)
	api.Register(s, api.Op{Method: "PUT", Path: "/api/users/{id}/skills", ID: "setUserSkills", Tag: tag, Summary: "Say what somebody knows, the whole of it", Errors: []int{404},
		Description: "Needs `routing.manage` or `users.manage`."}, h.grant)
}

// SkillList is every skill there is.
type SkillList struct {
	Items     []skill.Category `json:"items"`
	Languages []string         `json:"languages" doc:"Codes of the languages that somebody may be given."`
}

// BySlug names a skill or a category in the path.
type BySlug struct {
	Slug string `path:"slug" maxLength:"63"`
}

// either lets in who has one of the permissions.
func either(v access.Viewer, one, other access.Permission) error {
	if v.Can(other) {
		return nil
	}
	return v.Need(one)
}

func (h *skills) list(ctx context.Context, _ access.Viewer, _ *struct{}) (*api.Out[SkillList], error) {
	cats, err := h.Skills.List(ctx, h.DB)
	return api.Answer(SkillList{cats, tongue.Codes}, err)
}

type createSkillsInput struct {
	Body struct {
		Category string   `json:"category" minLength:"1" doc:"Slug."`
		Names    []string `json:"names" minItems:"1" maxItems:"100"`
	}
}

func (h *skills) create(ctx context.Context, v access.Viewer, in *createSkillsInput) (*api.Out[api.Page[skill.Skill]], error) {
	made := make([]skill.NewSkill, len(in.Body.Names))
	for i, n := range in.Body.Names {
		made[i].Name = n
	}
	ks, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) ([]skill.Skill, error) {
		return h.Skills.Create(ctx, tx, v.Actor, in.Body.Category, made)
	})
	return api.Answer(api.Page[skill.Skill]{Items: ks}, err)
}

type updateSkillInput struct {
	BySlug
	Body struct {
		Name     *string `json:"name,omitempty"`
		Category *string `json:"category,omitempty" doc:"Slug."`
	}
}

func (h *skills) update(ctx context.Context, v access.Viewer, in *updateSkillInput) (*api.Out[skill.Skill], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (skill.Skill, error) {
		return h.Skills.Update(ctx, tx, v.Actor, in.Slug, skill.Change{Name: in.Body.Name, Category: in.Body.Category})
	}))
}

func (h *skills) remove(ctx context.Context, v access.Viewer, in *BySlug) (*struct{}, error) {
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Skills.Remove(ctx, tx, v.Actor, in.Slug) })
}

func (h *skills) uses(ctx context.Context, _ access.Viewer, in *BySlug) (*api.Out[skill.Used], error) {
	return api.Answer(h.Skills.UsesOf(ctx, h.DB, in.Slug))
}

type categoryInput struct {
	Body struct {
		Name string `json:"name" minLength:"1"`
	}
}

func (h *skills) createCategory(ctx context.Context, v access.Viewer, in *categoryInput) (*api.Out[skill.Category], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (skill.Category, error) {
		return h.Skills.CreateCategory(ctx, tx, v.Actor, "", in.Body.Name)
	}))
}

type renameCategoryInput struct {
	BySlug
	Body struct {
		Name string `json:"name" minLength:"1"`
	}
}

func (h *skills) renameCategory(ctx context.Context, v access.Viewer, in *renameCategoryInput) (*api.Out[skill.Category], error) {
	return api.Answer(db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) (skill.Category, error) {
		return h.Skills.RenameCategory(ctx, tx, v.Actor, in.Slug, in.Body.Name)
	}))
}

func (h *skills) removeCategory(ctx context.Context, v access.Viewer, in *BySlug) (*struct{}, error) {
	return nil, h.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Skills.RemoveCategory(ctx, tx, v.Actor, in.Slug) })
}

// UserSkills is what somebody knows.
type UserSkills struct {
	Items []desk.SkillHeld `json:"items"`
}

func (h *skills) of(ctx context.Context, _ access.Viewer, in *api.ByID) (*api.Out[UserSkills], error) {
	id, err := desk.ParseID[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := h.People.Get(ctx, h.DB, id); err != nil {
		return nil, err
	}
	held, err := h.Skills.Of(ctx, h.DB, []desk.UserID{id})
	return api.Answer(UserSkills{append([]desk.SkillHeld{}, held[id]...)}, err)
}

type grantInput struct {
	api.ByID
	Body struct {
		Skills []struct {
			Slug      string    `json:"slug" minLength:"1"`
			Level     int       `json:"level,omitempty" minimum:"1" maximum:"5" default:"3"`
			Main      bool      `json:"main,omitempty"`
			ExpiresAt desk.Time `json:"expires_at,omitempty"`
		} `json:"skills" maxItems:"200"`
	}
}

func (h *skills) grant(ctx context.Context, v access.Viewer, in *grantInput) (*api.Out[UserSkills], error) {
	if err := either(v, access.RoutingManage, access.UsersManage); err != nil {
		return nil, err
	}
	id, err := desk.ParseID[desk.UserID](in.ID)
	if err != nil {
		return nil, err
	}
	held := make([]desk.SkillHeld, len(in.Body.Skills))
	for i, k := range in.Body.Skills {
		held[i] = desk.SkillHeld{Slug: k.Slug, Level: k.Level, Main: k.Main, ExpiresAt: k.ExpiresAt}
	}
	now, err := db.Written(ctx, h.DB, func(ctx context.Context, tx *db.Tx) ([]desk.SkillHeld, error) {
		if _, err := h.People.Get(ctx, tx, id); err != nil {
			return nil, err
		}
		return h.Skills.Grant(ctx, tx, v.Actor, id, held)
	})
	return api.Answer(UserSkills{append([]desk.SkillHeld{}, now...)}, err)
}
