// Package sse is what streams of server-sent events have in common before it matters who reads them: an event's bytes, the head
// of an answer, taking a connection from the server, and the number a reader last saw. It knows no hub and no rights; realtime
// (the team) and lobby (visitors of websites) stream through it.
package sse

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// WriteWithin is how long one write may take before its reader counts as gone.
const WriteWithin = 15 * time.Second

// Alive is a sign of life: a comment, which readers pass over.
var Alive = []byte(": still here\n\n")

// Event is one event of a stream; seq 0 leaves it unnumbered.
func Event(seq int64, name string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(name)+48)
	if seq > 0 {
		b = append(strconv.AppendInt(append(b, "id: "...), seq, 10), '\n')
	}
	b = append(append(append(b, "event: "...), name...), '\n')
	return append(append(append(b, "data: "...), data...), "\n\n"...)
}

// Position is an event that tells where the log stands, with that number.
func Position(name string, seq int64) []byte {
	return Event(seq, name, Last(seq))
}

// Last is such an event's data.
func Last(seq int64) []byte {
	return append(strconv.AppendInt([]byte(`{"last":`), seq, 10), '}')
}

// Head says that a stream follows, which nobody between may keep or hold back.
func Head(h http.Header) {
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// After reads the last number a reader saw: ?after=N or the Last-Event-ID header; negative is "from now".
func After(r *http.Request) (int64, error) {
	v := r.URL.Query().Get("after")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		v = id // a browser that connects again by itself repeats the first address
	}
	if v == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		return 0, desk.Errorf(desk.Invalid, "events.after", "%q is not the number of an event.", v).In("after")
	}
	return n, nil
}

// Taken is a connection taken from the server: it keeps none of the server's buffers.
type Taken struct{ conn net.Conn }

// Take takes the connection of a request over HTTP/1.1; over HTTP/2 there is none to take.
func Take(w http.ResponseWriter, r *http.Request) (Taken, bool) {
	if r.ProtoMajor != 1 {
		return Taken{}, false
	}
	raw, _, err := http.NewResponseController(w).Hijack()
	return Taken{raw}, err == nil
}

// Answer is the head that the server would have written.
func (Taken) Answer(h http.Header) []byte {
	w := &text{[]byte("HTTP/1.1 200 OK\r\nConnection: close\r\nDate: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")}
	_ = h.Write(w)
	return append(w.b, '\r', '\n')
}

type text struct{ b []byte }

func (t *text) Write(p []byte) (int, error) { t.b = append(t.b, p...); return len(p), nil }

// Write sends all of it, in one call of the system where it can.
func (t Taken) Write(all net.Buffers) error {
	_ = t.conn.SetWriteDeadline(time.Now().Add(WriteWithin))
	if len(all) == 1 {
		_, err := t.conn.Write(all[0])
		return err
	}
	_, err := all.WriteTo(t.conn)
	return err
}

// Close ends it, and a write that is stuck.
func (t Taken) Close() { _ = t.conn.Close() }

// Watch returns when the reader has gone: it sends nothing more, so any end of reading is the end.
func (t Taken) Watch() {
	_ = t.conn.SetReadDeadline(time.Time{})
	var b [1]byte
	for {
		if _, err := t.conn.Read(b[:]); err != nil {
			return
		}
	}
}
