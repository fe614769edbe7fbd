package property_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/property"
)

func TestValuesAreCoercedOrRefused(t *testing.T) { // TK-02, TK-10
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		k.Property("order", "text")
		k.Property("notes", "long_text")
		k.Property("amount", "number")
		k.Property("paid", "boolean")
		k.Property("due", "date")
		k.Property("size", "choice", "S", "M", "L")
		k.Property("tags", "multi_choice", "red", "green", "blue")
		for _, c := range []struct {
			name string
			in   any
			want any // nil with bad: refused
			bad  bool
		}{
			{"order", "A-1", "A-1", false}, {"order", 17.0, "17", false}, {"order", "a\nb", nil, true}, {"order", map[string]any{}, nil, true}, {"order", "a\x00b", nil, true},
			{"notes", "a\nb", "a\nb", false}, {"notes", string(make([]byte, 70000)), nil, true},
			{"amount", 12.5, 12.5, false}, {"amount", "12.5", 12.5, false}, {"amount", 3, 3.0, false}, {"amount", "many", nil, true}, {"amount", "NaN", nil, true},
			{"paid", true, true, false}, {"paid", "false", false, false}, {"paid", "yes", nil, true}, {"paid", 1.0, nil, true},
			{"due", "2026-03-31", "2026-03-31", false}, {"due", "2026-03-31T22:30:00Z", "2026-03-31", false}, {"due", "31.3.2026", nil, true},
			{"size", "M", "M", false}, {"size", "XL", nil, true}, {"size", []any{"M"}, nil, true},
			{"tags", []any{"blue", "red"}, []string{"red", "blue"}, false}, {"tags", "green", []string{"green"}, false}, {"tags", []any{"pink"}, nil, true}, {"tags", []any{1.0}, nil, true},
			{"order", nil, nil, false}, {"amount", "", nil, false}, {"tags", []any{}, nil, false},
			{"colour", "red", nil, true},
		} {
			got, err := k.Properties.Check(ctx, d, property.Ticket, map[string]any{c.name: c.in})
			if c.bad {
				if desk.CodeOf(err) != desk.Invalid {
					t.Errorf("%s = %v: err %v", c.name, c.in, err)
				}
				continue
			}
			if err != nil || !reflect.DeepEqual(got[c.name], c.want) {
				t.Errorf("%s = %v: got %#v, %v; want %#v", c.name, c.in, got[c.name], err, c.want)
			}
			if again, err := k.Properties.Check(ctx, d, property.Ticket, got); err != nil || !reflect.DeepEqual(again, got) {
				t.Errorf("%s = %v: checked again it is %v, %v", c.name, c.in, again, err)
			}
			if _, ok := got[c.name]; !ok {
				t.Errorf("%s = %v: a removal must stay in the answer", c.name, c.in)
			}
		}
		good, bad, err := k.Properties.Sort(ctx, d, property.Ticket, map[string]any{"size": "S", "amount": "many", "gone": 1.0})
		if err != nil || len(good) != 1 || len(bad) != 2 {
			t.Errorf("sorted %v %v %v", good, bad, err)
		}
	})
}

func TestDefinitions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		p := k.Property("size", "choice", "S", "M")
		add := func(p desk.Property) error {
			return k.Try(func(ctx context.Context, tx *db.Tx) error {
				_, err := k.Properties.Create(ctx, tx, desk.System, p)
				return err
			})
		}
		for field, bad := range map[string]desk.Property{
			"name": {Object: "ticket", Name: "Big Size", Type: "text"}, "object": {Object: "cat", Name: "x", Type: "text"}, "type": {Object: "ticket", Name: "x", Type: "blob"},
			"options": {Object: "ticket", Name: "x", Type: "choice"},
		} {
			if err := add(bad); desk.CodeOf(err) != desk.Invalid {
				t.Errorf("%s: %v", field, err)
			}
		}
		if err := add(desk.Property{Object: "ticket", Name: "size", Type: "text"}); desk.ReasonOf(err) != "property.name_taken" {
			t.Errorf("twice: %v", err)
		}
		if err := add(desk.Property{Object: "contact", Name: "size", Type: "text"}); err != nil {
			t.Errorf("another object: %v", err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := k.Properties.Update(ctx, tx, desk.System, p.ID, property.Change{Options: &[]string{"S", "M", "L"}})
			return err
		})
		if got, err := k.Properties.Get(ctx, d, p.ID); err != nil || len(got.Options) != 3 {
			t.Errorf("%+v %v", got, err)
		}
		k.Write(func(ctx context.Context, tx *db.Tx) error { return k.Properties.Archive(ctx, tx, desk.System, p.ID) })
		if err := add(desk.Property{Object: "ticket", Name: "size", Type: "number"}); desk.ReasonOf(err) != "property.name_used" {
			t.Errorf("another type after removal: %v", err)
		}
		if err := add(desk.Property{Object: "ticket", Name: "size", Type: "choice", Options: []string{"S"}}); err != nil {
			t.Errorf("back again: %v", err)
		}
		if n := len(k.EventsOf(desk.EvSettingsChanged)); n < 4 {
			t.Errorf("%d events", n)
		}
	})
}
