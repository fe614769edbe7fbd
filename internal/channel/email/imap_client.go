package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// This file is the only one that knows the IMAP library.

// imapTimeout bounds one command whose answer is small.
const imapTimeout = time.Minute

// stage is how far opening a session came.
type stage int

const (
	stageConnect stage = iota
	stageTLS
	stageGreeting
	stageLogin
)

// openError says where opening failed. refused is true when the server does not accept the credentials.
type openError struct {
	stage   stage
	refused bool
	err     error
}

func (e *openError) Error() string { return e.err.Error() }
func (e *openError) Unwrap() error { return e.err }

// box is an opened folder.
type box struct {
	messages uint32
	validity uint32
	next     uint32 // 0: the server does not say
	modseq   uint64
}

// item is what is known of a message before its body.
type item struct {
	uid  uint32
	size int64
	date time.Time
}

// imapSession is one signed-in connection. It reads only: folders are opened with EXAMINE and bodies fetched with PEEK, so that no
// flag of the mailbox ever changes. Not for concurrent use.
type imapSession struct {
	c    *imapclient.Client
	raw  net.Conn
	wake chan struct{} // new mail was announced
	stop func() bool
	deaf bool // IDLE is offered, but was refused
}

// openIMAP connects, encrypts as set and signs in. The session ends when ctx does.
func openIMAP(ctx context.Context, c *conn, wake chan struct{}) (*imapSession, *openError) {
	e := c.set.IMAP.endpoint
	raw, err := c.dial(ctx, e.addr())
	if err != nil {
		return nil, &openError{stageConnect, false, err}
	}
	s := &imapSession{raw: raw, wake: wake}
	s.stop = context.AfterFunc(ctx, func() { raw.Close() })
	fail := func(st stage, refused bool, err error) (*imapSession, *openError) {
		s.close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, &openError{st, refused, err}
	}
	opts := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				s.announce()
			}
		},
	}}
	guard := time.AfterFunc(imapTimeout, func() { raw.Close() })
	defer guard.Stop()
	switch e.TLS {
	case tlsImplicit:
		t := tls.Client(raw, c.clientTLS(e.Host))
		if err := t.HandshakeContext(ctx); err != nil {
			return fail(stageTLS, false, err)
		}
		s.c = imapclient.New(t, opts)
	case tlsStart:
		opts.TLSConfig = c.clientTLS(e.Host)
		if s.c, err = imapclient.NewStartTLS(raw, opts); err != nil {
			return fail(stageTLS, false, err)
		}
	default:
		s.c = imapclient.New(raw, opts)
	}
	if err := s.c.WaitGreeting(); err != nil {
		return fail(stageGreeting, false, err)
	}
	if s.c.State() == imap.ConnStateNotAuthenticated { // else PREAUTH
		if err := s.login(c.set); err != nil {
			return fail(stageLogin, refusedLogin(err), err)
		}
	}
	return s, nil
}

// login signs in. OAuth will choose its mechanism here: OAUTHBEARER or XOAUTH2.
func (s *imapSession) login(set settings) error {
	if s.c.Caps().Has(imap.AuthCap("PLAIN")) {
		return s.c.Authenticate(sasl.NewPlainClient("", set.Username, set.Password))
	}
	return s.c.Login(set.Username, set.Password).Wait()
}

// refusedLogin tells "wrong password" from "not now" (RFC 5530).
func refusedLogin(err error) bool {
	var e *imap.Error
	if !errors.As(err, &e) || e.Type == imap.StatusResponseTypeBye {
		return false
	}
	switch e.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug, imap.ResponseCodeContactAdmin:
		return false
	}
	return true
}

func (s *imapSession) announce() {
	if s.wake == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // a flood of announcements is one
	}
}

func (s *imapSession) close() {
	if s.stop != nil {
		s.stop()
	}
	if s.c != nil {
		s.c.Close()
	}
	s.raw.Close()
}

// logout says goodbye, briefly.
func (s *imapSession) logout() {
	t := time.AfterFunc(3*time.Second, func() { s.raw.Close() })
	_ = s.c.Logout().Wait() // the session is over either way
	t.Stop()
	s.close()
}

// limit closes the connection when fn takes longer than d: the library itself waits for ever.
func (s *imapSession) limit(d time.Duration, fn func() error) error {
	t := time.AfterFunc(d, func() { s.raw.Close() })
	defer t.Stop()
	return fn()
}

func (s *imapSession) canIdle() bool { return !s.deaf && s.c.Caps().Has(imap.CapIdle) }

func (s *imapSession) examine(folder string) (b box, err error) {
	err = s.limit(imapTimeout, func() error {
		d, err := s.c.Select(folder, &imap.SelectOptions{ReadOnly: true, CondStore: s.c.Caps().Has(imap.CapCondStore)}).Wait()
		if err == nil {
			b = box{messages: d.NumMessages, validity: d.UIDValidity, next: uint32(d.UIDNext), modseq: d.HighestModSeq}
		}
		return err
	})
	return b, err
}

// folders lists names, for a check's advice.
func (s *imapSession) folders() (out []string) {
	_ = s.limit(imapTimeout, func() error {
		l, err := s.c.List("", "*", nil).Collect()
		for _, f := range l {
			out = append(out, f.Mailbox)
		}
		return err
	})
	return out[:min(len(out), 30)]
}

// after lists the uids above last, in order. Only the open folder.
func (s *imapSession) after(last uint32, since time.Time) (uids []uint32, err error) {
	var set imap.UIDSet
	set.AddRange(imap.UID(last)+1, 0)
	crit := &imap.SearchCriteria{UID: []imap.UIDSet{set}}
	if !since.IsZero() {
		crit.Since = since.AddDate(0, 0, -1) // a date in the server's zone: one day of room
	}
	err = s.limit(5*time.Minute, func() error {
		d, err := s.c.UIDSearch(crit, nil).Wait()
		if err != nil {
			return err
		}
		for _, u := range d.AllUIDs() {
			if uint32(u) > last { // "n:*" names the last message even when it is older
				uids = append(uids, uint32(u))
			}
		}
		return nil
	})
	slices.Sort(uids)
	return slices.Compact(uids), err
}

// listed asks whether a message is still there.
func (s *imapSession) listed(uid uint32) (yes bool, err error) {
	err = s.limit(imapTimeout, func() error {
		d, err := s.c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{uidSet([]uint32{uid})}}, nil).Wait()
		if err == nil {
			yes = slices.Contains(d.AllUIDs(), imap.UID(uid))
		}
		return err
	})
	return yes, err
}

// peek tells sizes and dates.
func (s *imapSession) peek(uids []uint32) (items []item, err error) {
	err = s.limit(5*time.Minute, func() error {
		l, err := s.c.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
		for _, m := range l {
			items = append(items, item{uid: uint32(m.UID), size: m.RFC822Size, date: m.InternalDate})
		}
		return err
	})
	slices.SortFunc(items, func(a, b item) int { return int(int64(a.uid) - int64(b.uid)) })
	return items, err
}

// errShort: the connection broke inside a body.
var errShort = errors.New("imap: the message did not arrive whole")

// bodies fetches whole messages, or only their headers. A message that is gone is missing from the result; one longer than max has a nil body.
func (s *imapSession) bodies(uids []uint32, onlyHeader bool, max int64) (map[uint32][]byte, error) {
	out := map[uint32][]byte{}
	section := &imap.FetchItemBodySection{Peek: true}
	if onlyHeader {
		section.Specifier = imap.PartSpecifierHeader
	}
	err := s.limit(15*time.Minute, func() error {
		cmd := s.c.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			var uid uint32
			var body []byte
			var got bool
			for it := m.Next(); it != nil; it = m.Next() {
				switch it := it.(type) {
				case imapclient.FetchItemDataUID:
					uid = uint32(it.UID)
				case imapclient.FetchItemDataBodySection:
					if it.Literal == nil {
						continue
					}
					var err error
					if body, err = readLiteral(it.Literal, max); err != nil {
						// The library's reader has gone on and must not be shared any more: leave the session as it is.
						s.raw.Close()
						return err
					}
					got = true
				}
			}
			if uid != 0 && got {
				out[uid] = body
			}
		}
		return cmd.Close()
	})
	return out, err
}

func readLiteral(l imap.LiteralReader, max int64) ([]byte, error) {
	if l.Size() > max {
		if n, err := io.Copy(io.Discard, l); err != nil || n < l.Size() {
			return nil, errShort
		}
		return nil, nil
	}
	b := make([]byte, l.Size())
	if _, err := io.ReadFull(l, b); err != nil {
		return nil, fmt.Errorf("%w: %w", errShort, err)
	}
	return b, nil
}

// idle waits until mail is announced, d has passed, or ctx ends.
func (s *imapSession) idle(ctx context.Context, d time.Duration) error {
	var cmd *imapclient.IdleCommand
	err := s.limit(imapTimeout, func() (err error) { cmd, err = s.c.Idle(); return err })
	if answered(err) {
		s.deaf = true // ask instead
		return nil
	}
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case err := <-ended: // the server broke off
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	case <-s.wake:
		s.announce() // keep it for the reader
	case <-t.C:
	case <-ctx.Done():
	}
	return s.limit(imapTimeout, func() error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return <-ended
	})
}

// noop lets a server without IDLE announce what is new.
func (s *imapSession) noop() error {
	return s.limit(imapTimeout, func() error { return s.c.Noop().Wait() })
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for _, u := range uids {
		set.AddNum(imap.UID(u))
	}
	return set
}

// answered reports whether err is the server's answer to a command, rather than a broken connection.
func answered(err error) bool {
	var e *imap.Error
	return errors.As(err, &e) && e.Type != imap.StatusResponseTypeBye
}
