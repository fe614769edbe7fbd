package richtext_test

import (
	"testing"

	"github.com/kanalhq/kanal/internal/richtext"
)

func TestWhatIsTypedIsCutBetweenCharacters(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{richtext.Typed(" a\r\nb\x00\u202ec\u2066d\t "), "a\nbcd"},
		{richtext.TypedText("blå\nø", 3), "blå"},
		{richtext.TypedText("blå", 3), "blå"},
		{richtext.TypedLine("one\n  two", 100), "one two"},
		{richtext.TypedLine("blå", 3), "bl"}, // å has two bytes
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
