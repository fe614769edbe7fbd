package app

import (
	"os"
	"path/filepath"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/secret"
)

// openKey opens the master key. Beside a database that already exists none is made: a fresh one would fit nothing that is stored, and would lie
// where the right one has to be restored to.
func openKey(dir, env string) (*secret.Box, error) {
	key := filepath.Join(dir, "secret.key")
	if env == "" && missing(key) {
		if info, err := os.Stat(filepath.Join(dir, "kanal.db")); err == nil && info.Size() > 0 {
			return nil, desk.Errorf(desk.Invalid, "secret.missing", "%s is missing, although there is a database. Nothing was changed: restore it from a backup, or set KANAL_SECRET_KEY. Without it credentials cannot be read and nobody stays signed in.", key)
		}
	}
	return secret.Open(dir, env)
}

func missing(path string) bool { _, err := os.Stat(path); return os.IsNotExist(err) }
