package app

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// readiness is what /readyz tells: which part is not there yet, or not any more.
type readiness struct {
	started  atomic.Bool
	stopping atomic.Bool
}

// healthz: the process answers.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"status":"alive"}` + "\n"))
}

// readyz: 200 when the server takes work, else 503; the JSON names what is missing.
func (a *App) readyz(w http.ResponseWriter, r *http.Request) {
	missing := a.missing(r.Context())
	out := struct {
		Ready   bool              `json:"ready"`
		Missing map[string]string `json:"missing"`
	}{len(missing) == 0, missing}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !out.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (a *App) missing(ctx context.Context) map[string]string {
	m := map[string]string{}
	if !a.state.started.Load() {
		m["start"] = "The server is starting."
	}
	if a.state.stopping.Load() {
		m["stop"] = "The server is stopping."
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := a.DB.Ping(ctx); err != nil {
		m["database"] = "The database does not answer."
	}
	if err := a.DB.Node(); err != nil {
		m["node"] = desk.PublicOf(err)
	}
	for _, name := range a.Board.Down() {
		m["listener."+name] = "The listener stopped. Restart the server; the log says why."
	}
	return m
}
