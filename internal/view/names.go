package view

import (
	"context"
	"fmt"
	"strconv"

	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
)

// nameSet gathers who is to be named and loads them, one query a kind.
type nameSet struct {
	users    map[int64]string
	contacts map[int64]string
	tokens   map[int64]string
}

func want(m *map[int64]string, id int64) {
	if id == 0 {
		return
	}
	if *m == nil {
		*m = map[int64]string{}
	}
	(*m)[id] = ""
}

func (n *nameSet) user(id desk.UserID)       { want(&n.users, int64(id)) }
func (n *nameSet) contact(id desk.ContactID) { want(&n.contacts, int64(id)) }

func (n *nameSet) actor(a desk.Actor) {
	switch a.Kind {
	case desk.ActorUser:
		want(&n.users, a.ID)
	case desk.ActorContact, desk.ActorVisitor:
		want(&n.contacts, a.ID)
	case desk.ActorToken:
		want(&n.tokens, a.ID)
	}
}

func (n *nameSet) load(ctx context.Context, from db.Queryer) error {
	for _, k := range []struct {
		names map[int64]string
		text  string
	}{
		{n.users, "SELECT id, name FROM users WHERE id IN "},
		{n.contacts, "SELECT id, CASE WHEN name <> '' THEN name ELSE email END FROM contacts WHERE id IN "},
		{n.tokens, "SELECT id, name FROM api_tokens WHERE id IN "},
	} {
		if len(k.names) == 0 {
			continue
		}
		ids := make([]int64, 0, len(k.names))
		for id := range k.names {
			ids = append(ids, id)
		}
		var q query
		list(q.add(k.text), ids)
		rows, err := from.Query(ctx, q.text.String(), q.args...)
		if err != nil {
			return fmt.Errorf("view: names: %w", err)
		}
		for rows.Next() {
			var id int64
			var name string
			if err := rows.Scan(&id, &name); err != nil {
				rows.Close()
				return fmt.Errorf("view: names: %w", err)
			}
			k.names[id] = name
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return fmt.Errorf("view: names: %w", err)
		}
	}
	return nil
}

func (n *nameSet) of(a desk.Actor) string {
	switch a.Kind {
	case desk.ActorUser:
		return n.users[a.ID]
	case desk.ActorContact, desk.ActorVisitor:
		return n.contacts[a.ID]
	case desk.ActorToken:
		return n.tokens[a.ID]
	}
	return ""
}

// author names who wrote a message: the user for what we sent, the sender's own words for what came in.
func (n *nameSet) author(m *Message) Author {
	a := Author{Kind: m.Actor.Kind, Name: n.of(m.Actor)}
	if m.Actor.ID != 0 {
		a.ID = strconv.FormatInt(m.Actor.ID, 10)
	}
	if m.Direction == desk.Incoming {
		if a.Kind == "" || a.Kind == desk.ActorSystem {
			a.Kind = desk.ActorContact
		}
		for _, name := range []string{m.From.Name, a.Name, n.contacts[int64(m.ContactID)], m.From.Address} {
			if name != "" {
				a.Name = name
				break
			}
		}
	}
	return a
}
