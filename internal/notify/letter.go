package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

//go:embed words/*.json
var wordFiles embed.FS

// words are the sentences of a language (XC-07).
type words map[string]string

var languages = func() map[string]words {
	out := map[string]words{}
	for _, l := range []string{"en", "da", "de", "sv", "fi"} {
		b, err := wordFiles.ReadFile("words/" + l + ".json")
		var w words
		if err == nil {
			err = json.Unmarshal(b, &w)
		}
		if err != nil {
			panic(fmt.Sprintf("notify: words of %s: %v", l, err))
		}
		out[l] = w
	}
	return out
}()

// wordsFor are the words of the first language that there is, else English.
func wordsFor(locales ...string) words {
	for _, l := range locales {
		base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(l), "_", "-"), "-")
		if w, ok := languages[base]; ok {
			return w
		}
	}
	return languages["en"]
}

// say fills a sentence: pairs of name and value.
func (w words) say(key string, pairs ...string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		pairs[i] = "{" + pairs[i] + "}"
	}
	return strings.NewReplacer(pairs...).Replace(w[key])
}

// count says a sentence that has a number. These five languages know one and many.
func (w words) count(key string, n int, pairs ...string) string {
	form := "_other"
	if n == 1 {
		form = "_one"
	}
	return w.say(key+form, append(pairs, "n", strconv.Itoa(n))...)
}

// writer writes letters for one reader.
type writer struct {
	words   words
	base    string
	company string
	zone    *time.Location
	digest  bool
}

// maxShown is how much news of one ticket a letter tells in full, maxGroups how many tickets.
const (
	maxShown  = 8
	maxGroups = 40
)

// line is a piece of news in a sentence.
func (w writer) line(it News) string {
	var d struct {
		Name  string
		Count int
	}
	_ = json.Unmarshal(it.Data, &d)
	switch {
	case it.Kind == HeldDigest:
		return w.words.count(string(it.Kind), d.Count)
	case it.ActorName == "" && w.words[string(it.Kind)+".nobody"] != "":
		return w.words.say(string(it.Kind) + ".nobody")
	}
	return w.words.say(string(it.Kind), "actor", it.ActorName, "name", d.Name)
}

// detail is what stands below the sentence.
func (w writer) detail(it News) string {
	var d struct {
		Reason string
		Lines  []string
	}
	_ = json.Unmarshal(it.Data, &d)
	switch it.Kind {
	case Test:
		return w.words.say("test.text")
	case SendFailed, ChannelBroken:
		return d.Reason
	case HeldDigest:
		return strings.Join(d.Lines, "\n")
	case Assigned, ChatWaiting, UnassignedNew, Woken, TicketReopened:
		return ""
	}
	return it.Excerpt
}

// link is where a piece of news leads.
func (w writer) link(it News) string {
	base := strings.TrimRight(w.base, "/")
	switch {
	case it.Kind == HeldDigest:
		return base + "/tickets/spam"
	case it.Kind == SetAside:
		return base + "/settings/inbound"
	case it.Kind == ChannelBroken:
		return base + "/settings/help-desk/channels"
	case it.Number != 0:
		return base + "/ticket/" + strconv.FormatInt(it.Number, 10)
	case it.ThreadID != 0:
		return base + "/conversation/" + it.ThreadID.String()
	}
	return base + "/"
}

func (w writer) preferences() string { return strings.TrimRight(w.base, "/") + preferencesPath }

const preferencesPath = "/settings/my-notifications"

func (w writer) subject(groups [][]News, n int) string {
	if len(groups) == 1 {
		first := groups[0][0]
		what := w.line(first)
		if n > 1 {
			what = w.words.count("many", n)
		}
		if first.Number != 0 {
			return fmt.Sprintf("[#%d] %s: %s", first.Number, what, first.Subject)
		}
		return what
	}
	return w.words.count("digest", n, "tickets", w.words.count("tickets", len(groups)))
}

// letter writes what a person is told: of one ticket, or of everything that waited.
func (w writer) letter(u desk.User, items []News) Letter {
	groups := byTicket(items)
	l := Letter{To: u, Subject: oneLine(w.subject(groups, len(items)))}
	var text, body strings.Builder
	for i, g := range groups {
		if i == maxGroups {
			rest := w.words.count("more", len(groups)-i)
			fmt.Fprintf(&text, "%s\n\n", rest)
			fmt.Fprintf(&body, "<p>%s</p>", html.EscapeString(rest))
			break
		}
		w.group(&text, &body, g)
	}
	why, change := w.words.say("why"), w.words.say("why.link")
	fmt.Fprintf(&text, "-- \n%s\n%s\n%s\n", why, w.preferences(), w.words.say("noreply"))
	l.Text = text.String()
	l.HTML = `<div style="font-family:system-ui,sans-serif;font-size:15px;line-height:1.5;color:#1f2937;max-width:640px">` + body.String() +
		`<p style="border-top:1px solid #d1d5db;padding-top:12px;margin-top:24px;font-size:13px;color:#4b5563">` + html.EscapeString(why) + ` <a href="` + html.EscapeString(w.preferences()) + `">` +
		html.EscapeString(change) + `</a><br>` + html.EscapeString(w.words.say("noreply")) + `</p></div>`
	return l
}

func (w writer) group(text, body *strings.Builder, g []News) {
	first := g[0]
	if title := first.title(); title != "" {
		fmt.Fprintf(text, "%s\n", title)
		fmt.Fprintf(body, `<h2 style="font-size:17px;margin:20px 0 6px">%s</h2>`, html.EscapeString(title))
	}
	shown := g[max(0, len(g)-maxShown):]
	if hidden := len(g) - len(shown); hidden > 0 {
		more := w.words.count("more", hidden)
		fmt.Fprintf(text, "  %s\n", more)
		fmt.Fprintf(body, `<p style="margin:4px 0;color:#4b5563">%s</p>`, html.EscapeString(more))
	}
	for _, it := range shown {
		at := it.At.Time().In(w.zone).Format("2006-01-02 15:04")
		fmt.Fprintf(text, "* %s (%s)\n", w.line(it), at)
		fmt.Fprintf(body, `<p style="margin:8px 0 0"><strong>%s</strong> <span style="color:#6b7280;font-size:13px">%s</span></p>`, html.EscapeString(w.line(it)), at)
		if d := w.detail(it); d != "" {
			fmt.Fprintf(text, "  %s\n", strings.ReplaceAll(d, "\n", "\n  "))
			fmt.Fprintf(body, `<p style="margin:2px 0 0;padding-left:10px;border-left:3px solid #d1d5db">%s</p>`, strings.ReplaceAll(html.EscapeString(d), "\n", "<br>"))
		}
	}
	open := w.words.say("open")
	if first.Number == 0 {
		open = w.words.say("open.settings")
	}
	fmt.Fprintf(text, "%s: %s\n\n", open, w.link(first))
	fmt.Fprintf(body, `<p style="margin:10px 0 0"><a href="%s">%s</a></p>`, html.EscapeString(w.link(first)), html.EscapeString(open))
}

func (i News) title() string {
	if i.Number == 0 {
		return i.Subject
	}
	return fmt.Sprintf("#%d %s", i.Number, i.Subject)
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
