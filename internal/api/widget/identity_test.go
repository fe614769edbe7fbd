package widget_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/api/widget"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/identity"
	"github.com/kanalhq/kanal/internal/inbox"
)

func threadsOf(b *browser) []string {
	b.r.t.Helper()
	var out []string
	for _, th := range get[widget.ThreadsOut](b.do("GET", "/widget/threads", nil).want(200)).Items {
		out = append(out, th.ID.String())
	}
	return out
}

// TR-05, TR-09, CH-28: an address that is nobody's makes a contact, unproven; one that is somebody's joins nothing and tells the visitor nothing.
func TestAClaimedAddressNeverJoinsSomebody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		mira := r.Contact("mira@example.com")
		a, b := r.browser(), r.browser()
		a.hello(nil)
		b.hello(nil)
		fresh := a.say("", "I am new")
		claimed := b.say("", "I say I am Mira")
		one := a.do("POST", "/widget/profile", map[string]any{"name": "Otto Lind", "email": "Otto@Example.com"}).want(200, `"email_state":"claimed"`)
		two := b.do("POST", "/widget/profile", map[string]any{"name": "Mira Holm", "email": "mira@example.com"}).want(200, `"email_state":"claimed"`)
		if strings.Contains(one.body, `"known":true`) || strings.Contains(two.body, `"known":true`) {
			t.Errorf("a claim made somebody known: %s %s", one.body, two.body)
		}
		otto, ok, err := r.Contacts.ByAddress(ctx, d, desk.AddrEmail, "otto@example.com")
		if err != nil || !ok || otto.Name != "Otto Lind" || otto.Addresses[0].Verified {
			t.Fatalf("%+v %v %v", otto, ok, err)
		}
		th, _ := r.Threads.Get(ctx, d, fresh.Thread.ID)
		tk, _ := r.Tickets.Get(ctx, d, th.TicketID)
		if th.ContactID != otto.ID || tk.ContactID != otto.ID {
			t.Errorf("the conversation did not follow: %+v %+v", th.ContactID, tk.ContactID)
		}
		v, _ := r.Visitors.Get(ctx, d, id[desk.VisitorID](t, b.id))
		th, _ = r.Threads.Get(ctx, d, claimed.Thread.ID)
		if v.ContactID != 0 || v.Proven || v.ClaimedEmail != "mira@example.com" || th.ContactID != 0 {
			t.Errorf("a claim joined somebody: %+v %+v", v, th)
		}
		b.do("POST", "/widget/profile", map[string]any{"email": "nobody"}).want(422, `"field":"email"`)
		// A word of somebody on the team: agents see whom they speak with, the visitor sees nothing more.
		old := r.browser()
		old.hello(map[string]any{"identity": r.token("mira@example.com", "", "")}).want(200, `"state":"proven"`)
		secret := old.say("", "What Mira wrote elsewhere").Thread.ID.String()
		if _, err := r.Identity.LinkVisitor(ctx, desk.System, v.ID, mira.ID); err != nil {
			t.Fatal(err)
		}
		th, _ = r.Threads.Get(ctx, d, claimed.Thread.ID)
		if got := threadsOf(b); th.ContactID != mira.ID || len(got) != 1 || got[0] == secret {
			t.Errorf("linked by hand: %+v sees %v", th.ContactID, got)
		}
		b.do("GET", "/widget/threads/"+secret+"/messages", nil).want(404)
		// Linked to her, they still give her no address: mail from there would be taken for hers.
		b.do("POST", "/widget/profile", map[string]any{"email": "liar@evil.example"}).want(200)
		if is, err := r.Contacts.Get(ctx, d, mira.ID); err != nil || len(is.Addresses) != 1 {
			t.Errorf("a claim gave somebody an address: %+v %v", is.Addresses, err)
		}
		// Whoever is known by their own words alone may add to them.
		a.do("POST", "/widget/profile", map[string]any{"email": "otto@lind.example"}).want(200)
		if is, _ := r.Contacts.Get(ctx, d, otto.ID); len(is.Addresses) != 2 {
			t.Errorf("%+v", is.Addresses)
		}
		b.send(map[string]any{"thread": secret, "text": "Let me in"}).want(404)
	})
}

// TR-06, CH-35: a signed token shows earlier threads on every device, also after two contacts were merged; the page's word alone does not.
func TestAProvenVisitorSeesEarlierThreads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		a := r.browser()
		a.hello(map[string]any{"identity": r.token("mira@example.com", "Mira", "Holm")}).want(200, `"state":"proven"`, `"known":true`)
		th := a.say("", "From the phone").Thread.ID.String()
		c, _, _ := r.Contacts.ByAddress(ctx, d, desk.AddrEmail, "mira@example.com")
		if c.Name != "Mira Holm" || !c.Addresses[0].Verified {
			t.Errorf("%+v", c)
		}
		b := r.browser()
		b.hello(map[string]any{"identity": map[string]any{"email": "mira@example.com", "token": ""}}).want(200, `"state":"refused"`, "identity.token_")
		if got := threadsOf(b); len(got) != 0 {
			t.Errorf("an address without a token shows %v", got)
		}
		b.hello(map[string]any{"identity": r.token("mira@example.com", "Other", "Name")}).want(200, `"state":"proven"`, `"threads":1`)
		if got := threadsOf(b); len(got) != 1 || got[0] != th {
			t.Errorf("on the other device: %v", got)
		}
		if c, _, _ = r.Contacts.ByAddress(ctx, d, desk.AddrEmail, "mira@example.com"); c.Name != "Mira Holm" {
			t.Errorf("a token's name wrote over one that was there: %+v", c)
		}
		b.say(th, "Back at the desk")
		other := r.Contact("m.holm@work.example")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Identity.Merge(ctx, tx, identity.MergeCommand{Actor: desk.System, From: c.ID, Into: other.ID})
			return err
		})
		if got := threadsOf(b); len(got) != 1 {
			t.Errorf("after a merge of contacts: %v", got)
		}
		// Somebody else's claim to an address before its owner proves it is nothing that the owner is shown.
		liar, owner := r.browser(), r.browser()
		liar.hello(nil)
		lie := liar.say("", "I am Nina").Thread.ID.String()
		liar.do("POST", "/widget/profile", map[string]any{"email": "nina@example.com"}).want(200)
		owner.hello(map[string]any{"identity": r.token("nina@example.com", "", "")}).want(200, `"threads":0`)
		owner.do("GET", "/widget/threads/"+lie+"/messages", nil).want(404)
	})
}

// TR-08: a sign-out, or another person on the same browser, begins clean: the old secret is dead and nothing of the other is shown.
func TestTheNextPersonOnTheBrowserSeesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		hers := r.token("mira@example.com", "", "")
		b.hello(map[string]any{"identity": hers})
		th := b.say("", "Private").Thread.ID.String()
		was := b.token
		b.hello(map[string]any{"identity": r.token("otto@example.com", "", "")}).want(200, `"state":"proven"`, `"threads":0`)
		if b.token == was || len(threadsOf(b)) != 0 {
			t.Fatal("the next person goes on as the one before")
		}
		b.do("GET", "/widget/threads/"+th+"/messages", nil).want(404)
		old := &browser{r: r, token: was, headers: map[string]string{}}
		old.do("GET", "/widget/threads", nil).want(401, "visitor.signed_out")
		// The page says it is somebody else and cannot prove it: not the one before either.
		mine := b.token
		b.hello(map[string]any{"identity": map[string]any{"email": "nina@example.com", "token": "kvi1.x.y"}}).want(200, `"state":"refused"`, "identity.token_forged", `"known":false`)
		if b.token == mine || len(threadsOf(b)) != 0 {
			t.Error("a refused identity goes on as the one before")
		}
		// Who claimed to be somebody and is proven to be another begins clean too.
		c := r.browser()
		c.hello(nil)
		c.say("", "As Paul")
		c.do("POST", "/widget/profile", map[string]any{"email": "paul@example.com"}).want(200)
		c.do("POST", "/widget/identify", r.token("mira@example.com", "", "")).want(200, `"state":"proven"`)
		// Signed out: the chat's secret and the identification token are both worth nothing.
		d1 := r.browser()
		d1.hello(map[string]any{"identity": hers}).want(200, `"state":"proven"`)
		d1.do("POST", "/widget/logout", nil).want(204)
		d1.do("GET", "/widget/threads", nil).want(401, "visitor.signed_out")
		d1.do("POST", "/widget/logout", nil).want(204)
		out := b
		out.hello(map[string]any{"identity": r.token("mira@example.com", "", "")}).want(200, `"state":"proven"`)
		two := r.token("mira@example.com", "", "")
		e := r.browser()
		e.hello(map[string]any{"identity": two}).want(200, `"state":"proven"`)
		e.do("POST", "/widget/logout", nil).want(204)
		r.browser().hello(map[string]any{"identity": two}).want(200, `"state":"refused"`, "identity.token_revoked")
		if r.Guard.Refused()["identity.token_revoked"] == 0 || r.Guard.Refused()["visitor.signed_out"] == 0 {
			t.Errorf("refusals are not counted: %v", r.Guard.Refused())
		}
	})
}

// TR-06: what is forged, expired or made for another address is refused with its reason; with the setting, so is a token that another browser showed.
func TestIdentificationTokensAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, `{"identity":{"one_browser":true}}`)
		good := r.token("mira@example.com", "", "")
		b := r.browser()
		b.hello(nil)
		b.do("POST", "/widget/identify", map[string]any{"email": "boss@example.com", "token": good["token"]}).want(200, "identity.token_other_address", `"known":false`)
		s := good["token"].(string)
		b.do("POST", "/widget/identify", map[string]any{"email": "mira@example.com", "token": s[:len(s)-2] + "xx"}).want(200, "identity.token_forged")
		b.do("POST", "/widget/identify", map[string]any{"email": "mira@example.com", "token": "eyJhbGciOiJub25lIn0.eyJlbWFpbCI6Im1pcmFAZXhhbXBsZS5jb20ifQ."}).want(200, "identity.token_forged")
		b.do("POST", "/widget/identify", good).want(200, `"state":"proven"`)
		r.browser().hello(map[string]any{"identity": good}).want(200, "identity.token_replayed", `"known":false`)
		// Nor by the name of a channel that takes it from any, or of none.
		lax := r.Account(func(n *inbox.NewAccount) { n.Channel, n.Slug = chat.Name, "lax" })
		thief := r.browser()
		thief.arrive(map[string]any{"account": lax.ID.String()})
		thief.do("POST", "/widget/identify", map[string]any{"email": "mira@example.com", "token": s, "account": lax.ID.String()}).want(200, "identity.token_replayed", `"known":false`)
		thief.do("POST", "/widget/identify", map[string]any{"email": "mira@example.com", "token": s, "account": "1"}).want(200, "identity.token_replayed", `"known":false`)
		b.hello(map[string]any{"identity": good}).want(200, `"state":"proven"`)
		r.advance(13 * time.Hour)
		r.browser().hello(map[string]any{"identity": good}).want(200, "identity.token_expired")
		u := r.User()
		r.browser().hello(map[string]any{"identity": r.token(u.Email, "", "")}).want(200, "identity.team_address")
	})
}

// TR-06: the customer's own server may sign by itself, with the channel's secret.
func TestACustomersOwnSignature(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		const secret = "0123456789abcdef0123456789abcdef"
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			_, err := r.Inboxes.UpdateAccount(ctx, tx, desk.System, r.acc.ID, inbox.AccountChange{Secrets: json.RawMessage(`{"identity":{"secret":"` + secret + `"}}`)})
			return err
		})
		b64 := base64.RawURLEncoding.EncodeToString
		jwt := func(key string, exp time.Time) map[string]any {
			claims, _ := json.Marshal(map[string]any{"email": "mira@example.com", "sub": "cust-7", "exp": exp.Unix()})
			s := b64([]byte(`{"alg":"HS256"}`)) + "." + b64(claims)
			m := hmac.New(sha256.New, []byte(key))
			m.Write([]byte(s))
			return map[string]any{"email": "mira@example.com", "token": s + "." + b64(m.Sum(nil))}
		}
		b := r.browser()
		b.hello(map[string]any{"identity": jwt(secret, r.Clock.Now().Add(time.Hour))}).want(200, `"state":"proven"`)
		v, err := r.Visitors.Get(context.Background(), d, id[desk.VisitorID](t, b.id))
		if err != nil || v.ExternalID != "cust-7" || !v.Proven {
			t.Errorf("%+v %v", v, err)
		}
		r.browser().hello(map[string]any{"identity": jwt("x"+secret, r.Clock.Now().Add(time.Hour))}).want(200, "identity.token_forged")
		r.browser().hello(map[string]any{"identity": jwt(secret, r.Clock.Now().Add(-time.Hour))}).want(200, "identity.token_expired")
	})
}

// TR-09, GEN-24: the owner of a claimed address answers by mail: the conversation is theirs for the team, and the browser sees neither that mail nor what they wrote elsewhere.
func TestAnAnswerByMailDoesNotOpenTheBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		ctx := context.Background()
		owner := r.browser()
		owner.hello(map[string]any{"identity": r.token("mira@example.com", "", "")})
		owner.say("", "My other matter")
		b := r.browser()
		b.hello(nil)
		sent := b.say("", "I am Mira, really")
		b.do("POST", "/widget/profile", map[string]any{"email": "mira@example.com"}).want(200)
		th, _ := r.Threads.Get(ctx, d, sent.Thread.ID)
		mira, _, _ := r.Contacts.ByAddress(ctx, d, desk.AddrEmail, "mira@example.com")
		r.Write(func(ctx context.Context, tx *db.Tx) error {
			locked, err := r.Threads.Lock(ctx, tx, th.ID)
			if err == nil {
				_, err = r.Threads.Append(ctx, tx, desk.Message{ThreadID: th.ID, Kind: desk.KindMessage, Direction: desk.Incoming, Channel: "email", Actor: desk.ByContact(mira.ID), ContactID: mira.ID,
					From: desk.Party{Address: "mira@example.com"}, Text: "Who is this? My number is 12345678.", Status: desk.StatusReceived})
			}
			if err == nil {
				err = r.Identity.Answered(ctx, tx, locked, mira, "Mira@example.com")
			}
			return err
		})
		v, _ := r.Visitors.Get(ctx, d, id[desk.VisitorID](t, b.id))
		th, _ = r.Threads.Get(ctx, d, th.ID)
		if v.Proven || v.ContactID != mira.ID || th.ContactID != mira.ID {
			t.Errorf("%+v %+v", v, th)
		}
		if got := threadsOf(b); len(got) != 1 {
			t.Errorf("sees %v", got)
		}
		b.do("GET", "/widget/threads/"+th.ID.String()+"/messages", nil).want(200, "I am Mira, really", "!12345678")
		// Nor what she is answered by mail, in the list's preview no more than in the conversation; an answer in the chat is shown as before.
		b.do("GET", "/widget/threads", nil).want(200, "really")
		r.Message(th, func(m *desk.Message) {
			m.Kind, m.Direction, m.Channel, m.Actor, m.Text = desk.KindMessage, desk.Outgoing, "email", desk.ByUser(1), "Your balance is 4711, Mira."
			m.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: "mira@example.com", Contact: mira.ID}}
		})
		b.do("GET", "/widget/threads", nil).want(200, "!4711", `"unread":0`)
		b.do("GET", "/widget/threads/"+th.ID.String()+"/messages", nil).want(200, "!4711")
		r.reply(th.ID, "Hello in the chat")
		b.do("GET", "/widget/threads/"+th.ID.String()+"/messages", nil).want(200, "Hello in the chat")
	})
}

// CH-29, WS-17: what the team mails to somebody else out of a visitor's conversation is not shown in it; what it mails to the visitor is.
func TestMailToOthersIsNotTheVisitors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRig(t, d, "")
		b := r.browser()
		b.hello(map[string]any{"identity": r.token("mira@example.com", "", "")}).want(200, `"state":"proven"`)
		sent := b.say("", "Is the order on its way?")
		th, _ := r.Threads.Get(context.Background(), d, sent.Thread.ID)
		mail := func(to, text string) {
			r.Message(th, func(m *desk.Message) {
				m.Kind, m.Direction, m.Channel, m.Actor, m.Text = desk.KindMessage, desk.Outgoing, "email", desk.ByUser(1), text
				m.Recipients = []desk.Party{{Field: "to", Kind: desk.AddrEmail, Address: to}}
				if to == "mira@example.com" {
					m.Recipients[0].Contact = th.ContactID
				}
			})
		}
		mail("supplier@parts.example", "She pays late, ship it last.")
		mail("mira@example.com", "It is on its way.")
		b.do("GET", "/widget/threads/"+th.ID.String()+"/messages", nil).want(200, "on its way.", "!ship it last")
		b.do("GET", "/widget/threads", nil).want(200, "!ship it last")
	})
}
