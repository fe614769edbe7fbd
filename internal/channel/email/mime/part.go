// Package mime reads a raw mail into a tree of parts, whatever state it is in, and decodes what a part holds: transfer
// encodings, character sets, encoded words, parameters, address lists, winmail.dat. It owns tolerance and limits: nothing
// that can be shown in any form is an error, a bomb is. It decides nothing about what a mail means, and does no IO.
// Only channel/email and its neighbours call it.
package mime

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// Part is one entity. Body is its content as sent: a slice of the message, not a copy.
type Part struct {
	Header      Header
	Type        string // "text/plain"; what it is taken for, which may differ from what it claims
	Params      map[string]string
	Disposition string // "inline", "attachment", or ""
	Encoding    string // transfer encoding, lower case
	Body        []byte
	Parts       []*Part // of a multipart
	Message     *Part   // of a message/rfc822
	Boundary    string
	Depth       int

	dispParams map[string]string
	decoded    []byte
	done       bool
}

// Tree is a message read.
type Tree struct {
	Root     *Part
	Problems []string // what was ugly, in plain sentences
	Broken   bool     // the structure itself was damaged
	Cut      bool     // a text was longer than its limit

	lim     Limits
	parts   int
	left    int64 // bytes that may still be decoded
	noted   map[string]bool
	overs   int
	skipped int
}

// Note adds a problem once.
func (t *Tree) Note(format string, args ...any) {
	s := Clean(fmt.Sprintf(format, args...))
	if s == "" || t.noted[s] || len(t.Problems) >= 30 {
		return
	}
	t.noted[s] = true
	t.Problems = append(t.Problems, s)
}

// Read takes a message apart. The error is a *desk.Error of class TooLarge for a bomb, or Invalid for empty input.
func Read(raw []byte, lim Limits) (*Tree, error) {
	if int64(len(raw)) > lim.Raw {
		return nil, bomb("too_large", "it has %d MB and the limit is %d MB", len(raw)>>20, lim.Raw>>20)
	}
	t := &Tree{lim: lim, left: lim.Decoded, noted: map[string]bool{}}
	raw = t.prepare(raw)
	root, err := t.entity(raw, 0, "text/plain")
	if err != nil {
		return nil, err
	}
	t.Root = root
	if len(root.Header) == 0 {
		t.Note("The message has no header.")
		t.Broken = true
	}
	return t, nil
}

// prepare removes what stands before the first header and mends a message with bare carriage returns.
func (t *Tree) prepare(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if len(raw) >= 2 && (raw[0] == 0xff && raw[1] == 0xfe || raw[0] == 0xfe && raw[1] == 0xff) {
		s, _ := ToUTF8(raw, "utf-16")
		raw = []byte(s)
	}
	trimmed := bytes.TrimLeft(raw, "\r\n\x00")
	if len(trimmed) < len(raw) && len(trimmed) > 0 {
		line, _ := cutLine(trimmed)
		if _, _, ok := fieldName(line); ok || bytes.HasPrefix(line, []byte("From ")) {
			raw = trimmed
		}
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') >= 0 {
		t.Note("Lines end with a bare carriage return.")
		raw = bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
	}
	return raw
}

// entity reads header and body of one part.
func (t *Tree) entity(b []byte, depth int, defaultType string) (*Part, error) {
	t.parts++
	if t.parts > t.lim.PartsHard {
		return nil, bomb("too_many_parts", "it has more than %d parts", t.lim.PartsHard)
	}
	if depth > t.lim.DepthHard {
		return nil, bomb("too_deep", "its parts nest more than %d deep", t.lim.DepthHard)
	}
	r := headerReader{lim: t.lim}
	body := r.read(b)
	if r.count > t.lim.FieldsHard {
		return nil, bomb("too_many_headers", "it has more than %d header lines", t.lim.FieldsHard)
	}
	t.noteHeader(&r, depth)
	p := &Part{Header: r.out, Body: body, Depth: depth}
	t.classify(p, defaultType)
	return p, t.open(p)
}

func (t *Tree) noteHeader(r *headerReader, depth int) {
	if r.dropped > 0 {
		t.Note("The header is very long; %d lines were left out.", r.dropped)
	}
	if r.oversize {
		t.Note("A header line is very long and was cut.")
	}
	if r.garbage > 0 {
		t.Note("The header has lines that are no header fields.")
		t.Broken = true
	}
	if r.noBlank && len(r.out) > 0 && depth == 0 {
		t.Note("No empty line separates the header from the text.")
		t.Broken = true
	}
}

func (t *Tree) classify(p *Part, defaultType string) {
	ct := ParseValue(firstUseful(p.Header.Values("content-type")))
	p.Type, p.Params = ct.Token, ct.Params
	switch {
	case p.Type == "":
		p.Type = defaultType
		if p.Params["boundary"] != "" {
			p.Type = "multipart/mixed"
		}
	case p.Type == "text" || p.Type == "plain" || p.Type == "text/":
		p.Type = "text/plain"
	case p.Type == "html":
		p.Type = "text/html"
	case p.Type == "multipart" || p.Type == "multipart/":
		p.Type = "multipart/mixed"
	case !strings.Contains(p.Type, "/"):
		t.Note("A part has an unreadable type.")
		p.Type = "application/octet-stream"
		if defaultType == "text/plain" && p.Params["name"] == "" && isText(p.Body) {
			p.Type = "text/plain"
		}
	}
	cd := ParseValue(p.Header.Get("content-disposition"))
	p.Disposition, p.dispParams = cd.Token, cd.Params
	p.Encoding = strings.ToLower(strings.TrimSpace(stripOuterComment(p.Header.Get("content-transfer-encoding"))))
	p.Encoding = strings.Trim(p.Encoding, " \t\"';,.")
	if i := strings.IndexAny(p.Encoding, " \t;"); i > 0 {
		p.Encoding = p.Encoding[:i]
	}
}

// isText says whether bytes look like words and not like a file.
func isText(b []byte) bool {
	kind := http.DetectContentType(b)
	return strings.HasPrefix(kind, "text/plain")
}

func firstUseful(values []string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}

// IsMultipart says whether the part is a container.
func (p *Part) IsMultipart() bool { return strings.HasPrefix(p.Type, "multipart/") }

// IsMessage says whether the part is a whole message.
func (p *Part) IsMessage() bool {
	return p.Type == "message/rfc822" || p.Type == "message/global" || p.Type == "message/news"
}

func (t *Tree) open(p *Part) error {
	switch {
	case p.IsMultipart():
		if p.Depth >= t.lim.Depth {
			t.Note("Parts nest more than %d deep; the deeper ones are not opened.", t.lim.Depth)
			// still walked, so that a bomb is seen, but not shown
			return t.split(p)
		}
		return t.split(p)
	case p.IsMessage():
		return t.embedded(p)
	}
	return nil
}

// embedded reads a message inside the message.
func (t *Tree) embedded(p *Part) error {
	body := p.Body
	if p.Encoding == "base64" || p.Encoding == "quoted-printable" { // RFC 2046 forbids it; it is common
		body = t.Decode(p)
	}
	body = bytes.TrimLeft(body, "\r\n")
	if len(body) == 0 {
		return nil
	}
	m, err := t.entity(body, p.Depth+1, "text/plain")
	if err != nil {
		return err
	}
	if len(m.Header) > 0 {
		p.Message = m
	}
	return nil
}

// split cuts a multipart at its boundary. Without a usable boundary it looks for one; without parts the body is text.
func (t *Tree) split(p *Part) error {
	p.Boundary = p.Params["boundary"]
	bodies, closed, epilogue := cutBoundary(p.Body, p.Boundary, t.lim.PartsHard)
	if len(bodies) == 0 {
		if g := guessBoundary(p.Body); g != "" && g != p.Boundary {
			p.Boundary = g
			bodies, closed, epilogue = cutBoundary(p.Body, g, t.lim.PartsHard)
			if len(bodies) > 0 {
				t.Note("The message's parts are separated by another mark than it says.")
				t.Broken = true
			}
		}
	}
	if len(bodies) == 0 && (p.Encoding == "base64" || p.Encoding == "quoted-printable") {
		b := t.Decode(p) // a container must not be encoded; some are
		p.Body, p.Encoding, p.done, p.decoded = b, "", false, nil
		bodies, closed, epilogue = cutBoundary(b, p.Boundary, t.lim.PartsHard)
	}
	if len(bodies) == 0 {
		if len(bytes.TrimSpace(p.Body)) > 0 {
			t.Note("The message says that it has several parts, but none was found; its text is shown as it is.")
			t.Broken = true
		}
		p.Type, p.Params = "text/plain", map[string]string{}
		return nil
	}
	if !closed {
		t.Note("The end of the message is missing; it may have been cut off on its way.")
		t.Broken = true
	}
	if len(bytes.TrimSpace(epilogue)) > 0 && p.Depth == 0 && !looksLikePadding(epilogue) {
		t.Note("There is text after the last part; it is only in the original.")
	}
	def := "text/plain"
	if p.Type == "multipart/digest" {
		def = "message/rfc822"
	}
	for _, b := range bodies {
		c, err := t.entity(b, p.Depth+1, def)
		if err != nil {
			return err
		}
		if t.parts > t.lim.Parts {
			t.skipped++
			t.Note("The message has more than %d parts; the others are only in the original.", t.lim.Parts)
			continue
		}
		if p.Depth < t.lim.Depth {
			p.Parts = append(p.Parts, c)
		}
	}
	return nil
}

func looksLikePadding(b []byte) bool { return len(bytes.Trim(b, " \t\r\n-=_.\x00")) == 0 }

// cutBoundary returns what stands between delimiter lines. A last part without its closing delimiter counts.
func cutBoundary(b []byte, boundary string, max int) (parts [][]byte, closed bool, epilogue []byte) {
	if strings.TrimSpace(boundary) == "" {
		return nil, false, nil
	}
	mark := []byte("--" + boundary)
	start := -1
	for at := 0; at <= len(b) && len(parts) <= max; {
		i := bytes.Index(b[at:], mark)
		if i < 0 {
			break
		}
		i += at
		end, isDelim, closing := delimiter(b, i, len(mark))
		if !isDelim {
			at = i + len(mark)
			continue
		}
		if start >= 0 {
			parts = append(parts, trimEOL(b[start:i]))
		}
		start, closed = end, closing
		if closing {
			start = -1
			epilogue = b[end:]
		} else {
			epilogue = nil
		}
		at = end
	}
	if start >= 0 && start <= len(b) {
		if rest := b[start:]; len(rest) > 0 {
			parts = append(parts, rest)
		}
	}
	return parts, closed, epilogue
}

// delimiter checks that the mark at i is a whole line, with "--" after it or not, and returns where the next line starts.
func delimiter(b []byte, i, n int) (end int, ok, closing bool) {
	if i > 0 && b[i-1] != '\n' && b[i-1] != '\r' {
		return 0, false, false
	}
	rest := b[i+n:]
	eol := bytes.IndexByte(rest, '\n')
	line := rest
	end = len(b)
	if eol >= 0 {
		line, end = rest[:eol], i+n+eol+1
	}
	line = bytes.TrimRight(line, " \t\r")
	if bytes.HasPrefix(line, []byte("--")) {
		return end, len(bytes.Trim(line, "- \t")) == 0, true
	}
	return end, len(line) == 0, false
}

func trimEOL(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary finds a line "--something" that is followed by a header and comes again, or that closes.
func guessBoundary(b []byte) string {
	seen := 0
	for len(b) > 0 && seen < 2000 {
		var line []byte
		line, b = cutLine(b)
		seen++
		if len(line) < 4 || len(line) > 200 || !bytes.HasPrefix(line, []byte("--")) || len(bytes.Trim(line, "-= ")) == 0 {
			continue
		}
		next, _ := cutLine(b)
		if name, _, ok := fieldName(next); ok && strings.HasPrefix(strings.ToLower(name), "content-") {
			return string(bytes.TrimRight(line[2:], " \t"))
		}
	}
	return ""
}

// Decode returns the content of a part without its transfer encoding. What is over the limits comes back nil, with a
// problem noted; the bytes are still in the raw source.
func (t *Tree) Decode(p *Part) []byte {
	if p.done {
		return p.decoded
	}
	p.done = true
	p.decoded = t.decode(p)
	if p.decoded != nil {
		t.left -= int64(len(p.decoded))
	}
	return p.decoded
}

func (t *Tree) decode(p *Part) []byte {
	size := int64(len(p.Body))
	if p.Encoding == "base64" {
		size = size / 4 * 3
	}
	if size > t.left+t.left/16 {
		t.Note("The files of this message are larger than %d MB together; some are only in the original.", t.lim.Decoded>>20)
		return nil
	}
	switch p.Encoding {
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "identity":
		return p.Body
	case "base64", "base-64", "b", "x-base64":
		out, bad, ok := decodeBase64(p.Body, t.left)
		if !ok {
			t.Note("A part says it is base64 but is not; it is kept as it came.")
			t.Broken = true
			return p.Body
		}
		if bad > 0 {
			t.Note("A part has damaged base64; what could be read is kept.")
			t.Broken = true
		}
		return out
	case "quoted-printable", "quotedprintable", "q", "qp", "quoted_printable":
		out, bad := decodeQuoted(p.Body)
		if bad > 0 && bad > len(out)/100 {
			t.Note("A part has damaged quoted-printable; what could be read is kept.")
		}
		return out
	case "x-uuencode", "uuencode", "x-uue", "uue":
		if name, out, _, _, ok := decodeUU(p.Body); ok {
			if p.Filename() == "" {
				p.dispParams["filename"] = DecodeWords(name)
			}
			return out
		}
	}
	t.Note("A part uses the unknown encoding %q; it is kept as it came.", shorten(Clean(p.Encoding), 40))
	return p.Body
}

// Text returns the content of a text part as clean UTF-8 with "\n" line ends.
func (t *Tree) Text(p *Part) string {
	b := t.Decode(p)
	if int64(len(b)) > t.lim.Text {
		t.Note("A text is longer than %d MB; the rest is only in the original.", t.lim.Text>>20)
		b, t.Cut = b[:t.lim.Text], true
	}
	label := p.Params["charset"]
	if p.Type == "text/html" && (unknown[cleanLabel(label)] || lookup(cleanLabel(label)) == nil && !isUTF8(cleanLabel(label))) {
		if m := metaCharset(b); m != "" {
			label = m
		}
	}
	s, problem := ToUTF8(b, label)
	if problem != "" {
		t.Note("%s", problem)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// metaCharset finds the charset an HTML document names itself.
func metaCharset(b []byte) string {
	if len(b) > 4096 {
		b = b[:4096]
	}
	low := bytes.ToLower(b)
	i := bytes.Index(low, []byte("charset="))
	if i < 0 {
		return ""
	}
	v := bytes.TrimLeft(low[i+8:], `"' `)
	if j := bytes.IndexAny(v, `"' />;`); j > 0 && j < 40 {
		return string(v[:j])
	}
	return ""
}

// Filename is the name a part claims, decoded, or "".
func (p *Part) Filename() string {
	for _, n := range []string{p.dispParams["filename"], p.Params["name"], p.Params["filename"], p.dispParams["name"]} {
		if strings.TrimSpace(n) != "" {
			return n
		}
	}
	return ""
}

// ContentID is the part's Content-ID without brackets.
func (p *Part) ContentID() string {
	return Clean(strings.Trim(strings.TrimSpace(p.Header.Get("content-id")), "<> \t"))
}

// ReadHeader reads the top header alone and leaves the body as it is: for keys and checks before a message is parsed.
func ReadHeader(raw []byte) *Part {
	t := &Tree{lim: DefaultLimits(), noted: map[string]bool{}}
	r := headerReader{lim: t.lim}
	body := r.read(t.prepare(raw))
	return &Part{Header: r.out, Body: body}
}
