package widget

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"strings"

	"github.com/kanalhq/kanal/internal/api"
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/db"
	"github.com/kanalhq/kanal/internal/desk"
	"github.com/kanalhq/kanal/internal/people"
	"github.com/kanalhq/kanal/internal/richtext"
	"github.com/kanalhq/kanal/internal/thread"
	"github.com/kanalhq/kanal/internal/webchat"
)

// Mapper shows conversations and messages as visitors see them: never a comment, a note of the team, what has not left, nor an agent's address. It is lobby.Show.
type Mapper struct {
	People   *people.Service
	Store    *thread.Service
	Registry *channel.Registry
	Signer   api.Signer
}

// shown is what of a conversation's messages a visitor may see at all, as a condition on messages m. Mail of an unproven person's is taken out when a message is mapped.
const shown = `m.kind <> 'comment' AND (m.kind <> 'system' OR m.direction = 'outgoing') AND m.send_rule = '' AND m.status <> 'cancelled' AND m.flags NOT LIKE '%"erased"%'`

// signFile is what the signature of a file's address is for.
const signFile = "widget-file"

// Messages implements lobby.Show.
func (m *Mapper) Messages(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]any, error) {
	msgs, err := m.messages(ctx, q, ids)
	out := make(map[desk.MessageID]any, len(msgs))
	for _, msg := range msgs {
		out[msg.ID] = msg
	}
	return out, err
}

// ThreadsOf are conversations as visitors see them.
func (m *Mapper) ThreadsOf(ctx context.Context, q db.Queryer, ids []desk.ThreadID) (map[desk.ThreadID]Th, error) {
	out := make(map[desk.ThreadID]Th, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := db.All(ctx, q, scanRow, rowSQL+" WHERE t.visitor_id <> 0 AND t.id IN "+db.Among(q, "$1"), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("widget: threads: %w", err)
	}
	for _, r := range rows {
		th, err := m.thread(ctx, q, r)
		if err != nil {
			return nil, err
		}
		out[th.ID] = th
	}
	return out, nil
}

// Threads implements lobby.Show.
func (m *Mapper) Threads(ctx context.Context, q db.Queryer, ids []desk.ThreadID) (map[desk.ThreadID]any, error) {
	all, err := m.ThreadsOf(ctx, q, ids)
	out := make(map[desk.ThreadID]any, len(all))
	for id, th := range all {
		out[id] = th
	}
	return out, err
}

// row is a conversation with what its list shows.
type row struct {
	desk.Thread
	ticketOpen bool
	owner      desk.UserID
	preview    string
	unread     int
	rated      bool
}

var rowSQL = `SELECT ` + qualified(thread.Columns, "t.") + `,
	COALESCE(k.open, 1), CASE WHEN t.ticket_id <> 0 THEN COALESCE(k.owner_id, 0) ELSE t.owner_id END,
	COALESCE((SELECT m.text FROM messages m WHERE m.id = (SELECT MAX(m.id) FROM messages m WHERE m.thread_id = t.id AND m.kind IN ('message', 'welcome') AND m.forward_of = 0 AND m.channel = t.channel AND ` + shown + `)), ''),
	(SELECT COUNT(*) FROM messages m WHERE m.thread_id = t.id AND m.id > t.seen_by_visitor
		AND m.id > COALESCE((SELECT MAX(i.id) FROM messages i WHERE i.thread_id = t.id AND i.direction = 'incoming'), 0) AND m.direction = 'outgoing' AND m.kind = 'message' AND m.forward_of = 0 AND m.channel = t.channel AND ` + shown + `),
	CASE WHEN EXISTS (SELECT 1 FROM surveys s WHERE s.ticket_id = t.ticket_id AND t.ticket_id <> 0 AND s.answered_at <> 0) THEN 1 ELSE 0 END
	FROM threads t LEFT JOIN tickets k ON k.id = t.ticket_id AND t.ticket_id <> 0`

func qualified(columns, prefix string) string {
	parts := strings.Split(columns, ", ")
	return prefix + strings.Join(parts, ", "+prefix)
}

// more reads what stands behind a thread's columns.
type more struct {
	db.Scanner
	also []any
}

func (m more) Scan(dst ...any) error { return m.Scanner.Scan(append(dst, m.also...)...) }

func scanRow(sc db.Scanner) (r row, err error) {
	r.Thread, err = thread.Scan(more{sc, []any{&r.ticketOpen, &r.owner, &r.preview, &r.unread, &r.rated}})
	return r, err
}

func (m *Mapper) thread(ctx context.Context, q db.Queryer, r row) (Th, error) {
	th := Th{
		ID: r.ID, AccountID: r.AccountID, Open: r.Open && r.ticketOpen, Bot: r.Bot, LastAt: r.LastMessageAt, Preview: richtext.Snippet(r.preview, 120), Unread: r.unread, Rated: r.rated, CanRate: r.TicketID != 0,
		CreatedAt: r.CreatedAt,
	}
	if r.owner == 0 || r.Bot {
		return th, nil
	}
	f, err := m.face(ctx, q, r.owner)
	if err != nil {
		return th, err
	}
	th.With = f
	return th, nil
}

// face is somebody of the team; nil when they are gone.
func (m *Mapper) face(ctx context.Context, q db.Queryer, id desk.UserID) (*Face, error) {
	u, err := m.People.Get(ctx, q, id)
	if desk.CodeOf(err) == desk.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Face{Name: availability.Called(u, u.Locale)}, nil
}

// Author implements lobby.Show.
func (m *Mapper) Author(ctx context.Context, q db.Queryer, user desk.UserID, _ desk.ChannelAccountID) (any, error) {
	f, err := m.face(ctx, q, user)
	if f == nil {
		return nil, err
	}
	return f, err
}

// around is what showing a message asks of its conversation.
type around struct {
	desk.Thread
	reader webchat.Reader
}

// messages are those of ids that visitors see, in the order of ids.
func (m *Mapper) messages(ctx context.Context, q db.Queryer, ids []desk.MessageID) ([]Msg, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	ms, err := db.All(ctx, q, thread.ScanMessage, "SELECT "+thread.MessageColumns+" FROM messages m WHERE m.id IN "+db.Among(q, "$1")+" AND "+shown+" ORDER BY m.id", db.JSON(ids))
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	if err := m.Store.LoadAttachments(ctx, q, ms); err != nil {
		return nil, err
	}
	extras, err := m.extras(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	places, err := m.places(ctx, q, ms)
	if err != nil {
		return nil, err
	}
	faces := map[desk.UserID]*Face{}
	out := make([]Msg, 0, len(ms))
	for _, d := range ms {
		th := places[d.ThreadID]
		if th.ID == 0 || !m.visible(d, th, extras[d.ID]) {
			continue
		}
		msg := m.message(d, th, extras[d.ID])
		if u := d.Actor.UserID(); u != 0 && msg.From == "agent" {
			f, ok := faces[u]
			if !ok {
				if f, err = m.face(ctx, q, u); err != nil {
					return nil, err
				}
				faces[u] = f
			}
			msg.Author = f
		}
		out = append(out, msg)
	}
	return out, nil
}

// extra is what stands beside a message: the adapter's, or what said it.
type extra struct {
	Chat    webchat.Extra `json:"chat"`
	Adapter struct {
		Chat webchat.Extra `json:"chat"`
	} `json:"adapter"`
}

func (m *Mapper) extras(ctx context.Context, q db.Queryer, ids []desk.MessageID) (map[desk.MessageID]webchat.Extra, error) {
	type one struct {
		id desk.MessageID
		x  extra
	}
	all, err := db.All(ctx, q, func(r db.Scanner) (o one, err error) { err = r.Scan(&o.id, db.ScanJSON(&o.x)); return o, err },
		"SELECT id, extra FROM messages WHERE extra <> '' AND id IN "+db.Among(q, "$1"), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("widget: messages: %w", err)
	}
	out := make(map[desk.MessageID]webchat.Extra, len(all))
	for _, o := range all {
		x := o.x.Chat
		if x.Answer == nil && x.Sizes == nil && x.System == nil {
			x = o.x.Adapter.Chat
		}
		out[o.id] = x
	}
	return out, nil
}

func (m *Mapper) places(ctx context.Context, q db.Queryer, ms []desk.Message) (map[desk.ThreadID]around, error) {
	var ids []desk.ThreadID
	seen := map[desk.ThreadID]bool{}
	for _, d := range ms {
		if !seen[d.ThreadID] {
			seen[d.ThreadID] = true
			ids = append(ids, d.ThreadID)
		}
	}
	all, err := db.All(ctx, q, func(r db.Scanner) (a around, err error) {
		a.Thread, err = thread.Scan(more{r, []any{&a.reader.Proven, &a.reader.Email}})
		return a, err
	}, "SELECT "+qualified(thread.Columns, "t.")+", COALESCE(v.proven, 0), COALESCE(v.claimed_email, '') FROM threads t LEFT JOIN visitors v ON v.id = t.visitor_id WHERE t.visitor_id <> 0 AND t.id IN "+db.Among(q, "$1"), db.JSON(ids))
	if err != nil {
		return nil, fmt.Errorf("widget: messages: %w", err)
	}
	out := make(map[desk.ThreadID]around, len(all))
	for _, a := range all {
		out[a.ID] = a
	}
	for _, d := range ms {
		a := out[d.ThreadID]
		if d.Direction != desk.Outgoing || m.Registry.Live(d.Channel) || a.ID == 0 || a.reader.Mailed != 0 {
			continue
		}
		if a.reader.Mailed, err = m.Store.FirstMailed(ctx, q, a.ID); err != nil {
			return nil, err
		}
		out[a.ID] = a
	}
	return out, nil
}

// visible: what stands between the team and who sits at the browser, and notes that are for them.
func (m *Mapper) visible(d desk.Message, th around, x webchat.Extra) bool {
	if d.Kind == desk.KindSystem {
		return x.System != nil
	}
	return webchat.Between(d, m.Registry.Live(d.Channel), th.Thread, th.reader)
}

func (m *Mapper) message(d desk.Message, th around, x webchat.Extra) Msg {
	msg := Msg{
		ID: d.ID, ThreadID: d.ThreadID, Kind: string(d.Kind), Text: d.Text, HTML: d.HTML, Files: []File{}, Quick: []desk.QuickReply{}, At: d.CreatedAt, Status: "sent",
	}
	switch {
	case d.Direction == desk.Incoming:
		msg.From = "visitor"
		msg.ClientID = clientID(d.RemoteID)
		if d.ID <= th.SeenByTeam {
			msg.Status = "read"
		}
	case d.Kind == desk.KindSystem:
		msg.From, msg.System = "system", &System{x.System.Code, x.System.Name}
	case d.Actor.Kind == desk.ActorBot || d.Kind == desk.KindWelcome:
		msg.From = "bot"
	case d.Actor.Kind == desk.ActorSystem || d.Actor.Kind == desk.ActorAutomation:
		msg.From = "bot"
	default:
		msg.From = "agent"
	}
	if d.Direction != desk.Incoming {
		switch {
		case d.Status == desk.StatusFailed:
			msg.Status = "failed"
		case d.ID <= th.SeenByVisitor:
			msg.Status = "read"
		case d.Status == desk.StatusDelivered:
			msg.Status = "delivered"
		}
	}
	if d.Offers != nil {
		if d.Offers.Quick != nil {
			msg.Quick = d.Offers.Quick
		}
		msg.Input = d.Offers.Input
	}
	byID := map[string]string{}
	for i, a := range d.Attachments {
		f := m.file(a)
		if i < len(x.Sizes) {
			f.Width, f.Height = x.Sizes[i].Width, x.Sizes[i].Height
		}
		if a.ContentID != "" {
			byID[a.ContentID] = f.URL
		}
		if a.Inline && a.ContentID != "" && strings.Contains(d.HTML, "cid:"+a.ContentID) {
			continue // stands in the text
		}
		msg.Files = append(msg.Files, f)
	}
	if msg.HTML != "" {
		msg.HTML = richtext.Rewrite(msg.HTML, func(src string) string {
			if id, ok := strings.CutPrefix(src, "cid:"); ok {
				return byID[id]
			}
			return ""
		}, func(src string) string { return src })
	}
	return msg
}

// clientID is the browser's own id of a message, which stands behind the visitor's.
func clientID(remote string) string {
	_, id, _ := strings.Cut(remote, ":")
	return id
}

// pictures may be shown by a browser: they carry no script.
var pictures = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true}

func (m *Mapper) file(a desk.Attachment) File {
	media, _, _ := mime.ParseMediaType(a.Type)
	id := a.ID.String()
	return File{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, Image: pictures[media], URL: "/widget/files/" + id + "?sig=" + url.QueryEscape(m.Signer.Sign(signFile, id))}
}
