package inbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// maxSettings bounds an account's settings, in bytes.
const maxSettings = 256 << 10

// settle parts what was given into plain settings and secrets and asks the adapter whether they can work. address is what the account will hold, normalised.
func (s *Service) settle(adapter channel.Adapter, settings, given, old []byte) (plain, secrets json.RawMessage, address string, err error) {
	spec := adapter.Spec()
	if plain, secrets, err = s.Part(spec, settings, given, old); err != nil {
		return nil, nil, "", err
	}
	if v, ok := adapter.(channel.Validator); ok {
		address, err = v.Validate(plain, secrets)
	} else {
		address, err = required(spec, plain, secrets)
	}
	if err != nil {
		return nil, nil, "", err
	}
	if n := Normal(spec.Address, address); n != "" {
		address = n
	}
	return plain, secrets, address, nil
}

// Part parts settings from secrets, which may stand in either, nested or by dotted path. Old secrets stay where no new one is given: one that is absent or "" is
// kept, null removes it. Without secrets it returns nil for them. Nothing is validated: for probing and previewing before anything is stored too.
func (s *Service) Part(spec channel.Spec, settings, given, old []byte) (plain, secrets json.RawMessage, err error) {
	if len(settings)+len(given) > maxSettings {
		return nil, nil, desk.Errorf(desk.TooLarge, "channel_account.settings_too_large", "The settings of a channel may take at most %d KB.", maxSettings>>10).In("settings")
	}
	p, err := object(settings, "settings")
	if err != nil {
		return nil, nil, err
	}
	g, err := object(given, "secrets")
	if err != nil {
		return nil, nil, err
	}
	sec, err := object(old, "secrets")
	if err != nil {
		return nil, nil, err
	}
	for _, f := range spec.Fields {
		if !f.Secret {
			continue
		}
		for _, from := range []map[string]any{p, g} {
			v, ok := take(from, f.Path)
			switch {
			case !ok || v == "": // a form that was not touched
			case v == nil:
				take(sec, f.Path)
			default:
				channel.Put(sec, f.Path, v)
			}
		}
	}
	channel.Overlay(sec, g) // secrets that no field shows, as a token from signing in
	if plain, err = json.Marshal(p); err == nil && len(sec) > 0 {
		secrets, err = json.Marshal(sec)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("inbox: settings: %w", err)
	}
	return plain, secrets, nil
}

func (s *Service) seal(id desk.ChannelAccountID, secrets []byte) (string, error) {
	if len(secrets) == 0 {
		return "", nil
	}
	sealed, err := s.Box.Seal(secrets, sealedFor(id))
	if err != nil {
		return "", fmt.Errorf("inbox: seal: %w", err)
	}
	return sealed, nil
}

// object reads a JSON object and nests its dotted keys; empty is {}.
func object(b []byte, field string) (map[string]any, error) {
	raw := map[string]any{}
	if len(bytes.TrimSpace(b)) > 0 {
		if err := json.Unmarshal(b, &raw); err != nil {
			return nil, desk.Errorf(desk.Invalid, "channel_account.settings_malformed", "The settings must be a JSON object.").In(field).Because(err)
		}
	}
	out := map[string]any{}
	channel.Overlay(out, raw)
	return out, nil
}

// take removes the value at a path, and objects that become empty.
func take(m map[string]any, path string) (any, bool) {
	head, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		v, ok := m[path]
		delete(m, path)
		return v, ok
	}
	sub, _ := m[head].(map[string]any)
	if sub == nil {
		return nil, false
	}
	v, ok := take(sub, rest)
	if len(sub) == 0 {
		delete(m, head)
	}
	return v, ok
}

// required checks a channel without a Validator by its fields, and finds its address.
func required(spec channel.Spec, plain, secrets []byte) (address string, err error) {
	p, err := object(plain, "settings")
	if err != nil {
		return "", err
	}
	sec, err := object(secrets, "secrets")
	if err != nil {
		return "", err
	}
	kind, _ := channel.Look(p, "kind").(string)
	for _, f := range spec.Fields {
		if !f.Required || len(f.Kinds) > 0 && !slices.Contains(f.Kinds, kind) {
			continue
		}
		from := p
		if f.Secret {
			from = sec
		}
		if v := channel.Look(from, f.Path); v == nil || v == "" {
			return "", desk.Errorf(desk.Invalid, "channel_account.required", "%s is missing.", f.Label).In(f.Path)
		}
	}
	address, _ = channel.Look(p, "address").(string)
	return address, nil
}

// kindOf is the account's kind, as its settings name it.
func kindOf(settings []byte) string {
	var x struct {
		Kind string `json:"kind"`
	}
	_ = json.Unmarshal(settings, &x)
	return x.Kind
}

// sameJSON compares two JSON texts by what they mean; empty equals {}.
func sameJSON(a, b []byte) bool {
	x, err1 := object(a, "")
	y, err2 := object(b, "")
	return err1 == nil && err2 == nil && reflect.DeepEqual(x, y)
}
