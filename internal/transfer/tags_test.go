package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/setting"
	"github.com/kanalhq/kanal/internal/transfer"
)

func TestTagsAndHowTicketsAreWorkedOnAreInTheFile(t *testing.T) { // TK-10, TK-19, WS-11
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, k := context.Background(), desktest.New(t, d)
		s := service(k, env)
		for _, c := range []struct {
			text  string
			prune bool
			tags  string
			want  setting.Ticketing
		}{
			{"version: 1\ntags: [Billing, VIP]\nwork: {tickets: {open_tags: false, number_in_subject: end}}\n", false, "Billing,VIP", setting.Ticketing{SubjectNumber: setting.NumberEnd}},
			{"version: 1\ntags: [vip, Refund]\nwork: {tickets: {hold_answers: true}}\n", false, "Billing,Refund,VIP", setting.Ticketing{SubjectNumber: setting.NumberEnd, HoldAnswers: true}},
			{"version: 1\ntags: [VIP]\n", true, "VIP", setting.Ticketing{SubjectNumber: setting.NumberEnd, HoldAnswers: true}},
		} {
			if _, err := s.Apply(ctx, []byte(c.text), transfer.Options{Prune: c.prune}); err != nil {
				t.Fatalf("%s: %v", c.text, err)
			}
			names := []string{}
			tags, err := k.Tickets.Tags(ctx, d, false)
			for _, x := range tags {
				names = append(names, x.Name)
			}
			if got := strings.Join(names, ","); err != nil || got != c.tags {
				t.Errorf("%s: %s, %v", c.text, got, err)
			}
			if got, err := k.Settings.Ticketing(ctx, d); err != nil || got != c.want {
				t.Errorf("%s: %+v, %v", c.text, got, err)
			}
		}
		export, err := s.Export(ctx)
		if err != nil || !strings.Contains(string(export), "tags: [VIP]") || !strings.Contains(string(export), "number_in_subject: end") {
			t.Errorf("%s, %v", export, err)
		}
	})
}
