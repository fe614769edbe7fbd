package richtext

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// EM-24: nothing that runs, loads or navigates on its own survives, also when it is written to confuse a parser.
func TestNothingDangerousSurvives(t *testing.T) {
	for _, src := range hostile {
		for name, out := range map[string]string{
			"mail": Sanitize(src, Options{}).HTML, "remote": Sanitize(src, Options{KeepRemote: true}).HTML, "signature": SanitizeSignature(src), "composer": SanitizeComposer(src),
		} {
			if why := danger(out); why != "" {
				t.Errorf("%s: %s\n in %q\nout %q", name, why, src, out)
			}
			if again := Sanitize(out, Options{KeepRemote: true}).HTML; danger(again) != "" {
				t.Errorf("%s: dangerous when cleaned twice: %q", name, again)
			}
		}
	}
}

var hostile = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//x.example/a.js></SCRIPT>`, `<scr<script>ipt>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<img/src="x"/onerror=alert(1)>`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><style><img title="</style><img src=x onerror=alert(1)>"></style></svg>`, `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<a href="javascript:alert(1)">x</a>`, `<a href=" java&#10;script:alert(1)">x</a>`, `<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`, `<a href="vbscript:x">x</a>`,
	`<a href="  javascript:alert(1)">x</a>`, "<a href=\"\x01javascript:alert(1)\">x</a>", `<a href="//x.example" onclick=alert(1) target=_self>x</a>`,
	`<iframe src="https://x.example"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<object data="x"></object>`, `<embed src=x>`, `<base href="https://x.example/">`, `<meta http-equiv=refresh content="0;url=https://x.example">`,
	`<link rel=stylesheet href="https://x.example/a.css">`, `<style>@import url(https://x.example)</style>`, `<form action="https://x.example"><input name=a><button>go</button></form>`, `<input type=image src=https://x.example>`,
	`<div style="background:url(javascript:alert(1))">x</div>`, `<div style="width:expression(alert(1))">x</div>`, `<div style="behavior:url(x.htc)">x</div>`, `<div style="-moz-binding:url(x)">x</div>`, `<div style="position:fixed;top:0;left:0;z-index:9">x</div>`,
	`<div style="background:url(https://x.example/t.gif)">x</div>`, `<div style="background-image:u\72l(https://x.example/t.gif)">x</div>`, `<div style="color:red;/*x*/background:/**/url('https://x.example/t.gif')">x</div>`, `<div style="list-style:url(https://x.example/t)">x</div>`,
	`<div style='font-family:"a;b";background:url("https://x.example")'>x</div>`, `<table background="https://x.example/t.gif"><tr><td background='javascript:alert(1)'>x</table>`, `<img srcset="https://x.example/a 1x, https://x.example/b 2x">`,
	`<img src="data:image/svg+xml;base64,PHN2Zy8+">`, `<img src="data:text/html,x">`, `<img src="cid:x" onload=alert(1)>`, `<video src=https://x.example autoplay></video>`, `<audio src=https://x.example>`, `<picture><source srcset=https://x.example></picture>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<textarea><img src=x onerror=alert(1)></textarea>`, `<title><img src=x onerror=alert(1)></title>`, `<template><img src=x onerror=alert(1)></template>`, `<xmp><img src=x onerror=alert(1)></xmp>`, `<plaintext><img src=x onerror=alert(1)>`,
	`<!--><img src=x onerror=alert(1)>-->`, `<!--[if mso]><script>alert(1)</script><![endif]-->`, `<![CDATA[<img src=x onerror=alert(1)>]]>`, `<?xml <img src=x onerror=alert(1)> ?>`, `<p title="a&quot; onmouseover=alert(1) x=&quot;">x</p>`,
	`<font color='red" onmouseover="alert(1)'>x</font>`, `<img alt='"><script>alert(1)</script>' src="cid:a">`, "<img src=`x` onerror=alert(1)>", `<a href='https://x.example/"onmouseover="alert(1)'>x</a>`, `<div id=x name=y class=z>x</div>`, `<a name="x" id="cookie">x</a>`,
	`<select><style></select><img src=x onerror=alert(1)></style>`, `<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=alert(1)>`, `<dialog open>x</dialog>`, `<slot>`, `<portal src=https://x.example>`, `<isindex action=javascript:alert(1)>`, "<img src=x\x00 onerror=alert(1)>", "<scr\x00ipt>alert(1)</scr\x00ipt>",
}

var okAttrs = map[string]bool{"data-blocked-src": true, "data-blocked-background": true, "href": true, "src": true, "target": true, "rel": true}

// danger parses the output as a browser would and says what should not be there.
func danger(out string) string {
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		return err.Error()
	}
	var walk func(n *html.Node) string
	walk = func(n *html.Node) string {
		if n.Type == html.CommentNode {
			return "a comment"
		}
		if n.Type == html.ElementNode && n.Parent != nil && n.Data != "html" && n.Data != "head" && n.Data != "body" {
			if !mailElements[n.Data] || n.Namespace != "" {
				return "element " + n.Data
			}
			for _, a := range n.Attr {
				if !okAttrs[a.Key] && !globalAttrs[a.Key] && !elementAttrs[n.Data][a.Key] {
					return "attribute " + a.Key
				}
				low := strings.ToLower(a.Val)
				if a.Key == "href" && !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") && !strings.HasPrefix(low, "mailto:") && !strings.HasPrefix(low, "tel:") {
					return "link " + a.Val
				}
				if a.Key == "src" && !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") && !strings.HasPrefix(low, "cid:") && !strings.HasPrefix(low, "data:image/") || strings.Contains(low, "svg") && a.Key == "src" {
					return "source " + a.Val
				}
				if a.Key == "style" && (strings.Contains(low, "expression") || strings.Contains(low, "position") || strings.Contains(low, `\`) || strings.Contains(strings.ReplaceAll(low, `background-image:url("http`, ""), "url(")) {
					return "style " + a.Val
				}
			}
			if n.Data == "a" {
				for _, a := range n.Attr {
					if a.Key == "href" && !strings.Contains(out, `rel="noopener noreferrer nofollow"`) {
						return "a link without rel"
					}
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if why := walk(c); why != "" {
				return why
			}
		}
		return ""
	}
	return walk(doc)
}

func TestLayoutOfMailIsKept(t *testing.T) {
	for src, want := range map[string]string{
		`<p style="color:red; FONT-SIZE:12px">a</p>`:                                                `<p style="color:red;font-size:12px">a</p>`,
		`<table width="600" cellpadding=0 border=1><tr><td colspan=2 align=center bgcolor="#fff">a`: `<table width="600" cellpadding="0" border="1"><tr><td colspan="2" align="center" bgcolor="#fff">a</td></tr></table>`,
		`<font face="Arial, sans" size=2 color=blue>a</font>`:                                       `<font face="Arial, sans" size="2" color="blue">a</font>`,
		`<ul><li>a<li>b</ul>`:   `<ul><li>a</li><li>b</li></ul>`,
		`<p>a<p>b`:              `<p>a</p><p>b</p>`,
		`a</div></td></table>b`: `ab`,
		`<div>a</b>c</div>`:     `<div>ac</div>`,
		`<a href="https://x.example/?a=1&b=2">l</a>`: `<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">l</a>`,
		`<a href="mailto:a@x.example">m</a>`:         `<a href="mailto:a@x.example" target="_blank" rel="noopener noreferrer nofollow">m</a>`,
		`<img src="cid:a@b" width=10 alt="x">`:       `<img width="10" alt="x" src="cid:a@b">`,
		`<img src="data:image/png;base64,AAAA">`:     `<img src="data:image/png;base64,AAAA">`,
		`<body bgcolor="#eee"><p>a</p></body>`:       `<div bgcolor="#eee"><p>a</p></div>`,
		`a &amp; b &lt; c`:                           `a &amp; b &lt; c`,
		`<p style="margin:-5px;padding:1px">a</p>`:   `<p style="padding:1px">a</p>`,
		`<td>alone</td>`:                             `<td>alone</td>`,
	} {
		if got := Sanitize(src, Options{}).HTML; got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
}

func TestRemoteImagesAreSetAsideAndCounted(t *testing.T) {
	src := `<img src="https://x.example/a.png" alt=a><img src="//x.example/b.png"><img srcset="https://x.example/c 1x"><table background="http://x.example/d.gif"><tr><td style="color:red;background:#fff url('https://x.example/e.gif') no-repeat">x</td></tr></table><img src="cid:f">`
	r := Sanitize(src, Options{})
	if r.Blocked != 5 {
		t.Errorf("blocked %d: %s", r.Blocked, r.HTML)
	}
	if strings.Contains(r.HTML, ` src="http`) || strings.Contains(r.HTML, "url(") || !strings.Contains(r.HTML, `src="cid:f"`) {
		t.Errorf("%s", r.HTML)
	}
	shown := Rewrite(r.HTML, func(u string) string { return strings.Replace(u, "cid:", "/files/", 1) }, func(u string) string { return "/proxy?u=" + u })
	for _, want := range []string{`src="/proxy?u=https://x.example/a.png"`, `src="/proxy?u=https://x.example/b.png"`, `src="/files/f"`, `/proxy?u=http://x.example/d.gif`, `/proxy?u=https://x.example/e.gif`} {
		if !strings.Contains(html.UnescapeString(shown), want) {
			t.Errorf("%s is missing in %s", want, shown)
		}
	}
	if strings.Contains(shown, "data-blocked") {
		t.Errorf("still blocked: %s", shown)
	}
	if got := Sanitize(src, Options{KeepRemote: true}); got.Blocked != 0 || !strings.Contains(got.HTML, `src="https://x.example/a.png"`) {
		t.Errorf("%+v", got)
	}
}

// Twice the input may cost about twice the time, not four times; nesting is capped.
func TestHostileSizesStayLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"nested": "<div>", "unclosed b": "<b>x", "tables": "<table><tr><td>", "ends": "</div></p></table>", "attrs": `<p style="color:red;` + strings.Repeat("a:b;", 50) + `">`, "p": "<p>", "li": "<ul><li>", "quotes": "<blockquote>", "entities": "&amp;", "lt": "<", "comments": "<!--",
	} {
		src := strings.Repeat(unit, (1<<20)/len(unit))
		start := time.Now()
		out := Sanitize(src, Options{}).HTML
		ToText(src)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: 1 MB took %v", name, d)
		}
		depth, deepest := 0, 0
		z := html.NewTokenizer(strings.NewReader(out))
		for tt := z.Next(); tt != html.ErrorToken; tt = z.Next() {
			n, _ := z.TagName()
			if void[string(n)] {
				continue
			}
			switch tt {
			case html.StartTagToken:
				depth++
			case html.EndTagToken:
				depth--
			}
			deepest = max(deepest, depth)
		}
		if depth != 0 || deepest > MaxDepth {
			t.Errorf("%s: ends at depth %d, deepest %d", name, depth, deepest)
		}
	}
	if r := Sanitize(strings.Repeat("a", MaxInput+10), Options{}); !r.Cut || len(r.HTML) > MaxInput {
		t.Error("the input is not cut")
	}
}

func TestTextFromHTML(t *testing.T) {
	for src, want := range map[string]string{
		`<p>a</p><p>b</p>`:                                            "a\n\nb",
		`a<br>b<br><br>c`:                                             "a\nb\n\nc",
		`<div>a</div><div>b</div>`:                                    "a\nb",
		`<ul><li>a</li><li>b</li></ul>`:                               "- a\n- b",
		`<ol><li>a</li><li>b</li></ol>c`:                              "1. a\n2. b\n\nc",
		`<table><tr><td>a</td><td>b</td></tr></table>`:                "a b",
		`<style>p{}</style>a<script>b</script>`:                       "a",
		`<div style="display:none">x</div>a`:                          "a",
		`<pre>a  b` + "\n" + ` c</pre>`:                               "a  b\n c",
		`a&nbsp;&nbsp;b &lt;c&gt;`:                                    "a b <c>",
		`<p>a   ` + "\n" + ` b</p>`:                                   "a b",
		`<div><div style="display: none;"><div>x</div>y</div>z</div>`: "z",
		`x&#8203;y`: "xy",
	} {
		if got := ToText(src); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

func TestSnippetIsOneLineCutAtAWord(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"a\n\n b\tc", 10, "a b c"}, {"hello world again", 12, "hello world…"}, {"", 5, ""}, {"ääääääääää", 5, "ääää…"}, {"exact", 5, "exact"}, {" \u200c \u200cpadding\u200c ", 20, "padding"}} {
		if got := Snippet(c.in, c.n); got != c.want {
			t.Errorf("Snippet(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func FuzzSanitize(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 64<<10 {
			return
		}
		out := Sanitize(src, Options{}).HTML
		if why := danger(out); why != "" {
			t.Fatalf("%s\n in %q\nout %q", why, src, out)
		}
		if why := danger(SanitizeComposer(src)); why != "" {
			t.Fatalf("composer: %s", why)
		}
		ToText(src)
		Rewrite(out, func(u string) string { return u }, func(u string) string { return u })
		Snippet(src, 20)
	})
}

func BenchmarkSanitize(b *testing.B) {
	row := `<tr><td style="padding:10px;font-family:Arial,sans-serif;color:#333333" bgcolor="#ffffff"><a href="https://x.example/a?b=c"><img src="https://x.example/i.png" width="120" alt="x"></a><p>Some words of a newsletter &amp; more</p></td></tr>`
	src := "<html><body><table>" + strings.Repeat(row, 60<<10/len(row)) + "</table></body></html>"
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		Sanitize(src, Options{})
	}
}
