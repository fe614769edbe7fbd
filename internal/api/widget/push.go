package widget

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/lobby"
	"github.com/kanalhq/kanal/internal/visitor"
)

// MountPush mounts where a visitor says how to tell them of answers while no page is open (CH-36). key is what a browser subscribes with.
func MountPush(s *api.Server, d StreamDeps, key string) {
	w := &streams{d, s}
	s.Handle("GET /widget/push", http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Cache-Control", "public, max-age=3600")
		s.JSON(rw, http.StatusOK, map[string]string{"key": key})
	}))
	s.Handle("POST /widget/push", http.HandlerFunc(w.addPush))
	s.Handle("DELETE /widget/push", http.HandlerFunc(w.dropPush))
}

// subscription is what browsers make of a PushSubscription.
type subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
}

func (s *streams) addPush(w http.ResponseWriter, r *http.Request) {
	s.push(w, r, func(ctx context.Context, tx *db.Tx, id desk.VisitorID, in subscription) error {
		return s.Visitors.AddPush(ctx, tx, id, visitor.Push{Endpoint: in.Endpoint, P256dh: in.Keys.P256dh, Auth: in.Keys.Auth})
	})
}

func (s *streams) dropPush(w http.ResponseWriter, r *http.Request) {
	s.push(w, r, func(ctx context.Context, tx *db.Tx, id desk.VisitorID, in subscription) error {
		return s.Visitors.DropPush(ctx, tx, id, in.Endpoint)
	})
}

func (s *streams) push(w http.ResponseWriter, r *http.Request, do func(context.Context, *db.Tx, desk.VisitorID, subscription) error) {
	v, err := s.who(r, lobby.Other)
	if err != nil {
		s.server.Fail(w, r, err)
		return
	}
	var in subscription
	api.Body(w, r, 8<<10)
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil && (r.Method != http.MethodDelete || r.ContentLength != 0) {
		s.server.Fail(w, r, desk.Errorf(desk.Invalid, "request.invalid", "That is no JSON of a push subscription.").Because(err))
		return
	}
	if err := s.DB.Write(r.Context(), func(ctx context.Context, tx *db.Tx) error { return do(ctx, tx, v.ID, in) }); err != nil {
		s.server.Fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
