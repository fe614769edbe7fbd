package door

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/event"
	"github.com/kanalhq/kanal/internal/people"
)

// Provider is somebody else who says who people are, by OpenID Connect.
type Provider struct {
	ID        int64     `json:"-"`
	Slug      string    `json:"slug"`
	Name      string    `json:"name"`
	Issuer    string    `json:"issuer" doc:"Its address; /.well-known/openid-configuration is read below it."`
	ClientID  string    `json:"client_id"`
	HasSecret bool      `json:"has_secret"`
	Active    bool      `json:"active"`
	Trust     Trust     `json:"settings"`
	Redirect  string    `json:"redirect_uri" doc:"To enter at the provider."`
	UpdatedAt desk.Time `json:"updated_at"`
	sealed    string
}

// Trust is what a provider's word is worth.
type Trust struct {
	Domains   []string  `json:"domains" yaml:"domains,omitempty,flow" doc:"of addresses that may come in; empty: any"`
	Create    bool      `json:"create" yaml:"create,omitempty" doc:"who is not known yet is made a user"`
	Role      desk.Role `json:"role" yaml:"role,omitempty" doc:"of users that are made"`
	Unmarked  bool      `json:"unverified" yaml:"unverified,omitempty" doc:"take an address that the provider does not mark as verified, as some company directories never do"`
	TwoFactor bool      `json:"second_factor" yaml:"second_factor,omitempty" doc:"the provider asks for a second factor itself"`
	Owners    bool      `json:"owners,omitempty" yaml:"-" readOnly:"true" doc:"owners come in by it too: an owner set it up as it is now"`
}

// ProviderChange says what to set; nil leaves a field alone. Secret "" takes it away.
type ProviderChange struct {
	Name     *string `json:"name,omitempty"`
	Issuer   *string `json:"issuer,omitempty"`
	ClientID *string `json:"client_id,omitempty"`
	Secret   *string `json:"client_secret,omitempty"`
	Active   *bool   `json:"active,omitempty"`
	Trust    *Trust  `json:"settings,omitempty"`
}

var slugForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

const providerColumns = `id, slug, name, issuer, client_id, client_secret, settings, active, updated_at`

func (s *Service) scanProvider(r db.Scanner) (p Provider, err error) {
	err = r.Scan(&p.ID, &p.Slug, &p.Name, &p.Issuer, &p.ClientID, &p.sealed, db.ScanJSON(&p.Trust), &p.Active, &p.UpdatedAt)
	p.HasSecret, p.Redirect = p.sealed != "", s.redirect(p.Slug)
	if p.Trust.Domains == nil {
		p.Trust.Domains = []string{}
	}
	return p, err
}

func (s *Service) redirect(slug string) string {
	return strings.TrimSuffix(s.Base, "/") + "/api/sign-in/oidc/" + slug + "/callback"
}

// Providers lists them by name.
func (s *Service) Providers(ctx context.Context, q db.Queryer) ([]Provider, error) {
	ps, err := db.All(ctx, q, s.scanProvider, `SELECT `+providerColumns+` FROM sign_in_providers ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("door: providers: %w", err)
	}
	if ps == nil {
		ps = []Provider{}
	}
	return ps, nil
}

func (s *Service) provider(ctx context.Context, q db.Queryer, slug, lock string) (Provider, error) {
	p, err := db.One(ctx, q, s.scanProvider, `SELECT `+providerColumns+` FROM sign_in_providers WHERE slug = $1`+lock, slug)
	if errors.Is(err, sql.ErrNoRows) {
		return p, desk.Errorf(desk.NotFound, "provider.not_found", "There is no provider %q.", slug)
	}
	return p, err
}

// SetProvider makes a provider or changes one, and records settings.changed with before and after; the secret stands in neither.
func (s *Service) SetProvider(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, c ProviderChange) (Provider, error) {
	if !slugForm.MatchString(slug) {
		return Provider{}, desk.Errorf(desk.Invalid, "provider.slug", "%q is not a short name: use a to z, digits and hyphens, at most 40.", slug).In("slug")
	}
	p, err := s.provider(ctx, tx, slug, tx.ForUpdate())
	fresh := desk.CodeOf(err) == desk.NotFound
	if err != nil && !fresh {
		return p, err
	}
	before, issuer, owners := map[string]any{}, p.Issuer, p.Trust.Owners
	if fresh {
		p = Provider{ID: tx.NewID(), Slug: slug, Active: true, Trust: Trust{Domains: []string{}, Role: desk.RoleAgent}, Redirect: s.redirect(slug)}
	} else {
		before = p.plain()
	}
	if err := s.merge(&p, c); err != nil {
		return p, err
	}
	p.Trust.Owners = owners
	if p.Trust.Owners, err = s.vouches(ctx, tx, actor, p, before); err != nil {
		return p, err
	}
	if !fresh && p.Issuer != issuer { // another's accounts have numbers of their own, which may be the same
		if _, err := tx.Exec(ctx, `DELETE FROM sign_in_identities WHERE provider_id = $1`, p.ID); err != nil {
			return p, fmt.Errorf("door: provider: %w", err)
		}
	}
	if !fresh && c.Secret == nil && sameProvider(before, p.plain()) {
		return p, nil
	}
	p.UpdatedAt = s.Clock.Ms()
	_, err = tx.Exec(ctx, `INSERT INTO sign_in_providers (id, slug, name, issuer, client_id, client_secret, settings, active, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		ON CONFLICT (slug) DO UPDATE SET name = excluded.name, issuer = excluded.issuer, client_id = excluded.client_id, client_secret = excluded.client_secret, settings = excluded.settings,
		active = excluded.active, updated_at = excluded.updated_at`, p.ID, p.Slug, p.Name, p.Issuer, p.ClientID, p.sealed, string(db.JSON(p.Trust)), p.Active, p.UpdatedAt)
	if err != nil {
		return p, fmt.Errorf("door: provider: %w", err)
	}
	return p, s.told(ctx, tx, actor, slug, before, p.plain())
}

// vouches reports whether owners may come in by a provider as it is about to be. A provider says who people are, so whoever sets one up could be anybody: only who may do
// everything here may, and an owner comes in only by one that an owner has set up (PM-10).
func (s *Service) vouches(ctx context.Context, tx *db.Tx, actor desk.Actor, p Provider, before map[string]any) (bool, error) {
	by := desk.User{}
	if actor.UserID() != 0 {
		var err error
		if by, err = s.People.Get(ctx, tx, actor.UserID()); err != nil {
			return false, err
		}
		if access.Exceeds(by, access.PowersOf(desk.User{Role: desk.RoleOwner})) != "" {
			return false, desk.Errorf(desk.Forbidden, "provider.above", "A provider says who people are, so only who may do everything here sets one up. Ask an administrator.")
		}
	}
	if err := s.Access.MayGive(ctx, tx, by, p.Trust.Role); err != nil {
		return false, desk.Errorf(desk.CodeOf(err), desk.ReasonOf(err), "%s", desk.PublicOf(err)).In("settings.role")
	}
	if by.ID == 0 || by.Role == desk.RoleOwner {
		return true, nil
	}
	return p.Trust.Owners && sameProvider(before, p.plain()), nil
}

func (s *Service) told(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string, before, after map[string]any) error {
	_, err := s.Events.Record(ctx, tx, desk.Event{Type: desk.EvSettingsChanged, Actor: actor, Data: event.Data(map[string]any{"object": "sign_in_provider", "slug": slug, "before": before, "after": after})})
	return err
}

// plain is what the audit log keeps.
func (p Provider) plain() map[string]any {
	return map[string]any{"name": p.Name, "issuer": p.Issuer, "client_id": p.ClientID, "active": p.Active, "has_secret": p.HasSecret, "settings": p.Trust}
}

func sameProvider(a, b map[string]any) bool { return string(db.JSON(a)) == string(db.JSON(b)) }

// merge puts a change into a provider, and refuses what cannot work.
func (s *Service) merge(p *Provider, c ProviderChange) (err error) {
	set := func(to *string, from *string) {
		if from != nil {
			*to = strings.TrimSpace(*from)
		}
	}
	set(&p.Name, c.Name)
	set(&p.Issuer, c.Issuer)
	set(&p.ClientID, c.ClientID)
	if c.Active != nil {
		p.Active = *c.Active
	}
	if c.Trust != nil {
		p.Trust = *c.Trust
	}
	if p.Trust.Role == "" {
		p.Trust.Role = desk.RoleAgent
	}
	domains := []string{}
	for _, d := range p.Trust.Domains {
		if d = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(d), "@")); d != "" && !slices.Contains(domains, d) {
			domains = append(domains, d)
		}
	}
	p.Trust.Domains = domains
	if c.Secret != nil {
		p.sealed = ""
		if *c.Secret != "" {
			if p.sealed, err = s.Box.Seal([]byte(*c.Secret), "sign_in_provider."+p.Slug); err != nil {
				return err
			}
		}
	}
	p.HasSecret = p.sealed != ""
	u, err := url.Parse(p.Issuer)
	switch {
	case p.Name == "" || len(p.Name) > 100:
		return desk.Errorf(desk.Invalid, "provider.name", "A provider has a name of at most 100 bytes: people see it on the button.").In("name")
	case err != nil || u.Host == "" || u.Scheme != "https" && !local(u) || u.RawQuery != "" || u.Fragment != "":
		return desk.Errorf(desk.Invalid, "provider.issuer", "%q is not the address of a provider: write it as https://login.example.com/realm.", p.Issuer).In("issuer")
	case p.ClientID == "" || len(p.ClientID) > 500:
		return desk.Errorf(desk.Invalid, "provider.client_id", "The provider knows this installation by a client id. Enter it.").In("client_id")
	case p.Trust.Role == desk.RoleOwner:
		return desk.Errorf(desk.Invalid, "provider.role", "Nobody becomes an owner by signing in.").In("settings.role")
	case p.Trust.Unmarked && len(p.Trust.Domains) == 0:
		return desk.Errorf(desk.Invalid, "provider.domains", "Say of which domains addresses are taken without being verified, as example.com: else anybody could say to be anybody.").In("settings.domains")
	case p.Trust.Create && len(p.Trust.Domains) == 0:
		return desk.Errorf(desk.Invalid, "provider.domains", "Say of which domains people are made users, as example.com: else anybody with an account there would be.").In("settings.domains")
	}
	return nil
}

// local reports whether a provider is on this machine, where http will do.
func local(u *url.URL) bool {
	return u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
}

// RemoveProvider takes a provider away with the links to it. People keep their accounts here; they need another way in.
func (s *Service) RemoveProvider(ctx context.Context, tx *db.Tx, actor desk.Actor, slug string) error {
	p, err := s.provider(ctx, tx, slug, tx.ForUpdate())
	if err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM sign_in_identities WHERE provider_id = $1`, `DELETE FROM sign_in_providers WHERE id = $1`} {
		if _, err := tx.Exec(ctx, q, p.ID); err != nil {
			return fmt.Errorf("door: remove provider: %w", err)
		}
	}
	return s.told(ctx, tx, actor, slug, p.plain(), nil)
}

// journey is a sign-in at a provider under way.
type journey struct {
	Provider string `json:"provider"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Next     string `json:"next"`
	Browser  string `json:"browser"` // hash of the cookie: whoever comes back is who left (RFC 6749, 10.12)
}

// Depart sends somebody to a provider: the address, and the value of a cookie that must come back with them.
func (s *Service) Depart(ctx context.Context, slug, next, ip string) (to, cookie string, err error) {
	if err := s.Admit(ctx, ip); err != nil {
		return "", "", err
	}
	p, _, cfg, err := s.client(ctx, slug)
	if err != nil {
		return "", "", err
	}
	next = within(next)
	j := journey{Provider: p.Slug, Nonce: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Next: next}
	cookie = oauth2.GenerateVerifier()
	j.Browser = s.Access.Hash("browser", cookie)
	state, err := s.begin(ctx, kindProvider, 0, j)
	if err != nil {
		return "", "", err
	}
	return cfg.AuthCodeURL(state, oidc.Nonce(j.Nonce), oauth2.S256ChallengeOption(j.Verifier)), cookie, nil
}

// within is an address of the workspace, or its start: browsers leave out tabs and ends of lines, so that "/", a tab and "/elsewhere" would lead away.
func within(next string) string {
	u, err := url.Parse(next) // refuses what controls
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return next
}

// client is how a provider is spoken to.
func (s *Service) client(ctx context.Context, slug string) (p Provider, op *oidc.Provider, cfg oauth2.Config, err error) {
	if p, err = s.provider(ctx, s.DB, slug, ""); err != nil {
		return p, nil, cfg, err
	}
	if !p.Active {
		return p, nil, cfg, desk.Errorf(desk.NotFound, "provider.not_found", "There is no provider %q.", slug)
	}
	op, err = oidc.NewProvider(oidc.ClientContext(ctx, s.Web), p.Issuer)
	if err != nil {
		s.Log.Warn("a provider does not answer", "provider", p.Slug, "error", err)
		return p, nil, cfg, desk.Errorf(desk.Unavailable, "provider.unreachable", "%s does not answer as a provider of sign-in should. Try again, or sign in another way.", p.Name)
	}
	cfg = oauth2.Config{ClientID: p.ClientID, Endpoint: op.Endpoint(), RedirectURL: p.Redirect, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
	if p.sealed != "" {
		secret, err := s.Box.Open(p.sealed, "sign_in_provider."+p.Slug)
		if err != nil {
			return p, nil, cfg, err
		}
		cfg.ClientSecret = string(secret)
	}
	return p, op, cfg, nil
}

// claims are what a provider says of somebody.
type claims struct {
	Email     string `json:"email"`
	Verified  any    `json:"email_verified"` // a bool, or a string where a provider knows no better
	Name      string `json:"name"`
	FirstName string `json:"given_name"`
	LastName  string `json:"family_name"`
	Locale    string `json:"locale"`
}

func (c claims) verified() bool {
	return c.Verified == true || c.Verified == "true"
}

// Return finishes a sign-in at a provider.
func (s *Service) Return(ctx context.Context, slug string, q url.Values, cookie string, m access.Means) (e Entry, next string, err error) {
	next = "/"
	if err := s.Admit(ctx, m.IP); err != nil {
		return e, next, err
	}
	var j journey
	state := q.Get("state")
	if _, err := s.look(ctx, s.DB, kindProvider, state, &j); err != nil {
		return e, next, err
	}
	next = j.Next
	if j.Provider != slug || j.Browser != s.Access.Hash("browser", cookie) {
		return e, next, badAttempt()
	}
	if err := s.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error { return s.finish(ctx, tx, kindProvider, state) }); err != nil {
		return e, next, err
	}
	p, op, cfg, err := s.client(ctx, slug)
	if err != nil {
		return e, next, err
	}
	if said := q.Get("error"); said != "" {
		return e, next, desk.Errorf(desk.Forbidden, "provider.refused", "%s did not let you in (%s).", p.Name, clip(said))
	}
	subject, c, err := s.redeem(ctx, p, op, cfg, q.Get("code"), j)
	if err != nil {
		return e, next, err
	}
	u, err := s.welcome(ctx, p, subject, c)
	if err != nil {
		return e, next, err
	}
	if u.Role == desk.RoleOwner && !p.Trust.Owners {
		return e, next, desk.Errorf(desk.Forbidden, "provider.owner", "Owners come in by %s only after an owner has set it up. Sign in another way and save it once.", p.Name)
	}
	m.Method, m.Factor = "oidc:"+p.Slug, p.Trust.TwoFactor
	if p.Trust.TwoFactor {
		e, err = s.open(ctx, u.ID, m)
	} else {
		e, err = s.next(ctx, u, m)
	}
	return e, next, err
}

func clip(s string) string {
	if len(s) > 100 {
		s = s[:100]
	}
	return strings.ToValidUTF8(s, "")
}

// redeem trades the code for who it is.
func (s *Service) redeem(ctx context.Context, p Provider, op *oidc.Provider, cfg oauth2.Config, code string, j journey) (subject string, c claims, err error) {
	web := oidc.ClientContext(ctx, s.Web)
	refuse := func(what string, err error) error {
		s.Log.Warn("a sign-in at a provider failed", "provider", p.Slug, "step", what, "error", err)
		return desk.Errorf(desk.Unauthorized, "provider.failed", "%s answered in a way that cannot be trusted (%s). Try again; if it stays so, tell an administrator.", p.Name, what)
	}
	token, err := cfg.Exchange(web, code, oauth2.VerifierOption(j.Verifier))
	if err != nil {
		return "", c, refuse("code", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := op.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(web, raw)
	if err != nil {
		return "", c, refuse("id_token", err)
	}
	if id.Nonce != j.Nonce {
		return "", c, refuse("nonce", errors.New("another nonce"))
	}
	if err := id.Claims(&c); err != nil {
		return "", c, refuse("claims", err)
	}
	if c.Email == "" {
		if info, err := op.UserInfo(web, oauth2.StaticTokenSource(token)); err == nil && info.Subject == id.Subject {
			_ = info.Claims(&c)
		}
	}
	return id.Subject, c, nil
}

// welcome finds whose account at the provider it is: linked before, else by the address that it vouches for, else somebody new where that is wanted.
func (s *Service) welcome(ctx context.Context, p Provider, subject string, c claims) (desk.User, error) {
	email := desk.NormalizeEmail(c.Email)
	return db.Written(ctx, s.DB, func(ctx context.Context, tx *db.Tx) (desk.User, error) {
		now := s.Clock.Ms()
		var id desk.UserID
		err := tx.QueryRow(ctx, `SELECT user_id FROM sign_in_identities WHERE provider_id = $1 AND subject = $2`, p.ID, subject).Scan(&id)
		if err == nil {
			if _, err := tx.Exec(ctx, `UPDATE sign_in_identities SET last_used_at = $1 WHERE provider_id = $2 AND subject = $3`, now, p.ID, subject); err != nil {
				return desk.User{}, fmt.Errorf("door: identity: %w", err)
			}
			return s.People.Get(ctx, tx, id)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return desk.User{}, fmt.Errorf("door: identity: %w", err)
		}
		u, err := s.known(ctx, tx, p, email, c)
		if err != nil {
			return u, err
		}
		_, err = tx.Exec(ctx, `INSERT INTO sign_in_identities (provider_id, subject, user_id, email, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (provider_id, subject) DO NOTHING`, p.ID, subject, u.ID, email, now)
		if err != nil {
			return u, fmt.Errorf("door: identity: %w", err)
		}
		return u, s.tell(ctx, tx, desk.ByUser(u.ID), u.ID, "linked", map[string]any{"name": p.Name})
	})
}

// known is the user with an address that the provider vouches for, made where that is wanted.
func (s *Service) known(ctx context.Context, tx *db.Tx, p Provider, email string, c claims) (desk.User, error) {
	_, domain, _ := strings.Cut(email, "@")
	switch {
	case email == "":
		return desk.User{}, desk.Errorf(desk.Forbidden, "provider.no_email", "%s did not say which email address is yours.", p.Name)
	case !c.verified() && !p.Trust.Unmarked:
		return desk.User{}, desk.Errorf(desk.Forbidden, "provider.unverified", "%s has not verified that %s is your address.", p.Name, email)
	case len(p.Trust.Domains) > 0 && !slices.Contains(p.Trust.Domains, domain):
		return desk.User{}, desk.Errorf(desk.Forbidden, "provider.domain", "People with addresses at %s do not come in by %s here.", domain, p.Name)
	}
	u, err := s.People.ByEmail(ctx, tx, email)
	if desk.CodeOf(err) != desk.NotFound {
		return u, err
	}
	if !p.Trust.Create {
		return u, desk.Errorf(desk.Forbidden, "provider.unknown_user", "Nobody here has the address %s. Ask an administrator to invite you.", email)
	}
	name := strings.TrimSpace(c.Name)
	if name == "" {
		name = strings.TrimSpace(c.FirstName + " " + c.LastName)
	}
	return s.People.Create(ctx, tx, desk.System, people.NewUser{Email: email, Name: name, Role: p.Trust.Role})
}

// Try asks a provider for its addresses.
func (s *Service) Try(ctx context.Context, slug string) (authorize, token string, err error) {
	_, _, cfg, err := s.client(ctx, slug)
	return cfg.Endpoint.AuthURL, cfg.Endpoint.TokenURL, err
}
