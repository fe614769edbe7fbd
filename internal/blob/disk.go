package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// DiskStore keeps blobs as files: DIR/ab/cd/abcd….
type DiskStore struct {
	dir  string
	made sync.Map // fan-out folders known to exist durably
	// moving keeps a put's "is it there already" apart from a delete of the same blob.
	moving [64]sync.RWMutex
}

const (
	tempDir = "tmp"
	// staleTemp is how old an unfinished upload must be to be another, dead process's: several processes may share the folder.
	staleTemp = 24 * time.Hour
)

// Disk opens the store in a folder, made if missing, and removes what unfinished uploads left there.
func Disk(dir string) (*DiskStore, error) {
	s := &DiskStore{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, tempDir), 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	names, err := os.ReadDir(filepath.Join(dir, tempDir))
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	for _, e := range names {
		s.putBack(e.Name())
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleTemp {
			_ = os.Remove(filepath.Join(dir, tempDir, e.Name()))
		}
	}
	return s, nil
}

func (s *DiskStore) path(sha string) string { return filepath.Join(s.dir, sha[:2], sha[2:4], sha) }

func (s *DiskStore) lock(sha string) *sync.RWMutex {
	b, _ := hex.DecodeString(sha[:2])
	return &s.moving[int(b[0])%len(s.moving)]
}

func valid(sha string) error {
	if len(sha) == 2*sha256.Size {
		if b, err := hex.DecodeString(sha); err == nil && hex.EncodeToString(b) == sha {
			return nil
		}
	}
	return desk.Errorf(desk.Invalid, "blob.name", "This is not the name of a stored file.")
}

// String names the place.
func (s *DiskStore) String() string { return s.dir }

// Put implements Store: temporary file, fsync, rename, fsync of the folder.
func (s *DiskStore) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, tempDir), "put-*")
	if err != nil {
		return "", 0, unavailable(err)
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(onDisk{f}, sum), reader{ctx, r})
	if err != nil {
		var full diskError
		if errors.As(err, &full) {
			return "", 0, unavailable(err)
		}
		return "", 0, fmt.Errorf("blob: put: %w", err)
	}
	sha := hex.EncodeToString(sum.Sum(nil))
	lock := s.lock(sha)
	lock.Lock()
	defer lock.Unlock()
	now := time.Now()
	if info, err := os.Stat(s.path(sha)); err == nil && info.Size() == size {
		if err := os.Chtimes(s.path(sha), now, now); err == nil {
			// Between finding the file and giving it its time, another process may have moved it out and looked at the old time: then it is written anew. Whoever
			// moves it out after this finds the new time, and puts it back.
			if _, err := os.Stat(s.path(sha)); err == nil {
				return sha, size, nil
			}
		}
	}
	if err := f.Sync(); err != nil {
		return "", 0, unavailable(err)
	}
	if err := f.Close(); err != nil {
		return "", 0, unavailable(err)
	}
	if err := s.fanOut(sha); err != nil {
		return "", 0, unavailable(err)
	}
	if err := os.Rename(f.Name(), s.path(sha)); err != nil {
		return "", 0, unavailable(err)
	}
	if err := syncDir(filepath.Dir(s.path(sha))); err != nil {
		return "", 0, unavailable(err)
	}
	return sha, size, nil
}

// fanOut makes the two folders of a blob and their entries durable.
func (s *DiskStore) fanOut(sha string) error {
	dir := filepath.Dir(s.path(sha))
	if _, ok := s.made.Load(dir); ok {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, d := range []string{filepath.Dir(dir), s.dir} {
		if err := syncDir(d); err != nil {
			return err
		}
	}
	s.made.Store(dir, true)
	return nil
}

// Open implements Store.
func (s *DiskStore) Open(_ context.Context, sha string) (io.ReadSeekCloser, error) {
	if err := valid(sha); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, desk.Errorf(desk.NotFound, "blob.missing", "The stored file is missing.").Because(err)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return f, nil
}

// Verify reads a blob through and fails when its bytes are not those that its name says.
func Verify(ctx context.Context, s Store, sha string) error {
	f, err := s.Open(ctx, sha)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, reader{ctx, f}); err != nil {
		return fmt.Errorf("blob: verify: %w", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != sha {
		return fmt.Errorf("blob: %s is damaged: its bytes are %s", sha, got)
	}
	return nil
}

// Delete implements Store. The file is first moved out of sight and only then looked at: another process that shares the folder may
// make it young at any moment.
func (s *DiskStore) Delete(_ context.Context, sha string, olderThan time.Time) (bool, error) {
	if err := valid(sha); err != nil {
		return false, err
	}
	lock := s.lock(sha)
	lock.Lock()
	defer lock.Unlock()
	if info, err := os.Stat(s.path(sha)); err == nil && !olderThan.IsZero() && info.ModTime().After(olderThan) {
		return false, nil
	}
	out := filepath.Join(s.dir, tempDir, outPrefix+sha)
	if err := os.Rename(s.path(sha), out); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
		return false, unavailable(err)
	}
	if info, err := os.Stat(out); err == nil && !olderThan.IsZero() && info.ModTime().After(olderThan) {
		if err := os.Rename(out, s.path(sha)); err != nil {
			return false, unavailable(err)
		}
		return false, nil
	}
	if err := os.Remove(out); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, unavailable(err)
	}
	return true, nil
}

// outPrefix marks a blob on its way out.
const outPrefix = "out-"

// putBack restores what a process that died was about to delete: it may have been put again meanwhile.
func (s *DiskStore) putBack(name string) {
	sha, ok := strings.CutPrefix(name, outPrefix)
	if !ok || valid(sha) != nil {
		return
	}
	if _, err := os.Stat(s.path(sha)); errors.Is(err, fs.ErrNotExist) {
		now, out := time.Now(), filepath.Join(s.dir, tempDir, name)
		if os.Chtimes(out, now, now) == nil {
			_ = os.Rename(out, s.path(sha))
		}
	}
}

// List implements Store. Files that are not blobs are passed over.
func (s *DiskStore) List(ctx context.Context, after string, fn func(Info) error) error {
	return walk(ctx, s.dir, 2, after, fn)
}

func walk(ctx context.Context, dir string, depth int, after string, fn func(Info) error) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		if depth > 0 {
			if e.IsDir() && len(e.Name()) == 2 {
				if err := walk(ctx, filepath.Join(dir, e.Name()), depth-1, after, fn); err != nil {
					return err
				}
			}
			continue
		}
		if valid(e.Name()) != nil || e.Name() <= after {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return unavailable(err)
		}
		if err := fn(Info{SHA256: e.Name(), Size: info.Size(), PutAt: info.ModTime()}); err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes the entries of a folder durable. Filesystems that cannot are taken as they are.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

func unavailable(err error) error {
	return desk.Errorf(desk.Unavailable, "blob.unavailable", "Files cannot be stored or read right now. Try again in a moment.").Because(err)
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// onDisk marks errors of the disk, apart from those of the source.
type onDisk struct{ f *os.File }

func (w onDisk) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = diskError{err}
	}
	return n, err
}

type diskError struct{ err error }

func (e diskError) Error() string { return e.err.Error() }
func (e diskError) Unwrap() error { return e.err }
