package main

import (
	"strconv"

	"github.com/kanalhq/kanal/internal/app"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/all"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/desk"
)

// channels makes the registry of this binary.
func channels(o app.ChannelOptions) (*channel.Registry, error) {
	opt := all.Options{Development: o.Development, Email: email.Options{
		Hostname: o.Hostname, Resolver: o.Resolver, TokenKey: o.TokenKey, TLSConfig: o.TLS, IMAPPoll: o.Poll, IdleRestart: o.IdleRestart, SendTimeout: o.SendTimeout,
	}}
	opt.Email.SMTP.StopGrace = o.StopGrace
	if r := o.Relay; r != nil {
		port, err := strconv.Atoi(r.Port)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "config.relay", "The relay's port must be a number.").In("relay").Because(err)
		}
		opt.Email.Relay = &email.Submission{Host: r.Host, Port: port, TLS: r.TLS, Username: r.Username, Password: r.Password}
	}
	return all.Registry(opt), nil
}
