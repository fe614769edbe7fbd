package realtime

import (
	"fmt"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// CH-30: that somebody writes an answer is told outside, and that they stopped, however they stop; a comment is never told.
func TestOnlyAnAnswerBeingWrittenIsToldOutside(t *testing.T) {
	var said []string
	h := New(Deps{Answers: func(ticket desk.TicketID, user desk.UserID, on bool) {
		said = append(said, fmt.Sprint(ticket, user, on))
	}})
	now := time.Now()
	at := func(state string, answers bool) {
		h.sit(delta{TicketID: 1, User: person{2, "Ann"}, State: state, Inbox: 3, Answers: answers && state == Typing}, now)
	}
	want := func(what string, all ...string) {
		t.Helper()
		if fmt.Sprint(said) != fmt.Sprint(all) {
			t.Errorf("%s: said %v, want %v", what, said, all)
		}
		said = nil
	}
	at(Viewing, true)
	at(Typing, false)
	want("a comment")
	at(Typing, true)
	want("an answer", "1 2 true")
	at(Typing, false)
	want("from the answer to a comment", "1 2 false")
	at(Typing, true)
	at(Viewing, true)
	want("sent", "1 2 true", "1 2 false")
	at(Typing, true)
	said = nil
	h.expire(now.Add(typingFor + time.Second))
	want("no more keys", "1 2 false")
	at(Typing, true)
	at(Left, false)
	want("gone", "1 2 true", "1 2 false")
}
