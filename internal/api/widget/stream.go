package widget

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/sse"
	"github.com/kanalhq/kanal/internal/visitor"
)

// StreamDeps is what the stream and typing need.
type StreamDeps struct {
	DB       *db.DB
	Visitors *visitor.Service
	Lobby    *lobby.Hub
	Guard    *lobby.Guard
	Base     *url.URL
	// Person is who a contact is now, after merges.
	Person func(ctx context.Context, id desk.ContactID) (desk.ContactID, error)
}

type streams struct {
	StreamDeps
	server *api.Server
}

// MountStream mounts the visitors' stream and typing.
func MountStream(s *api.Server, d StreamDeps) {
	w := &streams{d, s}
	s.Handle("GET /widget/stream", http.HandlerFunc(w.stream))
	s.Handle("POST /widget/typing", http.HandlerFunc(w.typing))
}

// stream answers GET /widget/stream: server-sent events after a number, or one long poll.
func (s *streams) stream(w http.ResponseWriter, r *http.Request) {
	var v lobby.Visitor
	var err error
	lobby.Apart(func() { v, err = s.who(r, lobby.Other) })
	if err != nil {
		s.server.Fail(w, r, err)
		return
	}
	after, err := sse.After(r)
	if err != nil {
		s.server.Fail(w, r, err)
		return
	}
	if r.URL.Query().Get("poll") != "1" {
		if err := s.Lobby.Serve(w, r, v, after); err != nil {
			s.server.Fail(w, r, err)
		}
		return
	}
	out, err := s.Lobby.Poll(r.Context(), v, after, r.URL.Query().Get("wait") != "0")
	if err != nil {
		s.server.Fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.server.JSON(w, http.StatusOK, out)
	if r.Context().Err() == nil {
		s.Lobby.Took(out)
	}
}

// typing answers POST /widget/typing.
func (s *streams) typing(w http.ResponseWriter, r *http.Request) {
	v, err := s.who(r, lobby.Typing)
	if err != nil {
		s.server.Fail(w, r, err)
		return
	}
	var in struct {
		Thread desk.ThreadID `json:"thread"`
		Text   string        `json:"text"`
		On     bool          `json:"on"`
	}
	api.Body(w, r, 16<<10)
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		s.server.Fail(w, r, desk.Errorf(desk.Invalid, "request.invalid", "That is no JSON that says who types where.").Because(err))
		return
	}
	if err := s.Lobby.Type(r.Context(), v, in.Thread, in.Text, in.On); err != nil {
		s.server.Fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// who is asking: a token in the Authorization header, from the widget's own frame. A cookie or an address's query opens nothing, so that no other page can make a
// browser ask.
func (s *streams) who(r *http.Request, k lobby.Kind) (v lobby.Visitor, err error) {
	if err := lobby.SameOrigin(r, s.Base); err != nil {
		s.Guard.Refuse("cross_site")
		return v, err
	}
	v.Address = s.server.ClientIP(r)
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		s.Guard.Refuse("no_token")
		return v, desk.Errorf(desk.Unauthorized, "visitor.token_missing", "This needs the visitor's token in the Authorization header.")
	}
	known, err := s.Visitors.ByToken(r.Context(), s.DB, strings.TrimSpace(token))
	if err != nil {
		if desk.CodeOf(err) == desk.Unauthorized {
			s.Guard.Refuse("token")
			if limit := s.Guard.Take(k, 0, v.Address); limit != nil {
				return v, limit
			}
		}
		return v, err
	}
	v.ID = known.ID
	if err := s.Guard.Take(k, v.ID, v.Address); err != nil {
		return v, err
	}
	if err := known.Banned(); err != nil {
		s.Guard.Refuse("banned")
		return v, err
	}
	if known.Proven && known.ContactID != 0 {
		if v.Contact, err = s.Person(r.Context(), known.ContactID); err != nil && desk.CodeOf(err) != desk.NotFound {
			return v, err
		}
	}
	q := r.URL.Query()
	v.Account, _ = desk.ParseID[desk.ChannelAccountID](q.Get("account"))
	v.Language = language(q.Get("lang"))
	return v, nil
}

// language is a language tag, or "": what it is used for picks from what there is.
func language(s string) string {
	if len(s) > 20 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return ""
	}
	return s
}
