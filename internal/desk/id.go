package desk

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Ids are time-ordered integers of at most 53 bits, so that a JavaScript number holds one exactly.
// Each noun has its own type: a thread's id is never passed for a ticket's. In JSON an id is a
// string; zero means "none" and is encoded as null (use `omitempty`-free fields so that the key stays).
// In SQL zero is stored as NULL where the column allows it: see db.Null.
type (
	UserID           int64
	TeamID           int64
	InboxID          int64
	ChannelAccountID int64
	ContactID        int64
	AddressID        int64
	ThreadID         int64
	MessageID        int64
	AttachmentID     int64
	TicketID         int64
	PipelineID       int64
	StatusID         int64
	PropertyID       int64
	RawID            int64
	EventID          int64
	JobID            int64
	TokenID          int64
	SessionID        int64
	DraftID          int64
	SnippetID        int64
	TagID            int64
	ViewID           int64
	SpaceID          int64
	VisitorID        int64
	ChatflowID       int64
	ConsentID        int64
	FormID           int64
	SubmissionID     int64
	AbsenceID        int64
)

// MaxID is the largest id: 53 bits.
const MaxID = 1<<53 - 1

// ParseID reads an id as the API writes it: decimal digits, 1 to MaxID.
func ParseID[T ~int64](s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > MaxID {
		return 0, Errorf(Invalid, "id.malformed", "%q is not an id.", s)
	}
	return T(n), nil
}

func marshalID(n int64) ([]byte, error) {
	if n == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + strconv.FormatInt(n, 10) + `"`), nil
}

func unmarshalID(b []byte) (int64, error) {
	s := string(b)
	if s == "null" || s == `""` || s == `"0"` {
		return 0, nil
	}
	if len(s) > 1 && s[0] == '"' {
		s = s[1 : len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > MaxID {
		return 0, fmt.Errorf("%s is not an id", b)
	}
	return n, nil
}

func (id UserID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id UserID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *UserID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = UserID(n)
	return err
}

func (id TeamID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id TeamID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *TeamID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = TeamID(n)
	return err
}

func (id InboxID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id InboxID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *InboxID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = InboxID(n)
	return err
}

func (id ChannelAccountID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ChannelAccountID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ChannelAccountID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ChannelAccountID(n)
	return err
}

func (id ContactID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ContactID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ContactID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ContactID(n)
	return err
}

func (id AddressID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id AddressID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *AddressID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = AddressID(n)
	return err
}

func (id ThreadID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ThreadID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ThreadID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ThreadID(n)
	return err
}

func (id MessageID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id MessageID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *MessageID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = MessageID(n)
	return err
}

func (id AttachmentID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id AttachmentID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *AttachmentID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = AttachmentID(n)
	return err
}

func (id TicketID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id TicketID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *TicketID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = TicketID(n)
	return err
}

func (id PipelineID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id PipelineID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *PipelineID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = PipelineID(n)
	return err
}

func (id StatusID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id StatusID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *StatusID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = StatusID(n)
	return err
}

func (id PropertyID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id PropertyID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *PropertyID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = PropertyID(n)
	return err
}

func (id RawID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id RawID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *RawID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = RawID(n)
	return err
}

func (id EventID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id EventID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *EventID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = EventID(n)
	return err
}

func (id JobID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id JobID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *JobID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = JobID(n)
	return err
}

func (id TokenID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id TokenID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *TokenID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = TokenID(n)
	return err
}

func (id SessionID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SessionID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SessionID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SessionID(n)
	return err
}

func (id DraftID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id DraftID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *DraftID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = DraftID(n)
	return err
}

// maxSlug is the longest slug, in bytes.
const maxSlug = 63

// ValidSlug reports whether s may name a thing in settings: lower-case letters, digits, - and _, beginning with a letter or digit, 1 to 63 long.
func ValidSlug(s string) bool {
	if s == "" || len(s) > maxSlug {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case (c == '-' || c == '_') && i > 0:
		default:
			return false
		}
	}
	return true
}

func (id ViewID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ViewID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ViewID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ViewID(n)
	return err
}

func (id SpaceID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SpaceID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SpaceID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SpaceID(n)
	return err
}

// CheckSlug refuses what ValidSlug does, naming the field.
func CheckSlug(field, s string) error {
	if ValidSlug(s) {
		return nil
	}
	return Errorf(Invalid, "slug.malformed", "%q cannot be a short name: use 1 to 63 lower-case letters, digits, - and _, beginning with a letter or digit.", s).In(field)
}

// Slug makes a slug of a name: accents are dropped and everything else becomes a hyphen. It returns "" when nothing is left.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		default:
			gap = true
		}
		if b.Len() >= maxSlug-20 { // room for a number that makes it unique
			break
		}
	}
	return b.String()
}

// TagKey is what two spellings of one tag have in common.
func TagKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

func (id TagID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id TagID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *TagID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = TagID(n)
	return err
}

func (id SnippetID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SnippetID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SnippetID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SnippetID(n)
	return err
}

// SenderRuleID names an entry of the allow and deny lists, BulkID one action on many tickets.
type (
	SenderRuleID int64
	BulkID       int64
	MoveID       int64
)

func (id SenderRuleID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SenderRuleID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SenderRuleID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SenderRuleID(n)
	return err
}

// MoveID names the move of a channel to another inbox.
func (id MoveID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id MoveID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *MoveID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = MoveID(n)
	return err
}

func (id BulkID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id BulkID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *BulkID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = BulkID(n)
	return err
}

func (id VisitorID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id VisitorID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *VisitorID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = VisitorID(n)
	return err
}

func (id ChatflowID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ChatflowID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ChatflowID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ChatflowID(n)
	return err
}

func (id ConsentID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id ConsentID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *ConsentID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = ConsentID(n)
	return err
}

func (id FormID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id FormID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *FormID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = FormID(n)
	return err
}

func (id SubmissionID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SubmissionID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SubmissionID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SubmissionID(n)
	return err
}

func (id AbsenceID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id AbsenceID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *AbsenceID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = AbsenceID(n)
	return err
}
