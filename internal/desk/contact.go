package desk

import "strconv"

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
	CompanyID  CompanyID      `json:"company_id"`
	MergedInto ContactID      `json:"merged_into"`
	CreatedAt  Time           `json:"created_at"`
	UpdatedAt  Time           `json:"updated_at"`
	DeletedAt  Time           `json:"deleted_at"` // null: not deleted
}

// AddressKind is the namespace of an address value.
type AddressKind string

// The kinds known to the core; a channel may bring its own string for its opaque ids.
const (
	AddrEmail AddressKind = "email"
	AddrPhone AddressKind = "phone"
	// AddrVisitor is a browser on somebody's website: the value is "v" and its VisitorID. It is nobody's address, and in no registry.
	AddrVisitor AddressKind = "visitor"
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
	By        string      `json:"verified_by"` // who said so: an actor; "" when it is not verified
	At        Time        `json:"verified_at"`
	Source    string      `json:"source"` // where it was first learnt: inbound, agent, import, api
	FirstSeen Time        `json:"first_seen_at"`
	LastSeen  Time        `json:"last_seen_at"`
}

// Company is an organisation, known by the domain of its people's addresses (CR-11).
type Company struct {
	ID        CompanyID `json:"id"`
	Domain    string    `json:"domain"`
	Name      string    `json:"name"`
	CreatedAt Time      `json:"created_at"`
}

// CompanyID and MergeID name a company and a merge of two contacts.
type (
	CompanyID int64
	MergeID   int64
)

func (id CompanyID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id CompanyID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *CompanyID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = CompanyID(n)
	return err
}

func (id MergeID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id MergeID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *MergeID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = MergeID(n)
	return err
}
