package desk

import (
	"fmt"
	"strconv"
	"strings"
)

// ActorKind says what sort of doer an Actor is.
type ActorKind string

// The kinds. Names follow the public API's actor prefixes where it has one.
const (
	ActorUser       ActorKind = "user"
	ActorContact    ActorKind = "contact"
	ActorVisitor    ActorKind = "visitor"
	ActorBot        ActorKind = "bot"
	ActorAutomation ActorKind = "automation"
	ActorToken      ActorKind = "integration"
	ActorSystem     ActorKind = "system"
)

// Actor is who did something. It is a field of every command, never hidden in a context, because
// jobs, bots and rules act too.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   int64     `json:"-"`
}

// System is the installation itself.
var System = Actor{Kind: ActorSystem}

// ByUser is the actor of a signed-in person.
func ByUser(id UserID) Actor { return Actor{ActorUser, int64(id)} }

// ByContact is the actor of a known customer.
func ByContact(id ContactID) Actor { return Actor{ActorContact, int64(id)} }

// UserID is the acting user's id, or 0 when another kind acts.
func (a Actor) UserID() UserID {
	if a.Kind == ActorUser {
		return UserID(a.ID)
	}
	return 0
}

// String is "kind:id", as stored and as the API shows it.
func (a Actor) String() string {
	if a.ID == 0 {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + strconv.FormatInt(a.ID, 10)
}

// ParseActor reads what String wrote.
func ParseActor(s string) (Actor, error) {
	kind, id, ok := strings.Cut(s, ":")
	a := Actor{Kind: ActorKind(kind)}
	if ok {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return a, fmt.Errorf("actor %q: %w", s, err)
		}
		a.ID = n
	}
	return a, nil
}

// MarshalText writes String.
func (a Actor) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads ParseActor's form.
func (a *Actor) UnmarshalText(b []byte) (err error) { *a, err = ParseActor(string(b)); return err }
