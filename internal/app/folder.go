package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/secret"
)

// ReasonLocked says that another process works on the data directory.
const ReasonLocked = "app.locked"

// dirLock is the data directory's lock: one process at a time works on it. The kernel gives it up with the process, also
// after kill -9.
type dirLock struct{ f *os.File }

// prepareDir makes the data directory and says plainly when it cannot be used.
func prepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return desk.Errorf(desk.Invalid, "app.data_dir", "The data directory %s cannot be made: %v. Name another one with --data, or make it writable.", dir, cause(err)).Because(err)
	}
	probe := filepath.Join(dir, ".kanal-probe")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		return desk.Errorf(desk.Invalid, "app.data_dir", "The data directory %s cannot be written: %v. Name another one with --data, or make it writable.", dir, cause(err)).Because(err)
	}
	return os.Remove(probe)
}

func cause(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// lockDir takes the directory's lock, or fails with ReasonLocked at once.
func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "kanal.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("app: lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, desk.Errorf(desk.Conflict, ReasonLocked, "Another Kanal is working in %s. Stop it, or name another directory with --data.", dir)
		}
		return nil, fmt.Errorf("app: lock: %w", err)
	}
	return &dirLock{f}, nil
}

func (l *dirLock) release() {
	if l != nil {
		l.f.Close()
	}
}

// raiseFiles lifts the limit of open files to what the system allows: every connection is one.
func raiseFiles() {
	var lim syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) == nil && lim.Cur < lim.Max {
		lim.Cur = lim.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim)
	}
}

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
