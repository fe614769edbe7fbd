package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sort"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/email/mime"
	"github.com/kanalhq/kanal/internal/desk"
)

// DedupeKey names a raw mail inside a channel account (EM-33): the same mail delivered again has the same key, whatever the
// relays wrote on the way; another mail under the same Message-ID has another key, so it is filed and not taken for a
// duplicate. A mail without a Message-ID is named by its whole content.
func DedupeKey(raw channel.Raw) string {
	head := mime.ReadHeader(raw.Body)
	messageID := firstID(head.Header.Values("message-id"))
	h := sha256.New()
	for _, key := range []string{"from", "subject", "date"} {
		field(h, head.Header.Text(key))
	}
	if messageID == "" {
		for _, key := range []string{"to", "cc", "reply-to"} {
			field(h, head.Header.Text(key))
		}
	}
	bodyHash(h, head.Body)
	sum := hex.EncodeToString(h.Sum(nil))
	if messageID == "" {
		return "sha256:" + sum
	}
	if len(messageID) > 300 || mime.Clean(messageID) != messageID {
		id := sha256.Sum256([]byte(messageID))
		messageID = "sha256:" + hex.EncodeToString(id[:])
	}
	return "id:" + messageID + "#" + sum[:16]
}

// bodyHash hashes a body without what relays change: line ends, spaces at line ends, empty lines at the end.
func bodyHash(h hash.Hash, b []byte) {
	b = bytes.TrimRight(b, " \t\r\n")
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		line := b
		if i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		h.Write(bytes.TrimRight(line, " \t\r"))
		h.Write([]byte{'\n'})
	}
}

// field writes a length-prefixed string, so that two fields never run together.
func field(w io.Writer, s string) {
	s = strings.Join(strings.Fields(s), " ")
	var n [4]byte
	for i := range n {
		n[i] = byte(len(s) >> (8 * i))
	}
	w.Write(n[:])
	io.WriteString(w, s)
}

// contentHash is the hex SHA-256 over what makes the content the same: sender, subject, words and files; never transport headers,
// so that a mail arriving by forward and directly is equal.
func contentHash(from, subject, text string, c *mime.Content) string {
	h := sha256.New()
	if n := desk.NormalizeEmail(from); n != "" {
		from = n
	}
	field(h, from)
	field(h, subject)
	field(h, text)
	field(h, c.HTML)
	sums := make([]string, 0, len(c.Attachments))
	for _, a := range c.Attachments {
		sums = append(sums, a.SHA256)
	}
	sort.Strings(sums)
	for _, s := range sums {
		field(h, s)
	}
	return hex.EncodeToString(h.Sum(nil))
}
