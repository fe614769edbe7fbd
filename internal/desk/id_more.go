package desk

import "strconv"

// SenderRuleID names an entry of the allow and deny lists, BulkID one action on many tickets.
type (
	SenderRuleID int64
	BulkID       int64
)

func (id SenderRuleID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id SenderRuleID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *SenderRuleID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = SenderRuleID(n)
	return err
}

func (id BulkID) String() string               { return strconv.FormatInt(int64(id), 10) }
func (id BulkID) MarshalJSON() ([]byte, error) { return marshalID(int64(id)) }
func (id *BulkID) UnmarshalJSON(b []byte) error {
	n, err := unmarshalID(b)
	*id = BulkID(n)
	return err
}
