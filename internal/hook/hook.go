// Package hook answers providers that call us: /hooks/<channel>/…. It reads the body once and bounded, lets the channel's adapter check the signature
// over those bytes, has intake file what they hold in one transaction, and answers only after the commit, so that a provider that got its 200 may
// forget the delivery. It keeps nothing itself and knows no channel by name. app mounts it.
package hook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
)

// MaxBody bounds a delivery, in bytes.
const MaxBody = 4 << 20

// Deliverer files raw items in one transaction; nil means durable: intake.Service.
type Deliverer interface {
	Deliver(ctx context.Context, raws []channel.Raw) error
}

// Deps is what a Server needs.
type Deps struct {
	DB       *db.DB
	Registry *channel.Registry
	Inbox    *inbox.Service
	Intake   Deliverer
	Log      *slog.Logger
}

// Server answers /hooks/. It is mounted under that path for every method, because some providers verify an address with GET.
type Server struct{ Deps }

// New makes a Server.
func New(d Deps) *Server {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{d}
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/hooks/"), "/")
	adapter, known := s.Registry.Get(name)
	hooker, takes := adapter.(channel.Hooker)
	if !known || !takes {
		http.Error(w, "There is no such hook.", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		status := http.StatusBadRequest
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	ctx := r.Context()
	var failed error
	reply, raws, err := hooker.Hook(r, body, func(address string) (desk.ChannelAccount, bool) {
		acc, ok, err := s.find(ctx, adapter.Spec(), address)
		if err != nil {
			failed = err
		}
		return acc, ok
	})
	if failed != nil { // the machine could not look: the provider must bring it again
		err = desk.Errorf(desk.Unavailable, "hook.unavailable", "Try again.").Because(failed)
	}
	if err == nil && len(raws) > 0 {
		err = s.Intake.Deliver(ctx, raws)
	}
	if err != nil {
		s.refuse(w, name, err)
		return
	}
	if reply.Type != "" {
		w.Header().Set("Content-Type", reply.Type)
	}
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body)
}

// find is the account with a delivery identifier, opened, whether it is active or not: what reaches a paused account is kept too.
func (s *Server) find(ctx context.Context, spec channel.Spec, address string) (desk.ChannelAccount, bool, error) {
	acc, ok, err := s.Inbox.FindAddress(ctx, s.DB, spec.Address, address)
	if err != nil || !ok || acc.Channel != spec.Channel {
		return desk.ChannelAccount{}, false, err
	}
	acc, err = s.Inbox.AccountWithSecrets(ctx, s.DB, acc.ID)
	return acc, err == nil, err
}

// refuse tells a provider no more than it needs: a wrong signature never, a machine in trouble later.
func (s *Server) refuse(w http.ResponseWriter, name string, err error) {
	status := http.StatusInternalServerError
	switch desk.CodeOf(err) {
	case desk.Unauthorized, desk.Forbidden:
		status = http.StatusUnauthorized
	case desk.Invalid, desk.NotFound, desk.Conflict:
		status = http.StatusBadRequest
	case desk.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case desk.Unavailable, desk.RateLimited:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "5")
	}
	if status >= 500 {
		s.Log.Warn("a delivery was not taken", "channel", name, "status", status, "err", err)
	} else {
		s.Log.Info("a delivery was refused", "channel", name, "status", status, "reason", desk.ReasonOf(err))
	}
	http.Error(w, http.StatusText(status), status)
}
