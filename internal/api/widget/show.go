package widget

import (
	"context"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/condition"
	"github.com/kanalhq/kanal/internal/consent"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/dialogue"
	"github.com/kanalhq/kanal/internal/richtext"
)

// dir of a language's script.
func dir(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "ar", "he", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb", "iw":
		return "rtl"
	}
	return "ltr"
}

// appearance is the account as it looks.
func (s *greeting) appearance(ctx context.Context, langs []string) Account {
	a := s.acc.set.Appearance
	color := a.Color
	if color == "" {
		if c, err := s.w.Settings.Company(ctx, s.w.DB); err == nil {
			color = c.Color
		}
	}
	text, _ := a.LauncherText.In(langs...)
	return Account{
		ID: s.acc.ID, Color: color, OnColor: onColor(color), Font: a.Font, Position: a.Position, OffsetX: a.OffsetX, OffsetY: a.OffsetY, Launcher: a.Launcher, LauncherText: text,
		Sound: a.Sound, TitleFlash: a.TitleFlash, Phone: a.Phone, TypingPreview: s.acc.set.Preview, Closed: s.acc.set.Closed,
	}
}

// onColor is what can be read on a colour: black or white, whichever stands out more (WCAG).
func onColor(hex string) string {
	if len(hex) != 7 || hex[0] != '#' {
		return "#fff"
	}
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(unhex(hex[1+2*i])<<4|unhex(hex[2+2*i])) / 255
		l += weight * linear(c)
	}
	if (l+0.05)/0.05 > 1.05/(l+0.05) {
		return "#000"
	}
	return "#fff"
}

// shownFlow is the chatflow in the visitor's language.
func (s *greeting) shownFlow(ctx context.Context, langs []string, state string) (*Flow, error) {
	f, w := s.flow, s.w
	lang := f.Def.Speaks(langs[0])
	if lang == "" {
		lang = langs[0]
	}
	company, err := w.Settings.Company(ctx, w.DB)
	if err != nil {
		return nil, err
	}
	env := chatflow.Env{
		Now: w.Clock.Ms(), Language: lang, Country: s.country(), Timezone: s.in.Timezone, Known: s.v.ContactID != 0, Availability: state, PageURL: s.in.URL, PageTitle: s.in.Title,
		Company: company.Name, Contact: map[string]string{"name": s.v.ClaimedName, "email": s.v.ClaimedEmail, "phone": s.v.ClaimedPhone},
	}
	if s.v.Proven { // what a page may show of a person is shown to that person alone
		c, err := w.Identity.ContactOf(ctx, w.DB, s.v)
		if err != nil {
			return nil, err
		}
		env.Contact = map[string]string{"first_name": c.FirstName, "last_name": c.LastName, "name": c.Name, "email": c.Email}
	}
	out := &Flow{
		ID: f.ID, Number: f.Number, Kind: f.Kind, Language: lang, Trigger: f.Def.Trigger, Capture: f.Def.Capture, Welcome: f.Def.Greeting(env), Opening: []Msg{},
		DelayMs: f.Def.Session.DelayMs, Survey: f.Def.Survey, Error: f.Def.Error.Pick(lang),
	}
	if f.Kind == chatflow.Bot {
		if env.Hours, err = w.Avail.HoursOf(ctx, w.DB, s.acc.ChannelAccount, f.Def.HoursNamed(), w.Clock.Now()); err != nil {
			return nil, err
		}
		out.Opening = opening(f.Def, env)
	}
	n, ok := consent.NoticeOf(s.acc.set.Privacy, append([]string{lang}, langs...)...)
	if !ok {
		return out, nil
	}
	out.Consent = &Consent{Kind: n.Kind, Text: n.Text, Declined: n.Declined, Version: n.Version}
	if s.v.ID != 0 {
		state, err := w.Consents.State(ctx, w.DB, s.v.ID, s.acc.ID, consent.Process, n.Version)
		if err != nil {
			return nil, err
		}
		out.Consent.State = consentState(state)
	}
	return out, nil
}

// opening is what a bot says first, before there is a conversation.
func opening(def chatflow.Definition, env chatflow.Env) []Msg {
	out := []Msg{}
	for _, e := range chatflow.Opening(def, env) {
		m := Msg{Kind: "message", From: "bot", Files: []File{}, At: env.Now, Status: "sent"}
		var o desk.Offers
		m.Text, m.HTML, o = dialogue.Said(e)
		m.HTML = richtext.SanitizeComposer(m.HTML)
		m.Quick, m.Input = o.Quick, o.Input
		out = append(out, m)
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return 0
}

func linear(c float64) float64 {
	if c <= 0.03928 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// visits are how often the browser was here, with the visit that this page may begin; 0 when it may not be counted.
func (s *greeting) visits() int {
	if s.v.ID == 0 || !s.v.Tracked {
		return 0
	}
	return s.w.Visitors.VisitsBy(s.v)
}

// cameFrom is the page that the visitor came from (CF-15): of the link they followed here, and inside the site of the one that brought them to it first.
func (s *greeting) cameFrom() string {
	from, err := url.Parse(s.in.Referrer)
	here, err2 := url.Parse(s.in.URL)
	if err == nil && err2 == nil && from.Host != "" && !strings.EqualFold(from.Host, here.Host) {
		return s.in.Referrer
	}
	if first, err := url.Parse(s.v.Referrer); err == nil && first.Host != "" && !strings.EqualFold(first.Host, here.Host) {
		return s.v.Referrer
	}
	return ""
}

// person is what chatflows may ask of the contact that the visitor has proven to be; nil for anybody else, and when none asks.
func (s *greeting) person(ctx context.Context) (condition.Facts, error) {
	asks := slices.ContainsFunc(s.flows, func(c chatflow.Candidate) bool { return c.Def.Targeting.Visitor.Contact != nil })
	if !asks || s.w.Facts == nil || s.v.ContactID == 0 || !s.v.Proven {
		return nil, nil
	}
	return s.w.Facts(ctx, s.w.DB, s.v.ContactID)
}
