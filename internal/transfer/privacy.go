package transfer

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/setting"
)

// Privacy is how long things are kept (CO-10), and what is blanked out of what comes in (CO-12).
type Privacy struct {
	Keeping   *Keeping   `yaml:"keeping,omitempty"`
	Redaction *Redaction `yaml:"redaction,omitempty"`
}

// Redaction is what is blanked out: by kind masked or removed, and patterns of one's own.
type Redaction struct {
	Kinds *map[string]string    `yaml:"kinds,omitempty"`
	Own   *[]setting.OwnPattern `yaml:"own,omitempty"`
}

// Keeping are terms in days; 0 keeps, -1 leaves spam and trash to the server's own windows.
type Keeping struct {
	Messages  *map[string]int `yaml:"messages,omitempty"`
	Files     *map[string]int `yaml:"files,omitempty"`
	Open      *bool           `yaml:"open,omitempty"`
	PageViews *int            `yaml:"page_views,omitempty"`
	Spam      *int            `yaml:"spam,omitempty"`
	Trash     *int            `yaml:"trash,omitempty"`
	Erased    *bool           `yaml:"remember_erased,omitempty"`
}

func (s *Service) exportPrivacy(ctx context.Context, q db.Queryer, f *File) error {
	k, err := s.Settings.Keeping(ctx, q)
	if err != nil {
		return err
	}
	f.Privacy = &Privacy{Keeping: &Keeping{&k.Messages, &k.Files, &k.Open, &k.PageViews, &k.Spam, &k.Trash, &k.Erased}}
	r, err := s.Settings.Redaction(ctx, q)
	f.Privacy.Redaction = &Redaction{&r.Kinds, &r.Own}
	return err
}

func (a *applying) privacy(ctx context.Context) error {
	if a.src.Privacy == nil {
		return nil
	}
	if k := a.src.Privacy.Keeping; k != nil {
		var channels []string
		for _, c := range a.Channels.All() {
			channels = append(channels, c.Spec().Channel)
		}
		to, err := a.Settings.Keeping(ctx, a.tx)
		if err != nil {
			return err
		}
		set(&to.Messages, k.Messages)
		set(&to.Files, k.Files)
		set(&to.Open, k.Open)
		set(&to.PageViews, k.PageViews)
		set(&to.Spam, k.Spam)
		set(&to.Trash, k.Trash)
		set(&to.Erased, k.Erased)
		if _, err := a.Settings.SetKeeping(ctx, a.tx, a.o.Actor, to, channels); err != nil {
			return a.src.at("privacy.keeping", err)
		}
	}
	return a.redaction(ctx, a.src.Privacy.Redaction)
}

func (a *applying) redaction(ctx context.Context, r *Redaction) error {
	if r == nil {
		return nil
	}
	to, err := a.Settings.Redaction(ctx, a.tx)
	if err != nil {
		return err
	}
	set(&to.Kinds, r.Kinds)
	set(&to.Own, r.Own)
	_, err = a.Settings.SetRedaction(ctx, a.tx, a.o.Actor, to)
	return a.src.at("privacy.redaction", err)
}
