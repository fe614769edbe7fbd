package widget

import (
	"github.com/kanalhq/kanal/internal/availability"
	"github.com/kanalhq/kanal/internal/chatflow"
	"github.com/kanalhq/kanal/internal/desk"
)

// HelloIn is what a page or a frame says of itself.
type HelloIn struct {
	URL         string         `json:"url"`
	Title       string         `json:"title"`
	Referrer    string         `json:"referrer"`
	Locale      string         `json:"locale"`
	Timezone    string         `json:"timezone"`
	Token       string         `json:"token"`
	UTK         string         `json:"utk"`
	Identity    *IdentityIn    `json:"identity"`
	GPC         bool           `json:"gpc"`
	DNT         bool           `json:"dnt"`
	Track       *bool          `json:"track"` // the page's own wish; nil: as the channel says
	Device      string         `json:"device"`
	Preview     string         `json:"preview"`
	Flow        *FlowRef       `json:"flow"` // of the conversation that is open
	Account     string         `json:"account"`
	Surface     string         `json:"surface"` // web, mobile
	Returning   *bool          `json:"returning"`
	Reason      string         `json:"reason"`       // load, refresh, navigate, event
	SessionOnly bool           `json:"session_only"` // the visitor wants to leave no trace (TR-11)
	Events      []EventIn      `json:"events"`
	Claims      map[string]any `json:"claims"` // what the page says of the person: never proven
}

// IdentityIn is a person whom a signed token vouches for.
type IdentityIn struct {
	Email string `json:"email"`
	Token string `json:"token"`
}

// FlowRef is a chatflow in one of its versions.
type FlowRef struct {
	ID     desk.ChatflowID `json:"id"`
	Number int64           `json:"number"`
}

// EventIn is something done on a page.
type EventIn struct {
	Name string         `json:"name"`
	Data map[string]any `json:"data"`
	URL  string         `json:"url"`
}

// Visitor is the browser as it knows itself. Token is there once: when it is new.
type Visitor struct {
	ID          desk.VisitorID `json:"id"`
	Token       string         `json:"token"`
	ExpiresAt   desk.Time      `json:"expires_at"`
	Known       bool           `json:"known"`       // proven who it is
	EmailKnown  bool           `json:"email_known"` // an address is known or was given: do not ask again
	SessionOnly bool           `json:"session_only"`
}

// Account is what the widget looks like.
type Account struct {
	ID            desk.ChannelAccountID `json:"id"`
	Color         string                `json:"color"`
	OnColor       string                `json:"on_color"`
	Font          string                `json:"font"`
	Position      string                `json:"position"`
	OffsetX       int                   `json:"offset_x"`
	OffsetY       int                   `json:"offset_y"`
	Launcher      string                `json:"launcher"`
	LauncherText  string                `json:"launcher_text"`
	Sound         bool                  `json:"sound"`
	TitleFlash    bool                  `json:"title_flash"`
	Phone         string                `json:"phone"`
	TypingPreview bool                  `json:"typing_preview"`
	Closed        string                `json:"closed"`
}

// Consent is what the visitor is shown or asked before they write (CO-04).
type Consent struct {
	Kind     string `json:"kind"`
	Text     string `json:"text"`
	Declined string `json:"declined"`
	Version  string `json:"version"`
	State    string `json:"state"` // "", given, declined, withdrawn
}

// Flow is the chatflow that shows.
type Flow struct {
	ID       desk.ChatflowID  `json:"id"`
	Number   int64            `json:"number"`
	Kind     string           `json:"kind"`
	Language string           `json:"language"`
	Trigger  chatflow.Trigger `json:"trigger"`
	Capture  chatflow.Capture `json:"capture"`
	Welcome  string           `json:"welcome"`
	Opening  []Msg            `json:"opening"`
	Consent  *Consent         `json:"consent"`
	DelayMs  int              `json:"delay_ms"`
	Survey   bool             `json:"survey"`
	Error    string           `json:"error"`
}

// HelloOut is what the widget does on this page.
type HelloOut struct {
	Visitor      *Visitor             `json:"visitor"`
	Account      Account              `json:"account"`
	Flow         *Flow                `json:"flow"`
	Why          []chatflow.Why       `json:"why,omitempty"` // only in a preview
	Availability availability.State   `json:"availability"`
	Heading      availability.Heading `json:"heading"`
	Texts        Texts                `json:"texts"`
	Open         Open                 `json:"open"`
	Launcher     bool                 `json:"launcher"`
	Files        Files                `json:"files"`
	Emoji        bool                 `json:"emoji"`
	Typing       bool                 `json:"typing"`
	Read         bool                 `json:"read"`
	Transcript   string               `json:"transcript"`
	Identity     *IdentityOut         `json:"identity"`
	Tracking     bool                 `json:"tracking"` // cookies that tell visits apart may be set
	Labels       []string             `json:"labels"`   // of the button, before the frame is there: open, close, name, unread, dismiss
}

// IdentityOut says what became of a signed token.
type IdentityOut struct {
	State  string `json:"state"` // proven, refused
	Reason string `json:"reason"`
}

// Texts are the language and what the administrator words otherwise.
type Texts struct {
	Locale    string            `json:"locale"`
	Dir       string            `json:"dir"`
	Overrides map[string]string `json:"overrides"`
}

// Open are the conversations that go on.
type Open struct {
	Threads int           `json:"threads"`
	Unread  int           `json:"unread"`
	Latest  desk.ThreadID `json:"latest"`
}

// Files says whether the visitor may send some.
type Files struct {
	Enabled  bool  `json:"enabled"`
	MaxBytes int64 `json:"max_bytes"`
}

// Face is somebody of the team as visitors see them.
type Face struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
}

// Th is a conversation.
type Th struct {
	ID        desk.ThreadID         `json:"id"`
	AccountID desk.ChannelAccountID `json:"account_id"`
	Open      bool                  `json:"open"`
	Bot       bool                  `json:"bot"`
	With      *Face                 `json:"with"`
	LastAt    desk.Time             `json:"last_at"`
	Preview   string                `json:"preview"`
	Unread    int                   `json:"unread"`
	Rated     bool                  `json:"rated"`
	CanRate   bool                  `json:"can_rate"` // it has a ticket, which keeps the rating
	CreatedAt desk.Time             `json:"created_at"`
}

// File is a file of a message.
type File struct {
	ID     desk.AttachmentID `json:"id"`
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Size   int64             `json:"size"`
	URL    string            `json:"url"`
	Image  bool              `json:"image"`
	Width  int               `json:"width"`
	Height int               `json:"height"`
}

// System is an occurrence, for the widget to put in words.
type System struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Msg is a message as a visitor sees it.
type Msg struct {
	ID       desk.MessageID    `json:"id"`
	ThreadID desk.ThreadID     `json:"thread_id"`
	Kind     string            `json:"kind"` // message, welcome, system
	From     string            `json:"from"` // visitor, agent, bot, system
	Author   *Face             `json:"author"`
	Text     string            `json:"text"`
	HTML     string            `json:"html"`
	Files    []File            `json:"files"`
	Quick    []desk.QuickReply `json:"quick"`
	Input    *desk.Question    `json:"input"`
	System   *System           `json:"system"`
	At       desk.Time         `json:"at"`
	ClientID string            `json:"client_id"`
	Status   string            `json:"status"` // sent, delivered, read, failed
}

// SendIn is a visitor's message.
type SendIn struct {
	ID      string                `json:"id"` // made by the browser: sent twice, it is one
	Thread  desk.ThreadID         `json:"thread"`
	Flow    *FlowRef              `json:"flow"`
	Account desk.ChannelAccountID `json:"account"`
	Text    string                `json:"text"`
	Quick   *QuickIn              `json:"quick"`
	Files   []string              `json:"files"`
	Page    PageIn                `json:"page"`
	Locale  string                `json:"locale"`
}

// QuickIn is the button that was chosen.
type QuickIn struct {
	Step  string `json:"step"`
	Value string `json:"value"`
	Label string `json:"label"`
}

// PageIn is where the visitor is.
type PageIn struct {
	URL      string `json:"url"`
	Title    string `json:"title"`
	Referrer string `json:"referrer"`
}

// Sent answers a message.
type Sent struct {
	Thread  Th  `json:"thread"`
	Message Msg `json:"message"`
}

// ThreadsOut and MessagesOut are parts of lists, newest first; Next is where to go on, "" at the end.
type ThreadsOut struct {
	Items []Th   `json:"items"`
	Next  string `json:"next"`
}

// MessagesOut is part of a conversation, newest first.
type MessagesOut struct {
	Items  []Msg  `json:"items"`
	Next   string `json:"next"`
	Thread Th     `json:"thread"`
}

// Uploaded is a file that the next message may name by its receipt.
type Uploaded struct {
	Receipt string `json:"receipt"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Size    int64  `json:"size"`
}
