package app

import (
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
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

// Release is the release that this tree is, or is becoming. Each translated page of the manual names the one it was written for.
const Release = "0.2"

// version is set at build time: -ldflags "-X github.com/kanalhq/kanal/internal/app.version=v1.2.3".
var version = ""

// VersionInfo says what this binary is.
type VersionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}

// Version reads what the build left in the binary.
func Version() VersionInfo {
	v := VersionInfo{Version: version, Commit: "unknown", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value[:min(12, len(s.Value))]
			case "vcs.modified":
				if s.Value == "true" {
					v.Commit += "+changes"
				}
			}
		}
		if v.Version == "" && info.Main.Version != "" && info.Main.Version != "(devel)" && !strings.HasPrefix(info.Main.Version, "v0.0.0-") {
			v.Version = info.Main.Version
		}
	}
	if v.Version == "" {
		v.Version = Release + "-development"
	}
	return v
}
