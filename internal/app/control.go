package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// A Command is one thing that the command line does to an installation. It writes its result to out as it comes.
type Command func(ctx context.Context, a *App, args json.RawMessage, out io.Writer) error

// The trailers that end a command run over the socket.
const (
	trailerError = "Kanal-Error"
	trailerCode  = "Kanal-Code"
)

func socketPath(dir string) string { return filepath.Join(dir, "kanal.sock") }

// serveControl answers commands on DIR/kanal.sock, which only the directory's owner may open.
func (a *App) serveControl(ctx context.Context) error {
	path := socketPath(a.cfg.Data)
	_ = os.Remove(path) // left by a killed process; the lock says that nobody else lives here
	ln, err := listenUnix(path)
	if err != nil {
		return fmt.Errorf("app: control socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /run/{name}", a.control)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	a.goes("control", func() {
		_ = srv.Serve(ln)
	})
	a.atStop(func() {
		quit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = srv.Shutdown(quit)
		_ = os.Remove(path)
	})
	return nil
}

func (a *App) control(w http.ResponseWriter, r *http.Request) {
	cmd, ok := commands[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	args, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Trailer", trailerError+", "+trailerCode)
	w.WriteHeader(http.StatusOK)
	err = cmd(r.Context(), a, args, flushing{w, http.NewResponseController(w)})
	if err != nil {
		w.Header().Set(trailerCode, string(desk.CodeOf(err)))
		j, _ := json.Marshal(errorText(err))
		w.Header().Set(trailerError, string(j))
	}
}

// flushing sends each line on at once.
type flushing struct {
	w io.Writer
	c *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	_ = f.c.Flush()
	return n, err
}

// errorText is what a command prints of an error: the public sentence, or all of what is known when there is none.
func errorText(err error) string {
	var e *desk.Error
	if errors.As(err, &e) && e.Public != "" {
		if e.Field != "" {
			return e.Field + ": " + e.Public
		}
		return e.Public
	}
	return err.Error()
}

// RunCommand does a named command in the installation of cfg: through the running server's socket, or here when no server runs.
func RunCommand(ctx context.Context, cfg Config, name string, args any, out io.Writer) error {
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	cmd, ok := commands[name]
	if !ok {
		return fmt.Errorf("app: no command %q", name)
	}
	for try := 0; ; try++ {
		done, err := overSocket(ctx, cfg.Data, name, body, out)
		if done {
			return err
		}
		a, err := Open(ctx, cfg)
		if desk.ReasonOf(err) == ReasonLocked && try < 50 {
			time.Sleep(100 * time.Millisecond) // a server is just starting or stopping, or another command runs
			continue
		}
		if err != nil {
			return err
		}
		defer a.Close()
		return cmd(ctx, a, body, out)
	}
}

// overSocket reports done when a server took the command.
func overSocket(ctx context.Context, dir, name string, body []byte, out io.Writer) (done bool, err error) {
	c, err := dialUnix(ctx, socketPath(dir))
	if err != nil {
		return false, nil
	}
	tr := &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://kanal/run/"+name, bytes.NewReader(body))
	if err != nil {
		return true, err
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return true, fmt.Errorf("the server did not answer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return true, fmt.Errorf("the running server does not know %q: it is of another version", name)
	}
	if _, err := io.Copy(out, resp.Body); err != nil {
		return true, fmt.Errorf("the server broke off: %w", err)
	}
	if code := resp.Trailer.Get(trailerCode); code != "" {
		var text string
		_ = json.Unmarshal([]byte(resp.Trailer.Get(trailerError)), &text)
		return true, &desk.Error{Code: desk.Code(code), Public: text}
	}
	return true, nil
}

// A socket's path may have about 100 bytes; a longer one is reached through its directory.
func listenUnix(path string) (net.Listener, error) {
	short, done, err := shortPath(path)
	if err != nil {
		return nil, err
	}
	defer done()
	ln, err := net.Listen("unix", short)
	if err != nil {
		return nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	return ln, os.Chmod(path, 0o600)
}

func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	short, done, err := shortPath(path)
	if err != nil {
		return nil, err
	}
	defer done()
	var d net.Dialer
	return d.DialContext(ctx, "unix", short)
}

func shortPath(path string) (string, func(), error) {
	if len(path) < 100 {
		return path, func() {}, nil
	}
	tmp, err := os.MkdirTemp("", "kanal")
	if err != nil {
		return "", nil, err
	}
	abs, err := filepath.Abs(filepath.Dir(path))
	if err == nil {
		err = os.Symlink(abs, filepath.Join(tmp, "d"))
	}
	return filepath.Join(tmp, "d", filepath.Base(path)), func() { os.RemoveAll(tmp) }, err
}
