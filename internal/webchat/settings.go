// Package webchat is the settings of a chat account: what an administrator may set, what holds where nothing is set, and what cannot be meant. It is pure
// and owns no table: the settings stand in the channel account. The adapter refuses by it; the widget's handlers, availability and the visitors' stream read it.
package webchat

import (
	"encoding/json"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/hours"
)

// Settings of a chat account, as JSON in its row.
type Settings struct {
	Surface      string           `json:"surface"` // web, mobile, both (CH-10)
	Domains      []string         `json:"domains"` // empty: anywhere
	Appearance   Appearance       `json:"appearance"`
	Heading      Heading          `json:"heading"`
	Availability Availability     `json:"availability"`
	Privacy      Privacy          `json:"privacy"`
	Files        Files            `json:"files"`
	Emoji        bool             `json:"emoji"`
	Preview      bool             `json:"typing_preview"` // people on the team see what is being typed
	Typing       bool             `json:"typing"`
	Read         bool             `json:"read"`
	Texts        map[string]Texts `json:"texts"` // the widget's own words, by language
	Languages    []string         `json:"languages"`
	Language     string           `json:"language"` // auto, or one
	Email        Email            `json:"email"`
	Identity     Identity         `json:"identity"`
	Closed       string           `json:"closed"` // reopen, new: what a message into a closed conversation does
}

// Appearance is how the widget looks (CH-05, CH-06, CH-11).
type Appearance struct {
	Color        string `json:"color"`  // #rrggbb; "": the company's
	Preset       string `json:"preset"` // where color comes from, for the form
	Font         string `json:"font"`
	Position     string `json:"position"`
	OffsetX      int    `json:"offset_x"`
	OffsetY      int    `json:"offset_y"`
	Launcher     string `json:"launcher"`
	LauncherText Words  `json:"launcher_text"`
	Sound        bool   `json:"sound"`
	TitleFlash   bool   `json:"title_flash"`
	Phone        string `json:"phone"` // same, hide
}

// Heading is who is shown at the top (CH-12…15).
type Heading struct {
	Mode            string   `json:"mode"` // users, owner, custom
	Users           []string `json:"users"`
	Teams           []string `json:"teams"`
	Fallback        Fallback `json:"fallback"` // of owner: for who is new, or nobody's
	Name            Words    `json:"name"`
	Avatar          string   `json:"avatar"` // data:image/…;base64, small
	PreferAvailable bool     `json:"prefer_available"`
	Show            int      `json:"show"`
}

// Fallback is the heading where a contact's owner is unknown (CH-13): people, or a name.
type Fallback struct {
	Users  []string `json:"users"`
	Teams  []string `json:"teams"`
	Name   Words    `json:"name"`
	Avatar string   `json:"avatar"`
}

// Availability is when the chat is there and what it says otherwise (CH-17…23).
type Availability struct {
	Mode          string         `json:"mode"` // users, hours, always
	Hours         hours.Schedule `json:"hours"`
	BusinessHours string         `json:"business_hours"` // slug of the company's named hours, which hold instead of Hours; "": its own
	Available     struct {
		ReplyTime string `json:"reply_time"` // measured, minutes, hours, day, text, none
		Text      Words  `json:"text"`
	} `json:"available"`
	Away     Act `json:"away"`    // message, show, hide
	Offline  Act `json:"offline"` // return_time, message, hide
	Capacity struct {
		Limit    int    `json:"limit"` // open chats a person, 0: any number (CP-02)
		Do       string `json:"do"`    // wait, hide, nothing
		Text     Words  `json:"text"`
		Position bool   `json:"position"`
	} `json:"capacity"`
}

// Act is what a state does, and the words for it.
type Act struct {
	Do   string `json:"do"`
	Text Words  `json:"text"`
}

// Privacy is consent and what is kept of visitors (CO-04, TR-11, TR-12).
type Privacy struct {
	Consent    string `json:"consent"` // none, implicit, explicit
	Text       Words  `json:"text"`
	Declined   Words  `json:"declined"`
	Tracking   string `json:"tracking"` // on, after_consent, off
	IP         string `json:"ip"`       // truncate, keep, drop
	RespectGPC bool   `json:"respect_gpc"`
}

// Files says whether visitors may send some.
type Files struct {
	Enabled bool `json:"enabled"`
	MaxMB   int  `json:"max_mb"`
}

// Email is what leaves by mail (CH-06, CH-29).
type Email struct {
	Account    string `json:"account"` // slug of the mail account; "": one of the inbox
	UnseenSecs int    `json:"unseen_after_seconds"`
	Transcript string `json:"transcript"` // offer, always, never
}

// Identity is who a browser is.
type Identity struct {
	OneBrowser bool   `json:"one_browser"` // a signed token is good only in the browser that showed it first
	PublicKey  string `json:"public_key"`  // checks what the customer's own server signs (EdDSA); the secret for HS256 is sealed
}

// Default is what holds where nothing is set.
func Default() Settings {
	s := Settings{
		Surface: "web", Domains: []string{}, Emoji: true, Preview: true, Typing: true, Read: true, Texts: map[string]Texts{}, Languages: []string{}, Language: "auto", Closed: "reopen",
		Appearance: Appearance{Font: "system", Position: "right", OffsetX: 20, OffsetY: 20, Launcher: launchers[0], LauncherText: Words{}, Sound: true, TitleFlash: true, Phone: "same"},
		Heading:    Heading{Mode: "users", Users: []string{}, Teams: []string{}, Fallback: Fallback{Users: []string{}, Teams: []string{}, Name: Words{}}, Name: Words{}, PreferAvailable: true, Show: 3},
		Privacy:    Privacy{Consent: "none", Text: Words{}, Declined: Words{}, Tracking: "on", IP: "truncate", RespectGPC: true},
		Files:      Files{Enabled: true, MaxMB: 20},
		Email:      Email{UnseenSecs: 60, Transcript: "offer"},
	}
	a := &s.Availability
	a.Mode, a.Hours = "users", hours.Schedule{Timezone: "UTC", Ranges: []hours.Range{{Days: []int{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}, Holidays: []hours.Holiday{}}
	a.Available.ReplyTime, a.Available.Text = "measured", Words{}
	a.Away, a.Offline = Act{Do: "message", Text: Words{}}, Act{Do: "return_time", Text: Words{}}
	a.Capacity.Do, a.Capacity.Text, a.Capacity.Position = "wait", Words{}, true
	return s
}

// Parse reads settings over the defaults. What it cannot read is an error that Validate would give too.
func Parse(raw json.RawMessage) (Settings, error) {
	s := Default()
	if len(raw) == 0 {
		return s, nil
	}
	var given struct { // replaced whole, not laid over the default's
		Availability struct {
			Hours *hours.Schedule `json:"hours"`
		} `json:"availability"`
	}
	err := json.Unmarshal(raw, &s)
	if err == nil {
		err = json.Unmarshal(raw, &given)
	}
	if err != nil {
		return Default(), desk.Errorf(desk.Invalid, "chat.settings_malformed", "The settings of a chat channel are not of the right form: %s.", err.Error()).In("settings").Because(err)
	}
	if given.Availability.Hours != nil {
		s.Availability.Hours = *given.Availability.Hours
	}
	s.Appearance.Color = strings.ToLower(s.Appearance.Color)
	return s, nil
}

// Fresh is what a new account begins with: the hours in the company's zone, and where the company has switched data privacy on, consent before anything is
// sent and no tracking before it (CO-01). What was given stays.
func Fresh(given json.RawMessage, zone string, private bool) (json.RawMessage, error) {
	m := map[string]any{}
	if len(given) > 0 {
		if err := json.Unmarshal(given, &m); err != nil {
			return nil, desk.Errorf(desk.Invalid, "chat.settings_malformed", "The settings must be a JSON object.").In("settings").Because(err)
		}
	}
	part := func(name string) map[string]any {
		p, ok := m[name].(map[string]any)
		if !ok {
			p = map[string]any{}
			m[name] = p
		}
		return p
	}
	if a := part("availability"); a["hours"] == nil {
		h := Default().Availability.Hours
		h.Timezone = zone
		a["hours"] = h
	}
	if private {
		p := part("privacy")
		if p["consent"] == nil && m["privacy.consent"] == nil {
			p["consent"] = "explicit"
		}
		if p["tracking"] == nil && m["privacy.tracking"] == nil {
			p["tracking"] = "after_consent"
		}
	}
	return json.Marshal(m)
}

// HoursOf is the name of the business hours that settings keep; "" for their own, or none.
func HoursOf(raw json.RawMessage) string {
	s, err := Parse(raw)
	if err != nil || s.Availability.Mode != "hours" {
		return ""
	}
	return s.Availability.BusinessHours
}
