package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// maxPlain is what fits a record that every push service takes (RFC 8030, 7.2: 4096 bytes in all).
const maxPlain = 3000

// seal encrypts a notification for who holds the subscription's keys: the push service in between cannot read it (RFC 8291, with the coding of RFC 8188).
func seal(public, auth, plain []byte) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("webpush: seal: %w", err)
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	return sealWith(own, salt, public, auth, plain)
}

func sealWith(own *ecdh.PrivateKey, salt, public, auth, plain []byte) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("webpush: seal: %w", err) }
	theirs, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return fail(err)
	}
	secret, err := own.ECDH(theirs)
	if err != nil {
		return fail(err)
	}
	mine := own.PublicKey().Bytes()
	ikm, err := hkdf.Key(sha256.New, secret, auth, "WebPush: info\x00"+string(public)+string(mine), 32)
	if err != nil {
		return fail(err)
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return fail(err)
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return fail(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return fail(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return fail(err)
	}
	out := append([]byte{}, salt...)
	out = binary.BigEndian.AppendUint32(out, 4096)
	out = append(out, byte(len(mine)))
	out = append(out, mine...)
	return gcm.Seal(out, nonce, append(append([]byte{}, plain...), 2), nil), nil // 2: the last record, without padding
}

// Key is what push services know this installation by (VAPID, RFC 8292).
type Key struct {
	private *ecdsa.PrivateKey
	public  string
}

// NewKey makes the key from a secret: the same secret gives the same key, so that subscriptions outlive restarts and nodes share it.
func NewKey(secret []byte) (Key, error) {
	for n := range 64 { // a number beyond the curve's order is all but impossible
		raw, err := hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("vapid %d", n), 32)
		if err != nil {
			return Key{}, fmt.Errorf("webpush: key: %w", err)
		}
		private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
		if err != nil {
			continue
		}
		public, err := private.PublicKey.Bytes()
		if err != nil {
			return Key{}, fmt.Errorf("webpush: key: %w", err)
		}
		return Key{private, base64.RawURLEncoding.EncodeToString(public)}, nil
	}
	return Key{}, fmt.Errorf("webpush: no key from this secret")
}

// Public is what a page subscribes with.
func (k Key) Public() string { return k.public }

// authorization is the header for one push service: who we are, for half a day.
func (k Key) authorization(endpoint *url.URL, contact string, now time.Time) (string, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	claims, _ := json.Marshal(map[string]any{"aud": endpoint.Scheme + "://" + endpoint.Host, "exp": now.Add(12 * time.Hour).Unix(), "sub": contact})
	signed := b64([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + b64(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return "", fmt.Errorf("webpush: sign: %w", err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return "vapid t=" + signed + "." + b64(sig) + ", k=" + k.public, nil
}
