// Package clock tells the server's time, which a test may set and move (--clock). Ids and leases do not use it.
package clock

import (
	"sync"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// Clock is the server's time: the real one plus an offset. The zero value is the real time.
type Clock struct {
	mu     sync.RWMutex
	offset time.Duration
	moved  chan struct{}
}

// New returns the real time.
func New() *Clock { return &Clock{} }

// Now is the server's time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return time.Now().Add(c.offset).UTC()
}

// Ms is Now as stored.
func (c *Clock) Ms() desk.Time { return desk.At(c.Now()) }

// Set moves the time to t; it goes on from there.
func (c *Clock) Set(t time.Time) { c.shift(func() { c.offset = time.Until(t) }) }

// Advance moves the time by d.
func (c *Clock) Advance(d time.Duration) { c.shift(func() { c.offset += d }) }

func (c *Clock) shift(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// Moved is closed when the time is next set or advanced, so that waiters look again.
func (c *Clock) Moved() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return c.moved
}
