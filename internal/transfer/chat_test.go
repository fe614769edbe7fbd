package transfer_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/desktest"
	"github.com/kanalhq/kanal/internal/transfer"
	"github.com/kanalhq/kanal/internal/webchat"
)

const chatFile = `version: 1
company: {name: Acme, color: "#0f766e", data_privacy: true}
inboxes: [{slug: helpdesk, kind: helpdesk, name: Help desk}]
channels:
  - slug: website
    channel: chat
    inbox: helpdesk
    name: Website
    settings:
      surface: both
      domains: [acme.example, "*.acme.example"]
      appearance: {color: "#be123c", font: serif, position: left, offset_x: 8, offset_y: 9, launcher: text, launcher_text: {en: Ask, da: Spørg}, sound: false, title_flash: false, phone: hide}
      heading: {mode: owner, fallback: {users: [], teams: [], name: {en: Crew}}, prefer_available: false, show: 2}
      availability:
        mode: hours
        hours:
          timezone: Pacific/Chatham
          ranges: [{days: [1, 2], from: "22:00", to: "06:00"}, {days: [6], from: "00:00", to: "24:00"}]
          holidays: [{date: 12-25, name: Christmas, ranges: []}, {date: 2026-12-24, name: "", ranges: [{from: "09:00", to: "12:00"}]}]
        available: {reply_time: text, text: {en: Soon}}
        away: {do: message, text: {en: Out, fi: Poissa}}
        offline: {do: message, text: {en: Closed}}
        capacity: {limit: 3, do: wait, text: {en: Hold on}, position: false}
      privacy: {consent: implicit, text: {en: Writing is agreeing}, declined: {en: Fine}, tracking: after_consent, ip: drop, respect_gpc: false}
      files: {enabled: true, max_mb: 5}
      emoji: false
      typing_preview: false
      typing: false
      read: false
      texts: {en: {write: Type here, menu: {end: Stop}}}
      languages: [ar]
      language: da
      email: {account: "", unseen_after_seconds: 90, transcript: always}
      identity: {one_browser: true}
      closed: new
    ticket: {create: always}
    assign: {to: no_one, available_only: true}
`

// CH-03, CO-11, section 8 of the design: everything of a chat channel goes through a file, means the same afterwards, and is refused at its line.
func TestAChatChannelGoesThroughAFile(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := desktest.New(t, d, desktest.Post{}, chat.New())
		s, by := service(k, env), transfer.Options{Actor: desk.System}
		apply(t, s, chatFile, by)
		if p := apply(t, s, chatFile, by); !p.Empty() {
			t.Errorf("again: %s", p.Text())
		}
		acc := desktest.Must[desk.ChannelAccount](t)(k.Inboxes.AccountBySlug(t.Context(), d, "website"))
		got := desktest.Must[webchat.Settings](t)(webchat.Parse(acc.Settings))
		a := got.Availability
		if got.Surface != "both" || got.Appearance.LauncherText["da"] != "Spørg" || got.Heading.Fallback.Name["en"] != "Crew" || a.Hours.Timezone != "Pacific/Chatham" || a.Hours.Ranges[0].To != "06:00" || a.Hours.Holidays[0].Date != "12-25" ||
			a.Capacity.Limit != 3 || a.Capacity.Position || got.Privacy.IP != "drop" || got.Overrides("en")["menu.end"] != "Stop" || got.Email.UnseenSecs != 90 || !got.Identity.OneBrowser || got.Closed != "new" || got.Emoji || got.Typing {
			t.Errorf("%+v", got)
		}
		all := desktest.Must[[]byte](t)(s.Export(t.Context()))
		if p := desktest.Must[transfer.Plan](t)(s.Diff(t.Context(), all, by)); !p.Empty() {
			t.Errorf("what was exported changes something: %s", p.Text())
		}
		if !strings.Contains(string(all), "data_privacy: true") || !strings.Contains(string(all), "0f766e") {
			t.Errorf("the company's colour and privacy are missing:\n%.600s", all)
		}
		for _, change := range [][2]string{{`from: "22:00", to: "06:00"`, `from: "22:00", to: "22:00"`}, {`color: "#be123c"`, `color: "crimson"`}, {"timezone: Pacific/Chatham", "timezone: Atlantis"}, {"consent: implicit", "consent: sometimes"}} {
			if _, err := s.Apply(t.Context(), []byte(strings.Replace(chatFile, change[0], change[1], 1)), by); err == nil || !strings.Contains(desk.PublicOf(err), "line ") {
				t.Errorf("%s: %v", change[1], err)
			}
		}
	})
}
