package dispatch

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kanalhq/kanal/internal/desk"
)

func sized(size int64) desk.Attachment   { return desk.Attachment{Name: "f", Size: size} }
func picture(size int64) desk.Attachment { return desk.Attachment{Name: "p", Size: size, Inline: true} }

func TestTheLargestFilesGoAsLinksUntilTheRestFits(t *testing.T) { // EM-39
	const mb = 1 << 20
	for name, tc := range map[string]struct {
		files []desk.Attachment
		room  int64
		links []int
		fits  bool
	}{
		"no file":                              {nil, 10 * mb, nil, true},
		"all fit":                              {[]desk.Attachment{sized(3 * mb), sized(4 * mb)}, 10 * mb, nil, true},
		"the encoding counts":                  {[]desk.Attachment{sized(8 * mb)}, 10 * mb, []int{0}, true},
		"one is too large alone":               {[]desk.Attachment{sized(mb), sized(30 * mb)}, 10 * mb, []int{1}, true},
		"together too large: the largest":      {[]desk.Attachment{sized(3 * mb), sized(5 * mb), sized(2 * mb)}, 10 * mb, []int{1}, true},
		"as many as it takes, largest first":   {[]desk.Attachment{sized(4 * mb), sized(5 * mb), sized(6 * mb), sized(7 * mb)}, 10 * mb, []int{1, 2, 3}, true},
		"of equals the last":                   {[]desk.Attachment{sized(4 * mb), sized(4 * mb)}, 10 * mb, []int{1}, true},
		"a picture stays though it is larger":  {[]desk.Attachment{picture(5 * mb), sized(4 * mb)}, 10 * mb, []int{1}, true},
		"a picture too large alone goes":       {[]desk.Attachment{picture(9 * mb), sized(mb)}, 10 * mb, []int{0}, true},
		"pictures too much together":           {[]desk.Attachment{picture(5 * mb), picture(5 * mb), sized(mb)}, 10 * mb, []int{2}, false},
		"no room at all: everything goes":      {[]desk.Attachment{picture(1), sized(1)}, -1, []int{0, 1}, true},
		"many small ones, whose headers count": {slices.Repeat([]desk.Attachment{sized(1)}, 4), 3 * (78 + 512 + 8), []int{3}, true},
	} {
		links, fits := divide(tc.files, tc.room)
		if !slices.Equal(links, tc.links) || fits != tc.fits {
			t.Errorf("%s: %v %v, want %v %v", name, links, fits, tc.links, tc.fits)
		}
	}
}

func TestWhatStaysAlwaysFitsAndNothingGoesInVain(t *testing.T) { // EM-39
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) desk.Attachment {
			return desk.Attachment{Name: "x", Size: rapid.Int64Range(0, 5000).Draw(t, "size"), Inline: rapid.Bool().Draw(t, "inline")}
		}), 0, 8).Draw(t, "files")
		room := rapid.Int64Range(0, 20000).Draw(t, "room")
		links, fits := divide(files, room)
		var stay, all int64
		smallest := int64(1 << 60)
		for i, f := range files {
			all += encoded(f)
			if !slices.Contains(links, i) {
				stay += encoded(f)
			} else {
				smallest = min(smallest, encoded(f))
			}
		}
		switch {
		case fits != (stay <= room):
			t.Fatalf("fits %v with %d of %d", fits, stay, room)
		case all <= room && len(links) > 0:
			t.Fatalf("all fit, yet %v go", links)
		case fits && len(links) > 0 && smallest <= room && stay+smallest <= room:
			t.Fatalf("the smallest of %v could stay", links)
		}
	})
}

func TestALinkOpensNothingButItsFileAndEnd(t *testing.T) { // EM-39
	l := Links{Base: &url.URL{Scheme: "https", Host: "desk.example.com"}, Key: bytes.Repeat([]byte{1}, 32)}
	a := desk.Attachment{ID: 1234567890123, LinkUntil: desk.At(time.Date(2026, 12, 21, 9, 0, 0, 0, time.UTC))}
	link := l.url(a)
	token, ok := strings.CutPrefix(link, "https://desk.example.com/f/")
	if !ok {
		t.Fatal(link)
	}
	if id, until, ok := l.open(token); !ok || id != a.ID || until != a.LinkUntil {
		t.Fatal(id, until, ok)
	}
	wrong := []string{"", "x", token + "A", token[1:], strings.Repeat("A", len(token)), token + "\n", strings.Repeat("=", len(token))}
	for i := range token {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		wrong = append(wrong, token[:i]+string(c)+token[i+1:])
	}
	for _, w := range wrong {
		if _, _, ok := l.open(w); ok {
			t.Errorf("%q opens", w)
		}
	}
	other := l
	other.Key = bytes.Repeat([]byte{2}, 32)
	if _, _, ok := other.open(token); ok {
		t.Error("another installation's link opens")
	}
	if _, _, ok := (Links{}).open(Links{Base: l.Base}.url(a)[len("https://desk.example.com/f/"):]); ok {
		t.Error("without a key anybody can make links")
	}
}

func TestLinksLeadOnlyWhereCustomersGet(t *testing.T) { // EM-39
	for host, ok := range map[string]bool{
		"desk.example.com": true, "8.8.8.8": true, "[2606:4700::1111]": true, "localhost": false, "localhost:8080": false, "127.0.0.1": false, "[::1]:80": false, "10.1.2.3": false, "192.168.0.9:8080": false,
		"172.16.0.1": false, "169.254.1.1": false, "[fd00::1]": false, "0.0.0.0": false, "helpdesk": false, "desk.local": false, "desk.internal.": false, "kanal.lan": false, "x.localhost": false,
	} {
		l := Links{Base: &url.URL{Scheme: "https", Host: host}, Key: []byte("k")}
		if err := l.unreachable(); (err == nil) != ok {
			t.Errorf("%s: %v", host, err)
		}
		if l.Local = true; l.unreachable() != nil {
			t.Errorf("%s is refused although it is allowed", host)
		}
	}
	if (Links{Local: true}).unreachable() == nil {
		t.Error("links without a base or a key")
	}
}

func TestFilesAreListedInTheCompanysLanguage(t *testing.T) { // EM-39
	a := desk.Attachment{Size: 30 << 20, LinkUntil: desk.At(time.Date(2026, 5, 21, 23, 30, 0, 0, time.UTC))}
	cph, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	for locale, want := range map[string]string{
		"en": "30.0 MB, available until 22 May 2026", "en-GB": "30.0 MB, available until 22 May 2026", "da": "30,0 MB, tilgængelig til 22. maj 2026", "de_AT": "30,0 MB, verfügbar bis 22. Mai 2026",
		"sv": "30,0 MB, tillgänglig till 22 maj 2026", "fi": "30,0 MB, saatavilla 22. toukokuuta 2026 asti", "tlh": "30.0 MB, available until 22 May 2026", "": "30.0 MB, available until 22 May 2026",
	} {
		size, until := wordsOf(locale).line(a, cph)
		if got := size + ", " + until; got != want {
			t.Errorf("%s: %s", locale, got)
		}
	}
	for l, w := range linkLanguages {
		for _, m := range w.months {
			if m == "" || w.head == "" {
				t.Errorf("%s is not whole", l)
			}
		}
	}
}
