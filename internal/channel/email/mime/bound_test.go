package mime

import (
	"strings"
	"testing"
	"time"
)

// Quotes that are never closed cost their length, not its square: one mail must not hold a processor for a minute.
func TestOpenQuotesAreReadInLinearTime(t *testing.T) {
	start := time.Now()
	for _, unit := range []string{`"\`, `"<`, `"a`, `"(`, `("`, `<"\`} {
		ParseAddresses(strings.Repeat(unit, 100_000) + "@x.example")
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
	long := strings.Repeat("a", 1500)
	if got := ParseAddresses(`"` + long + `, Inc" <ann@x.example>`); len(got) != 1 || got[0].Addr != "ann@x.example" || !strings.HasPrefix(got[0].Name, "aaaa") {
		t.Errorf("a long quoted name: %.80v", got)
	}
}
