// Package quote tells the latest words of a mail from the history that mail programs put under or over them (EM-29). It owns the
// rules for HTML and for text; it deletes nothing: what it cuts off comes back beside the rest. It does no IO. Only channel/email calls it.
package quote

// Input is one mail's body: either part may be missing.
type Input struct {
	Plain string
	HTML  string // raw
}

// Output is the body in two. Text and HTML are the latest words and never empty when the input was not; Split says whether anything was cut off.
type Output struct {
	Text       string
	QuotedText string
	HTML       string // raw, as the input was
	QuotedHTML string
	Split      bool
}

// Split cuts a mail in two.
func Split(in Input) Output { return Output{Text: in.Plain, HTML: in.HTML} }
