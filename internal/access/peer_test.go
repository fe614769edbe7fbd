package access

import "testing"

// Failures of one IPv6 line count together: it has 2^64 addresses.
func TestFailedSignInsCountANeighbourhood(t *testing.T) {
	for in, want := range map[string]string{
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::1%eth0": "2001:db8:1:2::/64", "::ffff:192.0.2.7": "192.0.2.7", "192.0.2.7": "192.0.2.7", "session": "session",
	} {
		if got := peer(in); got != want {
			t.Errorf("%s counts as %s, want %s", in, got, want)
		}
	}
}
