package smtpd

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// errEndless: the peer went on and on behind the size limit.
var errEndless = errors.New("smtp: endless data")

// readData stores the message up to CRLF.CRLF, byte for byte but for the dots that SMTP adds (RFC 5321 4.5.2). Only CRLF ends a line:
// "\n.\n", "\n.\r\n" and "\r.\r" are content, so that nobody can smuggle a second message past a server before us. A message over the
// limit is read to its end, not stored; one more than twice over ends the session.
func (s *Session) readData(w io.Writer) (tooBig bool, err error) {
	limit := s.srv.limits.MaxMessageBytes
	total := time.Now().Add(s.srv.limits.DataTotal)
	var size int64
	lineStart, lastCR := true, false
	var wErr error
	for {
		s.dataDeadline(total)
		part, err := s.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false, err
		}
		if lineStart && len(part) > 0 && part[0] == '.' {
			if string(part) == ".\r\n" {
				if wErr != nil {
					return false, wErr
				}
				return size > limit, nil
			}
			part = part[1:]
		}
		if n := len(part); n > 0 {
			lineStart = part[n-1] == '\n' && (n > 1 && part[n-2] == '\r' || n == 1 && lastCR)
			lastCR = part[n-1] == '\r'
		} else {
			// A lone dot that a full buffer cut off: the rest of its line follows.
			lineStart, lastCR = false, false
		}
		size += int64(len(part))
		if size > 2*limit+(1<<20) {
			return true, errEndless
		}
		if size <= limit && wErr == nil {
			_, wErr = w.Write(part)
		}
	}
}

func (s *Session) dataDeadline(total time.Time) {
	d := time.Now().Add(s.srv.limits.DataIdle)
	if d.After(total) {
		d = total
	}
	s.raw.SetReadDeadline(d)
}

// bdat takes one chunk (RFC 3030). The message is delivered only when its last chunk has arrived whole.
func (s *Session) bdat(ctx context.Context, arg string) {
	f := strings.Fields(arg)
	last := len(f) == 2 && strings.EqualFold(f[1], "LAST")
	if len(f) == 0 || len(f) > 2 || (len(f) == 2 && !last) {
		s.bad(501, "5.5.4", "Bad BDAT")
		s.closed = true // how much data follows is unknown
		return
	}
	n, err := strconv.ParseUint(f[0], 10, 40)
	if err != nil {
		s.bad(501, "5.5.4", "Bad BDAT")
		s.closed = true
		return
	}
	size := int64(n)
	total := time.Now().Add(s.srv.limits.DataTotal)
	if !s.mailing || len(s.to) == 0 {
		s.skip(size, total)
		s.bad(503, "5.5.1", "No valid recipients")
		return
	}
	s.chunked = true
	if s.chunks == nil && !s.tooBig {
		if s.chunks, err = newSpool(ctx, s.srv.memory, s.srv.limits.MemoryBytes, s.srv.limits.SpoolOver); err != nil {
			s.skip(size, total)
			s.say(451, "4.3.1", "Too much mail in flight, try again later")
			s.reset()
			return
		}
	}
	if s.tooBig || s.chunks.size+size > s.srv.limits.MaxMessageBytes {
		s.tooBig = true
		s.skip(size, total)
		s.say(552, "5.3.4", "The message is larger than "+strconv.FormatInt(s.srv.limits.MaxMessageBytes, 10)+" bytes")
		if last {
			s.reset()
		}
		return
	}
	if err := s.chunk(s.chunks, size, total); err != nil {
		s.cut(err)
		return
	}
	if !last {
		s.say(250, "2.0.0", "Ok, "+f[0]+" bytes")
		return
	}
	sp := s.chunks
	s.chunks = nil
	defer sp.close()
	s.deliver(ctx, sp)
}

// chunk copies exactly n bytes; io.ErrUnexpectedEOF when the peer left early.
func (s *Session) chunk(w io.Writer, n int64, total time.Time) error {
	buf := make([]byte, min(n, 32<<10))
	for n > 0 {
		s.dataDeadline(total)
		k, err := s.br.Read(buf[:min(n, int64(len(buf)))])
		if k > 0 {
			if _, werr := w.Write(buf[:k]); werr != nil {
				return werr
			}
			n -= int64(k)
		}
		if err != nil && n > 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// skip reads a chunk that is not wanted; a very long one ends the session.
func (s *Session) skip(n int64, total time.Time) {
	if n > 2*s.srv.limits.MaxMessageBytes+(1<<20) || s.chunk(io.Discard, n, total) != nil {
		s.closed = true
	}
}
