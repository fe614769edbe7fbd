package smtpd

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sync/semaphore"
)

// errMemory: too much mail in flight just now.
var errMemory = errors.New("smtp: no memory for more mail in flight")

// spool holds a message while it arrives: in memory up to a threshold, then in a temporary file. The memory it takes is
// counted against the server's.
type spool struct {
	memory *semaphore.Weighted
	total  int64 // of memory
	over   int64
	held   int64 // taken from memory
	buf    []byte
	file   *os.File
	size   int64
}

// newSpool waits a little for memory.
func newSpool(ctx context.Context, memory *semaphore.Weighted, total, over int64) (*spool, error) {
	s := &spool{memory: memory, total: total, over: min(over, total)}
	return s, s.take(ctx, s.over)
}

func (s *spool) take(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if s.memory.Acquire(ctx, n) != nil {
		return errMemory
	}
	s.held += n
	return nil
}

func (s *spool) Write(p []byte) (int, error) {
	s.size += int64(len(p))
	if s.file == nil && int64(len(s.buf))+int64(len(p)) > s.over {
		f, err := os.CreateTemp("", "kanal-smtp-*")
		if err != nil {
			return 0, err
		}
		os.Remove(f.Name()) // gone with the descriptor, whatever happens; where that fails, close removes it
		s.file = f
		if _, err := f.Write(s.buf); err != nil {
			return 0, err
		}
		s.buf = nil
		s.memory.Release(s.held)
		s.held = 0
	}
	if s.file != nil {
		return s.file.Write(p)
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}

// bytes returns the whole message, waiting for memory if it is in a file.
func (s *spool) bytes(ctx context.Context) ([]byte, error) {
	if s.file == nil {
		return s.buf, nil
	}
	if err := s.take(ctx, min(s.size, s.total)); err != nil {
		return nil, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := make([]byte, s.size)
	_, err := io.ReadFull(s.file, b)
	return b, err
}

// close gives everything back. It is idempotent.
func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		s.file = nil
	}
	s.buf = nil
	s.memory.Release(s.held)
	s.held = 0
}
