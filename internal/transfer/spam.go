package transfer

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/spam"
)

// Spam is what is held back: kinds of mail (EM-36), and the allow and deny lists (EM-35).
type Spam struct {
	Hold    *SpamHold `yaml:"hold,omitempty"`
	Senders []Sender  `yaml:"senders,omitempty"`
}

// SpamHold is which kinds of mail are held back.
type SpamHold struct {
	Spoofed     *bool `yaml:"spoofed,omitempty"`
	Marketing   *bool `yaml:"marketing,omitempty"`
	RoleAddress *bool `yaml:"role_address,omitempty"`
	Automated   *bool `yaml:"automated,omitempty"`
}

// Sender is an entry of the lists.
type Sender struct {
	Value  string  `yaml:"value"`
	Action string  `yaml:"action"` // allow, deny
	Note   *string `yaml:"note,omitempty"`
}

func (s *Service) exportSpam(ctx context.Context, q db.Queryer, f *File) error {
	if s.Spam == nil {
		return nil
	}
	on, err := s.Spam.Settings(ctx, q)
	if err != nil {
		return err
	}
	rules, err := s.Spam.All(ctx, q)
	out := &Spam{Hold: &SpamHold{Spoofed: &on.Spoofed, Marketing: &on.Marketing, RoleAddress: &on.RoleAddress, Automated: &on.Automated}}
	for _, r := range rules {
		x := Sender{Value: r.Value, Action: r.Action}
		if r.Note != "" {
			note := r.Note
			x.Note = &note
		}
		out.Senders = append(out.Senders, x)
	}
	f.Spam = out
	return err
}

func (a *applying) spam(ctx context.Context) error {
	x := a.src.Spam
	if x == nil || a.Spam == nil {
		return nil
	}
	if h := x.Hold; h != nil {
		change := spam.Change{}
		for kind, on := range map[string]*bool{spam.Spoofed: h.Spoofed, spam.Marketing: h.Marketing, spam.RoleAddress: h.RoleAddress, spam.Automated: h.Automated} {
			if on != nil {
				change[kind] = *on
			}
		}
		if _, err := a.Spam.SetSettings(ctx, a.tx, a.o.Actor, change); err != nil {
			return a.src.at("spam.hold", err)
		}
	}
	seen := map[string]bool{}
	for i, entry := range x.Senders {
		path := indexed("spam.senders", i)
		note := ""
		if entry.Note != nil {
			note = *entry.Note
		}
		r, err := spam.Read(entry.Value, entry.Action, note)
		if err != nil {
			return a.src.at(path, err)
		}
		if err := a.once(seen, path, r.Value); err != nil {
			return err
		}
		if _, err := a.Spam.Put(ctx, a.tx, a.o.Actor, r); err != nil {
			return a.src.at(path, err)
		}
	}
	if !a.o.Prune || x.Senders == nil {
		return nil
	}
	rules, err := a.Spam.All(ctx, a.tx)
	for _, r := range rules {
		if seen[r.Value] {
			continue
		}
		if err := a.Spam.Remove(ctx, a.tx, a.o.Actor, r.ID); err != nil {
			return err
		}
	}
	return err
}
