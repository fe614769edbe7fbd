package desktest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// Post is a channel for tests: addresses like mail's, hosted or fetched with a password. It parses and sends nothing.
type Post struct{}

// PostTerms is the version of Post's terms.
const PostTerms = "1"

// Spec implements channel.Adapter.
func (Post) Spec() channel.Spec {
	return channel.Spec{
		Channel: "post", GenericID: 9000, Name: "Post", Threading: channel.ByReference, Address: desk.AddrEmail,
		Kinds: []channel.Kind{{Name: "hosted"}, {Name: "fetched"}},
		Terms: &channel.Terms{Version: PostTerms, Points: []string{"It reads.", "It stores."}},
		Fields: []channel.Field{
			{Path: "kind", Type: "choice", Required: true}, {Path: "address", Type: "email", Required: true}, {Path: "server.host", Type: "host", Kinds: []string{"fetched"}},
			{Path: "password", Label: "Password", Type: "password", Secret: true, Kinds: []string{"fetched"}}, {Path: "server.key", Type: "password", Secret: true},
		},
		Can: channel.Abilities{Send: true, Start: true, HTML: true, Subject: true, Cc: true, Attachments: true},
	}
}

// Validate implements channel.Validator.
func (Post) Validate(settings, secrets []byte) (string, error) {
	var s, sec struct {
		Kind     string `json:"kind"`
		Address  string `json:"address"`
		Password string `json:"password"`
	}
	if err := json.Unmarshal(settings, &s); err != nil {
		return "", desk.Errorf(desk.Invalid, "post.settings_malformed", "The settings cannot be read.").Because(err)
	}
	if len(secrets) > 0 {
		if err := json.Unmarshal(secrets, &sec); err != nil {
			return "", desk.Errorf(desk.Invalid, "post.settings_malformed", "The secrets cannot be read.").Because(err)
		}
	}
	switch {
	case s.Password != "":
		return "", desk.Errorf(desk.Internal, "post.secret_in_settings", "A secret stands in the settings.").In("password")
	case desk.NormalizeEmail(s.Address) == "":
		return "", desk.Errorf(desk.Invalid, "post.address_missing", "Enter an address.").In("address")
	case s.Kind == "fetched" && sec.Password == "":
		return "", desk.Errorf(desk.Invalid, "post.password_missing", "Enter the password.").In("password")
	}
	return desk.NormalizeEmail(s.Address), nil
}

// Parse implements channel.Adapter.
func (Post) Parse(context.Context, channel.Raw) ([]channel.Inbound, error) {
	return nil, errors.New("post: parses nothing")
}

// Open implements channel.Adapter.
func (Post) Open(context.Context, desk.ChannelAccount, channel.Host) (channel.Conn, error) {
	return postConn{}, nil
}

type postConn struct{}

func (postConn) Send(context.Context, channel.Outbound) (channel.Receipt, error) {
	return channel.Receipt{}, &channel.SendError{Fault: channel.Permanent, Public: "Post sends nothing."}
}

func (postConn) Close() error { return nil }
