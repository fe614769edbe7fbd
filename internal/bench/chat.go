package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Chat measures website visitors on a server that is a process of its own: many who are connected and idle, conversations with messages both ways, and what happens
// when all connections drop at once.
func Chat(ctx context.Context, opt Options) ([]Row, error) {
	setDefault(&opt.Visitors, 10_000)
	setDefault(&opt.Conversations, 1000)
	setDefault(&opt.PerSecond, 200)
	setDefault(&opt.Seconds, 30)
	opt.Conversations = min(opt.Conversations, opt.Visitors)
	if err := enoughFiles(opt.Visitors + 500); err != nil {
		return nil, err
	}
	c, err := newChat(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer c.done()
	for _, part := range []func(context.Context) error{c.idle, c.begin, c.toAgent, c.toVisitor, c.storm} {
		if err := part(ctx); err != nil {
			said, _ := os.ReadFile(c.server.log.Name())
			return c.rows, fmt.Errorf("%w (the server said: %s)", err, said[max(0, len(said)-1500):])
		}
	}
	return c.rows, nil
}

func setDefault(v *int, d int) {
	if *v <= 0 {
		*v = d
	}
}

// enoughFiles lifts this process's limit of open files as far as the system lets it, and says what to do if that is not enough: each connection is a file, here and in the
// server.
func enoughFiles(n int) error {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return nil
	}
	if lim.Cur < lim.Max {
		lim.Cur = lim.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &lim)
	}
	if lim.Cur < uint64(n) {
		return fmt.Errorf("bench: %d open files are needed and %d are allowed. Raise it with ulimit -n %d (in systemd: LimitNOFILE=%d), or measure fewer with --visitors", n, lim.Cur, 2*n, 2*n)
	}
	return nil
}

type chatRun struct {
	opt      Options
	server   *child
	done     func()
	token    string
	database string
	all      []*browser
	talking  []*browser // those with a conversation
	rows     []Row
	agent    *agentStream
	over     atomic.Bool

	mu    sync.Mutex
	heard map[string][]time.Time // messages that visitors' streams told, by id
}

func newChat(ctx context.Context, opt Options) (*chatRun, error) {
	dir := opt.Dir
	remove := func() {}
	if dir == "" {
		tmp, err := os.MkdirTemp("", "kanal-bench-")
		if err != nil {
			return nil, err
		}
		dir, remove = tmp, func() { _ = os.RemoveAll(tmp) }
	}
	opt.Dir = dir
	a, closeApp, err := open(ctx, opt)
	if err != nil {
		remove()
		return nil, err
	}
	c := &chatRun{opt: opt, database: string(a.DB.Dialect()), heard: map[string][]time.Time{}}
	opt.say("making %d visitors", opt.Visitors)
	s, err := seed(ctx, a, opt.Visitors)
	closeApp()
	if err == nil {
		c.server, err = serve(ctx, opt, dir, s.account)
	}
	if err != nil {
		remove()
		return nil, err
	}
	c.token = s.token
	c.done = func() {
		c.over.Store(true)
		for _, b := range c.all {
			b.drop()
		}
		c.server.stop()
		remove()
	}
	for i, token := range s.tokens {
		c.all = append(c.all, &browser{token: token, n: i, hears: c.hears})
	}
	return c, nil
}

// hears notes the messages that a visitor is told.
func (c *chatRun) hears(_ *browser, name, data string, at time.Time) {
	if name != "message" {
		return
	}
	var d struct{ Message struct{ ID json.Number } }
	if json.Unmarshal([]byte(data), &d) != nil {
		return
	}
	c.mu.Lock()
	id := d.Message.ID.String()
	c.heard[id] = append(c.heard[id], at)
	c.mu.Unlock()
}

func (c *chatRun) add(r Row) {
	r.Bench, r.Database = "chat", c.database
	c.rows = append(c.rows, r)
}

// idle connects everybody, then looks at what the server costs while nothing happens.
func (c *chatRun) idle(ctx context.Context) error {
	time.Sleep(2 * time.Second)
	before, err := c.server.read()
	if err != nil {
		return err
	}
	c.opt.say("connecting %d visitors", len(c.all))
	began := time.Now()
	times, failed, err := together(ctx, c.server.site, c.all, 64)
	if err != nil {
		return err
	}
	took := time.Since(began)
	connected, err := c.server.read()
	if err != nil {
		return err
	}
	c.opt.say("idle for %d s", c.opt.Seconds)
	if err := sleep(ctx, time.Duration(c.opt.Seconds)*time.Second); err != nil {
		return err
	}
	after, err := c.server.read()
	if err != nil {
		return err
	}
	if after.streams < len(c.all) {
		return fmt.Errorf("bench: of %d visitors %d are connected", len(c.all), after.streams)
	}
	n := float64(len(c.all))
	protocol := "HTTP/1.1"
	if c.opt.HTTP2 {
		protocol = "HTTP/2"
	}
	r := row(times, 64, took, time.Duration((connected.cpu-before.cpu)*float64(time.Second)))
	r.What, r.P50, r.P99 = "visitors connect, "+protocol, 0, 0
	r.Note = fmt.Sprintf("%d attempts failed", failed)
	c.add(r)
	c.add(Row{What: "idle visitors, " + protocol, Count: len(c.all), Note: fmt.Sprintf("%.1f KB each of resident memory, %.1f KB of heap and stacks; %.1f MB before them; %.1f %% of one CPU",
		(after.rss-before.rss)/n/1024, (after.inUse-before.inUse)/n/1024, before.rss/1e6, (after.cpu-connected.cpu)/float64(c.opt.Seconds)*100)})
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// clients have connections of their own from addresses of their own: a limit counts an address.
var clients [64]*http.Client

func client(n int) *http.Client { return clients[n%len(clients)] }

func init() {
	for i := range clients {
		dial := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, 0, byte(i+1))}, Timeout: 10 * time.Second}
		clients[i] = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DialContext: dial.DialContext, MaxIdleConnsPerHost: 16, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // our own server of this run
	}
}

// ask posts JSON and reads the answer.
func (c *chatRun) ask(ctx context.Context, n int, token, path string, in, out any) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.server.site.url(path), bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := client(n).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		said, _ := io.ReadAll(io.LimitReader(res.Body, 500))
		return fmt.Errorf("bench: %s answered %s: %s", path, res.Status, said)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

type sent struct {
	Thread  struct{ ID json.Number } `json:"thread"`
	Message struct{ ID json.Number } `json:"message"`
}

// write says something as a visitor and returns the message's id.
func (c *chatRun) write(ctx context.Context, b *browser) (string, error) {
	in := map[string]any{"id": fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()), "text": "Where is my parcel? It was due on Tuesday.", "account": c.server.site.account}
	if b.thread != "" {
		in["thread"] = b.thread
	}
	var out sent
	if err := c.ask(ctx, b.n, b.token, "/widget/messages", in, &out); err != nil {
		return "", err
	}
	b.thread = out.Thread.ID.String()
	return out.Message.ID.String(), nil
}

// begin opens the conversations, each by its first message.
func (c *chatRun) begin(ctx context.Context) error {
	c.opt.say("opening %d conversations", c.opt.Conversations)
	c.talking = c.all[:c.opt.Conversations]
	r, err := timed(len(c.talking), 16, func(i int) error {
		_, err := c.write(ctx, c.talking[i])
		return err
	})
	if err != nil {
		return err
	}
	r.What = "conversations begun (ticket, owner)"
	r.CPU = 0
	c.add(r)
	c.agent, err = c.follow(ctx)
	return err
}

// measured are messages with the moments at which they were given in.
type measured struct {
	mu     sync.Mutex
	began  map[string]time.Time
	failed atomic.Int64
	why    error
}

// at paces fn at a rate for a time, without waiting for answers, and returns the messages that were stored.
func (c *chatRun) at(ctx context.Context, rate int, fn func(i int) (string, error)) *measured {
	m := &measured{began: map[string]time.Time{}}
	n := rate * c.opt.Seconds
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		if d := time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))); d > 0 {
			time.Sleep(d)
		}
		wg.Go(func() {
			began := time.Now()
			id, err := fn(i)
			m.mu.Lock()
			defer m.mu.Unlock()
			if err != nil {
				m.failed.Add(1)
				m.why = err
				return
			}
			m.began[id] = began
		})
		if ctx.Err() != nil {
			break
		}
	}
	wg.Wait()
	return m
}

// report makes a row of messages and of the moments at which they were told.
func (c *chatRun) report(what string, m *measured, cpu float64, seen func(id string) []time.Time) error {
	if m.failed.Load() > 0 {
		c.opt.say("%d were refused or failed, the last: %v", m.failed.Load(), m.why)
	}
	deadline := time.Now().Add(15 * time.Second)
	for id := range m.began {
		for len(seen(id)) == 0 && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
	}
	var times []time.Duration
	lost, twice := 0, 0
	for id, began := range m.began {
		at := seen(id)
		switch {
		case len(at) == 0:
			lost++
			continue
		case len(at) > 1:
			twice++
		}
		times = append(times, at[0].Sub(began))
	}
	slices.Sort(times)
	r := row(times, c.opt.Conversations, time.Duration(c.opt.Seconds)*time.Second, time.Duration(cpu*float64(time.Second)))
	r.What = what
	r.Note = fmt.Sprintf("%d lost, %d twice, %d failed", lost, twice, m.failed.Load())
	c.add(r)
	return nil
}

// toAgent measures from the visitor's request to the agent's stream.
func (c *chatRun) toAgent(ctx context.Context) error {
	c.opt.say("%d messages a second to the agent", c.opt.PerSecond)
	before, err := c.server.read()
	if err != nil {
		return err
	}
	m := c.at(ctx, c.opt.PerSecond, func(i int) (string, error) { return c.write(ctx, c.talking[i%len(c.talking)]) })
	after, err := c.server.read()
	if err != nil {
		return err
	}
	err = c.report("visitor to agent's stream", m, after.cpu-before.cpu, func(id string) []time.Time {
		c.agent.mu.Lock()
		defer c.agent.mu.Unlock()
		return c.agent.at[id]
	})
	if n := c.agent.again; n > 0 {
		c.rows[len(c.rows)-1].Note += fmt.Sprintf("; the agent's stream came back %d times", n)
	}
	return err
}

// toVisitor measures from the agent's request to the visitor's stream.
func (c *chatRun) toVisitor(ctx context.Context) error {
	rate := max(1, c.opt.PerSecond/4) // agents write less than all visitors together
	c.opt.say("%d messages a second to visitors", rate)
	before, err := c.server.read()
	if err != nil {
		return err
	}
	m := c.at(ctx, rate, func(i int) (string, error) { return c.answer(ctx, c.talking[i%len(c.talking)]) })
	after, err := c.server.read()
	if err != nil {
		return err
	}
	return c.report("agent to visitor's stream", m, after.cpu-before.cpu, c.told)
}

func (c *chatRun) told(id string) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard[id]
}

func (c *chatRun) answer(ctx context.Context, b *browser) (string, error) {
	var out struct{ ID json.Number }
	err := c.ask(ctx, b.n, c.token, "/api/threads/"+b.thread+"/messages", map[string]any{"type": "reply", "text": "It is on its way."}, &out)
	return out.ID.String(), err
}

// storm drops every connection at once, answers some conversations meanwhile, and lets all come back at the same moment, without the spread that widgets keep to.
func (c *chatRun) storm(ctx context.Context) error {
	c.opt.say("all drop at once")
	before, err := c.server.read()
	if err != nil {
		return err
	}
	for _, b := range c.all {
		b.drop()
	}
	m := &measured{began: map[string]time.Time{}}
	for _, b := range c.talking[:min(50, len(c.talking))] {
		id, err := c.answer(ctx, b)
		if err != nil {
			return err
		}
		m.began[id] = time.Now()
	}
	began := time.Now()
	times, failed, err := together(ctx, c.server.site, c.all, len(c.all))
	if err != nil {
		return err
	}
	took := time.Since(began)
	after, err := c.server.read()
	if err != nil {
		return err
	}
	lost, twice := 0, 0
	for id := range m.began {
		switch n := len(c.told(id)); {
		case n == 0:
			lost++
		case n > 1:
			twice++
		}
	}
	r := row(times, len(c.all), took, time.Duration((after.cpu-before.cpu)*float64(time.Second)))
	r.What = "all drop and come back at once"
	r.Note = fmt.Sprintf("all back in %.1f s; %.1f s of CPU; %d attempts failed; %.0f MB resident; of %d answers given meanwhile %d lost, %d twice",
		took.Seconds(), after.cpu-before.cpu, failed, after.rss/1e6, len(m.began), lost, twice)
	c.add(r)
	return nil
}
