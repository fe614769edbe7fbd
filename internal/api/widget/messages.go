package widget

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/intake"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/visitor"
	"github.com/kanalhq/kanal/internal/webchat"
)

// contactOf is who a visitor is now, after merges; 0 while nobody knows.
func (w *widget) contactOf(ctx context.Context, v visitor.Visitor) (desk.ContactID, error) {
	c, err := w.Identity.ContactOf(ctx, w.DB, v)
	return c.ID, err
}

// mine is a conversation of the path or of a message, if the visitor may see it; another's is not there.
func (w *widget) mine(ctx context.Context, v visitor.Visitor, id desk.ThreadID) (desk.Thread, error) {
	none := desk.Errorf(desk.NotFound, "thread.not_found", "There is no such conversation.")
	if id == 0 {
		return desk.Thread{}, none
	}
	th, err := w.Threads.Get(ctx, w.DB, id) // one that was joined to another is that other
	if err != nil {
		return th, err
	}
	c, err := w.contactOf(ctx, v)
	if err != nil {
		return th, err
	}
	n, err := db.One(ctx, w.DB, db.Column[int], "SELECT COUNT(*) FROM threads t WHERE t.id = $1 AND ("+visitor.Sees(2)+")", append([]any{th.ID}, v.SeesArgs(c)...)...)
	if err != nil {
		return th, err
	}
	if n == 0 {
		return desk.Thread{}, none
	}
	return th, nil
}

// within answers for one of the visitor's conversations: the one that the path names.
func (w *widget) within(kind lobby.Kind, h func(http.ResponseWriter, *http.Request, visitor.Visitor, desk.Thread) error) func(http.ResponseWriter, *http.Request) error {
	return func(rw http.ResponseWriter, r *http.Request) error {
		v, err := w.who(r, kind)
		if err != nil {
			return err
		}
		id, err := desk.ParseID[desk.ThreadID](r.PathValue("id"))
		if err != nil {
			return desk.Errorf(desk.NotFound, "thread.not_found", "There is no such conversation.")
		}
		th, err := w.mine(r.Context(), v, id)
		if err != nil {
			return err
		}
		return h(rw, r, v, th)
	}
}

// threads answers GET /widget/threads: the visitor's conversations, the latest first.
func (w *widget) threads(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Other)
	if err != nil {
		return err
	}
	out, err := w.list(r.Context(), v, r.URL.Query().Get("cursor"), 30)
	if err == nil {
		w.server.JSON(rw, http.StatusOK, out)
	}
	return err
}

func (w *widget) list(ctx context.Context, v visitor.Visitor, cursor string, limit int) (ThreadsOut, error) {
	out := ThreadsOut{Items: []Th{}}
	c, err := w.contactOf(ctx, v)
	if err != nil {
		return out, err
	}
	at, below, ok := position(cursor)
	if !ok {
		return out, desk.Errorf(desk.Invalid, "cursor.malformed", "This cursor was not made here.").In("cursor")
	}
	rows, err := db.All(ctx, w.DB, scanRow, rowSQL+" WHERE ("+visitor.Sees(1)+`) AND (t.last_message_at < $4 OR t.last_message_at = $4 AND t.id < $5)
		ORDER BY t.last_message_at DESC, t.id DESC LIMIT $6`, append(v.SeesArgs(c), at, below, limit+1)...)
	if err != nil {
		return out, err
	}
	for i, row := range rows {
		if i == limit {
			last := rows[i-1]
			out.Next = strconv.FormatInt(int64(last.LastMessageAt), 36) + "." + strconv.FormatInt(int64(last.ID), 36)
			break
		}
		th, err := w.Mapper.thread(ctx, w.DB, row)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, th)
	}
	return out, nil
}

func position(cursor string) (at, id int64, ok bool) {
	if cursor == "" {
		return desk.MaxID, desk.MaxID, true
	}
	a, b, _ := strings.Cut(cursor, ".")
	at, err := strconv.ParseInt(a, 36, 64)
	id, err2 := strconv.ParseInt(b, 36, 64)
	return at, id, err == nil && err2 == nil
}

// messages answers GET /widget/threads/{id}/messages, newest first.
func (w *widget) messages(rw http.ResponseWriter, r *http.Request, v visitor.Visitor, th desk.Thread) error {
	const limit = 50
	before := int64(desk.MaxID)
	if c := r.URL.Query().Get("cursor"); c != "" {
		n, err := strconv.ParseInt(c, 10, 64)
		if err != nil {
			return desk.Errorf(desk.Invalid, "cursor.malformed", "This cursor was not made here.").In("cursor")
		}
		before = n
	}
	ctx := r.Context()
	ids, err := db.All(ctx, w.DB, db.Column[desk.MessageID], "SELECT m.id FROM messages m WHERE m.thread_id = $1 AND m.id < $2 AND "+shown+" ORDER BY m.id DESC LIMIT $3", th.ID, before, limit+1)
	if err != nil {
		return err
	}
	out := MessagesOut{Items: []Msg{}}
	if len(ids) > limit {
		ids = ids[:limit]
		out.Next = ids[limit-1].String()
	}
	ms, err := w.Mapper.messages(ctx, w.DB, ids)
	if err != nil {
		return err
	}
	for i := len(ms) - 1; i >= 0; i-- {
		out.Items = append(out.Items, ms[i])
	}
	if out.Thread, err = w.one(ctx, th.ID); err != nil {
		return err
	}
	w.server.JSON(rw, http.StatusOK, out)
	if w.Fetched != nil && r.Context().Err() == nil {
		w.Fetched(ids)
	}
	return nil
}

func (w *widget) one(ctx context.Context, id desk.ThreadID) (Th, error) {
	all, err := w.Mapper.ThreadsOf(ctx, w.DB, []desk.ThreadID{id})
	return all[id], err
}

const (
	maxText  = 10_000 // characters of a message
	maxFiles = 10
)

func (in SendIn) check() error {
	if len(in.ID) < 8 || len(in.ID) > 64 || strings.Trim(in.ID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return desk.Errorf(desk.Invalid, "message.id", "A message needs an id of its own, made by the browser.").In("id")
	}
	if utf8.RuneCountInString(in.Text) > maxText {
		return desk.Errorf(desk.TooLarge, "message.too_long", "A message may have at most %d characters.", maxText).In("text")
	}
	if len(in.Files) > maxFiles {
		return desk.Errorf(desk.TooLarge, "message.too_many_files", "A message may have at most %d files.", maxFiles).In("files")
	}
	if strings.TrimSpace(in.Text) == "" && len(in.Files) == 0 && (in.Quick == nil || strings.TrimSpace(in.Quick.Label+in.Quick.Value) == "") {
		return desk.Errorf(desk.Invalid, "message.empty", "There is nothing in this message.").In("text")
	}
	return nil
}

// send answers POST /widget/messages: what a visitor says takes the road of every message, through intake. The answer is given after the commit.
func (w *widget) send(rw http.ResponseWriter, r *http.Request) error {
	v, err := w.who(r, lobby.Message)
	if err != nil {
		return err
	}
	var in SendIn
	if err := read(rw, r, &in); err != nil {
		return err
	}
	ctx := r.Context()
	out, fresh, err := w.take(ctx, r, v, in)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	w.server.JSON(rw, status, out)
	return nil
}

// take files a message and returns it as stored; fresh is false when it was here already.
func (w *widget) take(ctx context.Context, r *http.Request, v visitor.Visitor, in SendIn) (out Sent, fresh bool, err error) {
	if err := in.check(); err != nil {
		return out, false, err
	}
	acc, th, err := w.place(ctx, v, in)
	if err != nil {
		return out, false, err
	}
	dedupe := "v" + v.ID.String() + ":" + in.ID
	entry, err := w.Intake.Filed(ctx, acc.ID, dedupe)
	if err == nil && entry.FiledAs != 0 {
		out, err = w.stored(ctx, entry)
		return out, false, err
	}
	if err != nil && desk.CodeOf(err) != desk.NotFound {
		return out, false, err
	}
	if err := w.consented(ctx, v, acc); err != nil {
		return out, false, err
	}
	files, err := w.receipts(v, acc, in.Files)
	if err != nil {
		return out, false, err
	}
	e := webchat.Envelope{Visitor: v.ID, Client: in.ID, Thread: th.ID, Text: in.Text, Files: files, Locale: in.Locale}
	if in.Flow != nil {
		e.Flow, e.Number = in.Flow.ID, in.Flow.Number
	}
	if in.Quick != nil {
		e.Quick = &webchat.Answer{Step: in.Quick.Step, Value: in.Quick.Value, Label: in.Quick.Label}
	}
	if v.Tracked && !v.SessionOnly {
		e.Page = webchat.Page{URL: in.Page.URL, Title: in.Page.Title, Referrer: in.Page.Referrer}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return out, false, err
	}
	if err := w.implied(ctx, r, v, acc, th.ID, in.Locale); err != nil {
		return out, false, err
	}
	err = w.Intake.Deliver(ctx, []channel.Raw{{
		Account: acc.ID, Channel: acc.Channel, Dedupe: dedupe, Body: body, At: w.Clock.Now(),
		Envelope: channel.Envelope{From: "v" + v.ID.String(), Peer: visitor.Address(acc.set.Privacy.IP, w.server.ClientIP(r)), TLS: r.TLS != nil},
	}})
	if err != nil {
		return out, false, err
	}
	if entry, err = w.Intake.Filed(ctx, acc.ID, dedupe); err != nil {
		return out, false, err
	}
	out, err = w.stored(ctx, entry)
	return out, entry.Duplicates == 0, err
}

// place is where a message goes: the conversation it names, over the account of that, or the account of the chatflow that was shown.
func (w *widget) place(ctx context.Context, v visitor.Visitor, in SendIn) (account, desk.Thread, error) {
	var th desk.Thread
	id := in.Account
	switch {
	case in.Thread != 0:
		var err error
		if th, err = w.mine(ctx, v, in.Thread); err != nil {
			return account{}, th, err
		}
		id = th.AccountID
	case in.Flow != nil && in.Flow.ID != 0:
		f, err := w.Chatflows.Get(ctx, w.DB, in.Flow.ID)
		if err != nil {
			return account{}, th, err
		}
		id = f.AccountID
	}
	acc, err := w.accountOf(ctx, id)
	return acc, th, err
}

// stored is a message that intake has filed.
func (w *widget) stored(ctx context.Context, e intake.Entry) (Sent, error) {
	if e.FiledAs == 0 {
		return Sent{}, desk.Errorf(desk.Conflict, "message.set_aside", "Your message has arrived, but it could not be shown yet. Somebody will look at it.")
	}
	ms, err := w.Mapper.messages(ctx, w.DB, []desk.MessageID{e.FiledAs})
	if err != nil {
		return Sent{}, err
	}
	if len(ms) == 0 {
		return Sent{}, desk.Errorf(desk.NotFound, "message.not_found", "There is no such message any more.")
	}
	th, err := w.one(ctx, ms[0].ThreadID)
	return Sent{Thread: th, Message: ms[0]}, err
}

// seen answers POST /widget/threads/{id}/seen.
func (w *widget) seen(rw http.ResponseWriter, r *http.Request, v visitor.Visitor, th desk.Thread) error {
	var in struct {
		Message desk.MessageID `json:"message"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	err := w.DB.Write(r.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := w.Threads.Seen(ctx, tx, v.Actor(), th.ID, thread.SeenByVisitor, in.Message)
		return err
	})
	if err == nil {
		rw.WriteHeader(http.StatusNoContent)
	}
	return err
}

// end answers POST /widget/threads/{id}/end: the visitor says goodbye. The ticket stays as it is: work may be left.
func (w *widget) end(rw http.ResponseWriter, r *http.Request, v visitor.Visitor, th desk.Thread) error {
	err := w.DB.Write(r.Context(), func(ctx context.Context, tx *db.Tx) error {
		t, err := w.Threads.Lock(ctx, tx, th.ID)
		if err != nil || !t.Open {
			return err
		}
		if w.Ends != nil {
			if err := w.Ends(ctx, tx, t); err != nil {
				return err
			}
		}
		_, err = w.Threads.Turn(ctx, tx, v.Actor(), t.ID, false)
		return err
	})
	if err != nil {
		return err
	}
	out, err := w.one(r.Context(), th.ID)
	if err == nil {
		w.server.JSON(rw, http.StatusOK, map[string]any{"thread": out})
	}
	return err
}

// transcript answers POST /widget/threads/{id}/transcript: the conversation by mail (CH-29).
func (w *widget) transcript(rw http.ResponseWriter, r *http.Request, _ visitor.Visitor, th desk.Thread) error {
	var in struct {
		Email string `json:"email"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	acc, err := w.accountOf(r.Context(), th.AccountID)
	if err != nil {
		return err
	}
	to := desk.NormalizeEmail(in.Email)
	switch {
	case w.Transcript == nil || acc.set.Email.Transcript == "never":
		return desk.Errorf(desk.Conflict, "transcript.off", "This chat sends no transcripts.")
	case to == "":
		return desk.Errorf(desk.Invalid, "transcript.email", "This is no email address.").In("email")
	}
	if err := w.Guard.Mails(to); err != nil {
		return err
	}
	if err := w.Transcript(r.Context(), th.ID, to); err != nil {
		return err
	}
	rw.WriteHeader(http.StatusAccepted)
	return nil
}

// rate answers POST /widget/threads/{id}/rate.
func (w *widget) rate(rw http.ResponseWriter, r *http.Request, _ visitor.Visitor, th desk.Thread) error {
	var in struct {
		Score   int    `json:"score"`
		Comment string `json:"comment"`
	}
	if err := read(rw, r, &in); err != nil {
		return err
	}
	if w.Rate == nil {
		return desk.Errorf(desk.Conflict, "survey.off", "This chat does not ask how it went.")
	}
	if err := w.Rate(r.Context(), th, in.Score, in.Comment); err != nil {
		return err
	}
	rw.WriteHeader(http.StatusNoContent)
	return nil
}
