package setting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Directory is what a company's directory may say by SCIM, and what follows (PM-13).
type Directory struct {
	Role    desk.Role   `json:"role" yaml:"role,omitempty" maxLength:"60" doc:"of people whom it makes, and of whom none of the groups below gives another"`
	Tickets string      `json:"tickets" yaml:"tickets,omitempty" enum:"rule,release,keep" doc:"what becomes of open tickets of whom it deactivates: each by the rule of its channel, nobody's, or still theirs"`
	Groups  []GroupRole `json:"groups" yaml:"groups,omitempty" doc:"which group gives which role; of several the first that somebody is in"`
}

// GroupRole gives a role to whoever is in a group of the directory.
type GroupRole struct {
	Group string    `json:"group" yaml:"group" maxLength:"200"`
	Role  desk.Role `json:"role" yaml:"role" maxLength:"60"`
}

// DefaultDirectory is what an installation begins with.
var DefaultDirectory = Directory{Role: desk.RoleAgent, Tickets: "rule", Groups: []GroupRole{}}

const (
	directoryName = "directory"
	maxGroupRoles = 100
)

// Directory returns what a directory may say.
func (s *Service) Directory(ctx context.Context, q db.Queryer) (Directory, error) {
	v := DefaultDirectory
	err := read(ctx, q, directoryName, &v)
	return v, err
}

// SetDirectory changes it; whether the roles are there, and may be given, the caller has seen. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetDirectory(ctx context.Context, tx *db.Tx, actor desk.Actor, v Directory) (Directory, error) {
	before, err := s.Directory(ctx, tx)
	if err != nil {
		return v, err
	}
	groups := []GroupRole{}
	for i, g := range v.Groups {
		g.Group = strings.TrimSpace(g.Group)
		field := fmt.Sprintf("groups.%d", i)
		switch {
		case g.Group == "" || len(g.Group) > 200:
			return before, desk.Errorf(desk.Invalid, "directory.group", "Write the group's name as the directory has it.").In(field)
		case g.Role == desk.RoleOwner || g.Role == "":
			return before, desk.Errorf(desk.Invalid, "directory.role", "Nobody becomes an owner by a group.").In(field)
		case slices.ContainsFunc(groups, func(x GroupRole) bool { return strings.EqualFold(x.Group, g.Group) }):
			return before, desk.Errorf(desk.Invalid, "directory.twice", "The group %s stands here twice.", g.Group).In(field)
		}
		groups = append(groups, g)
	}
	v.Groups = groups
	switch {
	case len(groups) > maxGroupRoles:
		return before, desk.Errorf(desk.Invalid, "directory.many", "At most %d groups give roles.", maxGroupRoles).In("groups")
	case v.Role == desk.RoleOwner || v.Role == "":
		return before, desk.Errorf(desk.Invalid, "directory.role", "Nobody becomes an owner by a group.").In("role")
	case !slices.Contains([]string{"rule", "release", "keep"}, v.Tickets):
		return before, desk.Errorf(desk.Invalid, "directory.tickets", "%q is not what becomes of tickets: rule, release or keep.", v.Tickets).In("tickets")
	case before.Role == v.Role && before.Tickets == v.Tickets && slices.Equal(before.Groups, v.Groups):
		return v, nil
	}
	if err := s.store(ctx, tx, directoryName, string(db.JSON(v))); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "directory", "slug": "directory", "before": before, "after": v})})
	return v, err
}
