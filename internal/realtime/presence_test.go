package realtime

import (
	"testing"
	"time"
)

// WS-11: typing lasts a few seconds, being there 45, and both end by themselves when nobody says so again.
func TestPresenceEndsByItself(t *testing.T) {
	h := New(Deps{})
	now := time.Now()
	h.sit(delta{TicketID: 42, User: person{1, "Ann"}, State: Typing, Inbox: 1}, now)
	h.sit(delta{TicketID: 42, User: person{2, "Ben"}, State: Viewing, Inbox: 1}, now)
	states := func() (out string) {
		for _, w := range h.Watchers(42) {
			out += w.Name + " " + w.State + "; "
		}
		return out
	}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{5 * time.Second, "Ann typing; Ben viewing; "},
		{10 * time.Second, "Ann viewing; Ben viewing; "},
		{44 * time.Second, "Ann viewing; Ben viewing; "},
		{46 * time.Second, ""},
	} {
		h.expire(now.Add(c.after))
		if got := states(); got != c.want {
			t.Errorf("after %v: %q, want %q", c.after, got, c.want)
		}
	}
	h.sit(delta{TicketID: 42, User: person{1, "Ann"}, State: Viewing, Inbox: 1}, now)
	h.sit(delta{TicketID: 42, User: person{1, "Ann"}, State: Viewing, Inbox: 1}, now.Add(40*time.Second))
	h.expire(now.Add(60 * time.Second))
	if got := states(); got != "Ann viewing; " {
		t.Errorf("renewed: %q", got)
	}
	h.heard(`{"ticket_id":"42","user":{"id":"9","name":"Nora"},"state":"viewing","inbox_id":"1","node":"another"}`)
	h.heard(`{"ticket_id":"42","user":{"id":"9","name":"Nora"},"state":"left","inbox_id":"1","node":"` + h.node + `"}`) // ours, come back late
	h.heard(`nonsense`)
	if got := states(); got != "Ann viewing; Nora viewing; " {
		t.Errorf("with the other node: %q", got)
	}
}

// Who is told of what: a type that stands in no row is for the audit log's readers alone.
func TestAnUnknownEventIsToldToNobodyElse(t *testing.T) {
	it := item{full: []byte("x"), bare: []byte("y")}
	it.ev.Type = "something.new"
	if f := it.frame(viewerOf("agent")); f != nil {
		t.Error("an agent is told")
	}
	if f := it.frame(viewerOf("owner")); string(f) != "x" {
		t.Error("an owner is not told")
	}
}
