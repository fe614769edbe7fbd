// Package secret seals credentials at rest and derives keys, all from one master key: DIR/secret.key, or KANAL_SECRET_KEY.
// It owns that file and nothing else; who seals stores the sealed text. A sealed text opens only with the key that sealed it and
// under the same associated data, which names the row it belongs to, so that it cannot be moved to another row.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kanalhq/kanal/internal/desk"
)

const (
	keySize  = 32
	fileName = "secret.key"
	version  = "k1"
)

// Box seals and opens. Safe for concurrent use.
type Box struct {
	master []byte
	id     string
	aead   cipher.AEAD
}

// Open takes the master key from env, the value of KANAL_SECRET_KEY, if that is set (32 bytes in base64 or hex); else from
// DIR/secret.key, which the first start makes, readable by its owner alone.
func Open(dir, env string) (*Box, error) {
	if env = strings.TrimSpace(env); env != "" {
		key, err := decode(env)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "secret.key", "KANAL_SECRET_KEY must be 32 bytes in base64 or hex, as `openssl rand -base64 32` prints them.").Because(err)
		}
		return New(key)
	}
	path := filepath.Join(dir, fileName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(dir, path); err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		b, err = os.ReadFile(path) // another process may have been first
	}
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		_ = os.Chmod(path, 0o600) // a copy from a backup; where that is not ours to do, it is mounted so on purpose
	}
	key, err := decode(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, desk.Errorf(desk.Invalid, "secret.key", "%s is damaged: it must hold 32 bytes in base64. Restore it from a backup; without it, stored credentials cannot be read.", path).Because(err)
	}
	return New(key)
}

// New returns the box of a 32-byte master key.
func New(master []byte) (*Box, error) {
	if len(master) != keySize {
		return nil, fmt.Errorf("secret: the key has %d bytes, not %d", len(master), keySize)
	}
	b := &Box{master: append([]byte(nil), master...)}
	b.id = hex.EncodeToString(b.Derive("key id")[:4])
	block, err := aes.NewCipher(b.Derive("seal"))
	if err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	if b.aead, err = cipher.NewGCM(block); err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	return b, nil
}

func decode(s string) ([]byte, error) {
	if len(s) == 2*keySize {
		if b, err := hex.DecodeString(s); err == nil {
			return b, nil
		}
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(s); err == nil && len(b) == keySize {
			return b, nil
		}
	}
	return nil, errors.New("not 32 bytes in base64 or hex")
}

// create writes a fresh key so that a crash leaves a whole file or none, and that of two processes one wins.
func create(dir, path string) error {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret-*") // made 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) { // unlike a rename, a link never replaces
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}

// Seal encrypts plain under associated data ad, the identity of the row, such as "channel_account:123". The text holds the key's id,
// the nonce and the ciphertext.
func (b *Box) Seal(plain []byte, ad string) (string, error) {
	nonce := make([]byte, b.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("secret: seal: %w", err)
	}
	return version + "." + b.id + "." + base64.RawURLEncoding.EncodeToString(b.aead.Seal(nonce, nonce, plain, b.bind(ad))), nil
}

func (b *Box) bind(ad string) []byte { return []byte(version + "." + b.id + "." + ad) }

// Open decrypts what Seal made under the same ad. "" opens to nil. Reasons: secret.wrong_key when another master key sealed it,
// secret.damaged when it was changed or belongs to another row.
func (b *Box) Open(sealed, ad string) ([]byte, error) {
	if sealed == "" {
		return nil, nil
	}
	parts := strings.SplitN(sealed, ".", 3)
	if len(parts) != 3 || parts[0] != version {
		return nil, damaged(errors.New("not a sealed text"))
	}
	if parts[1] != b.id {
		return nil, desk.Errorf(desk.Internal, "secret.wrong_key", "Stored credentials were sealed with another master key (%s; this one is %s). Start with the secret.key or KANAL_SECRET_KEY they were made with, or enter them again.", parts[1], b.id)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(raw) < b.aead.NonceSize() {
		return nil, damaged(errors.Join(err, errors.New("too short")))
	}
	n := b.aead.NonceSize()
	plain, err := b.aead.Open(nil, raw[:n], raw[n:], b.bind(ad))
	if err != nil {
		return nil, damaged(err)
	}
	return plain, nil
}

func damaged(err error) error {
	return desk.Errorf(desk.Internal, "secret.damaged", "Stored credentials are damaged. Enter them again.").Because(err)
}

// Derive returns a 32-byte key for one purpose (HKDF-SHA256, RFC 5869). The same purpose gives the same key; one tells nothing of another.
func (b *Box) Derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, b.master, nil, "kanal/"+purpose, keySize)
	if err != nil {
		panic("secret: " + err.Error()) // only for absurd lengths
	}
	return key
}

// Check is a value to store with the installation; Matches then tells at start-up whether the key is still the same. It reveals nothing of the key.
func (b *Box) Check() string { return b.id + "." + hex.EncodeToString(b.Derive("check")[:16]) }

// Matches compares a stored Check value with this key, and fails with secret.wrong_key. "" matches: nothing is stored yet.
func (b *Box) Matches(check string) error {
	if check == "" || hmac.Equal([]byte(check), []byte(b.Check())) {
		return nil
	}
	id, _, _ := strings.Cut(check, ".")
	return desk.Errorf(desk.Conflict, "secret.wrong_key", "This is not the master key that this installation was made with (%s; this one is %s). Start with its own secret.key or KANAL_SECRET_KEY: with another, credentials cannot be read and sign-ins and reply addresses stop working.", id, b.id)
}
