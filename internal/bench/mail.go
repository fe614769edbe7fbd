package bench

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// The mix is fixed, so that figures of different days can be compared: of twenty mails twelve are plain and new, four answer one of those,
// three are new with an HTML part and one brings a file of 48 KB.
func mixed(n int, to string) []byte {
	block, k := n/20, n%20
	switch {
	case k < 12:
		return plainMail(n, to)
	case k < 16:
		return replyMail(n, block*20+k-12, to)
	case k < 19:
		return htmlMail(n, to)
	}
	return fileMail(n, to)
}

// token is what makes a mail itself: it is in every part that must differ, and nowhere else.
func token(n int) string { return fmt.Sprintf("bench%09dx", n) }

func head(n int, to, subject string) string {
	return fmt.Sprintf("Received: from mail.customer.example (mail.customer.example [192.0.2.10])\r\n\tby desk.bench.example with ESMTPS; %[5]s\r\n"+
		"From: Customer %[1]s <%[1]s@customer.example>\r\nTo: Support <%[2]s>\r\nSubject: %[3]s\r\nDate: %[5]s\r\nMessage-ID: <%[1]s@mail.customer.example>\r\n%[4]s",
		token(n), to, subject, "MIME-Version: 1.0\r\n", time.Now().UTC().Format(time.RFC1123Z))
}

const story = `Hello,

since yesterday the label printer in our warehouse stops after every third parcel. The
display says E-207 and the manual does not know it. We tried another roll, another cable
and another port. Orders are piling up, so please tell us what to do, or send somebody.

The serial number is 4711-0815-22, bought in March. The order was made by our colleague
in Aarhus, who is on holiday until Monday; I have put the invoice number below.

Invoice: 2026-11-0042
Phone: +45 12 34 56 78 (between nine and five)

Kind regards
`

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func plainMail(n int, to string) []byte {
	return []byte(head(n, to, "Label printer stops "+token(n)) + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + crlf(story) + token(n) + "\r\n")
}

func replyMail(n, root int, to string) []byte {
	h := strings.Replace(head(n, to, "Re: Label printer stops "+token(root)), token(n)+" <"+token(n)+"@customer", token(root)+" <"+token(root)+"@customer", 1)
	return []byte(h + fmt.Sprintf("In-Reply-To: <%[1]s@mail.customer.example>\r\nReferences: <%[1]s@mail.customer.example>\r\n", token(root)) +
		"Content-Type: text/plain; charset=utf-8\r\n\r\nIt happened again, now with E-208. " + token(n) + "\r\n\r\nOn Mon, 16 Nov 2026 at 09:12, Customer wrote:\r\n> " +
		strings.ReplaceAll(crlf(story), "\r\n", "\r\n> ") + "\r\n")
}

func htmlMail(n int, to string) []byte {
	body := "<html><head><style>p{margin:0}</style></head><body><div style=\"font-family:Arial\"><p>" + strings.ReplaceAll(story, "\n\n", "</p><p>") + token(n) +
		"</p><table><tr><td><b>Invoice</b></td><td><a href=\"https://customer.example/i/42\">2026-11-0042</a></td></tr></table><img src=\"https://customer.example/logo.png\"></div></body></html>"
	return []byte(head(n, to, "Printer, with a table "+token(n)) + "Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" +
		crlf(story) + token(n) + "\r\n--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + crlf(body) + "\r\n--b1--\r\n")
}

func fileMail(n int, to string) []byte {
	data := make([]byte, 48<<10)
	copy(data, "%PDF-1.4\n"+token(n))
	for i, x := 64, uint32(n)+1; i < len(data); i++ {
		x = x*1664525 + 1013904223
		data[i] = byte(x >> 24)
	}
	var b strings.Builder
	enc := base64.StdEncoding.EncodeToString(data)
	for len(enc) > 76 {
		b.WriteString(enc[:76] + "\r\n")
		enc = enc[76:]
	}
	b.WriteString(enc + "\r\n")
	return []byte(head(n, to, "Our invoice "+token(n)) + "Content-Type: multipart/mixed; boundary=\"b2\"\r\n\r\n--b2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the file. " +
		token(n) + "\r\n--b2\r\nContent-Type: application/pdf; name=\"invoice.pdf\"\r\nContent-Disposition: attachment; filename=\"invoice.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		b.String() + "--b2--\r\n")
}
