package inbox

import (
	"encoding/json"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// Elsewhere refuses to carry stored credentials to another server: when settings name another host than stored does, every credential of the connection
// that is stored has to be entered again. Else whoever may edit a channel could have its password sent to a server of their own, and read what is
// written and never shown. settings nil changes nothing.
func (s *Service) Elsewhere(spec channel.Spec, stored desk.ChannelAccount, settings, given json.RawMessage) error {
	if settings == nil {
		return nil
	}
	before, err := object(stored.Settings, "settings")
	if err != nil {
		return err
	}
	after, err := object(settings, "settings")
	if err != nil {
		return err
	}
	fresh, err := object(given, "secrets")
	if err != nil {
		return err
	}
	kept, err := object(stored.Secrets, "secrets")
	if err != nil {
		return err
	}
	moved := false
	for _, f := range spec.Fields {
		if f.Type == "host" {
			old, _ := channel.Look(before, f.Path).(string)
			now, _ := channel.Look(after, f.Path).(string)
			moved = moved || old != "" && now != "" && !strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(old), "."), strings.TrimSuffix(strings.TrimSpace(now), "."))
		}
	}
	if !moved {
		return nil
	}
	for _, f := range spec.Fields {
		if !f.Secret || f.Step != "account" {
			continue
		}
		if v := channel.Look(kept, f.Path); v == nil || v == "" {
			continue
		}
		if untouched(after, f.Path) && untouched(fresh, f.Path) {
			return desk.Errorf(desk.Invalid, "channel_account.enter_again", "The server is another one. Enter %q again: what is stored is not sent to a server it was not given for.", f.Label).In(f.Path)
		}
	}
	return nil
}

// untouched: the form leaves a secret as it is. null removes it, which is a change.
func untouched(m map[string]any, path string) bool {
	at, name := m, path
	for {
		head, rest, deeper := strings.Cut(name, ".")
		if flat, ok := at[name]; ok { // by dotted path
			return flat == ""
		}
		if !deeper {
			return true
		}
		sub, ok := at[head].(map[string]any)
		if !ok {
			return true
		}
		at, name = sub, rest
	}
}
