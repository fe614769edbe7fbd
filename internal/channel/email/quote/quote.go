// Package quote tells the latest words of a mail from the history that mail programs put under or over them (EM-29). It owns the
// rules for HTML and for text; it deletes nothing: what it cuts off comes back beside the rest. It does no IO. Only channel/email calls it.
package quote

import (
	"strings"

	"github.com/kanalhq/kanal/internal/channel/email/page"
	"github.com/kanalhq/kanal/internal/richtext"
)

// Input is one mail's body: either part may be missing.
type Input struct {
	Plain string
	HTML  string     // raw
	Page  *page.Page // HTML already read, or nil; it is taken apart
	New   bool       // the mail answers nothing, by its references and its subject: what looks like history may be what the sender pasted
}

// Output is the body in two. Text and HTML are the latest words and never both empty when the input was not; Text is not derived from HTML
// unless it was cut. Split says whether anything was cut off.
type Output struct {
	Text       string
	QuotedText string
	HTML       string // raw, as the input was
	QuotedHTML string
	Split      bool
}

// Split cuts a mail in two. It keeps the whole when nothing is quoted, when everything is, and when the sender wrote between the quoted
// lines, because there the history is needed to understand the answer.
func Split(in Input) Output {
	out := Output{Text: in.Plain, HTML: in.HTML}
	var doc, txt result
	if strings.TrimSpace(in.HTML) != "" {
		doc = splitHTML(in)
	}
	if strings.TrimSpace(in.Plain) != "" && !doc.woven {
		txt = splitText(in.Plain, in.New)
	}
	if doc.split {
		out.HTML, out.QuotedHTML, out.Split = doc.latest, doc.quoted, true
		if txt.split {
			out.Text, out.QuotedText = txt.latest, txt.quoted
		} else {
			out.Text, out.QuotedText = richtext.ToText(doc.latest), richtext.ToText(doc.quoted)
		}
		if strings.TrimSpace(out.Text) == "" && strings.TrimSpace(in.Plain) != "" && !strings.Contains(strings.ToLower(doc.latest), "<img") {
			return Output{Text: in.Plain, HTML: in.HTML}
		}
		return out
	}
	if txt.split {
		out.Text, out.QuotedText, out.Split = txt.latest, txt.quoted, true
		return out
	}
	return out
}

// result is one body split. woven says that the sender wrote between quoted lines.
type result struct {
	latest, quoted string
	split, woven   bool
}

func splitText(s string, fresh bool) result {
	lines := strings.Split(s, "\n")
	marks := label(lines, nil, fresh)
	runs := runsOf(lines, marks)
	parts, ok, woven := arrange(runs)
	if !ok {
		return result{woven: woven}
	}
	var latest, quoted []string
	for _, p := range parts {
		text := strings.Trim(strings.Join(lines[p.start:p.end], "\n"), "\n")
		if p.quoted {
			quoted = append(quoted, text)
		} else {
			latest = append(latest, text)
		}
	}
	return result{latest: strings.Join(latest, "\n\n"), quoted: strings.Join(quoted, "\n\n"), split: true}
}

func splitHTML(in Input) result {
	p := in.Page
	if p == nil {
		var err error
		if p, err = page.Read(in.HTML); err != nil {
			return result{}
		}
	}
	lines := p.Texts()
	marks := label(lines, marksOf(p), in.New)
	runs := runsOf(lines, marks)
	parts, ok, woven := arrange(runs)
	if !ok {
		return result{woven: woven}
	}
	bodies := make([]string, len(parts))
	cur := p
	for i := range parts {
		if i+1 == len(parts) {
			bodies[i] = page.Render(cur.Body)
			break
		}
		tail := cur.CutBefore(p.Lines[parts[i+1].start].Node)
		bodies[i] = page.Render(cur.Body)
		cur = &page.Page{Body: tail}
	}
	var latest, quoted []string
	for i, part := range parts {
		if part.quoted {
			quoted = append(quoted, bodies[i])
		} else {
			latest = append(latest, bodies[i])
		}
	}
	return result{latest: strings.Join(latest, "\n"), quoted: strings.Join(quoted, "\n"), split: true}
}

// run is neighbouring lines of one kind, from its first line that shows something to the next run.
type run struct {
	start, end int
	quoted     bool
	shown      int // lines that show something
}

func runsOf(lines []string, marks []mark) []run {
	var runs []run
	for i, l := range lines {
		if strings.TrimSpace(l) == "" && !marks[i].rule && !marks[i].image || marks[i].rule && !marks[i].quoted {
			continue
		}
		q := marks[i].quoted
		if k := len(runs); k > 0 && runs[k-1].quoted == q {
			runs[k-1].shown++
			continue
		}
		if k := len(runs); k > 0 {
			runs[k-1].end = i
		}
		runs = append(runs, run{start: i, quoted: q, shown: 1})
	}
	if k := len(runs); k > 0 {
		runs[k-1].end = len(lines)
	}
	return runs
}

// arrange decides from the order of own and quoted runs whether the mail can be cut: words before, after or around one quotation can;
// words between two cannot.
func arrange(runs []run) (parts []run, ok, woven bool) {
	own, quoted := 0, 0
	for _, r := range runs {
		if r.quoted {
			quoted++
		} else {
			own++
		}
	}
	switch {
	case quoted == 0 || own == 0:
		return nil, false, false
	case quoted > 1:
		return nil, false, true
	}
	return runs, true, false
}
