package mime

import (
	"bytes"
	"strings"
)

// Field is one header field. Value is unfolded and otherwise as written, raw bytes included.
type Field struct {
	Name  string // as written
	Key   string // lower case
	Value string
}

// Header is the fields of a part in order.
type Header []Field

// Get returns the first value of a field, raw and trimmed, or "".
func (h Header) Get(key string) string {
	for i := range h {
		if h[i].Key == key {
			return h[i].Value
		}
	}
	return ""
}

// Has says whether the field is there at all, empty or not.
func (h Header) Has(key string) bool {
	for i := range h {
		if h[i].Key == key {
			return true
		}
	}
	return false
}

// Values returns every value of a field in order.
func (h Header) Values(key string) []string {
	var out []string
	for i := range h {
		if h[i].Key == key {
			out = append(out, h[i].Value)
		}
	}
	return out
}

// Text returns the first non-empty value of a field with encoded words decoded, as clean UTF-8 on one line.
func (h Header) Text(key string) string {
	for i := range h {
		if h[i].Key == key && strings.TrimSpace(h[i].Value) != "" {
			return DecodeWords(h[i].Value)
		}
	}
	return ""
}

// wellKnown are field names that show that a line belongs to a header.
var wellKnown = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true, "message-id": true, "received": true, "return-path": true,
	"mime-version": true, "content-type": true, "content-transfer-encoding": true, "content-disposition": true, "content-id": true,
	"reply-to": true, "sender": true, "in-reply-to": true, "references": true, "dkim-signature": true, "delivered-to": true, "x-mailer": true,
	"list-id": true, "list-unsubscribe": true, "auto-submitted": true, "precedence": true, "user-agent": true, "importance": true,
}

// headerReader splits a header from its body, whatever the line ends are.
type headerReader struct {
	lim      Limits
	out      Header
	bytes    int
	dropped  int
	garbage  int
	noBlank  bool // the header ended without a blank line
	oversize bool
	count    int
	value    []byte // of the field that is open
	open     bool
}

// cutLine returns the next line without its line end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return bytes.TrimRight(b, "\r"), nil
	}
	return bytes.TrimRight(b[:i], "\r"), b[i+1:]
}

// fieldName returns the field name of a header line and the value after the colon.
func fieldName(line []byte) (name string, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 100 {
		return "", nil, false
	}
	n := bytes.TrimRight(line[:i], " \t")
	if len(n) == 0 {
		return "", nil, false
	}
	for _, c := range n {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return string(n), line[i+1:], true
}

// read consumes a header and returns the body.
func (r *headerReader) read(b []byte) (body []byte) {
	defer r.flush()
	for len(b) > 0 {
		line, rest := cutLine(b)
		if len(bytes.TrimRight(line, " \t")) == 0 {
			if len(line) > 0 && r.foldedBlank(rest) {
				b = rest
				continue
			}
			return rest
		}
		if bytes.IndexByte(line, '\r') >= 0 { // bare CR inside: several lines in one
			done := false
			for _, l := range bytes.Split(line, []byte{'\r'}) {
				if len(l) > 0 && !r.line(l, rest) {
					done = true
				}
			}
			if done && !r.more(rest) {
				r.noBlank = true
				return b
			}
			b = rest
			continue
		}
		if !r.line(line, rest) {
			r.noBlank = true
			return b
		}
		b = rest
	}
	return nil
}

// foldedBlank says whether a line of white space alone stands inside a folded field: the next line goes on with a header.
func (r *headerReader) foldedBlank(rest []byte) bool {
	next, _ := cutLine(rest)
	if len(next) == 0 || len(r.out) == 0 {
		return false
	}
	name, _, ok := fieldName(next)
	return ok && wellKnown[strings.ToLower(name)]
}

// line takes one line; false means that it is no header and that the body begins here.
func (r *headerReader) line(line, rest []byte) bool {
	if line[0] == ' ' || line[0] == '\t' {
		if len(r.out) > 0 || r.dropped > 0 {
			r.fold(line)
			return true
		}
		if name, value, ok := fieldName(bytes.TrimLeft(line, " \t")); ok { // an indented header
			r.add(name, value)
			return true
		}
	}
	if name, value, ok := fieldName(line); ok {
		r.add(name, value)
		return true
	}
	if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
		return true // an mbox separator
	}
	if r.more(rest) {
		r.garbage++
		return true
	}
	return false
}

// more says whether a header goes on after a line that is none: a well-known field before the next blank line.
func (r *headerReader) more(rest []byte) bool {
	for n := 0; n < 30 && len(rest) > 0; n++ {
		var line []byte
		line, rest = cutLine(rest)
		if len(bytes.TrimSpace(line)) == 0 {
			return false
		}
		if name, _, ok := fieldName(line); ok && wellKnown[strings.ToLower(name)] {
			return true
		}
		if bytes.IndexByte(line, ' ') > 0 && line[0] != ' ' && line[0] != '\t' && n > 2 {
			return false
		}
	}
	return false
}

func (r *headerReader) add(name string, value []byte) {
	r.count++
	r.flush()
	if len(r.out) >= r.lim.Fields || r.bytes > r.lim.HeaderBytes {
		r.dropped++
		return
	}
	r.out = append(r.out, Field{Name: name, Key: strings.ToLower(name)})
	r.open = true
	r.take(bytes.Trim(value, " \t"))
}

// take appends a piece to the field that is open.
func (r *headerReader) take(v []byte) {
	if room := r.lim.FieldBytes - len(r.value); len(v) > room {
		v, r.oversize = v[:max(room, 0)], true
	}
	r.bytes += len(v) + 1
	if len(r.value) > 0 && len(v) > 0 {
		r.value = append(r.value, ' ')
	}
	r.value = append(r.value, v...)
}

// flush finishes the field that is open.
func (r *headerReader) flush() {
	if r.open {
		r.out[len(r.out)-1].Value = string(r.value)
	}
	r.value, r.open = r.value[:0], false
}

func (r *headerReader) fold(line []byte) {
	if r.open && r.bytes <= r.lim.HeaderBytes {
		r.take(bytes.Trim(line, " \t"))
	}
}
