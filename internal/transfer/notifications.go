package transfer

import (
	"context"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/notify"
)

// Notifications are what people who have chosen nothing are told of (WS-15). What a person chose is theirs and stands in no file.
type Notifications = notify.Choice

func (s *Service) exportNotifications(ctx context.Context, q db.Queryer, f *File) error {
	if s.Notify == nil {
		return nil
	}
	c, err := s.Notify.Chosen(ctx, q, 0)
	if err == nil && (len(c.Kinds) > 0 || c.Email != nil || c.Quiet != nil || c.Sound != nil) {
		f.Notifications = &c
	}
	return err
}

func (a *applying) notifications(ctx context.Context) error {
	if a.src.Notifications == nil || a.Notify == nil {
		return nil
	}
	_, err := a.Notify.SetDefaults(ctx, a.tx, a.o.Actor, *a.src.Notifications)
	if err != nil {
		return a.src.at("notifications", err)
	}
	return nil
}
