package app

import (
	"runtime"
	"runtime/debug"
	"strings"
)

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
