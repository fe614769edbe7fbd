package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"net/mail"
	"strings"
	"time"
)

// specials are the mails that make a desk interesting: a forward, a newsletter, an absence note, a bounce, a stranger, a long thread.
func (f *filler) specials() {
	f.forwarded()
	f.newsletter()
	f.absence()
	f.bounce()
	f.html()
}

func (f *filler) send(at time.Time, l Letter) {
	f.add(at, func(ctx context.Context) error {
		l.Date = f.Clock.Now()
		l.MessageID = f.id()
		return f.Deliver(ctx, l.From.Address, []string{l.To[0].Address}, l.Bytes())
	})
}

func team(local string) []mail.Address {
	return []mail.Address{{Name: "Nordlys Cykler", Address: local + "@" + domain}}
}

// forwarded: a colleague passes on what a customer wrote to her own address. The ticket is the customer's.
func (f *filler) forwarded() {
	f.send(f.now.Add(-26*time.Hour), Letter{
		From: mail.Address{Name: "Sofie Holm", Address: "sofie@" + domain}, To: team("support"), Subject: "Fwd: Reservedele til Klit",
		Text: "Kan en af jer tage den her? Han skrev til min egen adresse.\n\n---------- Forwarded message ---------\nFrom: Henrik Dam <henrik.dam@customers.example>\n" +
			"Date: " + f.now.Add(-28*time.Hour).Format("Mon, 2 Jan 2006 at 15:04") + "\nSubject: Reservedele til Klit\nTo: Sofie Holm <sofie@" + domain + ">\n\n\n" +
			"Hej Sofie\n\nHar I en ny bagskærm til Nordlys Klit fra 2024? Den gamle er knækket ved beslaget.\n\nMange hilsner\nHenrik Dam\n",
	})
}

func (f *filler) newsletter() {
	f.send(f.now.Add(-50*time.Hour), Letter{
		From: mail.Address{Name: "Velo Trade Weekly", Address: "news@velotrade.example"}, To: team("sales"), Subject: "What the trade will ride in spring: 12 trends",
		Text: "Twelve trends for spring. Read them on the web.\n",
		HTML: `<html><body style="margin:0;background:#f2f2f2"><table width="600" align="center" cellpadding="24" style="background:#fff;font-family:Georgia,serif"><tr><td>` +
			`<img src="https://images.velotrade.example/head.jpg" width="552" height="120" alt="Velo Trade Weekly"><h1 style="color:#14532d">Twelve trends for spring</h1>` +
			`<p>Gravel is getting wider, cargo is getting shorter, and <b>everybody</b> wants a dynamo again.</p><p><a href="https://velotrade.example/spring">Read on</a></p>` +
			`<p style="font-size:11px;color:#777">You get this because you visited our stand. <a href="https://velotrade.example/unsubscribe">Unsubscribe</a></p></td></tr></table></body></html>`,
		Headers: [][2]string{{"List-Id", "<weekly.velotrade.example>"}, {"List-Unsubscribe", "<https://velotrade.example/unsubscribe>"}, {"Precedence", "bulk"}},
	})
}

// absence: an agent answers, and the customer's mail program answers that nobody is there.
func (f *filler) absence() {
	t := f.single("en", "support", "Spare key for the battery lock", "I lost both keys of the battery lock. The number on it is 4711. Can you cut a new one?\n\n{name}")
	c := &conversation{t: t}
	at := f.now.Add(-75 * time.Hour)
	f.add(at, func(ctx context.Context) error { return f.write(ctx, c, t.Turns[0].C, true) })
	f.add(at.Add(50*time.Minute), func(ctx context.Context) error {
		return f.answer(ctx, c, "Hi {name},\n\nyes, with the number we can. It takes three working days. Shall we send it to the address of your order?\n\n{agent}")
	})
	f.add(at.Add(52*time.Minute), func(ctx context.Context) error {
		l := Letter{From: t.customer, To: team("support"), Subject: "Automatic reply: " + t.Subject, Text: "I am away until Monday and read no mail. In urgent cases call +44 20 7946 0018.\n",
			Date: f.Clock.Now(), MessageID: f.id(), InReplyTo: c.last, References: c.refs, Headers: [][2]string{{"Auto-Submitted", "auto-replied"}, {"X-Auto-Response-Suppress", "All"}}}
		return f.Deliver(ctx, "", []string{l.To[0].Address}, l.Bytes())
	})
	f.add(at.Add(70*time.Minute), func(ctx context.Context) error { return f.setStatus(ctx, c, "waiting_on_contact") })
}

// bounce: an answer to an address with a typing error comes back.
func (f *filler) bounce() {
	t := f.single("en", "support", "Refund to another account", "Please pay the refund for {order} to my new bank account. I will send the number when you confirm.\n\n{name}")
	t.customer.Address = "ruth.palmer@mial.example"
	if f.Mail != nil {
		f.Mail.SetBounce(t.customer.Address, "5.1.1")
	}
	c := &conversation{t: t}
	f.add(f.now.Add(-30*time.Minute), func(ctx context.Context) error { return f.write(ctx, c, t.Turns[0].C, true) })
	f.add(f.now.Add(-2*time.Minute), func(ctx context.Context) error {
		return f.answer(ctx, c, "Hi {name},\n\nconfirmed: the refund of {amount} is ready and waits for the number of your account.\n\n{agent}")
	})
}

// html: a mail with a picture in the text and a table, as shops write them.
func (f *filler) html() {
	f.send(f.now.Add(-9*time.Hour), Letter{
		From: mail.Address{Name: "Gepäckträger Fabrik GmbH", Address: "vertrieb@gepaecktraeger.example"}, To: team("support"), Subject: "Rückruf: Gepäckträger Serie 88 – betroffene Seriennummern",
		Text: "Bitte prüfen Sie die Seriennummern 88-1000 bis 88-1450.\n",
		HTML: `<html><body><p>Sehr geehrte Partner,</p><p>bitte prüfen Sie die folgenden Seriennummern:</p><table border="1" cellpadding="4"><tr><th>von</th><th>bis</th><th>Mangel</th></tr>` +
			`<tr><td>88-1000</td><td>88-1200</td><td>Schweißnaht</td></tr><tr><td>88-1300</td><td>88-1450</td><td>Lackierung</td></tr></table><p>Mit freundlichen Grüßen<br>Ihr Vertrieb</p></body></html>`,
		Files: []File{attachment("rueckruf-88.pdf")},
	})
}

// single is a story told once.
func (f *filler) single(lang, to, subject, text string) telling {
	s := story{Lang: lang, To: to, Subject: subject, End: "new"}
	s.Turns = append(s.Turns, struct{ C, A, N string }{C: text})
	return s.tell(f.rand, 900+f.rand.IntN(90))
}

// attachment makes a file of a name: a picture, or a page of PDF.
func attachment(name string) File {
	if strings.HasSuffix(name, ".jpg") {
		return File{Name: name, Type: "image/jpeg", Data: picture()}
	}
	return File{Name: name, Type: "application/pdf", Data: pdf(strings.TrimSuffix(name, ".pdf"))}
}

// picture draws a wheel with a brake disc.
func picture() []byte {
	const w, h = 480, 360
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			d := math.Hypot(float64(x-w/2), float64(y-h/2))
			c := color.RGBA{uint8(190 + y/12), uint8(200 + y/14), 214, 255}
			switch a := math.Atan2(float64(y-h/2), float64(x-w/2)); {
			case d < 14 || math.Abs(d-150) < 9:
				c = color.RGBA{32, 34, 38, 255}
			case d > 46 && d < 72 && math.Mod(a+math.Pi+d/60, .5) > .16:
				c = color.RGBA{142, 146, 150, 255}
			case d < 150 && math.Abs(math.Sin(a*9)) < 2/(d+1):
				c = color.RGBA{90, 92, 98, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = jpeg.Encode(&b, img, &jpeg.Options{Quality: 72}) // writing to memory does not fail
	return b.Bytes()
}

// pdf is one page with a line of text.
func pdf(title string) []byte {
	text := fmt.Sprintf("BT /F1 24 Tf 72 760 Td (Nordlys Cykler) Tj 0 -40 Td /F1 14 Tf (%s) Tj ET", strings.NewReplacer("(", "", ")", "", "\\", "").Replace(title))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text), "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}
