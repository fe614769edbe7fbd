// Package channeltest is the conformance suite that every adapter passes, and the Host it passes it with. It owns what the contract
// in internal/channel promises, as tests: the Spec is complete, Parse is pure and never panics, Open and Close touch no
// network, a tampered delivery is refused, Send commits before it cannot be undone and sorts failures. Adapters' tests call
// it; nothing else does.
package channeltest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

var update = flag.Bool("update", false, "rewrite golden files")

// Sample says how to try an adapter beyond its Spec and Parse. Zero fields leave checks out.
type Sample struct {
	// Account has settings that work; the suite opens it.
	Account desk.ChannelAccount
	// Hook is a delivery that is signed well, with the accounts it is for, by address.
	Hook     func() (*http.Request, []byte)
	Accounts map[string]desk.ChannelAccount
	// Sends are attempts to send with what must come of them.
	Sends []Send
	// Settings that Validate must refuse, with the field it must name.
	Refused map[string]Refusal
	// Headers is false when mutating a delivery's body must not be tried.
	NoGoldens bool // another test owns the goldens of testdata/in
}

// Refusal is settings that cannot work.
type Refusal struct {
	Settings string
	Secrets  string
	Field    string
}

// Send is one attempt.
type Send struct {
	Name string
	// Prepare sets the other side up and returns the account to send from. arrived tells how many messages the other side has.
	Prepare func(t *testing.T, h *Host) (acc desk.ChannelAccount, arrived func() int)
	Out     channel.Outbound
	Fault   channel.Fault // "" is success
	Code    string        // when set, what SendError.Code must begin with
	Refused []string      // addresses in Receipt.Failed
}

// Run checks an adapter against the contract. dir is its testdata: dir/in holds raw items, dir/golden what Parse makes of them.
func Run(t *testing.T, a channel.Adapter, dir string, s Sample) {
	t.Run("spec", func(t *testing.T) { checkSpec(t, a.Spec()) })
	t.Run("parse", func(t *testing.T) { checkParse(t, a, dir, s.NoGoldens) })
	t.Run("open", func(t *testing.T) { checkOpen(t, a, s.Account) })
	if v, ok := a.(channel.Validator); ok {
		t.Run("validate", func(t *testing.T) { checkValidate(t, v, s) })
	}
	if hk, ok := a.(channel.Hooker); ok && s.Hook != nil {
		t.Run("hook", func(t *testing.T) { checkHook(t, hk, s) })
	}
	for _, c := range s.Sends {
		t.Run("send/"+c.Name, func(t *testing.T) { checkSend(t, a, c) })
	}
}

var (
	nameShape = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	pathShape = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
	types     = []string{"text", "email", "password", "number", "boolean", "choice", "html", "host", "list"}
	steps     = []string{"account", "details", "automation"}
)

func checkSpec(t *testing.T, s channel.Spec) {
	if !nameShape.MatchString(s.Channel) {
		t.Errorf("Channel %q is no name", s.Channel)
	}
	if s.Name == "" || s.GenericID <= 0 || s.Address == "" {
		t.Errorf("Name, GenericID and Address must be set: %q %d %q", s.Name, s.GenericID, s.Address)
	}
	if s.Threading != channel.ByReference && s.Threading != channel.ByContact && s.Threading != channel.ByKey {
		t.Errorf("Threading %q is none of the models", s.Threading)
	}
	checkIcon(t, s.Icon)
	kinds := map[string]channel.Kind{}
	for _, k := range s.Kinds {
		if _, twice := kinds[k.Name]; twice || k.Name == "" || k.Label == "" {
			t.Errorf("kind %q: has no label, or stands twice", k.Name)
		}
		kinds[k.Name] = k
	}
	paths := map[string]bool{}
	for _, f := range s.Fields {
		checkField(t, f, kinds)
		if paths[f.Path] {
			t.Errorf("field %q stands twice", f.Path)
		}
		paths[f.Path] = true
	}
	for _, k := range s.Kinds {
		if use, ok := kinds[k.UseKind]; k.ComesLater != "" && (!ok || use.ComesLater != "") {
			t.Errorf("kind %q comes later but offers no kind that works", k.Name)
		}
		for p := range k.Preset {
			if !paths[p] {
				t.Errorf("kind %q presets %q, which is no field", k.Name, p)
			}
		}
	}
	if s.Terms != nil && (s.Terms.Version == "" || len(s.Terms.Points) == 0 || slices.Contains(s.Terms.Points, "")) {
		t.Error("Terms must have a version and points")
	}
	if c := s.Can; c.MaxText < 0 || c.MaxAttachment < 0 || c.MaxAttachments < 0 || c.MaxAttachmentNum < 0 || c.Attachments && c.MaxAttachments == 0 {
		t.Error("limits must not be negative, and attachments need one")
	}
	if _, err := json.Marshal(s); err != nil {
		t.Errorf("the Spec is not JSON: %v", err)
	}
}

func checkIcon(t *testing.T, icon string) {
	if !strings.HasPrefix(icon, "<svg") || strings.Contains(icon, "<script") || strings.Contains(icon, " on") || strings.Contains(icon, "href") {
		t.Error("Icon must be inline SVG without script, handlers or links")
	}
	d := xml.NewDecoder(strings.NewReader(icon))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("Icon is not well-formed: %v", err)
		}
	}
}

func checkField(t *testing.T, f channel.Field, kinds map[string]channel.Kind) {
	if !pathShape.MatchString(f.Path) || f.Label == "" {
		t.Errorf("field %q: path or label is missing or malformed", f.Path)
	}
	if !slices.Contains(types, f.Type) || !slices.Contains(steps, f.Step) {
		t.Errorf("field %q: type %q or step %q is unknown", f.Path, f.Type, f.Step)
	}
	if f.Type == "choice" && len(f.Options) == 0 {
		t.Errorf("field %q: a choice needs options", f.Path)
	}
	if f.Secret && f.Type != "password" {
		t.Errorf("field %q: a secret is typed as a password", f.Path)
	}
	if !f.Secret && (strings.Contains(f.Path, "password") || strings.Contains(f.Path, "token") && f.Type != "boolean") {
		t.Errorf("field %q looks like a secret and is none", f.Path)
	}
	for _, k := range f.Kinds {
		if _, ok := kinds[k]; !ok {
			t.Errorf("field %q: kind %q is unknown", f.Path, k)
		}
	}
	if d, ok := f.Default.(string); ok && f.Type == "choice" && !slices.ContainsFunc(f.Options, func(o channel.Option) bool { return o.Value == d }) {
		t.Errorf("field %q: the default is no option", f.Path)
	}
}

func checkParse(t *testing.T, a channel.Adapter, dir string, noGoldens bool) {
	files, err := filepath.Glob(filepath.Join(dir, "in", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in %s/in (%v)", dir, err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			first := parse(t, a, body)
			if again := parse(t, a, body); first != again {
				t.Errorf("Parse is not pure: two readings differ\n%s\n%s", first, again)
			}
			if !noGoldens {
				golden(t, filepath.Join(dir, "golden", filepath.Base(f)+".json"), first)
			}
			mutate(t, a, body)
		})
	}
	t.Run("empty", func(t *testing.T) { parse(t, a, nil); parse(t, a, []byte{0}) })
}

// parse returns what Parse makes of a body, as JSON, having checked what every reading must keep.
func parse(t *testing.T, a channel.Adapter, body []byte) string {
	t.Helper()
	defer func() {
		if v := recover(); v != nil {
			t.Fatalf("Parse panicked on %q: %v", clip(body), v)
		}
	}()
	ins, err := a.Parse(context.Background(), channel.Raw{Channel: a.Spec().Channel, Body: body})
	if err != nil {
		return "error"
	}
	if len(ins) == 0 {
		t.Errorf("Parse returned neither items nor an error for %q", clip(body))
	}
	for i := range ins {
		if bad := unclean(reflect.ValueOf(ins[i]), ""); bad != "" {
			t.Errorf("Parse left invalid UTF-8 or NUL in %s for %q", bad, clip(body))
		}
		if ins[i].Kind == "" {
			t.Error("Parse left Kind empty")
		}
		for j, at := range ins[i].Attachments {
			if at.Remote == "" {
				sum := sha256.Sum256(at.Data)
				if at.SHA256 != hex.EncodeToString(sum[:]) || at.Size != int64(len(at.Data)) {
					t.Errorf("attachment %d: size or digest is wrong", j)
				}
			}
			ins[i].Attachments[j].Data = nil
		}
	}
	b, err := json.MarshalIndent(ins, "", "  ")
	if err != nil {
		t.Fatalf("an Inbound is not JSON: %v", err)
	}
	return string(b)
}

func clip(b []byte) string { return string(b[:min(len(b), 200)]) }

// unclean finds a string that PostgreSQL would refuse.
func unclean(v reflect.Value, path string) string {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			return path
		}
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			return ""
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if bad := unclean(v.Field(i), path+"."+v.Type().Field(i).Name); bad != "" {
					return bad
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return ""
		}
		for i := range v.Len() {
			if bad := unclean(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); bad != "" {
				return bad
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if bad := unclean(v.MapIndex(k), path+"["+k.String()+"]"); bad != "" {
				return bad
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return unclean(v.Elem(), path)
		}
	}
	return ""
}

// mutate damages a sample in many ways; Parse may refuse each, and must not panic.
func mutate(t *testing.T, a channel.Adapter, body []byte) {
	if len(body) == 0 || len(body) > 256<<10 {
		return
	}
	n := 120
	if testing.Short() {
		n = 25
	}
	r := rand.New(rand.NewPCG(1, uint64(len(body))))
	for range n {
		b := slices.Clone(body)
		for range 1 + r.IntN(4) {
			i := r.IntN(len(b))
			switch r.IntN(5) {
			case 0:
				b[i] ^= byte(1 << r.IntN(8))
			case 1:
				b = b[:i+1]
			case 2:
				b = slices.Concat(b[:i], b[min(len(b), i+1+r.IntN(40)):])
			case 3:
				b = slices.Insert(b, i, []byte{0, 0xff, '\n', '"', '<', '=', '?'}[r.IntN(7)])
			case 4:
				j := min(len(b), i+1+r.IntN(200))
				b = slices.Concat(b[:j], b[i:])
			}
			if len(b) == 0 {
				b = []byte{'x'}
			}
		}
		parse(t, a, b)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	got += "\n"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if string(want) != got {
		t.Errorf("%s differs:\n%s", path, got)
	}
}

func checkOpen(t *testing.T, a channel.Adapter, acc desk.ChannelAccount) {
	h := NewHost()
	start := time.Now()
	c, err := a.Open(context.Background(), acc, h)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("Open took %s: it must not touch the network", d)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if r, ok := c.(channel.Receiver); ok {
		done := make(chan error, 1)
		go func() { done <- r.Receive(context.Background()) }()
		select {
		case <-done:
		case <-time.After(30 * time.Second):
			t.Error("Receive goes on after Close")
		}
	}
}

func checkValidate(t *testing.T, v channel.Validator, s Sample) {
	if _, err := v.Validate(s.Account.Settings, s.Account.Secrets); err != nil {
		t.Errorf("settings that work are refused: %v", err)
	}
	for name, r := range s.Refused {
		_, err := v.Validate([]byte(r.Settings), []byte(r.Secrets))
		var e *desk.Error
		if !errors.As(err, &e) || e.Code == desk.Internal || e.Public == "" || e.Reason == "" {
			t.Errorf("%s: got %v, want a *desk.Error with reason and sentence", name, err)
		} else if e.Field != r.Field {
			t.Errorf("%s: names field %q, want %q", name, e.Field, r.Field)
		}
	}
	for _, junk := range []string{"", "null", "[]", "7", `{"kind":7}`, "{"} {
		_, _ = v.Validate([]byte(junk), nil) // may refuse, must not panic
	}
}

func checkHook(t *testing.T, hk channel.Hooker, s Sample) {
	find := func(address string) (desk.ChannelAccount, bool) { acc, ok := s.Accounts[address]; return acc, ok }
	req, body := s.Hook()
	_, raws, err := hk.Hook(req, body, find)
	if err != nil || len(raws) == 0 {
		t.Fatalf("a good delivery: %d items, %v", len(raws), err)
	}
	known := map[desk.ChannelAccountID]bool{}
	for _, acc := range s.Accounts {
		known[acc.ID] = true
	}
	for _, r := range raws {
		if !known[r.Account] || r.Dedupe == "" || len(r.Body) == 0 {
			t.Errorf("an item has no account, no dedupe key or no body: %+v", r)
		}
	}
	for i := range body {
		bad := slices.Clone(body)
		bad[i] ^= 1
		if _, raws, err := hk.Hook(req, bad, find); err == nil || len(raws) > 0 {
			t.Fatalf("a delivery with byte %d changed was accepted", i)
		}
	}
	if _, _, err := hk.Hook(req, body, func(string) (desk.ChannelAccount, bool) { return desk.ChannelAccount{}, false }); err == nil {
		t.Error("a delivery for nobody was accepted")
	}
}

func checkSend(t *testing.T, a channel.Adapter, c Send) {
	h := NewHost()
	acc, arrived := c.Prepare(t, h)
	conn, err := a.Open(context.Background(), acc, h)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	commits := 0
	var committed []string
	out := c.Out
	out.Commit = func(_ context.Context, rcpts []string) error {
		commits++
		committed = rcpts
		if arrived != nil && arrived() > 0 {
			t.Error("the message was there before Commit")
		}
		return nil
	}
	receipt, err := conn.Send(context.Background(), out)
	var e *channel.SendError
	switch {
	case c.Fault == "" && err != nil:
		t.Fatalf("Send: %v", err)
	case c.Fault == "":
		if commits != 1 || len(committed) == 0 {
			t.Errorf("Commit was called %d times with %v", commits, committed)
		}
		if arrived != nil && arrived() != 1 {
			t.Errorf("%d messages arrived", arrived())
		}
	case !errors.As(err, &e):
		t.Fatalf("got %v, want a *channel.SendError %s", err, c.Fault)
	default:
		if e.Fault != c.Fault || !strings.HasPrefix(e.Code, c.Code) || e.Code == "" {
			t.Errorf("got %s %q, want %s %q: %v", e.Fault, e.Code, c.Fault, c.Code, e)
		}
		if e.Public == "" || strings.ContainsAny(e.Public, "\r\n") {
			t.Errorf("the sentence for the agent is %q", e.Public)
		}
		if e.Fault == channel.Uncertain && commits == 0 {
			t.Error("uncertain without Commit")
		}
	}
	var refused []string
	for _, f := range receipt.Failed {
		refused = append(refused, f.Address)
		if slices.Contains(committed, f.Address) {
			t.Errorf("%s was refused and committed", f.Address)
		}
	}
	if c.Fault == "" && !slices.Equal(refused, c.Refused) {
		t.Errorf("refused %v, want %v", refused, c.Refused)
	}
	if c.Fault == "" {
		checkFence(t, a, c)
	}
}

// checkFence sends again with a Commit that fails: another worker has taken over, and nothing may go out.
func checkFence(t *testing.T, a channel.Adapter, c Send) {
	h := NewHost()
	acc, arrived := c.Prepare(t, h)
	conn, err := a.Open(context.Background(), acc, h)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fenced := errors.New("fenced")
	out := c.Out
	out.Commit = func(context.Context, []string) error { return fenced }
	if _, err := conn.Send(context.Background(), out); !errors.Is(err, fenced) {
		t.Errorf("Commit failed, Send returned %v", err)
	}
	if arrived != nil && arrived() > 0 {
		t.Error("Commit failed and the message went out")
	}
}
