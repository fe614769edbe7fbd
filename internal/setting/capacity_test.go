package setting_test

import (
	"context"
	"testing"

	"github.com/kanalhq/kanal/internal/clock"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/setting"
)

func TestLimits(t *testing.T) { // CP-03, CP-06, CP-07
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, clk := context.Background(), clock.New()
		s := setting.New(d, clk, event.New(d, clk, nil))
		n := func(i int) *int { return &i }
		known := func(slug string) bool { return slug == "waiting" }
		put := func(c setting.Capacity) error {
			return d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := s.SetCapacity(ctx, tx, desk.System, c, known)
				return err
			})
		}
		if c, err := s.Capacity(ctx, d); err != nil || c.Default != (desk.Capacity{}) || len(c.Exclude.Statuses) != 0 || c.CallBlocks {
			t.Fatalf("a fresh installation has no limits: %+v, %v", c, err)
		}
		want := setting.Capacity{Default: desk.Capacity{Total: n(8), Messages: n(0)}, Exclude: setting.Exclusions{Statuses: []string{"waiting", "waiting"}, IdleDays: 14}, Weights: map[string]int{"urgent": 3}, CallBlocks: true}
		for range 2 {
			if err := put(want); err != nil {
				t.Fatal(err)
			}
		}
		c, err := s.Capacity(ctx, d)
		if err != nil || *c.Default.Total != 8 || *c.Default.Messages != 0 || c.Default.Email != nil || len(c.Exclude.Statuses) != 1 || c.Exclude.IdleDays != 14 || c.Weights["urgent"] != 3 || !c.CallBlocks {
			t.Errorf("%+v, %v", c, err)
		}
		var events int
		if err := d.QueryRow(ctx, `SELECT COUNT(*) FROM events WHERE type = $1`, desk.EvSettingsChanged).Scan(&events); err != nil || events != 1 {
			t.Errorf("%d events, %v", events, err)
		}
		for reason, bad := range map[string]setting.Capacity{
			"capacity.limit":          {Default: desk.Capacity{Email: n(-1)}},
			"capacity.idle_days":      {Exclude: setting.Exclusions{IdleDays: -1}},
			"capacity.status_unknown": {Exclude: setting.Exclusions{Statuses: []string{"nowhere"}}},
			"capacity.weight":         {Weights: map[string]int{"faxes": 2}},
		} {
			if err := put(bad); desk.ReasonOf(err) != reason {
				t.Errorf("%s: %v", reason, err)
			}
		}
	})
}
