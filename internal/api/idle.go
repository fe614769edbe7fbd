package api

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// What a connection that waits for hours costs is its goroutines' stacks, which stay as large as the deepest call made them, and what those stacks keep alive. So the
// handshake and the way through the middleware run on stacks of their own, which are gone when the waiting begins.

// outlasting is an answer over HTTP/2 that may go on after its handler has returned. Over HTTP/1.1 the connection is taken over instead.
type outlasting struct {
	http.ResponseWriter
	done <-chan struct{}
}

// Unwrap lets http.ResponseController reach the stream.
func (w *outlasting) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Outlast lets the answer go on until done is closed, written to w, although the handler returns; false: it has to wait itself.
func (w *response) Outlast(done <-chan struct{}) (_ http.ResponseWriter, ok bool) {
	o, ok := w.ResponseWriter.(*outlasting)
	if !ok {
		return nil, false
	}
	o.done = done
	return o.ResponseWriter, true
}

// edge answers a request; its own frame is small, because a stream over HTTP/2 waits in it.
func (s *Server) edge(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor < 2 || r.URL.Path != streamPath {
		s.serve(w, r)
		return
	}
	if done := s.begun(w, r); done != nil {
		<-done
	}
}

// streamPath is where answers last for hours and come by the thousand.
const streamPath = "/widget/stream"

// begun serves a request on a stack of its own and returns what to wait for, or nil.
func (s *Server) begun(w http.ResponseWriter, r *http.Request) <-chan struct{} {
	out := &outlasting{ResponseWriter: w}
	var failed any
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		defer func() { failed = recover() }()
		s.serve(out, r)
	}()
	<-returned
	if failed != nil { // http.ErrAbortHandler: serve lets nothing else through
		panic(failed)
	}
	if out.done != nil {
		r.Header, r.URL = nil, nil // the stream keeps the request as long as it lives
	}
	return out.done
}

// Lean are settings of HTTP/2 under which an idle connection keeps little: its tables of repeated headers hold what our own pages send again and again, no more.
func Lean() *http.HTTP2Config {
	return &http.HTTP2Config{MaxDecoderHeaderTableSize: 1 << 10, MaxEncoderHeaderTableSize: 1 << 9}
}

// Shaken is a listener whose connections have their TLS handshake behind them: the server makes it on the goroutine that then stays with the connection.
func Shaken(ln net.Listener, conf *tls.Config, log *slog.Logger) net.Listener {
	l := &shaken{Listener: ln, conf: conf, log: log, ready: make(chan net.Conn), closed: make(chan struct{})}
	l.ctx, l.stop = context.WithCancel(context.Background())
	go l.accept()
	return l
}

type shaken struct {
	net.Listener
	conf   *tls.Config
	log    *slog.Logger
	ready  chan net.Conn
	ctx    context.Context // ends with the listener
	stop   func()
	closed chan struct{} // nothing is accepted any more
	err    error         // why
}

const shakeWithin = 10 * time.Second

func (l *shaken) accept() {
	defer close(l.closed)
	for wait := time.Duration(0); ; {
		c, err := l.Listener.Accept()
		var timed net.Error
		switch {
		case err == nil:
			wait = 0
			go l.shake(c)
		case errors.As(err, &timed) && timed.Temporary(): //nolint:staticcheck // no free file: as net/http does
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			time.Sleep(wait)
		default:
			l.err = err
			return
		}
	}
}

func (l *shaken) shake(raw net.Conn) {
	c := tls.Server(raw, l.conf)
	ctx, cancel := context.WithTimeout(l.ctx, shakeWithin)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) && plain.Conn != nil && looksLikeHTTP(plain.RecordHeader) {
			_, _ = io.WriteString(plain.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS: the address begins with https://.\n")
		}
		l.log.Debug("a TLS handshake failed", "err", err)
		_ = raw.Close()
		return
	}
	select {
	case l.ready <- c:
	case <-l.ctx.Done():
		_ = raw.Close()
	}
}

// looksLikeHTTP: somebody typed http:// before our port.
func looksLikeHTTP(head [5]byte) bool {
	switch string(head[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		return true
	}
	return false
}

// Accept returns the next connection that has shaken hands.
func (l *shaken) Accept() (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.closed:
		return nil, l.err
	}
}

// Close ends the listening and the handshakes that go on.
func (l *shaken) Close() error { l.stop(); return l.Listener.Close() }
