package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/webchat"
)

// stored is where an attachment is that the edge has put away already.
const stored = "stored"

// Parse implements channel.Adapter.
func (*Adapter) Parse(_ context.Context, raw channel.Raw) ([]channel.Inbound, error) {
	var e webchat.Envelope
	if err := json.Unmarshal(raw.Body, &e); err != nil {
		return nil, fmt.Errorf("chat: parse: %w", err)
	}
	if e.Visitor == 0 || e.Client == "" {
		return nil, fmt.Errorf("chat: parse: nobody wrote it, or it has no id")
	}
	address := "v" + e.Visitor.String()
	from := desk.Party{Field: "from", Kind: desk.AddrVisitor, Address: address, Name: line(e.Name, 200)}
	in := channel.Inbound{
		Kind: channel.InMessage, RemoteID: webchat.RemoteID(e.Visitor, line(e.Client, 100)), ThreadKey: webchat.RemoteID(e.Visitor, line(e.Client, 100)), From: from, Sender: from,
		Text: limit(clean(e.Text), MaxText), Disposition: desk.DispNormal, Truncation: desk.NotTruncated, Language: line(e.Locale, 35),
		Live: &channel.Live{
			Visitor: e.Visitor, Thread: e.Thread, Flow: e.Flow, Number: e.Number, Client: line(e.Client, 100), Locale: line(e.Locale, 35),
			Origin: desk.Origin{URL: line(e.Page.URL, 2000), Title: line(e.Page.Title, 300), Referrer: line(e.Page.Referrer, 2000)},
		},
	}
	var extra webchat.Extra
	if e.Quick != nil {
		a := webchat.Answer{Step: line(e.Quick.Step, 100), Value: line(e.Quick.Value, 500), Label: line(e.Quick.Label, 500)}
		extra.Answer = &a
		in.Live.Step, in.Live.Value, in.Live.Label = a.Step, a.Value, a.Label
		if strings.TrimSpace(in.Text) == "" {
			in.Text = a.Label
		}
	}
	files := e.Files
	if len(files) > MaxFiles {
		files = files[:MaxFiles]
		in.Problems = append(in.Problems, fmt.Sprintf("only the first %d files were kept", MaxFiles))
	}
	sized := false
	for _, f := range files {
		in.Attachments = append(in.Attachments, channel.Attachment{Name: line(f.Name, 255), Type: line(f.Type, 200), Size: f.Size, SHA256: line(f.SHA256, 64), Remote: stored})
		extra.Sizes = append(extra.Sizes, webchat.Size{Width: f.Width, Height: f.Height})
		sized = sized || f.Width > 0
	}
	if !sized {
		extra.Sizes = nil
	}
	in.Snippet = line(in.Text, 200)
	if in.Snippet == "" && len(in.Attachments) > 0 {
		in.Snippet = in.Attachments[0].Name
	}
	if extra.Answer != nil || extra.Sizes != nil {
		in.Extra = map[string]any{webchat.ExtraKey: extra}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s", address, in.Text)
	for _, f := range files {
		fmt.Fprintf(h, "\x00%s", f.SHA256)
	}
	in.ContentHash = hex.EncodeToString(h.Sum(nil))
	return []channel.Inbound{in}, nil
}

// clean is valid UTF-8 with line ends and tabs and no other control character, nor any that makes letters run backwards out of the message.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e:
			return -1
		}
		return r
	}, s))
}

// line is clean in one line of at most n bytes.
func line(s string, n int) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if len(s) > n {
		s = strings.TrimSpace(strings.ToValidUTF8(s[:n], ""))
	}
	return s
}

// limit cuts to n characters.
func limit(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
