package desk

// Role is what a user may do in general. PM-12: roles stand where HubSpot has seats.
type Role string

// The roles, from most to least.
const (
	RoleOwner      Role = "owner"
	RoleAdmin      Role = "admin"
	RoleSupervisor Role = "supervisor"
	RoleAgent      Role = "agent"
	RoleLight      Role = "light"  // reads and comments
	RoleViewer     Role = "viewer" // reads
)

// User is a person who signs in. Screens say "agent"; the code keeps that word free.
type User struct {
	ID           UserID   `json:"id"`
	Email        string   `json:"email"`
	Name         string   `json:"name"`
	FirstName    string   `json:"first_name"`
	LastName     string   `json:"last_name"`
	Role         Role     `json:"role"`
	Active       bool     `json:"active"`
	TakesWork    bool     `json:"takes_work"`
	Available    bool     `json:"available"`
	AvailableBy  string   `json:"available_by" enum:",manual,manager,hours,out_of_office,idle" doc:"why availability is as it is"`
	AvailableAt  Time     `json:"available_at" doc:"since when"`
	Locale       string   `json:"locale"`
	Timezone     string   `json:"timezone"`
	Teams        []TeamID `json:"teams"`
	CreatedAt    Time     `json:"created_at"`
	UpdatedAt    Time     `json:"updated_at"`
	LastAssigned Time     `json:"last_assigned_at"`
	LastSeen     Time     `json:"last_seen_at"`

	Powers     *Powers  `json:"-"` // of a role of one's own; nil: the role is built in
	TeamsAbove []TeamID `json:"-"` // those that Teams are part of
	TeamsBelow []TeamID `json:"-"` // those that are part of Teams
}

// Team is users who share routing.
type Team struct {
	ID       TeamID   `json:"id"`
	Slug     string   `json:"slug"`
	Name     string   `json:"name"`
	Parent   TeamID   `json:"parent_id" doc:"The team that this one is part of (PM-04)."`
	Calendar string   `json:"calendar" doc:"Of the holidays that its main members keep who have none of their own (AV-09)."`
	Members  []UserID `json:"members"` // main members: eligible for routing (RT-13)
	Extra    []UserID `json:"extra_members"`
}

// Capacity limits what somebody is given by itself (CP-03, CP-06); nil is no limit. Kinds: calls, messages (chat, Messenger, WhatsApp, SMS), email and everything else.
type Capacity struct {
	Total    *int `json:"total,omitempty" yaml:"total,omitempty"`
	Calls    *int `json:"calls,omitempty" yaml:"calls,omitempty"`
	Messages *int `json:"messages,omitempty" yaml:"messages,omitempty"`
	Email    *int `json:"email,omitempty" yaml:"email,omitempty"`
}

// SkillHeld is a skill that somebody has (SK-03, SK-06).
type SkillHeld struct {
	Slug      string `json:"slug"`  // a language's is its code: da, pt-br
	Level     int    `json:"level"` // 1 to 5
	Main      bool   `json:"main"`  // a main language
	ExpiresAt Time   `json:"expires_at"`
}
