package email

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Receive implements channel.Receiver: it reads the mailbox's folders until ctx ends. It never marks, moves or deletes anything and never
// looks at the unread flag: what was read is known by UIDVALIDITY and UID, kept in a cursor for each folder that moves in the
// transaction that files the mail.
func (m *mailbox) Receive(ctx context.Context) error {
	ctx, cancel := m.bound(ctx)
	defer cancel()
	m.host.SetState(ctx, desk.StateConnecting, "")
	pause := backoff{first: m.opts.RetryBase, most: 5 * time.Minute}
	for {
		err := m.session(ctx, &pause)
		if ctx.Err() != nil {
			return nil
		}
		wait := pause.next()
		var open *openError
		switch {
		case errors.As(err, &open) && open.refused:
			m.host.SetState(ctx, desk.StateReconnect, "The mail server does not accept the user name and password: "+oneLine(open.Error()))
			// Asking too often locks the mailbox. A new password in the settings opens the account anew.
			wait = pause.jitter(15 * time.Minute)
		case errors.Is(err, errMachine):
			m.host.SetState(ctx, desk.StateTrouble, "Kanal could not store a mail and tries again.")
		default:
			m.host.SetState(ctx, desk.StateTrouble, "The mailbox cannot be read at present: "+networkWords(err)+". Kanal tries again.")
		}
		if err != nil {
			m.host.Log().Info("imap: session ended", "channel_account_id", m.acc.ID.String(), "error", err.Error(), "again_in", wait.String())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// session is one connection: read what is there, wait for news, read again.
func (m *mailbox) session(ctx context.Context, pause *backoff) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wake := make(chan struct{}, 1)
	s, oerr := openIMAP(ctx, m.conn, wake)
	if oerr != nil {
		return oerr
	}
	defer s.close()
	folders := m.set.IMAP.Folders
	for {
		select {
		case <-wake:
		default:
		}
		// The folder that is watched comes last and stays open.
		for i := len(folders) - 1; i >= 0; i-- {
			if err := m.sync(ctx, s, folders[i]); err != nil {
				return err
			}
		}
		m.host.SetState(ctx, desk.StateConnected, "")
		pause.reset()
		if err := m.await(ctx, s); err != nil {
			return err
		}
		if ctx.Err() != nil {
			s.logout()
			return nil
		}
	}
}

// await returns when it is time to look again.
func (m *mailbox) await(ctx context.Context, s *imapSession) error {
	if s.canIdle() {
		// What arrives between looking and IDLE some servers never announce, and other folders are not watched: so look after
		// every poll interval all the same.
		return s.idle(ctx, min(m.opts.IdleRestart, m.opts.IMAPPoll))
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.wake:
		s.announce()
		return nil
	case <-time.After(m.opts.IMAPPoll):
		return s.noop()
	}
}

// backoff grows a pause from first to most, with jitter so that many mailboxes do not come back at once.
type backoff struct {
	first, most time.Duration
	mu          sync.Mutex
	now         time.Duration
}

func (b *backoff) next() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = min(max(b.first, b.now*2), b.most)
	return b.jitter(b.now)
}

func (b *backoff) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = 0
}

func (*backoff) jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}
