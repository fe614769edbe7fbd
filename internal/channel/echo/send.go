package echo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
)

// conn is one open account.
type conn struct {
	set  settings
	host channel.Host
}

// Reply is what is posted to the account's url.
type Reply struct {
	ID   string   `json:"id"`
	To   []string `json:"to"`
	Text string   `json:"text"`
}

// Send implements channel.Conn.
func (c *conn) Send(ctx context.Context, out channel.Outbound) (channel.Receipt, error) {
	var to []string
	for _, p := range out.To {
		to = append(to, p.Address)
	}
	if c.set.URL == "" {
		if err := commit(ctx, out, to); err != nil {
			return channel.Receipt{}, err
		}
		return channel.Receipt{RemoteID: out.RemoteID, Detail: "acknowledged"}, nil
	}
	body, err := json.Marshal(Reply{ID: out.RemoteID, To: to, Text: out.Text})
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Code: "encode", Public: "The message cannot be written for this channel.", Err: err}
	}
	// The moment after which the request may have arrived.
	wrote := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { wrote = true }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.set.URL, bytes.NewReader(body))
	if err != nil {
		return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Code: "url", Public: "The URL of this channel is not valid.", Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", out.RemoteID)
	if err := commit(ctx, out, to); err != nil {
		return channel.Receipt{}, err
	}
	resp, err := c.host.HTTP().Do(req)
	if err != nil {
		if wrote {
			return channel.Receipt{}, &channel.SendError{Fault: channel.Uncertain, Code: "no_answer", Public: "The other side took the message but did not answer.", Err: err}
		}
		return channel.Receipt{}, &channel.SendError{Fault: channel.Transient, Code: "network", Public: "The other side could not be reached.", Err: err}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection can be used again
	if f := fault(resp); f != nil {
		return channel.Receipt{}, f
	}
	return channel.Receipt{RemoteID: out.RemoteID, Detail: resp.Status}, nil
}

func commit(ctx context.Context, out channel.Outbound, to []string) error {
	if out.Commit == nil {
		return nil
	}
	return out.Commit(ctx, to)
}

// fault translates the provider's answers: the one table of a channel.
func fault(resp *http.Response) *channel.SendError {
	e := &channel.SendError{Code: strconv.Itoa(resp.StatusCode), Err: errors.New(resp.Status)}
	switch s := resp.StatusCode; {
	case s/100 == 2:
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.Fault, e.Public = channel.Reconnect, "The other side does not know this channel any more."
	case s == http.StatusTooManyRequests, s/100 == 5:
		e.Fault, e.Public = channel.Transient, "The other side is busy."
		if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			e.After = time.Duration(n) * time.Second
		}
	default:
		e.Fault, e.Public = channel.Permanent, fmt.Sprintf("The other side refused the message (%s).", resp.Status)
	}
	return e
}

// Check implements channel.Checker.
func (c *conn) Check(ctx context.Context) ([]channel.Probe, error) {
	if c.set.URL == "" {
		return []channel.Probe{{Name: "url", OK: true, Detail: "Replies are only acknowledged."}}, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.set.URL, nil)
	if err == nil {
		var resp *http.Response
		if resp, err = c.host.HTTP().Do(req); err == nil {
			resp.Body.Close()
			return []channel.Probe{{Name: "url", OK: true, Detail: "The URL answers."}}, nil
		}
	}
	return []channel.Probe{{Name: "url", Detail: "The URL does not answer.", Fix: "Check the URL and whether the other side runs."}}, nil
}

// Close implements channel.Conn.
func (*conn) Close() error { return nil }
