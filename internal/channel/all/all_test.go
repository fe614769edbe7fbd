package all_test

import (
	"testing"

	"github.com/kanalhq/kanal/internal/channel/all"
)

// GEN-20: every channel has an id of its own, and none needs a public URL to be listed (GEN-02).
func TestEveryChannelHasItsOwnID(t *testing.T) {
	ids := map[int]string{}
	for _, a := range all.Registry(all.Options{Development: true}).All() {
		s := a.Spec()
		if other := ids[s.GenericID]; other != "" {
			t.Errorf("%s and %s share the id %d", s.Channel, other, s.GenericID)
		}
		ids[s.GenericID] = s.Channel
	}
	if len(ids) < 2 || ids[1002] == "" {
		t.Errorf("%v", ids)
	}
	if n := len(all.Adapters(all.Options{})); n != len(ids)-1 {
		t.Errorf("%d channels without those for trying out", n)
	}
}
