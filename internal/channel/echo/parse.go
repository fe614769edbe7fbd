package echo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// item is one message as it is delivered.
type item struct {
	Account string    `json:"account"`
	ID      string    `json:"id"`
	Key     string    `json:"key"` // the conversation; items with one key join one thread
	From    string    `json:"from"`
	Name    string    `json:"name"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
}

// Parse implements channel.Adapter.
func (*Adapter) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var it item
	if err := json.Unmarshal(raw.Body, &it); err != nil {
		return nil, fmt.Errorf("echo: parse: %w", err)
	}
	if it.From == "" {
		return nil, fmt.Errorf("echo: parse: nobody wrote it")
	}
	from := desk.Party{Field: "from", Kind: desk.AddressKind(Name), Address: line(it.From), Name: line(it.Name)}
	in := channel.Inbound{
		Kind: channel.InMessage, RemoteID: line(it.ID), ThreadKey: line(it.Key),
		From: from, Sender: from, SentAt: it.At, Text: clean(it.Text), Disposition: desk.DispNormal, Truncation: desk.NotTruncated,
	}
	in.Snippet = line(in.Text)
	if r := []rune(in.Snippet); len(r) > 200 {
		in.Snippet = string(r[:200])
	}
	if in.ThreadKey == "" {
		in.ThreadKey = from.Address
		in.Problems = append(in.Problems, "no key: joined by the sender")
	}
	sum := sha256.Sum256([]byte(from.Address + "\x00" + in.Text))
	in.ContentHash = hex.EncodeToString(sum[:])
	return []channel.Inbound{in}, nil
}

// clean is valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "")
}

func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
