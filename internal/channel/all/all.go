// Package all is the list of channels that this binary has. A new channel is a folder beside echo and one line here.
// internal/app and the command line call it; nothing else knows the channels by name.
package all

import (
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/channel/chat"
	"github.com/kanalhq/kanal/internal/channel/echo"
	"github.com/kanalhq/kanal/internal/channel/email"
	"github.com/kanalhq/kanal/internal/channel/form"
)

// Options are what the channels need to know of the installation.
type Options struct {
	Email       email.Options
	Development bool // adds the channels that are only for trying out
}

// Adapters lists the channels.
func Adapters(o Options) []channel.Adapter {
	list := []channel.Adapter{
		email.New(o.Email),
		chat.New(),
		form.New(),
		// make new-channel adds a line above this one.
	}
	if o.Development {
		list = append(list, echo.New())
	}
	return list
}

// Registry is Adapters, by name.
func Registry(o Options) *channel.Registry { return channel.NewRegistry(Adapters(o)...) }
