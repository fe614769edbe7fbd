package dialogue_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dispatch"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/webchat"
)

const support = `{"texts":{"en":{"welcome":"Welcome to {{company.name}}"}},"start":"hi","session":{"timeout_minutes":30,"delay_ms":600,"restart":true},"steps":[
 {"id":"hi","type":"message","bubbles":[{"text":{"en":"I am a bot"}}],"next":"what"},
 {"id":"what","type":"question","text":{"en":"What is wrong?"},"answer":"text","required":true,"retries":3,"next":"mail"},
 {"id":"mail","type":"question","text":{"en":"Your address?"},"answer":"email","save":{"object":"visitor","property":"email"},"required":true,"retries":1,"on_fail":"person","next":"size"},
 {"id":"size","type":"set","object":"ticket","property":"priority","value":"high","next":"file"},
 {"id":"file","type":"ticket","subject":"Bot: {{answer.what}}","description":"{{answer.what}}","next":"num"},
 {"id":"num","type":"message","bubbles":[{"text":{"en":"Filed as {{ticket.number|new}}"}}],"next":"person"},
 {"id":"person","type":"handover","message":{"en":"A colleague comes"}}]}`

// CF-04, CF-08, CF-09, CF-21, CF-24: a support bot from the first word to the ticket with its owner.
func TestASupportBot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			p := desk.AssignPolicy{To: "users", Users: []string{ann.Email}}
			acc, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, r.acc.ID, inbox.AccountChange{Assign: &p})
			r.acc = acc
			return err
		})
		b := r.browser(r.bot(support))
		r.run()
		b.says("My <b>bike</b> broke")
		if got, want := b.log(), "welcome: Welcome to Acme\nbot: I am a bot\nbot: What is wrong?\nvisitor: My <b>bike</b> broke"; got != want {
			t.Fatalf("%s\nwant\n%s", got, want)
		}
		if th := b.where(); !th.Bot || th.TicketID != 0 {
			t.Errorf("while the bot holds it: %+v", th)
		}
		r.later(700 * time.Millisecond)
		b.says("nonsense")
		r.later(700 * time.Millisecond)
		b.says("Mira@Home.example")
		for range 4 {
			r.later(700 * time.Millisecond)
		}
		if got, want := b.log(), "welcome: Welcome to Acme\nbot: I am a bot\nbot: What is wrong?\nvisitor: My <b>bike</b> broke\nbot: Your address?\nvisitor: nonsense\n"+
			"bot: That does not look like an email address. Could you check it?\nvisitor: Mira@Home.example\nbot: Filed as new\nbot: A colleague comes"; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		tk := b.ticket()
		if tk.Subject != "Bot: My <b>bike</b> broke" || tk.OwnerID != ann.ID || tk.Priority != desk.PriorityHigh || tk.FirstReply != 0 || tk.ContactID == 0 {
			t.Errorf("%+v", tk)
		}
		if th, run := b.where(), b.run(); th.Bot || run.Status != chatflow.HandedOver || th.ContactID != tk.ContactID {
			t.Errorf("%+v %+v", th, run)
		}
		if n := len(r.EventsOf(desk.EvBotEnded)); n != 1 {
			t.Errorf("told %d times", n)
		}
		before := b.log()
		b.says("Are you there?")
		r.later(time.Hour)
		if got := b.log(); got != before+"\nvisitor: Are you there?" {
			t.Errorf("after handing over the bot says nothing:\n%s", got)
		}
	})
}

// CF-23 and promise 1: killed between any two steps, everything is said once and in order; what came twice counts once; an edit in between changes nothing.
func TestARestartInMidDialogue(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		f := r.bot(support)
		b := r.browser(f)
		first := b.raw("It broke", nil)
		b.deliver(first)
		b.deliver(first)
		r.run()
		r.quiet()
		r.stop()
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			def, err := chatflow.Parse([]byte(strings.ReplaceAll(support, "Your address?", "Changed?")))
			if err == nil {
				_, err = r.flows.Update(ctx, tx, desk.System, f.ID, chatflow.Change{Draft: &def})
			}
			if err == nil {
				_, err = r.flows.Publish(ctx, tx, desk.System, f.ID, "")
			}
			return err
		})
		for i := range 12 { // each go of the queue is cut short after whatever it has done
			r.start()
			r.Clock.Advance(700 * time.Millisecond)
			r.run()
			if i%2 == 0 {
				r.quiet()
			}
			r.stop()
			if i == 3 {
				again := b.raw("mira@home.example", nil)
				b.deliver(again)
				b.deliver(again)
			}
		}
		r.start()
		r.run()
		r.later(2 * time.Second)
		r.later(2 * time.Second)
		if got, want := b.log(), "welcome: Welcome to Acme\nbot: I am a bot\nbot: What is wrong?\nvisitor: It broke\nbot: Your address?\nvisitor: mira@home.example\nbot: Filed as new\nbot: A colleague comes"; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if run := b.run(); run.Number != 1 {
			t.Errorf("it went on with version %d", run.Number)
		}
	})
}

// Concurrent answers: each is filed, the bot goes one way.
func TestAnswersAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(`{"start":"a","session":{"delay_ms":10000},"steps":[{"id":"a","type":"question","text":{"en":"A?"},"answer":"text","next":"b"},{"id":"b","type":"question","text":{"en":"B?"},"answer":"text","next":"c"},{"id":"c","type":"end","message":{"en":"Bye"}}]}`))
		b.deliver(b.raw("zero", nil))
		r.run()
		r.quiet()
		raws := []string{"one", "two", "three", "four"}
		var all sync.WaitGroup
		for _, text := range raws {
			raw := b.raw(text, nil)
			all.Add(1)
			go func() { defer all.Done(); b.deliver(raw) }()
		}
		all.Wait()
		for range 6 {
			r.later(11 * time.Second)
		}
		if got := b.log(); strings.Count(got, "visitor: ") != 5 || strings.Count(got, "bot: B?") != 1 {
			t.Errorf("%s", got)
		}
		if run := b.run(); run.Over() || run.Progress.State.At != "b" {
			t.Errorf("words before the question was asked are no answer: %+v", run)
		}
		b.says("five")
		r.later(11 * time.Second)
		if run := b.run(); run.Status != chatflow.Ended || !strings.HasSuffix(b.log(), "bot: Bye") {
			t.Errorf("%s %+v", b.log(), run)
		}
	})
}

// CF-09: what was written before the question stood there is no answer to it, however late its turn comes.
func TestWordsFromBeforeTheQuestionAreNoAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(`{"start":"a","steps":[{"id":"a","type":"question","text":{"en":"A?"},"answer":"text","next":"b"},{"id":"b","type":"question","text":{"en":"B?"},"answer":"text","next":"c"},{"id":"c","type":"end","message":{"en":"Bye"}}]}`))
		b.deliver(b.raw("zero", nil))
		b.deliver(b.raw("one", nil))
		r.run()
		r.quiet()
		if run := b.run(); run.Over() || run.Progress.State.At != "b" || !strings.HasSuffix(b.log(), "visitor: one\nbot: B?") {
			t.Fatalf("%s %+v", b.log(), run)
		}
		b.says("two")
		r.later(time.Minute)
		if run := b.run(); run.Status != chatflow.Ended || run.Progress.State.Answers["b"].Value != "two" {
			t.Errorf("%s %+v", b.log(), run)
		}
	})
}

// CF-08: a webhook is called outside of any transaction, with the same key when it is called again; a dead one leads the way for that.
func TestWebhookSteps(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		keys, fails := []string{}, 2
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			keys = append(keys, q.Header.Get("Idempotency-Key"))
			if len(keys) <= fails {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = w.Write([]byte(`{"state":"on its <b>way</b>"}`))
		}))
		defer srv.Close()
		r := newRig(t, d)
		def := `{"start":"a","session":{"delay_ms":0},"steps":[{"id":"a","type":"question","text":{"en":"Order?"},"answer":"text","next":"h"},{"id":"h","type":"webhook","url":"` + srv.URL + `/{{answer.a}}","save":{"state":"$.state"},"next":"c","on_fail":"f"},
		 {"id":"c","type":"end","message":{"en":"It is {{answer.state}}"}},{"id":"f","type":"handover","message":{"en":"I cannot look"}}]}`
		b := r.browser(r.bot(def))
		r.run()
		b.says("17")
		for range 4 {
			r.later(5 * time.Second)
		}
		mu.Lock()
		same := len(keys) == 3 && keys[0] != "" && keys[0] == keys[1] && keys[1] == keys[2]
		mu.Unlock()
		if got := b.log(); !strings.HasSuffix(got, "bot: It is on its <b>way</b>") || !same {
			t.Errorf("%s (%v)", got, keys)
		}
		mu.Lock()
		fails = 1000
		mu.Unlock()
		c := r.browser(r.bot(def))
		c.says("18")
		for range 4 {
			r.later(5 * time.Second)
		}
		if got, run := c.log(), c.run(); !strings.HasSuffix(got, "bot: I cannot look") || run.Status != chatflow.HandedOver || c.where().Bot {
			t.Errorf("%s %+v", got, run)
		}
	})
}

// CF-19, CF-21: a session that nobody goes on with ends; it stays a bot's conversation, closed, without a ticket. Writing again begins anew, or calls people.
func TestSessionsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		f := r.bot(support)
		b := r.browser(f)
		r.run()
		b.says("Hello")
		r.later(time.Second)
		r.later(29 * time.Minute)
		if b.run().Over() {
			t.Fatal("too early")
		}
		r.later(2 * time.Minute)
		th, run := b.where(), b.run()
		if run.Status != chatflow.TimedOut || th.Open || !th.Bot || th.TicketID != 0 {
			t.Fatalf("%+v %+v", run, th)
		}
		b.says("I am back")
		r.later(700 * time.Millisecond)
		r.later(700 * time.Millisecond)
		if got := b.log(); !strings.HasSuffix(got, "visitor: I am back\nbot: I am a bot\nbot: What is wrong?") || !b.where().Open {
			t.Errorf("%s", got)
		}
		once := r.browser(r.bot(strings.ReplaceAll(strings.ReplaceAll(support, `"restart":true`, `"restart":false`), `"delay_ms":600`, `"delay_ms":0`)))
		once.says("Hello")
		r.later(31 * time.Minute)
		once.says("I am back")
		if th := once.where(); th.Bot || th.TicketID == 0 || once.run().Status != chatflow.HandedOver {
			t.Errorf("people have not got it: %+v", th)
		}
	})
}

// CF-04: a person who joins ends the bot for good, also between two of its sentences.
func TestAPersonStopsTheBot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(support))
		r.run()
		b.says("It broke")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			th, err := r.Threads.Lock(ctx, tx, b.thread)
			if err == nil {
				err = r.s.Stopped(ctx, tx, th)
			}
			if err == nil {
				_, _, err = r.intake.Handover(ctx, tx, desk.System, b.thread, nil)
			}
			return err
		})
		before := b.log()
		r.later(time.Minute)
		b.says("Hello?")
		r.later(time.Hour)
		if got := b.log(); got != before+"\nvisitor: Hello?" || b.run().Status != chatflow.HandedOver {
			t.Errorf("%s", got)
		}
		other := r.browser(b.flow) // taken over by another way than Stopped
		other.says("It broke")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, _, err := r.intake.Handover(ctx, tx, desk.System, other.thread, nil)
			return err
		})
		before = other.log()
		r.later(time.Minute)
		if got := other.log(); got != before || other.run().Status != chatflow.HandedOver {
			t.Errorf("%s", got)
		}
	})
}

// CF-04: a person who simply answers takes it over, with the ticket; an internal comment does not.
func TestAnAnswerTakesOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User()
		b := r.browser(r.bot(support))
		r.run()
		b.says("It broke")
		ctx := context.Background()
		for _, comment := range []bool{true, false} {
			if _, err := r.out.Reply(ctx, dispatch.ReplyCommand{Actor: desk.ByUser(ann.ID), ThreadID: b.thread, Comment: comment, Content: dispatch.Content{Text: "I am here"}}); err != nil {
				t.Fatal(err)
			}
			if b.where().Bot != comment {
				t.Errorf("comment %v: %+v", comment, b.where())
			}
		}
		if tk := b.ticket(); tk.OwnerID != ann.ID {
			t.Errorf("%+v", tk)
		}
		before := b.log()
		r.later(time.Minute)
		b.says("Thanks")
		r.later(time.Minute)
		if got := b.log(); got != before+"\nvisitor: Thanks" {
			t.Errorf("%s", got)
		}
	})
}

// CF-13: outside business hours a hand-over lands with nobody, and is handed over all the same.
func TestAHandoverAtNight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		ann := r.User()
		r.Assignment.Gate(func(context.Context, db.Queryer, desk.ChannelAccount, time.Time) (bool, int, error) {
			return true, 0, nil
		})
		b := r.browser(r.bot(`{"start":"h","handover":{"assign":{"to":"users","users":["` + ann.Email + `"]}},"steps":[{"id":"h","type":"handover"}]}`))
		r.run()
		b.says("Hi")
		if tk, th := b.ticket(), b.where(); tk.OwnerID != 0 || th.Bot || !tk.Open {
			t.Errorf("%+v %+v", tk, th)
		}
	})
}

// Somebody closes the conversation while the bot is about to speak: it says nothing into it.
func TestAClosedConversationIsSilent(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(support))
		r.run()
		b.says("It broke")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Threads.Turn(ctx, tx, desk.System, b.thread, false)
			return err
		})
		before := b.log()
		r.later(time.Minute)
		if got := b.log(); got != before || b.run().Status != chatflow.Ended {
			t.Errorf("%s %+v", got, b.run())
		}
	})
}

// CF-19: a visitor who ends the conversation and writes again meets the bot anew, in the language of the widget.
func TestAVisitorEndsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(`{"start":"a","session":{"delay_ms":0,"restart":true},"steps":[{"id":"a","type":"question","text":{"en":"Size?","fi":"Koko?"},"answer":"number","retries":3,"next":"a"}]}`))
		b.locale = "fi-FI"
		r.run()
		b.says("x")
		b.says("iso")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			th, err := r.Threads.Lock(ctx, tx, b.thread)
			if err == nil {
				err = r.s.Left(ctx, tx, th)
			}
			if err == nil {
				_, err = r.Threads.Turn(ctx, tx, desk.System, b.thread, false)
			}
			return err
		})
		b.says("hei taas")
		if got, want := b.log(), "bot: Koko?\nvisitor: x\nbot: Vastaa luvulla, kiitos.\nvisitor: iso\nbot: Vastaa luvulla, kiitos.\nvisitor: hei taas\nbot: Koko?"; got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	})
}

// CF-19: a bot that cannot go on hands over and says so, whatever broke.
func TestABrokenBotHandsOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		f := r.bot(`{"error":{"en":"Sorry!"},"start":"a","session":{"delay_ms":0},"steps":[{"id":"a","type":"question","text":{"en":"A?"},"answer":"text","next":"a"}]}`)
		b := r.browser(f)
		b.deliver(b.raw("x", nil))
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE chatflow_versions SET definition = $1 WHERE chatflow_id = $2", `{"error":{"en":"Sorry!"},"start":"a","steps":[]}`, f.ID)
			return err
		})
		r.run()
		r.quiet()
		if th := b.where(); th.Bot || th.TicketID == 0 || b.run().Status != chatflow.Failed || !strings.HasSuffix(b.log(), "bot: Sorry!") {
			t.Errorf("%+v %+v %s", th, b.run(), b.log())
		}
	})
}

// CH-16, CF-24: a live chat stores its welcome, which is no first reply, and makes the ticket at once.
func TestALiveChatWelcomes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(`{"texts":{"en":{"welcome":"Hello {{contact.first_name|there}}"}}}`))
		r.run()
		b.says("Hi")
		if got := b.log(); got != "welcome: Hello there\nvisitor: Hi" {
			t.Error(got)
		}
		if tk := b.ticket(); tk.FirstReply != 0 || tk.LastDirection != desk.Incoming {
			t.Errorf("%+v", tk)
		}
	})
}

// CF-08, TR-09: what is set reaches the contact and the ticket once they are there; a stranger does not rewrite a customer. Mails go out once. Pauses pass.
func TestSetMailAndWait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.Property("size", "choice", "s", "l")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Properties.Create(ctx, tx, desk.System, desk.Property{Object: "contact", Name: "shoe", Label: "Shoe", Type: "number"})
			return err
		})
		f := r.bot(`{"start":"q","session":{"delay_ms":0},"steps":[{"id":"q","type":"question","text":{"en":"Size?"},"answer":"choice","choices":[{"label":{"en":"Small"},"value":"s"}],"save":{"object":"ticket","property":"size"},"next":"shoe"},
		 {"id":"shoe","type":"set","object":"contact","property":"shoe","value":"42","next":"bad"},{"id":"bad","type":"set","object":"contact","property":"gone","value":"1","next":"name"},
		 {"id":"name","type":"question","text":{"en":"Name?"},"answer":"text","save":{"object":"visitor","property":"name"},"next":"mail"},
		 {"id":"mail","type":"question","text":{"en":"Address?"},"answer":"email","save":{"object":"contact","property":"email"},"next":"wait"},
		 {"id":"wait","type":"wait","seconds":60,"next":"send"},
		 {"id":"send","type":"email","to":"visitor","subject":{"en":"Hello {{contact.first_name}}"},"body":{"en":"We heard:\n{{answer.q}}"},"next":"file"},
		 {"id":"file","type":"ticket","subject":"S","next":"end"},{"id":"end","type":"end","message":{"en":"Bye {{contact.first_name}}"}}]}`)
		talk := func(email string) *browser {
			b := r.browser(f)
			b.deliver(b.raw("", &webchat.Answer{Step: "q", Value: "s", Label: "Small"}))
			r.quiet()
			b.says("Mira Holm")
			b.says(email)
			r.later(61 * time.Second)
			return b
		}
		r.run()
		b := talk("mira@home.example")
		tk := b.ticket()
		c, err := r.Contacts.Get(context.Background(), d, tk.ContactID)
		if err != nil || c.Name != "Mira Holm" || c.Properties["shoe"] != 42.0 || tk.Properties["size"] != "s" {
			t.Errorf("%+v %+v %v", c, tk.Properties, err)
		}
		if got := b.log(); strings.Count(got, "We heard: / Small") != 1 || !strings.Contains(got, "bot: Bye Mira") {
			t.Error(got)
		}
		other := talk("mira@home.example") // somebody else who says the same address
		if tk := other.ticket(); tk.ContactID != 0 {
			t.Errorf("a claimed address is not proven: %+v", tk)
		}
	})
}

const mailer = `{"start":"mail","session":{"delay_ms":0},"steps":[{"id":"mail","type":"question","text":{"en":"Address?"},"answer":"email","save":{"object":"visitor","property":"email"},"next":"send"},
 {"id":"send","type":"email","to":"visitor","subject":{"en":"Hello"},"body":{"en":"We heard"},"next":"end"},{"id":"end","type":"end","message":{"en":"Bye"}}]}`

// CF-08: anybody can type anybody's address: a bot writes to one a few times a day, and goes on without.
func TestABotWritesToNoStrangers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		r.run()
		f, n := r.bot(mailer), lobby.DefaultLimits.Mail.Burst
		for range n + 1 {
			b := r.browser(f)
			b.says("stranger@home.example")
			r.quiet()
			if got := b.log(); !strings.Contains(got, "Bye") {
				t.Fatal(got)
			}
		}
		if sent, err := db.One(context.Background(), d, db.Column[int], "SELECT COUNT(*) FROM messages WHERE client = 'chatflow' AND kind = 'system'"); sent != n || err != nil {
			t.Errorf("%d mails, want %d: %v", sent, n, err)
		}
	})
}

// CF-12: own rules of assignment go before the account's.
func TestHandoverByItsOwnRules(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		bo := r.User()
		b := r.browser(r.bot(`{"start":"h","handover":{"assign":{"to":"users","users":["` + bo.Email + `"]}},"steps":[{"id":"h","type":"handover"}]}`))
		r.run()
		b.says("Hi")
		r.quiet()
		if tk := b.ticket(); tk.OwnerID != bo.ID {
			t.Errorf("%+v", tk.Assignment)
		}
	})
}

// CR-14: what a visitor told a bot goes with the conversation.
func TestARunIsForgotten(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d)
		b := r.browser(r.bot(support))
		r.run()
		b.says("secret")
		r.Write(func(ctx context.Context, tx *db.Tx) error { return r.flows.Forget(ctx, tx, []desk.ThreadID{b.thread}) })
		if _, ok, err := r.flows.RunOf(context.Background(), d, b.thread); ok || err != nil {
			t.Error("still there", err)
		}
	})
}
