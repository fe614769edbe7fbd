package desk

// Disposition is what kind of thing an inbound mail is, decided once from its headers and body.
type Disposition string

// The dispositions (interface.md). What each leads to stands in internal/intake's table.
const (
	DispNormal       Disposition = "normal"
	DispAutoReply    Disposition = "auto_reply"
	DispBounce       Disposition = "bounce"
	DispList         Disposition = "list"
	DispOwn          Disposition = "own"          // our own mail came back
	DispColleague    Disposition = "colleague"    // an internal user or another team address wrote it
	DispVerification Disposition = "verification" // a provider asks to confirm a forward
)
