package mime

import (
	"fmt"

	"github.com/kanalhq/kanal/internal/desk"
)

// Limits bound what one message may cost. Over a soft limit the message is kept, what is beyond is left out of the
// result (it stays in the raw source) and a problem says so. Over a hard limit the message is a bomb and refused.
type Limits struct {
	Raw          int64 // bytes of the message as sent; hard
	Decoded      int64 // bytes of all decoded parts together; soft
	Text         int64 // bytes of one text part that are read; soft
	Depth        int   // nesting that is opened; soft
	DepthHard    int   // nesting of multiparts and messages; hard
	Parts        int   // parts that are listed; soft
	PartsHard    int   // hard
	Fields       int   // header fields of one part that are kept; soft
	FieldsHard   int   // hard
	HeaderBytes  int   // bytes of one header that are kept; soft
	FieldBytes   int   // bytes of one field that are kept; soft
	TNEFRatio    int   // expansion of compressed text in winmail.dat beyond which it is a bomb
	TNEFExpanded int64 // bytes it may expand to in any case
}

// DefaultLimits pass a 40 MB attachment and every mail a person writes.
func DefaultLimits() Limits {
	return Limits{
		Raw: 80 << 20, Decoded: 56 << 20, Text: 8 << 20,
		Depth: 24, DepthHard: 200, Parts: 500, PartsHard: 10_000,
		Fields: 1_000, FieldsHard: 50_000, HeaderBytes: 1 << 20, FieldBytes: 128 << 10,
		TNEFRatio: 60, TNEFExpanded: 32 << 20,
	}
}

func bomb(reason, format string, args ...any) error {
	return desk.Errorf(desk.TooLarge, "email."+reason, "The message was refused: %s. Ask the sender to send it in another form.", fmt.Sprintf(format, args...))
}
