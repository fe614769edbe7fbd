package webchat_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

func TestDefaultsHoldWhereNothingIsSet(t *testing.T) {
	s, err := webchat.Parse(json.RawMessage(`{"appearance":{"color":"#AA0000"},"availability":{"mode":"hours","hours":{"timezone":"Europe/Oslo","ranges":[],"holidays":[]}},"texts":{"da":{"home":{"title":"Hej"},"send":"Af sted"}},"heading":{"name":"Team"}}`))
	if err != nil || s.Validate() != nil {
		t.Fatal(err, s.Validate())
	}
	if s.Appearance.Color != "#aa0000" || !s.Appearance.Sound || s.Files.MaxMB != 20 || s.Privacy.Consent != "none" || len(s.Availability.Hours.Ranges) != 0 || s.Heading.Name["en"] != "Team" {
		t.Fatalf("%+v", s)
	}
	if got := s.Overrides("da-DK"); got["home.title"] != "Hej" || got["send"] != "Af sted" {
		t.Errorf("texts of a base language: %v", got)
	}
	d := webchat.Default()
	if err := d.Validate(); err != nil {
		t.Errorf("the defaults cannot be meant: %v", err)
	}
}

// CO-11: a text is found by language, base language, the company's, English, any.
func TestWordsFallBack(t *testing.T) {
	w := webchat.Words{"en": "E", "da": "D", "pt-BR": "P"}
	for _, c := range []struct{ langs, want string }{{"da", "D"}, {"da-DK", "D"}, {"pt_br", "P"}, {"fi,da", "D"}, {"fi", "E"}, {"", "E"}} {
		if got, _ := w.In(strings.Split(c.langs, ",")...); got != c.want {
			t.Errorf("%q: %q, want %q", c.langs, got, c.want)
		}
	}
	if got, lang := (webchat.Words{"sv": "S", "en": " "}).In("fi"); got != "S" || lang != "sv" {
		t.Errorf("the only one there is: %q %q", got, lang)
	}
}

func TestSettingsThatCannotBeMeant(t *testing.T) {
	for field, raw := range map[string]string{
		"surface":                           `{"surface":"paper"}`,
		"domains.0":                         `{"domains":["https://example.com/x"]}`,
		"appearance.color":                  `{"appearance":{"color":"red"}}`,
		"appearance.font":                   `{"appearance":{"font":"comic"}}`,
		"appearance.position":               `{"appearance":{"position":"middle"}}`,
		"appearance.offset_x":               `{"appearance":{"offset_x":-1}}`,
		"appearance.launcher":               `{"appearance":{"launcher":"flame"}}`,
		"appearance.phone":                  `{"appearance":{"phone":"smash"}}`,
		"heading.mode":                      `{"heading":{"mode":"stars"}}`,
		"heading.name":                      `{"heading":{"mode":"custom"}}`,
		"heading.show":                      `{"heading":{"show":9}}`,
		"heading.avatar":                    `{"heading":{"avatar":"https://evil.example/a.png"}}`,
		"availability.mode":                 `{"availability":{"mode":"never"}}`,
		"availability.hours.timezone":       `{"availability":{"hours":{"timezone":"Mars","ranges":[]}}}`,
		"availability.available.reply_time": `{"availability":{"available":{"reply_time":"soon"}}}`,
		"availability.available.text":       `{"availability":{"available":{"reply_time":"text"}}}`,
		"availability.away.do":              `{"availability":{"away":{"do":"shout"}}}`,
		"availability.offline.do":           `{"availability":{"offline":{"do":"shout"}}}`,
		"availability.capacity.do":          `{"availability":{"capacity":{"do":"shout"}}}`,
		"availability.capacity.limit":       `{"availability":{"capacity":{"limit":-2}}}`,
		"privacy.consent":                   `{"privacy":{"consent":"maybe"}}`,
		"privacy.tracking":                  `{"privacy":{"tracking":"always"}}`,
		"privacy.ip":                        `{"privacy":{"ip":"sell"}}`,
		"privacy.text":                      `{"privacy":{"text":{"english!":"x"}}}`,
		"files.max_mb":                      `{"files":{"max_mb":5000}}`,
		"email.transcript":                  `{"email":{"transcript":"perhaps"}}`,
		"email.unseen_after_seconds":        `{"email":{"unseen_after_seconds":0}}`,
		"closed":                            `{"closed":"burn"}`,
		"language":                          `{"language":"klingonese!"}`,
	} {
		s, err := webchat.Parse(json.RawMessage(raw))
		if err == nil {
			err = s.Validate()
		}
		var e *desk.Error
		if !errors.As(err, &e) || e.Field != field || e.Public == "" {
			t.Errorf("%s: %v is not refused for %s", raw, err, field)
		}
	}
	if _, err := webchat.Parse(json.RawMessage(`{"files":"yes"}`)); desk.ReasonOf(err) != "chat.settings_malformed" {
		t.Error(err)
	}
}

// CO-01: the company's switch sets what a new channel begins with, and nothing that was said.
func TestFreshSettings(t *testing.T) {
	read := func(given string, private bool) webchat.Settings {
		raw, err := webchat.Fresh(json.RawMessage(given), "Europe/Helsinki", private)
		if err != nil {
			t.Fatal(err)
		}
		s, err := webchat.Parse(raw)
		if err != nil || s.Validate() != nil {
			t.Fatal(err, s.Validate())
		}
		return s
	}
	if s := read(``, true); s.Privacy.Consent != "explicit" || s.Privacy.Tracking != "after_consent" || s.Availability.Hours.Timezone != "Europe/Helsinki" {
		t.Errorf("%+v", s.Privacy)
	}
	if s := read(`{}`, false); s.Privacy.Consent != "none" || s.Privacy.Tracking != "on" {
		t.Errorf("%+v", s.Privacy)
	}
	if s := read(`{"privacy":{"consent":"implicit"}}`, true); s.Privacy.Consent != "implicit" || s.Privacy.Tracking != "after_consent" {
		t.Errorf("what was given stays: %+v", s.Privacy)
	}
	if s := read(`{"privacy":{"consent":"explicit"}}`, false); s.Privacy.Consent != "explicit" {
		t.Error("consent can be had without the switch")
	}
}
