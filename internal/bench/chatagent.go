package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// agentStream is one agent's browser: what came, and when. It comes back when it is cut off, as a browser does.
type agentStream struct {
	again int
	last  string
	mu    sync.Mutex
	at    map[string][]time.Time // messages told, by id
}

func (c *chatRun) follow(ctx context.Context) (*agentStream, error) {
	s := &agentStream{at: map[string][]time.Time{}}
	ready := make(chan struct{})
	var once sync.Once
	var failed error
	go func() {
		for ctx.Err() == nil {
			err := c.listen(ctx, s, func() { once.Do(func() { close(ready) }) })
			if c.over.Load() {
				return
			}
			s.mu.Lock()
			s.again++
			failed = err
			s.mu.Unlock()
			time.Sleep(50 * time.Millisecond)
		}
	}()
	select {
	case <-ready:
		return s, nil
	case <-time.After(20 * time.Second):
		s.mu.Lock()
		defer s.mu.Unlock()
		return nil, fmt.Errorf("bench: the agents' stream is not ready: %w", failed)
	}
}

// listen reads the agents' stream until it ends.
func (c *chatRun) listen(ctx context.Context, s *agentStream, ready func()) error {
	path := "/api/events"
	if s.last != "" {
		path += "?after=" + s.last
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.site.url(path), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := (&http.Client{Transport: client(0).Transport}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answered %s", res.Status)
	}
	in := bufio.NewReader(res.Body)
	name := ""
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		switch {
		case strings.HasPrefix(line, "id: "):
			s.last = strings.TrimSpace(line[4:])
		case strings.HasPrefix(line, "event: "):
			if name = strings.TrimSpace(line[7:]); name == "ready" {
				ready()
			}
		case strings.HasPrefix(line, "data: ") && name == "message.received":
			at := time.Now()
			var ev struct {
				Message json.Number `json:"message_id"`
			}
			if json.Unmarshal([]byte(line[6:]), &ev) == nil {
				s.mu.Lock()
				s.at[ev.Message.String()] = append(s.at[ev.Message.String()], at)
				s.mu.Unlock()
			}
		}
	}
}
