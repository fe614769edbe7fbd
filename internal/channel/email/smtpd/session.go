package smtpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

const maxLine = 2048 // a command line; RFC 5321 asks for 512, parameters of extensions add to it

// Session is one connection.
type Session struct {
	srv  *Server
	raw  net.Conn // below TLS
	conn net.Conn
	br   *bufio.Reader
	bw   *bufio.Writer
	peer netip.Addr

	helo   string
	isTLS  bool
	errs   int
	closed bool

	// The transaction in progress.
	mailing bool
	from    string
	null    bool
	utf8    bool
	to      []Recipient
	chunks  *spool // BDAT in progress
	chunked bool   // a BDAT was seen in this transaction
	tooBig  bool
	started time.Time

	mu       sync.Mutex // guards what stop reads
	waiting  bool       // for a command, outside a transaction
	stopping bool
}

func newSession(s *Server, c net.Conn, peer netip.Addr) *Session {
	sess := &Session{srv: s, raw: c, peer: peer}
	sess.use(c)
	return sess
}

// Peer is the address of the other side.
func (s *Session) Peer() netip.Addr { return s.peer }

// From is the transaction's sender; "" is the null return path.
func (s *Session) From() string { return s.from }

func (s *Session) use(c net.Conn) {
	s.conn = c
	s.br = bufio.NewReaderSize(c, 32<<10)
	s.bw = bufio.NewWriterSize(c, 4<<10)
}

func (s *Session) say(code int, enh, text string) {
	if enh != "" {
		text = enh + " " + text
	}
	fmt.Fprintf(s.bw, "%d %s\r\n", code, text)
}

func (s *Session) sayErr(err error) {
	var r *Reply
	if errors.As(err, &r) {
		s.say(r.Code, r.Enh, r.Text)
		return
	}
	s.say(451, "4.3.0", "Cannot take this now, try again later")
}

func (s *Session) flush() error {
	s.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	return s.bw.Flush()
}

// refuse turns a connection away before the greeting.
func (s *Session) refuse() {
	s.say(421, "4.7.0", s.srv.hostname+" Too many connections or errors, try again later")
	s.flush()
}

// stop asks the session to end after the transaction in progress.
func (s *Session) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	if s.waiting {
		s.raw.SetReadDeadline(time.Unix(1, 0))
	}
}

func (s *Session) run(ctx context.Context) {
	defer s.reset()
	s.say(220, "", s.srv.hostname+" ESMTP Kanal")
	for !s.closed {
		line, err := s.command()
		if err != nil {
			s.end(err)
			return
		}
		s.handle(ctx, line)
	}
	s.flush()
}

// end answers, where one can, why the session ends.
func (s *Session) end(err error) {
	var ne net.Error
	switch {
	case s.isStopping():
		s.say(421, "4.3.2", s.srv.hostname+" Service is restarting, try again later")
	case errors.Is(err, errLongLine):
		s.say(500, "5.5.2", "Line too long")
	case errors.As(err, &ne) && ne.Timeout():
		s.say(421, "4.4.2", s.srv.hostname+" Idle for too long")
	default:
		return
	}
	s.flush()
}

func (s *Session) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

var errLongLine = errors.New("smtp: line too long")

// command reads one line; answers are sent first unless more commands are already here (PIPELINING).
func (s *Session) command() (string, error) {
	if s.br.Buffered() == 0 {
		if err := s.flush(); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	s.waiting = !s.mailing
	if s.stopping && s.waiting {
		s.mu.Unlock()
		return "", context.Canceled
	}
	s.raw.SetReadDeadline(time.Now().Add(s.srv.limits.CommandTimeout))
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.waiting = false
		s.mu.Unlock()
	}()
	var line []byte
	for {
		part, err := s.br.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return "", errLongLine
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
}

// bad answers a refused command, and ends a session that has too many of them.
func (s *Session) bad(code int, enh, text string) {
	s.say(code, enh, text)
	s.errs++
	s.srv.peers.failed(s.peer)
	if s.errs >= s.srv.limits.MaxErrors {
		s.say(421, "4.7.0", s.srv.hostname+" Too many errors")
		s.closed = true
	}
}

func (s *Session) handle(ctx context.Context, line string) {
	verb, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	switch strings.ToUpper(verb) {
	case "EHLO":
		s.greet(arg, true)
	case "HELO":
		s.greet(arg, false)
	case "STARTTLS":
		s.startTLS(arg)
	case "MAIL":
		s.mail(arg)
	case "RCPT":
		s.rcpt(ctx, arg)
	case "DATA":
		s.data(ctx, arg)
	case "BDAT":
		s.bdat(ctx, arg)
	case "RSET":
		s.reset()
		s.say(250, "2.0.0", "Ok")
	case "NOOP":
		s.say(250, "2.0.0", "Ok")
	case "VRFY":
		s.say(252, "2.5.0", "Send some mail and see")
	case "HELP":
		s.say(214, "2.0.0", "See RFC 5321")
	case "QUIT":
		s.say(221, "2.0.0", s.srv.hostname+" Bye")
		s.closed = true
	case "AUTH", "EXPN", "TURN", "ETRN":
		s.bad(502, "5.5.1", "Not implemented: this server takes mail for its own addresses only")
	default:
		s.bad(500, "5.5.2", "Unknown command")
	}
}

func (s *Session) greet(name string, extended bool) {
	if name == "" || len(name) > 255 || strings.ContainsAny(name, " \t") {
		s.bad(501, "5.5.4", "Say your host name")
		return
	}
	s.reset()
	s.helo = clean(name)
	if !extended {
		s.say(250, "", s.srv.hostname)
		return
	}
	caps := []string{s.srv.hostname, "PIPELINING", "SIZE " + strconv.FormatInt(s.srv.limits.MaxMessageBytes, 10), "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"}
	if s.srv.tls != nil && !s.isTLS {
		caps = append(caps, "STARTTLS")
	}
	for i, c := range caps {
		sep := "-"
		if i == len(caps)-1 {
			sep = " "
		}
		fmt.Fprintf(s.bw, "250%s%s\r\n", sep, c)
	}
}

func (s *Session) startTLS(arg string) {
	switch {
	case s.srv.tls == nil || s.isTLS:
		s.bad(503, "5.5.1", "STARTTLS is not available now")
		return
	case arg != "":
		s.bad(501, "5.5.4", "STARTTLS takes no argument")
		return
	case s.br.Buffered() > 0:
		// What was sent in clear text behind the command must never count as said under TLS.
		s.say(503, "5.5.1", "Nothing may follow STARTTLS")
		s.closed = true
		return
	}
	s.say(220, "2.0.0", "Go ahead")
	if s.flush() != nil {
		s.closed = true
		return
	}
	t := tls.Server(s.conn, s.srv.tls)
	s.raw.SetDeadline(time.Now().Add(30 * time.Second))
	if err := t.Handshake(); err != nil {
		s.srv.log.Debug("smtp: tls handshake", "error", err.Error())
		s.closed = true
		s.bw.Reset(io.Discard)
		return
	}
	s.raw.SetDeadline(time.Time{})
	s.use(t)
	s.isTLS = true
	s.helo = ""
	s.reset()
}

func (s *Session) mail(arg string) {
	switch {
	case s.helo == "":
		s.bad(503, "5.5.1", "Say EHLO first")
		return
	case s.mailing:
		s.bad(503, "5.5.1", "A transaction is in progress")
		return
	}
	from, params, ok := path(arg, "FROM:")
	if !ok || (from != "" && !plausible(from)) {
		s.bad(501, "5.1.7", "Bad sender address")
		return
	}
	smtputf8 := false
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		switch strings.ToUpper(k) {
		case "SIZE":
			n, err := strconv.ParseUint(v, 10, 63)
			if err != nil {
				s.bad(501, "5.5.4", "Bad SIZE")
				return
			}
			if int64(n) > s.srv.limits.MaxMessageBytes {
				s.say(552, "5.3.4", "The message is larger than "+strconv.FormatInt(s.srv.limits.MaxMessageBytes, 10)+" bytes")
				return
			}
		case "BODY":
			if b := strings.ToUpper(v); b != "7BIT" && b != "8BITMIME" {
				s.bad(501, "5.5.4", "Bad BODY")
				return
			}
		case "SMTPUTF8":
			smtputf8 = true
		default:
			s.bad(555, "5.5.4", "Unknown parameter")
			return
		}
	}
	if !s.srv.peers.message(s.peer) {
		s.say(450, "4.7.1", "Too many messages from you just now, try again later")
		return
	}
	s.mailing, s.from, s.null, s.utf8 = true, from, from == "", smtputf8
	s.started = time.Now()
	s.say(250, "2.1.0", "Ok")
}

func (s *Session) rcpt(ctx context.Context, arg string) {
	if !s.mailing || s.chunked {
		s.bad(503, "5.5.1", "Say MAIL first")
		return
	}
	to, params, ok := path(arg, "TO:")
	if !ok || (!plausible(to) && !strings.EqualFold(to, "postmaster")) {
		s.bad(501, "5.1.3", "Bad recipient address")
		return
	}
	if len(params) > 0 {
		s.bad(555, "5.5.4", "Unknown parameter")
		return
	}
	if len(s.to) >= s.srv.limits.MaxRecipients {
		s.say(452, "4.5.3", "Too many recipients, send the rest in another transaction")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tag, err := s.srv.backend.Recipient(ctx, s, to)
	if err != nil {
		var r *Reply
		if errors.As(err, &r) && r.Code >= 500 {
			s.bad(r.Code, r.Enh, r.Text)
			return
		}
		s.sayErr(err)
		return
	}
	s.to = append(s.to, Recipient{Address: to, Tag: tag})
	s.say(250, "2.1.5", "Ok")
}

func (s *Session) data(ctx context.Context, arg string) {
	switch {
	case arg != "":
		s.bad(501, "5.5.4", "DATA takes no argument")
		return
	case s.chunked:
		s.bad(503, "5.5.1", "DATA may not follow BDAT")
		return
	case !s.mailing || len(s.to) == 0:
		s.bad(503, "5.5.1", "No valid recipients")
		return
	}
	sp, err := newSpool(ctx, s.srv.memory, s.srv.limits.MemoryBytes, s.srv.limits.SpoolOver)
	defer sp.close()
	if err != nil {
		s.say(451, "4.3.1", "Too much mail in flight, try again later")
		s.reset()
		return
	}
	s.say(354, "", "Go ahead, end with <CRLF>.<CRLF>")
	if s.flush() != nil {
		s.closed = true
		return
	}
	tooBig, err := s.readData(sp)
	if err != nil {
		s.cut(err)
		return
	}
	if tooBig {
		s.say(552, "5.3.4", "The message is larger than "+strconv.FormatInt(s.srv.limits.MaxMessageBytes, 10)+" bytes")
		s.reset()
		return
	}
	s.deliver(ctx, sp)
}

// cut ends a session whose message did not arrive whole. Nothing of it is delivered.
func (s *Session) cut(err error) {
	s.closed = true
	var ne net.Error
	switch {
	case errors.Is(err, errEndless):
		s.say(552, "5.3.4", "The message is much larger than allowed")
	case errors.As(err, &ne) && ne.Timeout():
		s.say(421, "4.4.2", "Too slow")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
	default:
		s.say(451, "4.3.0", "Cannot take this now, try again later")
	}
	s.reset()
}

func (s *Session) deliver(ctx context.Context, sp *spool) {
	defer s.reset()
	body, err := sp.bytes(ctx)
	if err != nil {
		s.say(451, "4.3.1", "Too much mail in flight, try again later")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.srv.limits.DeliverTimeout)
	defer cancel()
	m := &Mail{Peer: s.peer, Helo: s.helo, TLS: s.isTLS, From: s.from, Null: s.null, UTF8: s.utf8, To: s.to, Body: body}
	if err := s.srv.backend.Deliver(ctx, m); err != nil {
		s.sayErr(err)
		return
	}
	s.say(250, "2.0.0", "Ok, stored")
}

func (s *Session) reset() {
	if s.chunks != nil {
		s.chunks.close()
		s.chunks = nil
	}
	s.mailing, s.chunked, s.tooBig, s.null, s.utf8 = false, false, false, false, false
	s.from, s.to = "", nil
}
