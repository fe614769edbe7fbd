package afterchat

import (
	"context"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/job"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Codes of what the visitor is told, and the clients of the notes that tell it.
const (
	codeJoined      = "joined"
	codeTransferred = "transferred"
	codeEnded       = "ended"
	clientPerson    = "chat.person:" // followed by who it is
	clientEnded     = "chat.ended"
)

// introduce tells the visitor whom they are talking to now. The caller holds the thread.
func (s *Service) introduce(ctx context.Context, tx *db.Tx, th desk.Thread, user desk.UserID) error {
	if th.Bot || !th.Open || th.VisitorID == 0 {
		return nil
	}
	u, err := s.People.Get(ctx, tx, user)
	if desk.CodeOf(err) == desk.NotFound || err == nil && u.Name == "" {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := s.lastNote(ctx, tx, th.ID, clientPerson)
	if err != nil || before == clientPerson+user.String() {
		return err
	}
	code := codeJoined
	if before != "" {
		code = codeTransferred
	}
	_, err = s.say(ctx, tx, th, code, availability.Called(u, u.Locale), clientPerson+user.String())
	return err
}

// ended tells the visitor that the conversation is over, once, and sends the transcript where the account always does. The caller holds the thread.
func (s *Service) ended(ctx context.Context, tx *db.Tx, th desk.Thread) error {
	if th.VisitorID == 0 || th.Hidden != desk.HiddenNo {
		return nil
	}
	ms, err := s.Threads.Messages(ctx, tx, th.ID, thread.Page{Limit: 20})
	if err != nil {
		return err
	}
	for _, m := range ms { // nothing was said since it was told
		if m.Client == clientEnded {
			return nil
		}
		if m.Kind == desk.KindMessage {
			break
		}
	}
	if _, err := s.say(ctx, tx, th, codeEnded, "", clientEnded); err != nil {
		return err
	}
	set, err := s.settings(ctx, tx, th)
	if err != nil || set.Email.Transcript != "always" {
		return err
	}
	_, err = s.Jobs.Enqueue(ctx, tx, job.Spec{Kind: transcriptKind, Payload: unseenPayload{th.ID}, UniqueKey: th.ID.String()})
	return err
}

const transcriptKind = "afterchat.transcript"

// transcript is the job that sends what the account always sends at the end; without an address there is nobody to send it to.
func (s *Service) transcript(ctx context.Context, j *job.Job) error {
	var p unseenPayload
	if err := j.Decode(&p); err != nil {
		return err
	}
	err := s.Transcript(ctx, desk.System, p.Thread, "")
	switch desk.CodeOf(err) {
	case desk.Invalid, desk.NotFound, desk.Conflict, desk.RateLimited:
		return nil
	}
	return err
}

// say puts a note before the visitor, in their language.
func (s *Service) say(ctx context.Context, tx *db.Tx, th desk.Thread, code, name, client string) (desk.Message, error) {
	_, lang, err := s.language(ctx, tx, th)
	if err != nil {
		return desk.Message{}, err
	}
	w := wordsFor(lang)
	text := w.Ended
	switch code {
	case codeJoined:
		text = fmt.Sprintf(w.Joined, name)
	case codeTransferred:
		text = fmt.Sprintf(w.Transferred, name)
	}
	return s.Replies.Say(ctx, tx, dispatch.SayCommand{
		Actor: desk.System, Thread: th, Kind: desk.KindSystem, Content: dispatch.Content{Text: text}, System: &webchat.System{Code: code, Name: name}, Client: client,
	})
}

// lastNote is the client of the newest note of a kind in a conversation.
func (s *Service) lastNote(ctx context.Context, q db.Queryer, id desk.ThreadID, prefix string) (string, error) {
	all, err := db.All(ctx, q, db.Column[string], "SELECT client FROM messages WHERE thread_id = $1 AND kind = 'system' AND client LIKE $2 ORDER BY id DESC LIMIT 1", id, strings.ReplaceAll(prefix, "_", `\_`)+"%")
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// End closes a conversation because a person or the visitor says so: its ticket by its pipeline's closed status, or the conversation itself (CH-30).
// The visitor is told by the walk over the log, as of any other closing.
func (s *Service) End(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID) (desk.Thread, error) {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil {
		return th, err
	}
	if th.VisitorID == 0 {
		return th, desk.Errorf(desk.Invalid, "thread.no_chat", "This conversation is with nobody on a website.")
	}
	if th.TicketID != 0 {
		// What must be filled in before closing is the team's: a visitor may always end it.
		_, err := s.Tickets.Close(ctx, tx, actor, th.TicketID, "chat_ended")
		if err != nil && (actor.UserID() != 0 || desk.CodeOf(err) != desk.Invalid) {
			return th, err
		}
	}
	return s.Threads.Turn(ctx, tx, actor, id, false)
}

// Rate keeps what a visitor says of how it went (WS-25): of the conversation's ticket. One that never became a ticket was had by a bot alone, and nobody is rated.
func (s *Service) Rate(ctx context.Context, tx *db.Tx, actor desk.Actor, id desk.ThreadID, score int, comment string) error {
	th, err := s.Threads.Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	if th.TicketID == 0 {
		return desk.Errorf(desk.Conflict, "survey.no_ticket", "There is nothing to rate in this conversation.")
	}
	return s.Surveys.Rate(ctx, tx, actor, th.TicketID, score, comment)
}
