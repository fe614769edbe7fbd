package setting

import (
	"context"
	"maps"
	"reflect"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
)

// Keeping says how long things are kept (CO-10), in days; 0 keeps them. AsInstalled is the window the server was started with.
type Keeping struct {
	Messages  map[string]int `json:"messages" yaml:"messages,omitempty" doc:"What was said, by the kind of channel: so many days after the last message of a conversation. The ticket stays as a shell."`
	Files     map[string]int `json:"files" yaml:"files,omitempty" doc:"Attachments, by the kind of channel: so many days after the message came."`
	Open      bool           `json:"open" yaml:"open" doc:"Also in tickets and conversations that are still open."`
	PageViews int            `json:"page_views" yaml:"page_views" doc:"Pages that visitors looked at."`
	Spam      int            `json:"spam" yaml:"spam" doc:"-1: the server's own window."`
	Trash     int            `json:"trash" yaml:"trash" doc:"-1: the server's own window."`
	Erased    bool           `json:"remember_erased" yaml:"remember_erased" doc:"Of people who are erased on request a salted hash of each address is kept, so that who comes again is marked for administrators and filled in by nothing (CO-08)."`
}

// AsInstalled leaves a term to the server's window.
const AsInstalled = -1

// DefaultKeeping is what an installation begins with: nothing that was said goes by itself.
var DefaultKeeping = Keeping{Messages: map[string]int{}, Files: map[string]int{}, PageViews: 180, Spam: AsInstalled, Trash: AsInstalled, Erased: true}

const (
	keepingName = "keeping"
	maxKeepDays = 36500
)

// Keeping returns how long things are kept.
func (s *Service) Keeping(ctx context.Context, q db.Queryer) (Keeping, error) {
	v := DefaultKeeping
	v.Messages, v.Files = map[string]int{}, map[string]int{}
	err := read(ctx, q, keepingName, &v)
	return v, err
}

// CheckKeeping refuses terms that mean nothing. channels are the kinds that there are.
func CheckKeeping(v Keeping, channels []string) (Keeping, error) {
	known := map[string]bool{}
	for _, c := range channels {
		known[c] = true
	}
	clean := func(field string, in map[string]int) (map[string]int, error) {
		out := map[string]int{}
		for c, days := range in {
			switch {
			case !known[c]:
				return nil, desk.Errorf(desk.Invalid, "keeping.channel_unknown", "%q is no kind of channel.", c).In(field + "." + c)
			case days < 0 || days > maxKeepDays:
				return nil, badDays(field + "." + c)
			case days > 0:
				out[c] = days
			}
		}
		return out, nil
	}
	var err error
	if v.Messages, err = clean("messages", v.Messages); err != nil {
		return v, err
	}
	if v.Files, err = clean("files", v.Files); err != nil {
		return v, err
	}
	for field, days := range map[string]int{"page_views": v.PageViews, "spam": v.Spam, "trash": v.Trash} {
		low := 0
		if field != "page_views" {
			low = AsInstalled
		}
		if days < low || days > maxKeepDays {
			return v, badDays(field)
		}
	}
	return v, nil
}

func badDays(field string) error {
	return desk.Errorf(desk.Invalid, "keeping.days", "A term is 1 to %d days, or 0 to keep.", maxKeepDays).In(field)
}

// SetKeeping changes how long things are kept. Records settings.changed with before and after, nothing when nothing changed.
func (s *Service) SetKeeping(ctx context.Context, tx *db.Tx, actor desk.Actor, v Keeping, channels []string) (Keeping, error) {
	v, err := CheckKeeping(v, channels)
	if err != nil {
		return v, err
	}
	before, err := s.Keeping(ctx, tx)
	if err != nil || reflect.DeepEqual(before, v) {
		return v, err
	}
	if err := s.store(ctx, tx, keepingName, string(db.JSON(v))); err != nil {
		return before, err
	}
	_, err = s.ev.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "keeping", "slug": "keeping", "before": before, "after": v})})
	return v, err
}

// Clone is a copy that shares no map.
func (k Keeping) Clone() Keeping {
	k.Messages, k.Files = maps.Clone(k.Messages), maps.Clone(k.Files)
	return k
}
