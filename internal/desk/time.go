package desk

import (
	"fmt"
	"time"
)

// Time is a moment in integer milliseconds since 1970 UTC, as stored. Zero means "never" and is null in JSON.
type Time int64

// At converts a time.Time; the zero time becomes zero.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixMilli())
}

// Time converts back, in UTC; zero becomes the zero time.
func (t Time) Time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// Add returns t moved by d.
func (t Time) Add(d time.Duration) Time { return t + Time(d.Milliseconds()) }

// Layout is how times are written outside: RFC 3339, UTC, milliseconds.
const Layout = "2006-01-02T15:04:05.000Z"

func (t Time) String() string {
	if t == 0 {
		return ""
	}
	return t.Time().Format(Layout)
}

// MarshalJSON writes Layout, or null for never.
func (t Time) MarshalJSON() ([]byte, error) {
	if t == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON reads any RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	s := string(b)
	if s == "null" || s == `""` {
		*t = 0
		return nil
	}
	if len(s) < 2 {
		return fmt.Errorf("%s is not a time", s)
	}
	v, err := time.Parse(time.RFC3339Nano, s[1:len(s)-1])
	if err != nil {
		return err
	}
	*t = At(v)
	return nil
}
