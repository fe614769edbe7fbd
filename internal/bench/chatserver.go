package bench

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/inbox"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/visitor"
)

// seeded is what the measurement begins with.
type seeded struct {
	account string
	token   string // of an agent
	tokens  []string
}

// seed makes a website's chat channel, an agent who takes its chats, and browsers that are known.
func seed(ctx context.Context, a *app.App, visitors int) (out seeded, err error) {
	err = a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := a.Inbox.EnsureDefaults(ctx, tx, "desk.bench.example"); err != nil {
			return err
		}
		u, err := a.People.Create(ctx, tx, desk.System, people.NewUser{Email: "agent@desk.bench.example", Name: "Agent", Role: desk.RoleAgent})
		if err != nil {
			return err
		}
		if out.token, _, err = a.Access.CreateToken(ctx, tx, desk.System, u.ID, "bench", []string{access.ScopeAll}, 0); err != nil {
			return err
		}
		home, err := a.Inbox.Helpdesk(ctx, tx)
		if err != nil {
			return err
		}
		acc, err := a.Inbox.CreateAccount(ctx, tx, desk.System, inbox.NewAccount{
			Slug: "website", Name: "Website", Channel: "chat", InboxID: home.ID, Operator: true, Settings: []byte("{}"), Assign: &desk.AssignPolicy{To: "users", Users: []string{u.Email}},
		})
		out.account = acc.ID.String()
		return err
	})
	if err != nil {
		return out, err
	}
	service := visitor.New(a.Clock, a.Events)
	for len(out.tokens) < visitors {
		var some []string
		err := a.DB.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
			some = nil
			for range min(500, visitors-len(out.tokens)) {
				_, token, err := service.Arrive(ctx, tx, visitor.Glimpse{URL: "https://shop.example/", Track: true})
				if err != nil {
					return err
				}
				some = append(some, token)
			}
			return nil
		})
		if err != nil {
			return out, err
		}
		out.tokens = append(out.tokens, some...)
	}
	return out, nil
}

// child is the server as a process of its own: what it costs is its own.
type child struct {
	cmd  *exec.Cmd
	site *site
	pid  int
	log  *os.File
}

// serve starts `kanal serve` on what was seeded.
func serve(ctx context.Context, opt Options, dir, account string) (*child, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host := ln.Addr().String()
	ln.Close()
	s := &site{host: host, account: account, http2: opt.HTTP2}
	program := opt.Program
	if program == "" {
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	args := []string{"serve", "--data", dir, "--http", host, "--smtp", "off", "--base-url", s.url(""), "--log-level", "warn"}
	if opt.DatabaseURL != "" {
		args = append(args, "--database-url", opt.DatabaseURL)
	}
	if opt.HTTP2 {
		cert, key, err := selfSigned(dir)
		if err != nil {
			return nil, err
		}
		args = append(args, "--tls-cert", cert, "--tls-key", key)
	}
	c := &child{cmd: exec.CommandContext(ctx, program, args...), site: s}
	if c.log, err = os.Create(filepath.Join(dir, "bench.log")); err != nil {
		return nil, err
	}
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	for range 300 {
		if res, err := client(0).Get(s.url("/readyz")); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return c, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.stop()
	said, _ := os.ReadFile(c.log.Name())
	return nil, fmt.Errorf("bench: the server did not start: %s", said[:min(len(said), 2000)])
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait()
	c.log.Close()
}

// reading is what the server says of itself.
type reading struct {
	rss, inUse, cpu float64 // bytes, bytes of heap and stacks, seconds
	streams         int
}

// read asks the server's /metrics.
func (c *child) read() (r reading, err error) {
	res, err := client(0).Get(c.site.url("/metrics"))
	if err != nil {
		return r, err
	}
	defer res.Body.Close()
	in := bufio.NewScanner(res.Body)
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), " ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue
		}
		switch name {
		case "process_resident_memory_bytes":
			r.rss = v
		case "go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes":
			r.inUse += v
		case "process_cpu_seconds_total":
			r.cpu = v
		case "kanal_widget_streams":
			r.streams = int(v)
		}
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return r, in.Err()
}

// selfSigned makes a certificate for HTTP/2, which browsers speak over TLS alone.
func selfSigned(dir string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return "", "", err
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	certFile, keyFile = filepath.Join(dir, "bench-cert.pem"), filepath.Join(dir, "bench-key.pem")
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return "", "", err
	}
	return certFile, keyFile, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: sealed}), 0o600)
}
