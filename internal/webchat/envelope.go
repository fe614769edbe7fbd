package webchat

import "github.com/kanalhq/kanal/internal/desk"

// Envelope is one message of a visitor as the widget's edge hands it to intake: what the browser said, after the edge made sure who says it. It is the
// original that the journal keeps.
type Envelope struct {
	Visitor desk.VisitorID  `json:"visitor"`
	Client  string          `json:"id"`               // the browser's own id of the message: sent twice, it is one
	Thread  desk.ThreadID   `json:"thread,omitempty"` // the conversation that it goes on with; none begins one
	Flow    desk.ChatflowID `json:"flow,omitempty"`   // what the widget showed
	Number  int64           `json:"number,omitempty"` // of the chatflow's version
	Name    string          `json:"name,omitempty"`   // as the visitor calls themselves
	Text    string          `json:"text"`
	Quick   *Answer         `json:"quick,omitempty"`
	Files   []File          `json:"files,omitempty"`
	Page    Page            `json:"page"`
	Locale  string          `json:"locale,omitempty"`
}

// RemoteID is the id of a visitor's message: the browser's own, kept apart from other visitors'.
func RemoteID(visitor desk.VisitorID, client string) string { return visitor.String() + ":" + client }

// Answer is the button that a visitor chose, or the step of a bot that the text answers.
type Answer struct {
	Step  string `json:"step"`
	Value string `json:"value"`
	Label string `json:"label"`
}

// File is an upload that the edge has stored before.
type File struct {
	SHA256 string `json:"sha256"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// Page is where the visitor was.
type Page struct {
	URL      string `json:"url,omitempty"`
	Title    string `json:"title,omitempty"`
	Referrer string `json:"referrer,omitempty"`
}

// ExtraKey is where a message's Extra stands among what is kept beside a message.
const ExtraKey = "chat"

// Extra is what a message of a conversation has beside its text and its buttons.
type Extra struct {
	Answer *Answer `json:"answer,omitempty"`
	Sizes  []Size  `json:"sizes,omitempty"`  // of the pictures among the files, by position
	System *System `json:"system,omitempty"` // what a system line says, for the widget to put in the visitor's words
}

// Size is a picture's, in pixels.
type Size struct {
	Width  int `json:"w"`
	Height int `json:"h"`
}

// System is an occurrence in a conversation: joined, left, transferred, ended, reopened.
type System struct {
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
}
