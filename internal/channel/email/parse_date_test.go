package email

import (
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/channel/email/mime"
)

// EM-34: dates as programs write them: named zones are no UTC (RFC 5322 §4.3), comments and blanks may stand anywhere, months may be in another language.
func TestDatesOfOddProgramsAreRead(t *testing.T) {
	for raw, want := range map[string]string{
		"Tue, 12 Mar 2024 10:15:00 +0100":             "2024-03-12T09:15:00Z",
		"Tue, 12 Mar 2024 10:15:00 +01:00":            "2024-03-12T09:15:00Z",
		"12 Mar 2024 10:15 EST":                       "2024-03-12T15:15:00Z",
		"Tue, 12 Mar 2024 10:15:00 PDT":               "2024-03-12T17:15:00Z",
		"Tue, 12 Mar 2024 10:15:00 CET":               "2024-03-12T09:15:00Z",
		"Tue Mar 12 10:15:00 CET 2024":                "2024-03-12T09:15:00Z",
		"Tue, (c) 12 (c) Mar 2024 10:15:00 (x) +0100": "2024-03-12T09:15:00Z",
		"Tue , 12 Mar 2024 10 : 15 : 00 +0100":        "2024-03-12T09:15:00Z",
		"12 Mar 124 10:15:00 +0100":                   "2024-03-12T09:15:00Z",
		"Di, 12 Mär 2024 10:15:00 +0100":              "2024-03-12T09:15:00Z",
		"Tue, 12-Mar-2024 10:15:00 GMT":               "2024-03-12T10:15:00Z",
		"Tue, 12 Mar 2024 10:15:60 +0100":             "2024-03-12T09:15:59Z",
		"Tue, 12 Mar 2024 10:15:00 Z":                 "2024-03-12T10:15:00Z",
		"3/12/2024 10:15:00 AM":                       "0001-01-01T00:00:00Z", // day and month could be exchanged
		"garbage":                                     "0001-01-01T00:00:00Z",
	} {
		if got := readDate(raw).Format(time.RFC3339); got != want {
			t.Errorf("%q: %s, not %s", raw, got, want)
		}
	}
}

// EM-26: a group that put itself into the From line is undone, whatever language it speaks and wherever it noted the sender.
func TestGroupsThatRewriteTheSenderAreUndone(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   string
	}{
		"google":        {"From: 'Mira' via Support <s@acme.example>\r\nX-Original-Sender: mira@c.example\r\nList-ID: <s.acme.example>\r\n", "mira@c.example"},
		"google de":     {"From: 'Mira' über Support <s@acme.example>\r\nX-Original-From: Mira <mira@c.example>\r\nX-Google-Group-Id: 1\r\n", "mira@c.example"},
		"mailman":       {"From: Mira via Support <s@acme.example>\r\nReply-To: Mira <mira@c.example>\r\nX-BeenThere: s@acme.example\r\n", "mira@c.example"},
		"mailman, list": {"From: Mira via Support <s@acme.example>\r\nReply-To: s@acme.example\r\nCc: Mira <mira@c.example>, Bo <bo@c.example>\r\nList-Id: <s.acme.example>\r\nList-Post: <mailto:s@acme.example>\r\n", "mira@c.example"},
		"no group":      {"From: Mira via Support <s@acme.example>\r\nReply-To: Mira <mira@c.example>\r\n", "s@acme.example"},
		"not rewritten": {"From: Mira <mira@c.example>\r\nReply-To: other@c.example\r\nX-Original-Sender: mira@c.example\r\nList-ID: <s.acme.example>\r\n", "mira@c.example"},
	} {
		p, _ := sender(mime.ReadHeader([]byte(c.header+"\r\n")).Header, "")
		if p.Address != c.want {
			t.Errorf("%s: %s", name, p.Address)
		}
	}
}
