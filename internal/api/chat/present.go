package chat

import (
	"context"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/access"
	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/view"
	"github.com/kanalhq/kanal/internal/visitor"
)

// mountLists adds what is asked of many visitors at once.
func (v *visitors) mountLists(s *api.Server) {
	api.Register(s, api.Op{Method: "GET", Path: "/api/visitors/online", ID: "listVisitorsOnline", Tag: visitorTag, Summary: "Which chats of a list have somebody there, and since when they wait",
		Description: "Names the open chats in sight of the tickets and conversations asked for, at most 100 of each."}, v.online)
	api.Register(s, api.Op{Method: "GET", Path: "/api/visitors/banned", ID: "listBannedVisitors", Tag: visitorTag, Summary: "Banned visitors, the latest ban first",
		Description: "Those with a conversation in sight. A person of several proven browsers stands there once."}, v.banned)
}

type onlineInput struct {
	Tickets []string `query:"tickets" maxItems:"100" doc:"Tickets."`
	Threads []string `query:"threads" maxItems:"100" doc:"Conversations."`
}

// Live is an open chat, and whether its visitor is there.
type Live struct {
	view.Talk
	Online bool `json:"online"`
}

func (v *visitors) online(ctx context.Context, w access.Viewer, in *onlineInput) (*api.Out[api.Page[Live]], error) {
	tickets, err := idsOf[desk.TicketID](in.Tickets, "tickets")
	if err != nil {
		return nil, err
	}
	threads, err := idsOf[desk.ThreadID](in.Threads, "threads")
	if err != nil {
		return nil, err
	}
	out := api.Page[Live]{Items: []Live{}}
	if len(tickets)+len(threads) == 0 {
		return api.Answer(out, nil)
	}
	talks, err := v.View.Talks(ctx, view.SightOf(w), tickets, threads)
	for _, t := range talks {
		out.Items = append(out.Items, Live{Talk: t, Online: v.Presence(t.VisitorID).Online})
	}
	return api.Answer(out, err)
}

func idsOf[T ~int64](texts []string, field string) ([]T, error) {
	out := make([]T, 0, len(texts))
	for _, x := range texts {
		id, err := desk.ParseID[T](x)
		if err != nil {
			return nil, desk.Errorf(desk.Invalid, "id", "%q is no id.", x).In(field)
		}
		out = append(out, id)
	}
	return out, nil
}

// Barred is a banned visitor as their list shows them.
type Barred struct {
	visitor.Visitor
	Contact  *desk.Contact `json:"contact"`
	BannedBy *view.UserRef `json:"banned_by_user"`
	ThreadID desk.ThreadID `json:"thread_id" doc:"Their latest conversation in sight."`
	TicketID desk.TicketID `json:"ticket_id"`
	Number   int64         `json:"ticket_number" doc:"0: it has no ticket."`
}

func (v *visitors) banned(ctx context.Context, w access.Viewer, in *api.Listing) (*api.Out[api.Page[Barred]], error) {
	at, id, err := bannedAfter(in.Cursor)
	if err != nil {
		return nil, err
	}
	n := in.Limit
	if n == 0 {
		n = 50
	}
	all, err := v.Visitors.BannedOnes(ctx, v.DB, at, id, n+1)
	if err != nil {
		return nil, err
	}
	out := api.Page[Barred]{Items: []Barred{}}
	if len(all) > n {
		all = all[:n]
		last := all[n-1]
		out.Next = strconv.FormatInt(int64(last.BannedAt), 10) + "." + strconv.FormatInt(int64(last.ID), 10)
	}
	people := map[desk.ContactID]bool{}
	for _, b := range all {
		if b.Proven && people[b.ContactID] {
			continue
		}
		row, seen, err := v.barred(ctx, w, b)
		if err != nil {
			return nil, err
		}
		if seen {
			people[b.ContactID] = b.Proven
			out.Items = append(out.Items, row)
		}
	}
	return api.Answer(out, nil)
}

// barred is one row; false: none of their conversations is in sight.
func (v *visitors) barred(ctx context.Context, w access.Viewer, b visitor.Visitor) (Barred, bool, error) {
	rows, err := v.View.VisitorThreads(ctx, view.SightOf(w), b.ID)
	if err != nil || len(rows) == 0 {
		return Barred{}, false, err
	}
	out := Barred{Visitor: b, ThreadID: rows[0].ID, TicketID: rows[0].TicketID, Number: rows[0].TicketNumber}
	if b.ContactID != 0 {
		c, err := v.View.Contact(ctx, b.ContactID)
		if err != nil && desk.CodeOf(err) != desk.NotFound {
			return out, false, err
		}
		if err == nil {
			out.Contact = &c
		}
	}
	if b.BannedBy != 0 {
		if out.BannedBy, err = v.View.UserRef(ctx, b.BannedBy); err != nil {
			return out, false, err
		}
	}
	return out, true, nil
}

func bannedAfter(cursor string) (at desk.Time, id desk.VisitorID, err error) {
	if cursor == "" {
		return 0, 0, nil
	}
	a, b, ok := strings.Cut(cursor, ".")
	x, err1 := strconv.ParseInt(a, 10, 64)
	y, err2 := strconv.ParseInt(b, 10, 64)
	if !ok || err1 != nil || err2 != nil || x <= 0 {
		return 0, 0, desk.Errorf(desk.Invalid, "cursor", "This is no cursor of this list.").In("cursor")
	}
	return desk.Time(x), desk.VisitorID(y), nil
}
