package desk

// Contact is a known person, with addresses.
type Contact struct {
	ID         ContactID      `json:"id"`
	Name       string         `json:"name"`
	FirstName  string         `json:"first_name"`
	LastName   string         `json:"last_name"`
	Email      string         `json:"email"` // primary, may be empty
	Phone      string         `json:"phone"` // primary, E.164, may be empty
	OwnerID    UserID         `json:"owner_id"`
	Language   string         `json:"language"`
	Properties map[string]any `json:"properties"`
	Addresses  []Address      `json:"addresses"`
	MergedInto ContactID      `json:"merged_into"`
	CreatedAt  Time           `json:"created_at"`
	UpdatedAt  Time           `json:"updated_at"`
}

// AddressKind is the namespace of an address value.
type AddressKind string

// The kinds known to the core; a channel may bring its own string for its opaque ids.
const (
	AddrEmail AddressKind = "email"
	AddrPhone AddressKind = "phone"
)

// Address is one way to reach a contact: unique by kind and value (CR-12). Value is normalised:
// email in lower case with an ASCII domain, phone in E.164.
type Address struct {
	ID        AddressID   `json:"id"`
	ContactID ContactID   `json:"contact_id"`
	Kind      AddressKind `json:"kind"`
	Value     string      `json:"value"`
	Name      string      `json:"name"` // the display name it last came with
	Verified  bool        `json:"verified"`
	Source    string      `json:"source"` // where it was first learnt: inbound, agent, import, api
	FirstSeen Time        `json:"first_seen_at"`
	LastSeen  Time        `json:"last_seen_at"`
}
