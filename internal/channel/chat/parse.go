package chat

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/richtext"
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
	from := desk.Party{Field: "from", Kind: desk.AddrVisitor, Address: address, Name: richtext.TypedLine(e.Name, 200)}
	in := channel.Inbound{
		Kind: channel.InMessage, RemoteID: webchat.RemoteID(e.Visitor, richtext.TypedLine(e.Client, 100)), ThreadKey: webchat.RemoteID(e.Visitor, richtext.TypedLine(e.Client, 100)), From: from, Sender: from,
		Text: richtext.TypedText(e.Text, MaxText), Disposition: desk.DispNormal, Truncation: desk.NotTruncated, Language: richtext.TypedLine(e.Locale, 35),
		Live: &channel.Live{
			Visitor: e.Visitor, Thread: e.Thread, Flow: e.Flow, Number: e.Number, Client: richtext.TypedLine(e.Client, 100), Locale: richtext.TypedLine(e.Locale, 35),
			Origin: desk.Origin{URL: richtext.TypedLine(e.Page.URL, 2000), Title: richtext.TypedLine(e.Page.Title, 300), Referrer: richtext.TypedLine(e.Page.Referrer, 2000)},
		},
	}
	var extra webchat.Extra
	if e.Quick != nil {
		a := webchat.Answer{Step: richtext.TypedLine(e.Quick.Step, 100), Value: richtext.TypedLine(e.Quick.Value, 500), Label: richtext.TypedLine(e.Quick.Label, 500)}
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
		in.Attachments = append(in.Attachments, channel.Attachment{Name: richtext.TypedLine(f.Name, 255), Type: richtext.TypedLine(f.Type, 200), Size: f.Size, SHA256: richtext.TypedLine(f.SHA256, 64), Remote: stored})
		extra.Sizes = append(extra.Sizes, webchat.Size{Width: f.Width, Height: f.Height})
		sized = sized || f.Width > 0
	}
	if !sized {
		extra.Sizes = nil
	}
	in.Snippet = richtext.TypedLine(in.Text, 200)
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
