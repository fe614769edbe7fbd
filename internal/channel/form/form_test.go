package form_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/channeltest"
	"github.com/kanalhq/kanal/internal/channel/form"
	"github.com/kanalhq/kanal/internal/desk"
)

func TestConformance(t *testing.T) {
	acc := desk.ChannelAccount{ID: 1, Channel: form.Name, Settings: json.RawMessage(`{"form":"contact-us"}`)}
	channeltest.Run(t, form.New(), "testdata", channeltest.Sample{
		Account: acc,
		Refused: map[string]channeltest.Refusal{
			"no form":           {Settings: `{}`, Field: "form"},
			"no name of a form": {Settings: `{"form":"Contact us"}`, Field: "form"},
			"no name of a mail": {Settings: `{"form":"contact-us","reply_from":"a b"}`, Field: "reply_from"},
		},
		Sends: []channeltest.Send{
			{Name: "nothing leaves by a form", Prepare: func(*testing.T, *channeltest.Host) (desk.ChannelAccount, func() int) { return acc, nil },
				Out: channel.Outbound{RemoteID: "r1", Text: "Hello", To: []desk.Party{{Kind: desk.AddrEmail, Address: "a@example.com"}}}, Fault: channel.Permanent},
		},
	})
}

// FM-01, FM-10: a submission reads as what was asked, and is safe to show.
func TestASubmissionIsReadAsItsAnswers(t *testing.T) {
	body, _ := json.Marshal(channel.Submitted{Form: channel.Form{Submission: 7, Slug: "contact", Person: channel.FormPerson{Name: "Ann Holm"}}, Client: "c1", Email: "ann@example.com", Subject: "Broken",
		Lines: []channel.FormLine{{Label: "Colour", Value: "<b>red</b>"}, {Label: "Message", Value: "One\nTwo", Long: true}, {Label: "Empty"}}})
	in, err := form.New().Parse(context.Background(), channel.Raw{Body: body})
	if err != nil || len(in) != 1 {
		t.Fatal(err)
	}
	m := in[0]
	if m.Text != "Colour: <b>red</b>\nMessage:\nOne\nTwo" || m.HTML != "<dl><dt>Colour</dt><dd>&lt;b&gt;red&lt;/b&gt;</dd><dt>Message</dt><dd>One<br>Two</dd></dl>" || m.Snippet != "One Two" {
		t.Errorf("%q %q %q", m.Text, m.HTML, m.Snippet)
	}
	if m.From.Address != "ann@example.com" || m.From.Name != "Ann Holm" || m.ThreadKey != "submission:7" || strings.Contains(m.HTML, "Empty") {
		t.Errorf("%+v", m)
	}
}

// FM-13: without an address by mail, somebody is known by phone, else by name alone.
func TestWhoeverGivesNoMailIsKnownByWhatTheyGive(t *testing.T) {
	for _, c := range []struct {
		person  channel.FormPerson
		kind    desk.AddressKind
		address string
	}{{channel.FormPerson{Phone: "+45 12 34 56 78"}, desk.AddrPhone, "+45 12 34 56 78"}, {channel.FormPerson{FirstName: "Ann"}, desk.AddrEmail, ""}} {
		body, _ := json.Marshal(channel.Submitted{Form: channel.Form{Submission: 7, Person: c.person}, Client: "c1"})
		in, err := form.New().Parse(context.Background(), channel.Raw{Body: body})
		if err != nil || in[0].From.Kind != c.kind || in[0].From.Address != c.address {
			t.Errorf("%+v: %+v %v", c.person, in, err)
		}
	}
}
