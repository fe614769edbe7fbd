package secret_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/secret"
)

func box(t *testing.T, dir, env string) *secret.Box {
	t.Helper()
	b, err := secret.Open(dir, env)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensUnderTheSameRowAlone(t *testing.T) {
	b := box(t, t.TempDir(), "")
	sealed, err := b.Seal([]byte("hunter2"), "channel_account:1")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(sealed, "hunter2") {
		t.Error("not sealed")
	}
	if plain, err := b.Open(sealed, "channel_account:1"); string(plain) != "hunter2" || err != nil {
		t.Errorf("%q, %v", plain, err)
	}
	if _, err := b.Open(sealed, "channel_account:2"); desk.ReasonOf(err) != "secret.damaged" {
		t.Errorf("another row: %v", err)
	}
	for i := range len(sealed) {
		broken := []byte(sealed)
		broken[i] ^= 1
		if plain, err := b.Open(string(broken), "channel_account:1"); err == nil && string(plain) != "hunter2" {
			t.Errorf("byte %d changed: %q", i, plain)
		} else if err == nil && i < len(sealed)-1 {
			t.Errorf("byte %d changed and nobody saw", i)
		}
	}
	if again, _ := b.Seal([]byte("hunter2"), "channel_account:1"); again == sealed {
		t.Error("the same text twice: the nonce is not fresh")
	}
	if plain, err := b.Open("", "x"); plain != nil || err != nil {
		t.Errorf("nothing: %q, %v", plain, err)
	}
}

func TestTheFirstStartMakesAKeyForItsOwnerAndLaterOnesUseIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	checks := make([]string, 8)
	for i := range checks {
		wg.Go(func() {
			b, err := secret.Open(dir, "")
			if err != nil {
				t.Error(err)
				return
			}
			checks[i] = b.Check()
		})
	}
	wg.Wait()
	for _, c := range checks {
		if c == "" || c != checks[0] {
			t.Fatal("starts at once got different keys")
		}
	}
	info, err := os.Stat(filepath.Join(dir, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".secret-*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestAnotherMasterKeyIsNamedAsTheReason(t *testing.T) {
	a, b := box(t, t.TempDir(), ""), box(t, t.TempDir(), "")
	sealed, _ := a.Seal([]byte("x"), "y")
	if _, err := b.Open(sealed, "y"); desk.ReasonOf(err) != "secret.wrong_key" {
		t.Errorf("open: %v", err)
	}
	if err := b.Matches(a.Check()); desk.ReasonOf(err) != "secret.wrong_key" {
		t.Errorf("check: %v", err)
	}
	if a.Matches(a.Check()) != nil || a.Matches("") != nil {
		t.Error("the right key does not match")
	}
}

func TestTheKeyMayComeFromTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	hex := strings.Repeat("0f", 32)
	a := box(t, dir, hex)
	if _, err := os.Stat(filepath.Join(dir, "secret.key")); !os.IsNotExist(err) {
		t.Error("a file was made all the same")
	}
	if b := box(t, dir, "Dw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8="); b.Check() != a.Check() {
		t.Error("hex and base64 differ")
	}
	for _, bad := range []string{"short", strings.Repeat("zz", 32)} {
		if _, err := secret.Open(dir, bad); desk.CodeOf(err) != desk.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.key"), []byte("oops"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Open(dir, ""); desk.ReasonOf(err) != "secret.key" {
		t.Errorf("damaged file: %v", err)
	}
}

func TestDerivedKeysDifferByPurposeAndStayTheSame(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	a, _ := secret.New(key)
	b, _ := secret.New(key)
	if !bytes.Equal(a.Derive("tokens"), b.Derive("tokens")) || bytes.Equal(a.Derive("tokens"), a.Derive("threads")) || len(a.Derive("x")) != 32 {
		t.Error("derivation")
	}
	if bytes.Contains([]byte(a.Check()), key[:4]) {
		t.Error("the check value shows the key")
	}
}
