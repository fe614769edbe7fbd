package webchat

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

const (
	maxText   = 2000
	maxTexts  = 400
	maxPeople = 100
	maxAvatar = 48 << 10
	maxOffset = 400
	maxLimit  = 1000
)

var launchers = []string{"chat", "question", "text"}

var (
	colorForm  = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	domainForm = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?$`)
	langForm   = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)
	avatarForm = regexp.MustCompile(`^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/]+=*$`)
	keyForm    = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,80}$`)
)

// Validate refuses what cannot be meant; the error names the field.
func (s *Settings) Validate() error {
	for _, check := range []func() error{s.choices, s.looks, s.people, s.spoken, s.places, s.numbers} {
		if err := check(); err != nil {
			return err
		}
	}
	if slug := s.Availability.BusinessHours; slug != "" {
		if err := desk.CheckSlug("availability.business_hours", slug); err != nil {
			return err
		}
	}
	return s.Availability.Hours.Validate("availability.hours")
}

func (s *Settings) choices() error {
	for _, c := range []struct {
		field, value string
		of           []string
	}{
		{"surface", s.Surface, []string{"web", "mobile", "both"}},
		{"appearance.font", s.Appearance.Font, []string{"system", "serif", "rounded", "mono"}},
		{"appearance.position", s.Appearance.Position, []string{"right", "left"}},
		{"appearance.launcher", s.Appearance.Launcher, launchers},
		{"appearance.phone", s.Appearance.Phone, []string{"same", "hide"}},
		{"heading.mode", s.Heading.Mode, []string{"users", "owner", "custom"}},
		{"availability.mode", s.Availability.Mode, []string{"users", "hours", "always"}},
		{"availability.available.reply_time", s.Availability.Available.ReplyTime, []string{"measured", "minutes", "hours", "day", "text", "none"}},
		{"availability.away.do", s.Availability.Away.Do, []string{"message", "show", "hide"}},
		{"availability.offline.do", s.Availability.Offline.Do, []string{"return_time", "message", "hide"}},
		{"availability.capacity.do", s.Availability.Capacity.Do, []string{"wait", "hide", "nothing"}},
		{"privacy.consent", s.Privacy.Consent, []string{"none", "implicit", "explicit"}},
		{"privacy.tracking", s.Privacy.Tracking, []string{"on", "after_consent", "off"}},
		{"privacy.ip", s.Privacy.IP, []string{"truncate", "keep", "drop"}},
		{"email.transcript", s.Email.Transcript, []string{"offer", "always", "never"}},
		{"closed", s.Closed, []string{"reopen", "new"}},
	} {
		if !slices.Contains(c.of, c.value) {
			return bad("chat.choice_unknown", "“%s” is none of the choices: %s.", c.value, strings.Join(c.of, ", ")).In(c.field)
		}
	}
	return nil
}

func (s *Settings) looks() error {
	if c := s.Appearance.Color; c != "" && !colorForm.MatchString(c) {
		return bad("chat.color_malformed", "“%s” is not a colour: write it like #1f6feb.", c).In("appearance.color")
	}
	for field, v := range map[string]string{"heading.avatar": s.Heading.Avatar, "heading.fallback.avatar": s.Heading.Fallback.Avatar} {
		if len(v) > maxAvatar {
			return desk.Errorf(desk.TooLarge, "chat.avatar_too_large", "A picture takes at most %d KB. Choose a smaller one.", maxAvatar>>10).In(field)
		}
		if v != "" && !avatarForm.MatchString(v) {
			return bad("chat.avatar_malformed", "The picture must be a PNG, JPEG or WebP.").In(field)
		}
	}
	return nil
}

func (s *Settings) people() error {
	h := s.Heading
	if len(h.Users)+len(h.Teams) > maxPeople || len(h.Fallback.Users)+len(h.Fallback.Teams) > maxPeople {
		return bad("chat.too_many_people", "A heading names at most %d users and teams.", maxPeople).In("heading.users")
	}
	if h.Mode == "custom" {
		if text, _ := h.Name.In(); text == "" {
			return bad("chat.heading_name_missing", "Write the name that is shown at the top.").In("heading.name")
		}
	}
	return nil
}

func (s *Settings) spoken() error {
	if s.Availability.Available.ReplyTime == "text" {
		if text, _ := s.Availability.Available.Text.In(); text == "" {
			return bad("chat.reply_time_missing", "Write the typical reply time, or choose another way of showing it.").In("availability.available.text")
		}
	}
	for field, w := range map[string]Words{
		"appearance.launcher_text": s.Appearance.LauncherText, "heading.name": s.Heading.Name, "heading.fallback.name": s.Heading.Fallback.Name,
		"availability.available.text": s.Availability.Available.Text, "availability.away.text": s.Availability.Away.Text, "availability.offline.text": s.Availability.Offline.Text,
		"availability.capacity.text": s.Availability.Capacity.Text, "privacy.text": s.Privacy.Text, "privacy.declined": s.Privacy.Declined,
	} {
		if err := words(field, w); err != nil {
			return err
		}
	}
	for lang, texts := range s.Texts {
		if err := words("texts."+lang, Words{lang: ""}); err != nil {
			return err
		}
		if len(texts) > maxTexts {
			return bad("chat.too_many_texts", "At most %d texts of a language can be changed.", maxTexts).In("texts." + lang)
		}
		for key, v := range texts {
			if !keyForm.MatchString(key) || len(v) > maxText {
				return bad("chat.text_malformed", "The text “%.40s” is not one of the widget's, or longer than %d bytes.", key, maxText).In(fmt.Sprintf("texts.%s.%.40s", lang, key))
			}
		}
	}
	langs := slices.Clone(s.Languages)
	if s.Language != "auto" {
		langs = append(langs, s.Language)
	}
	for _, l := range langs {
		if !langForm.MatchString(l) {
			return bad("chat.language_unknown", "“%.20s” is not a language code such as en, da or pt-BR.", l).In("language")
		}
	}
	return nil
}

func words(field string, w Words) error {
	for _, lang := range slices.Sorted(maps.Keys(w)) {
		if !langForm.MatchString(lang) {
			return bad("chat.language_unknown", "“%.20s” is not a language code such as en, da or pt-BR.", lang).In(field)
		}
		if len(w[lang]) > maxText {
			return bad("chat.text_too_long", "A text takes at most %d bytes.", maxText).In(field)
		}
	}
	return nil
}

func (s *Settings) places() error {
	for i, d := range s.Domains {
		if !domainForm.MatchString(strings.ToLower(d)) {
			return bad("chat.domain_malformed", "“%.80s” is not a domain: write it like example.com or *.example.com, without https:// and without a path.", d).In(fmt.Sprintf("domains.%d", i))
		}
	}
	return nil
}

func (s *Settings) numbers() error {
	for _, n := range []struct {
		field           string
		value, min, max int
	}{
		{"appearance.offset_x", s.Appearance.OffsetX, 0, maxOffset}, {"appearance.offset_y", s.Appearance.OffsetY, 0, maxOffset},
		{"heading.show", s.Heading.Show, 1, 5}, {"availability.capacity.limit", s.Availability.Capacity.Limit, 0, maxLimit},
		{"files.max_mb", s.Files.MaxMB, 1, 100}, {"email.unseen_after_seconds", s.Email.UnseenSecs, 1, 86400},
	} {
		if n.value < n.min || n.value > n.max {
			return bad("chat.number_out_of_range", "%d is outside %d to %d.", n.value, n.min, n.max).In(n.field)
		}
	}
	return nil
}

func bad(reason, format string, args ...any) *desk.Error {
	return desk.Errorf(desk.Invalid, reason, format, args...)
}
