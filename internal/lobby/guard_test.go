package lobby

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

func guardAt(l Limits) (*Guard, *time.Time) {
	g, now := NewGuard(l), time.Unix(1_000_000, 0)
	g.now = func() time.Time { return now }
	return g, &now
}

// 1,000 messages a second of one visitor are refused with a time to wait, counted, and cost the others nothing.
func TestOneVisitorsFloodIsRefusedAndHurtsNobodyElse(t *testing.T) {
	g, now := guardAt(DefaultLimits)
	let := 0
	var last error
	for i := range 1000 {
		*now = now.Add(time.Millisecond)
		err := g.Take(Message, 1, "192.0.2.1")
		if err == nil {
			let++
		} else {
			last = err
		}
		if i%100 == 0 {
			if err := g.Take(Message, desk.VisitorID(1000+i), "192.0.2.1"); err != nil {
				t.Errorf("a neighbour behind the same address is refused: %v", err)
			}
		}
	}
	if let < 20 || let > 22 {
		t.Errorf("%d of 1,000 were let through", let)
	}
	var e *desk.Error
	if !errors.As(last, &e) || e.Code != desk.RateLimited || e.Retry <= 0 || e.Retry > time.Second {
		t.Errorf("refused with %v", last)
	}
	if n := g.Refused()["message_visitor"]; n != int64(1000-let) {
		t.Errorf("%d are counted", n)
	}
	*now = now.Add(20 * time.Second)
	if err := g.Take(Message, 1, "192.0.2.1"); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestAnIPv6NetworkCountsAsOne(t *testing.T) {
	l := Limits{Of: map[Kind]Limit{Create: {Address: Rate{10, time.Minute}}}, Streams: 5}
	g, _ := guardAt(l)
	let, streams := 0, 0
	for i := range 40 {
		address := fmt.Sprintf("2001:db8:1:2::%x", i+1)
		if g.Take(Create, 0, address) == nil {
			let++
		}
		if g.opened(address) == nil {
			streams++
		}
	}
	if let != 10 || streams != 5 {
		t.Errorf("let %d and %d streams through", let, streams)
	}
	if err := g.Take(Create, 0, "2001:db8:1:3::1"); err != nil {
		t.Errorf("another network: %v", err)
	}
	for i := range 5 {
		g.closed(fmt.Sprintf("2001:db8:1:2::%x", i+1))
	}
	if len(g.streams) != 0 || g.opened("2001:db8:1:2::99") != nil {
		t.Error("closed streams are still counted")
	}
}

// The memory of the limits is bounded, whoever asks.
func TestTheGuardForgets(t *testing.T) {
	g, now := guardAt(DefaultLimits)
	for i := range maxMarks + 50_000 {
		*now = now.Add(time.Microsecond)
		_ = g.Take(View, desk.VisitorID(i+1), fmt.Sprintf("198.51.%d.%d", i>>8&255, i&255))
	}
	if len(g.marks) > maxMarks {
		t.Errorf("%d buckets are kept", len(g.marks))
	}
	for i := range 1000 {
		g.Refuse(fmt.Sprint("reason ", i))
	}
	if len(g.Refused()) > 250 {
		t.Errorf("%d reasons are kept", len(g.Refused()))
	}
}

// CH-34: what another site's page makes a browser send is refused.
func TestAnotherSitesRequestIsRefused(t *testing.T) {
	base, _ := url.Parse("https://desk.example")
	for _, c := range []struct {
		site, origin string
		ok           bool
	}{
		{"", "", true}, {"same-origin", "", true}, {"same-origin", "https://desk.example", true}, {"none", "", true},
		{"cross-site", "", false}, {"same-site", "", false}, {"", "https://shop.example", false}, {"", "null", false}, {"same-origin", "https://desk.example.evil.example", false},
		{"", "http://desk.example", true}, // plain HTTP reached by the host that it names
	} {
		r := httptest.NewRequest("GET", "http://desk.example/widget/stream", nil)
		if c.site != "" {
			r.Header.Set("Sec-Fetch-Site", c.site)
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if err := SameOrigin(r, base); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// CH-06: one mail address is written to a few times a day, whoever asks for it; another is not kept waiting.
func TestATypedAddressIsMailedSeldom(t *testing.T) {
	g := NewGuard(DefaultLimits)
	now := time.Unix(1_800_000_000, 0)
	g.now = func() time.Time { return now }
	sent := 0
	for range 100 {
		if g.Mails("stranger@home.example") == nil {
			sent++
		}
	}
	if sent != DefaultLimits.Mail.Burst || g.Refused()["mail_to"] != int64(100-sent) || g.Mails("other@home.example") != nil {
		t.Errorf("%d were let through, %v refused", sent, g.Refused())
	}
	if now = now.Add(25 * time.Hour); g.Mails("stranger@home.example") != nil {
		t.Error("refused the next day")
	}
}
