package notice

import (
	"slices"
	"testing"
)

func TestMarksSayWhatKindOfMailItIs(t *testing.T) { // EM-36
	const person = "From: Mira <mira@home.example>\r\nTo: support@acme.example\r\nSubject: Hello\r\n"
	for name, c := range map[string]struct {
		head string
		want []string
	}{
		"a person's":                           {person, nil},
		"an offer":                             {"From: Shop <news@shop.example>\r\nList-Unsubscribe: <https://shop.example/leave>\r\n", []string{"marketing"}},
		"bulk by its own word":                 {"From: Shop <hello@shop.example>\r\nPrecedence: bulk\r\n", []string{"marketing"}},
		"a group that people write to":         {person + "List-Id: <support.acme.example>\r\nList-Post: <mailto:support@acme.example>\r\nList-Unsubscribe: <mailto:leave@acme.example>\r\n", nil},
		"a list that nobody may write to":      {"From: Shop <x@shop.example>\r\nList-Post: NO\r\nList-Unsubscribe: <https://shop.example/leave>\r\n", []string{"marketing"}},
		"a machine's":                          {"From: Build <build@ci.example>\r\nAuto-Submitted: auto-generated\r\n", []string{"automated"}},
		"a person's whose program says so":     {person + "Auto-Submitted: no\r\n", nil},
		"without a return path":                {person + "Return-Path: <>\r\n", []string{"automated"}},
		"a person's who wants no absence note": {person + "X-Auto-Response-Suppress: All\r\n", nil},
		"nobody's address":                     {"From: Shop <no-reply@shop.example>\r\n", []string{"role_address"}},
		"a newsletter's address":               {"From: Shop <newsletter@shop.example>\r\nList-Unsubscribe: <https://shop.example/leave>\r\n", []string{"marketing", "role_address"}},
		"a firm's own address":                 {"From: Firm <info@firm.example>\r\n", nil},
	} {
		if got := Marks(mail(t, c.head+"\r\nHello.\r\n")); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
