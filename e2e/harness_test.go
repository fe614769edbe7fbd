// Package e2e tells whole stories against the real binary and real mail servers: nothing of Kanal is replaced. Each test builds
// bin/kanal once, starts it in a directory of its own and speaks to it from outside.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/dbtest"
)

var binary struct {
	sync.Once
	path string
	err  error
}

// kanalBinary builds the program once for all tests of the run. KANAL_BIN names one that is built already.
func kanalBinary(t *testing.T) string {
	t.Helper()
	binary.Do(func() {
		if binary.path = os.Getenv("KANAL_BIN"); binary.path != "" {
			return
		}
		dir, err := os.MkdirTemp("", "kanal-e2e")
		if err != nil {
			binary.err = err
			return
		}
		binary.path = filepath.Join(dir, "kanal")
		out, err := exec.Command("go", "build", "-o", binary.path, "../cmd/kanal").CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary.path != "" && os.Getenv("KANAL_BIN") == "" {
		os.RemoveAll(filepath.Dir(binary.path))
	}
	os.Exit(code)
}

// needs skips a test whose server is not on this machine; in CI it fails.
func needs(t *testing.T, program string, more ...string) string {
	t.Helper()
	for _, p := range append([]string{program}, more...) {
		if path, err := exec.LookPath(p); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed, and in CI nothing is skipped", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// server is one installation of Kanal: a directory, a database, and at times a running process.
type server struct {
	t        *testing.T
	bin      string
	dir      string
	http     string
	smtp     string
	postgres string
	args     []string
	token    string
	cmd      *exec.Cmd
	log      *bytes.Buffer
	exited   chan error
}

// newServer prepares an installation on the given kind of database, with an owner and an API token.
func newServer(t *testing.T, kind db.Dialect, args ...string) *server {
	t.Helper()
	s := &server{t: t, bin: kanalBinary(t), dir: t.TempDir(), http: freePort(t), smtp: freePort(t), args: args}
	if kind == db.Postgres {
		s.postgres = dbtest.PostgresURL(t)
	}
	s.must("secret-passphrase\n", "user", "create", "--email", "owner@kanal.test", "--name", "Olga Owner", "--role", "owner", "--password-stdin")
	s.token = strings.TrimSpace(s.must("", "token", "create", "--name", "e2e", "--scopes", "all", "--as", "owner@kanal.test"))
	return s
}

func (s *server) global() []string {
	a := []string{"--data", s.dir}
	if s.postgres != "" {
		a = append(a, "--database-url", s.postgres)
	}
	return a
}

// must runs a subcommand and returns what it prints.
func (s *server) must(stdin string, args ...string) string {
	s.t.Helper()
	out, err := s.run(stdin, args...)
	if err != nil {
		s.t.Fatalf("kanal %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (s *server) run(stdin string, args ...string) (string, error) {
	cmd := exec.Command(s.bin, append(args, s.global()...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

// start runs `kanal serve` and waits until it is ready.
func (s *server) start() {
	s.t.Helper()
	s.log = &bytes.Buffer{}
	args := append([]string{"serve", "--http", s.http, "--smtp", s.smtp, "--base-url", "http://kanal.test"}, s.global()...)
	s.cmd = exec.Command(s.bin, append(args, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan error) { done <- cmd.Wait() }(s.cmd, s.exited)
	s.t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case err := <-s.exited:
			s.t.Fatalf("kanal serve ended: %v\n%s", err, s.log)
		default:
		}
		if resp, err := http.Get("http://" + s.http + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == 200 {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("kanal serve was not ready in 30 s\n%s", s.log)
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	<-s.exited
}

// stop ends it as an operator would.
func (s *server) stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.exited:
		if err != nil {
			s.t.Fatalf("kanal serve stopped with %v\n%s", err, s.log)
		}
	case <-time.After(30 * time.Second):
		s.t.Fatalf("kanal serve did not stop in 30 s\n%s", s.log)
	}
}

// api calls the workspace API and decodes the answer into out.
func (s *server) api(method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, "http://"+s.http+path, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err
	}
	if resp.StatusCode >= 300 {
		return resp.StatusCode, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, b)
	}
	if out != nil {
		return resp.StatusCode, json.Unmarshal(b, out)
	}
	return resp.StatusCode, nil
}

// database opens the stopped installation's database, to count what is in it.
func (s *server) database() *db.DB {
	s.t.Helper()
	d, err := db.Connect(context.Background(), db.Options{Path: filepath.Join(s.dir, "kanal.db"), URL: s.postgres})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { d.Close() })
	return d
}

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// eventually polls a fact about another process until it holds.
func eventually(t *testing.T, within time.Duration, what string, fact func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !fact() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func eachDatabase(t *testing.T, fn func(t *testing.T, kind db.Dialect)) {
	for _, kind := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(kind), func(t *testing.T) { fn(t, kind) })
	}
}
