package api

import (
	"testing"
	"time"
)

// A NUL can be written in JSON in one way only; text that merely looks like it is text.
func TestAnEscapedNULIsFound(t *testing.T) {
	for in, want := range map[string]bool{
		`{"a":"\u0000"}`: true, `{"\u0000":1}`: true, `"\\\u0000"`: true, `"\"\u0000"`: true, `["x\u0000y"]`: true,
		`{"a":"\\u0000"}`: false, `"\u00001"`: true, `"\u000a"`: false, `"u0000"`: false, `"\`: false, `"\u000`: false, ``: false,
	} {
		if got := escapesNUL([]byte(in)); got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
}

// One line with IPv6 has a whole /64: it gets one bucket, not one for each of its addresses.
func TestALimitCountsANeighbourhood(t *testing.T) {
	l := newLimiter(time.Hour, 2)
	for i, ip := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9%eth0", "2001:db8:1:2::3", "2001:db8:1:3::1", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2", "not an address"} {
		refused := i == 2 || i == 6
		if err := l.take(ip); (err != nil) != refused {
			t.Errorf("%d %s: %v, want refused %v", i, ip, err, refused)
		}
	}
}
