package transfer

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
)

// SignIn is what is asked of everybody who signs in (PM-13). Providers stand in no file: they are met with a secret and tried at once. A file is applied by who may
// reach the server, so it is not kept from locking out who does it.
type SignIn struct {
	Passwords *string   `yaml:"passwords,omitempty"`
	Factor    *string   `yaml:"second_factor,omitempty"`
	Allow     *[]string `yaml:"allow,omitempty,flow"`
}

func (s *Service) exportSignIn(ctx context.Context, q db.Queryer, f *File) error {
	now, err := s.Settings.SignIn(ctx, q)
	if err != nil {
		return err
	}
	f.SignIn = &SignIn{Passwords: &now.Passwords, Factor: &now.Factor, Allow: &now.Allow}
	return nil
}

func (a *applying) signIn(ctx context.Context) error {
	x := a.src.SignIn
	if x == nil {
		return nil
	}
	to, err := a.Settings.SignIn(ctx, a.tx)
	if err != nil {
		return err
	}
	set(&to.Passwords, x.Passwords)
	set(&to.Factor, x.Factor)
	set(&to.Allow, x.Allow)
	_, after, err := a.Settings.SetSignIn(ctx, a.tx, a.o.Actor, to)
	if err != nil {
		return a.src.at("sign_in", err)
	}
	if a.Weak == nil {
		return nil
	}
	return a.Weak(ctx, a.tx, a.o.Actor, after)
}
