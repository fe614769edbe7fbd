package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kanalhq/kanal/internal/desk"
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
