package dispatch

import (
	"errors"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

func party(field, address string) desk.Party { return desk.Party{Field: field, Address: address} }

func list(ps []desk.Party) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Address)
	}
	return strings.Join(out, " ")
}

func TestDefaultRecipients(t *testing.T) { // EM-38
	ours := func(p desk.Party) bool { return strings.HasPrefix(p.Address, "support") }
	in := func(from string, ps ...desk.Party) desk.Message {
		return desk.Message{Direction: desk.Incoming, From: party("from", from), Recipients: ps}
	}
	forwarded := in("ann@acme.example", party("to", "support@acme.example"), party("cc", "boss@acme.example"))
	forwarded.Forward = &desk.Forward{Is: true, Used: "original", Original: party("", "mira@home.example")}
	kept := forwarded
	kept.Forward = &desk.Forward{Is: true, Used: "forwarder", Original: party("", "mira@home.example")}
	ourOwn := desk.Message{Direction: desk.Outgoing, From: party("from", "support@acme.example"),
		Recipients: []desk.Party{party("to", "mira@home.example"), party("cc", "bo@home.example"), party("bcc", "spy@home.example")}}
	for name, tc := range map[string]struct {
		m      desk.Message
		to, cc string
	}{
		"the sender":                        {in("mira@home.example", party("to", "support@acme.example")), "mira@home.example", ""},
		"everybody on it, without us":       {in("mira@home.example", party("to", "support@acme.example"), party("to", "bo@home.example"), party("cc", "cy@home.example"), party("cc", "support+x@acme.example")), "mira@home.example bo@home.example", "cy@home.example"},
		"Reply-To instead of the sender":    {in("mira@home.example", party("reply_to", "team@home.example"), party("to", "support@acme.example"), party("cc", "MIRA@home.example")), "team@home.example", ""},
		"a Reply-To that is ours":           {in("mira@home.example", party("reply_to", "support@acme.example")), "mira@home.example", ""},
		"each once":                         {in("mira@home.example", party("to", "Mira@Home.Example"), party("cc", "bo@home.example"), party("cc", "bo@home.example")), "mira@home.example", "bo@home.example"},
		"the original sender of a forward":  {forwarded, "mira@home.example", ""},
		"the forwarder, when that was kept": {kept, "ann@acme.example", "boss@acme.example"},
		"after our own, the same people":    {ourOwn, "mira@home.example", "bo@home.example"},
		"Cc moves up when nobody is in To":  {in("support@acme.example", party("cc", "cy@home.example")), "cy@home.example", ""},
		"nobody":                            {in("support@acme.example"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := DefaultRecipients(tc.m, ours)
			if list(r.To) != tc.to || list(r.Cc) != tc.cc || len(r.Bcc) != 0 {
				t.Errorf("to %q, cc %q, want %q, %q", list(r.To), list(r.Cc), tc.to, tc.cc)
			}
			for _, p := range r.To {
				if p.Field != fieldTo {
					t.Errorf("%s stands in %s", p.Address, p.Field)
				}
			}
		})
	}
}

func TestReplySubjectHasOnePrefix(t *testing.T) {
	for in, want := range map[string]string{
		"Broken wheel": "Re: Broken wheel", "Re: Broken wheel": "Re: Broken wheel", "RE: x": "RE: x", "AW: Rad": "AW: Rad", "Sv: Hjul": "Sv: Hjul", "VS: Pyörä": "VS: Pyörä",
		"Order: 12": "Re: Order: 12", "": "Re:", "a\r\nBcc: x@y.example": "Re: a Bcc: x@y.example",
	} {
		if got := ReplySubject(in); got != want {
			t.Errorf("ReplySubject(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	fault := func(f channel.Fault) *channel.SendError {
		return &channel.SendError{Fault: f, Code: "x", Public: "Because."}
	}
	both := []string{"a@x.example", "b@x.example"}
	for name, tc := range map[string]struct {
		marked []string
		r      channel.Receipt
		err    error
		a, b   desk.DeliveryStatus
		retry  bool
		dead   bool
	}{
		"sent":                            {both, channel.Receipt{}, nil, desk.StatusSent, desk.StatusSent, false, false},
		"one refused for good":            {both[:1], channel.Receipt{Failed: []channel.RecipientFault{{Address: "B@x.example", Error: fault(channel.Permanent)}}}, nil, desk.StatusSent, desk.StatusFailed, false, false},
		"one refused for now":             {both[:1], channel.Receipt{Failed: []channel.RecipientFault{{Address: both[1], Error: fault(channel.Transient)}}}, nil, desk.StatusSent, desk.StatusQueued, true, false},
		"transient":                       {nil, channel.Receipt{}, fault(channel.Transient), desk.StatusQueued, desk.StatusQueued, true, false},
		"permanent":                       {nil, channel.Receipt{}, fault(channel.Permanent), desk.StatusFailed, desk.StatusFailed, false, false},
		"the reply window is closed":      {nil, channel.Receipt{}, fault(channel.Closed), desk.StatusFailed, desk.StatusFailed, false, false},
		"credentials are dead":            {nil, channel.Receipt{}, fault(channel.Reconnect), desk.StatusQueued, desk.StatusQueued, false, true},
		"uncertain, both marked":          {both, channel.Receipt{}, fault(channel.Uncertain), desk.StatusUncertain, desk.StatusUncertain, false, false},
		"uncertain, the second untouched": {both[:1], channel.Receipt{}, fault(channel.Uncertain), desk.StatusUncertain, desk.StatusQueued, true, false},
		"no class, unmarked":              {nil, channel.Receipt{}, errors.New("eof"), desk.StatusQueued, desk.StatusQueued, true, false},
		"no class, marked":                {both, channel.Receipt{}, errors.New("eof"), desk.StatusUncertain, desk.StatusUncertain, false, false},
		"all refused, each his own way":   {nil, channel.Receipt{Failed: []channel.RecipientFault{{Address: both[0], Error: fault(channel.Permanent)}, {Address: both[1], Error: fault(channel.Transient)}}}, fault(channel.Transient), desk.StatusFailed, desk.StatusQueued, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			v := judge(both, tc.marked, tc.r, tc.err)
			if v.fates[both[0]].state != tc.a || v.fates[both[1]].state != tc.b || v.retry != tc.retry || v.dead != tc.dead {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestLimitsNameWhatIsTooMuch(t *testing.T) { // EM-39
	can := channel.Abilities{Send: true, Attachments: true, MaxText: 5, MaxAttachment: 100, MaxAttachments: 150, MaxAttachmentNum: 2, AttachmentTypes: []string{"image/*", "application/pdf"}}
	file := func(size int64, typ string) desk.Attachment { return desk.Attachment{Name: "f", Size: size, Type: typ} }
	for name, tc := range map[string]struct {
		can    channel.Abilities
		text   string
		files  []desk.Attachment
		reason string
		field  string
	}{
		"fits":           {can, "héllo", []desk.Attachment{file(100, "image/png"), file(50, "application/pdf; x=y")}, "", ""},
		"text":           {can, "hello!", nil, "message.too_long", "text"},
		"one file":       {can, "", []desk.Attachment{file(1, "image/png"), file(101, "image/png")}, "attachments.too_large", "attachments[1]"},
		"all files":      {can, "", []desk.Attachment{file(80, "image/png"), file(80, "image/png")}, "attachments.too_large", "attachments"},
		"how many":       {can, "", []desk.Attachment{file(1, "image/png"), file(1, "image/png"), file(1, "image/png")}, "attachments.too_many", "attachments"},
		"kind":           {can, "", []desk.Attachment{file(1, "text/html")}, "attachments.type", "attachments[0]"},
		"no attachments": {channel.Abilities{Send: true}, "", []desk.Attachment{file(1, "image/png")}, "attachments.unsupported", "attachments"},
		"receives only":  {channel.Abilities{}, "x", nil, "channel.receives_only", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkLimits(tc.can, tc.text, tc.files)
			var e *desk.Error
			if errors.As(err, &e) != (tc.reason != "") || desk.ReasonOf(err) != tc.reason || (e != nil && e.Field != tc.field) {
				t.Errorf("%v", err)
			}
		})
	}
}
