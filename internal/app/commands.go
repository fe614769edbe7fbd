package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
)

// commands is what the command line may ask of an installation, running or not.
var commands map[string]Command

func init() { // a map literal would be a cycle: control serves the commands
	commands = map[string]Command{
		"user.create":    userCreate,
		"user.reset":     userReset,
		"token.create":   tokenCreate,
		"trace":          trace,
		"inbound.list":   inboundList,
		"inbound.replay": inboundReplay,
		"config.export":  configExport,
		"config.diff":    configDiff,
		"config.apply":   configApply,
		"doctor":         doctor,
	}
}

func decode[T any](raw json.RawMessage) (v T, err error) {
	if len(raw) == 0 {
		return v, nil
	}
	return v, json.Unmarshal(raw, &v)
}

// UserArgs are the arguments of user.create.
type UserArgs struct {
	Email    string    `json:"email"`
	Name     string    `json:"name"`
	Role     desk.Role `json:"role"`
	Password string    `json:"password"`
}

func userCreate(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[UserArgs](raw)
	if err != nil {
		return err
	}
	var u desk.User
	var link string
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if u, err = a.People.Create(ctx, tx, desk.System, people.NewUser{Email: args.Email, Name: args.Name, Role: args.Role}); err != nil || args.Password != "" {
			return err
		}
		link, _, err = a.Access.CreateLink(ctx, tx, access.PurposeInvite, u.ID)
		return err
	})
	if err != nil {
		return err
	}
	if args.Password != "" {
		if err := a.Access.SetPassword(ctx, desk.System, u.ID, args.Password, 0); err != nil {
			return fmt.Errorf("the user was made, but without a password: %w", err)
		}
		_, err = fmt.Fprintf(out, "%s\n", u.ID)
		return err
	}
	_, err = fmt.Fprintf(out, "%s\nThey choose a password here, once, within a week: %s\n", u.ID, SetupURL(a.cfg.Base, link))
	return err
}

// ResetArgs are the arguments of user.reset.
type ResetArgs struct {
	Email    string `json:"email"`
	Networks bool   `json:"networks"`
}

// userReset lets somebody in again who lost their second factor or their password; with networks also from anywhere.
func userReset(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[ResetArgs](raw)
	if err != nil {
		return err
	}
	u, err := a.People.ByEmail(ctx, a.DB, args.Email)
	if err != nil {
		return err
	}
	var link string
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Door.Forgetting(ctx, tx, desk.System, u.ID); err != nil {
			return err
		}
		if args.Networks {
			rules, err := a.Settings.SignIn(ctx, tx)
			if err != nil {
				return err
			}
			rules.Allow = nil
			if _, _, err := a.Settings.SetSignIn(ctx, tx, desk.System, rules); err != nil {
				return err
			}
		}
		link, _, err = a.Access.CreateLink(ctx, tx, access.PurposeReset, u.ID)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s is signed out everywhere; second factor, passkeys and accounts at providers are taken away.\nThey choose a new password here, once, within an hour: %s\n", u.Email, SetupURL(a.cfg.Base, link))
	return err
}

// TokenArgs are the arguments of token.create.
type TokenArgs struct {
	Name   string   `json:"name"`
	Scopes []string `json:"scopes"`
	As     string   `json:"as"`
}

// tokenCreate prints the token alone.
func tokenCreate(ctx context.Context, a *App, raw json.RawMessage, out io.Writer) error {
	args, err := decode[TokenArgs](raw)
	if err != nil {
		return err
	}
	u, err := a.People.ByEmail(ctx, a.DB, args.As)
	if err != nil {
		return err
	}
	var secret string
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		secret, _, err = a.Access.CreateToken(ctx, tx, desk.System, u.ID, args.Name, args.Scopes, 0)
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, secret)
	return err
}

// TraceArgs are the arguments of trace.
type TraceArgs struct {
	ID     string `json:"id"`
	Format string `json:"format"`
}

// InboundArgs are the arguments of inbound.list.
type InboundArgs struct {
	State   string    `json:"state"`
	Channel string    `json:"channel"`
	Since   desk.Time `json:"since"`
	Limit   int       `json:"limit"`
	Format  string    `json:"format"`
}

// ReplayArgs are the arguments of inbound.replay.
type ReplayArgs struct {
	IDs    []desk.RawID `json:"ids"`
	All    bool         `json:"all"`
	Format string       `json:"format"`
}

// DoctorArgs are the arguments of doctor.
type DoctorArgs struct {
	Format string `json:"format"`
}

// SettingsArgs are the arguments of config.diff and config.apply. Secrets holds what the file names by {env:} and {file:}, read where the
// command was given.
type SettingsArgs struct {
	Text   string            `json:"text"`
	Prune  bool              `json:"prune"`
	Env    map[string]string `json:"env"`
	Files  map[string]string `json:"files"`
	Format string            `json:"format"`
}

// table writes columns for people.
func table(out io.Writer, head string, rows [][]string) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

// objects writes one JSON object a line.
func objects[T any](out io.Writer, rows []T) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
