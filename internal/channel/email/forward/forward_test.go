package forward

import (
	"strings"
	"testing"
	"time"

	"github.com/kanalhq/kanal/internal/desk"
)

// EM-26: the blocks that mail programs write, by program and language, as text.
func TestForwardedBlocksNameTheOriginalSender(t *testing.T) {
	for name, c := range map[string]struct{ subject, text string }{
		"gmail en":       {"Fwd: Order", "FYI\n\n---------- Forwarded message ---------\nFrom: Mira Quist <mira@c.example>\nDate: Tue, Mar 12, 2024 at 10:15 AM\nSubject: Order\nTo: <info@acme.example>\n\n\nHello"},
		"gmail old en":   {"Fwd: Order", "---------- Forwarded message ----------\nFrom: Mira Quist <mira@c.example>\nDate: 2024-03-12 10:15 GMT+01:00\nSubject: Order\nTo: info@acme.example\n\nHello"},
		"gmail de":       {"Fwd: Order", "---------- Forwarded message ---------\nVon: Mira Quist <mira@c.example>\nDate: Di., 12. März 2024 um 10:15 Uhr\nSubject: Order\nTo: <info@acme.example>\n\nHallo"},
		"gmail pl":       {"Fwd: Order", "---------- Forwarded message ---------\nOd: Mira Quist <mira@c.example>\nDate: wt., 12 mar 2024 o 10:15\nSubject: Order\nTo: <info@acme.example>\n\nCześć"},
		"outlook en":     {"FW: Order", "See below.\n\nFrom: Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"outlook mailto": {"FW: Order", "From: Mira Quist [mailto:mira@c.example]\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"outlook old":    {"FW: Order", "-----Original Message-----\nFrom: Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"outlook app":    {"Fw: Order", "Get Outlook for iOS\n________________________________\nFrom: Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15:00 AM\nTo: info@acme.example <info@acme.example>\nSubject: Order\n\nHello"},
		"outlook bold":   {"FW: Order", "*From:* Mira Quist <mira@c.example>\n*Sent:* Tuesday, March 12, 2024 10:15 AM\n*To:* info@acme.example\n*Subject:* Order\n\nHello"},
		"outlook de":     {"WG: Bestellung", "Von: Mira Quist <mira@c.example>\nGesendet: Dienstag, 12. März 2024 10:15\nAn: info@acme.example\nBetreff: Bestellung\n\nHallo"},
		"outlook de old": {"WG: Bestellung", "-----Ursprüngliche Nachricht-----\nVon: Mira Quist <mira@c.example>\nGesendet: Dienstag, 12. März 2024 10:15\nAn: info@acme.example\nBetreff: Bestellung\n\nHallo"},
		"outlook fr":     {"TR: Commande", "De : Mira Quist <mira@c.example>\nEnvoyé : mardi 12 mars 2024 10:15\nÀ : info@acme.example\nObjet : Commande\n\nBonjour"},
		"outlook fr ap":  {"TR : Commande", "-----Message d’origine-----\nDe\u00a0: Mira Quist <mira@c.example>\nEnvoyé\u00a0: mardi 12 mars 2024 10:15\nÀ\u00a0: info@acme.example\nObjet\u00a0: Commande\n\nBonjour"},
		"outlook es":     {"RV: Pedido", "De: Mira Quist <mira@c.example>\nEnviado el: martes, 12 de marzo de 2024 10:15\nPara: info@acme.example\nAsunto: Pedido\n\nHola"},
		"outlook it":     {"I: Ordine", "Da: Mira Quist <mira@c.example>\nInviato: martedì 12 marzo 2024 10:15\nA: info@acme.example\nOggetto: Ordine\n\nCiao"},
		"outlook nl":     {"FW: Bestelling", "Van: Mira Quist <mira@c.example>\nVerzonden: dinsdag 12 maart 2024 10:15\nAan: info@acme.example\nOnderwerp: Bestelling\n\nHallo"},
		"outlook pt-br":  {"ENC: Pedido", "De: Mira Quist <mira@c.example>\nEnviada em: terça-feira, 12 de março de 2024 10:15\nPara: info@acme.example\nAssunto: Pedido\n\nOlá"},
		"outlook pt-pt":  {"FW: Pedido", "De: Mira Quist <mira@c.example>\nEnviado: 12 de março de 2024 10:15\nPara: info@acme.example\nAssunto: Pedido\n\nOlá"},
		"outlook da":     {"VS: Ordre", "Fra: Mira Quist <mira@c.example>\nSendt: 12. marts 2024 10:15\nTil: info@acme.example\nEmne: Ordre\n\nHej"},
		"outlook sv":     {"VB: Order", "Från: Mira Quist <mira@c.example>\nSkickat: den 12 mars 2024 10:15\nTill: info@acme.example\nÄmne: Order\n\nHej"},
		"outlook fi":     {"VL: Tilaus", "Lähettäjä: Mira Quist <mira@c.example>\nLähetetty: tiistai 12. maaliskuuta 2024 10.15\nVastaanottaja: info@acme.example\nAihe: Tilaus\n\nHei"},
		"outlook nb":     {"VS: Ordre", "Fra: Mira Quist <mira@c.example>\nSendt: tirsdag 12. mars 2024 10:15\nTil: info@acme.example\nEmne: Ordre\n\nHei"},
		"outlook pl":     {"PD: Zamówienie", "Od: Mira Quist <mira@c.example>\nWysłano: wtorek, 12 marca 2024 10:15\nDo: info@acme.example\nTemat: Zamówienie\n\nDzień dobry"},
		"outlook cs":     {"FW: Objednávka", "Od: Mira Quist <mira@c.example>\nOdesláno: úterý 12. března 2024 10:15\nKomu: info@acme.example\nPředmět: Objednávka\n\nDobrý den"},
		"outlook hu":     {"FW: Rendelés", "Feladó: Mira Quist <mira@c.example>\nElküldve: 2024. március 12., kedd 10:15\nCímzett: info@acme.example\nTárgy: Rendelés\n\nJó napot"},
		"outlook ru":     {"FW: Заказ", "От: Mira Quist <mira@c.example>\nОтправлено: 12 марта 2024 г. 10:15\nКому: info@acme.example\nТема: Заказ\n\nЗдравствуйте"},
		"outlook tr":     {"İLT: Sipariş", "Kimden: Mira Quist <mira@c.example>\nGönderildi: 12 Mart 2024 Salı 10:15\nKime: info@acme.example\nKonu: Sipariş\n\nMerhaba"},
		"outlook el":     {"FW: Παραγγελία", "Από: Mira Quist <mira@c.example>\nΣτάλθηκε: Τρίτη, 12 Μαρτίου 2024 10:15\nΠρος: info@acme.example\nΘέμα: Παραγγελία\n\nΓεια"},
		"outlook ja":     {"FW: 注文", "差出人: Mira Quist <mira@c.example>\n送信日時: 2024年3月12日 10:15\n宛先: info@acme.example\n件名: 注文\n\nこんにちは"},
		"outlook zh":     {"转发: 订单", "发件人: Mira Quist <mira@c.example>\n发送时间: 2024年3月12日 10:15\n收件人: info@acme.example\n主题: 订单\n\n您好"},
		"qq zh":          {"转发：订单", "------------------ 原始邮件 ------------------\n发件人: \"Mira Quist\" <mira@c.example>;\n发送时间: 2024年3月12日(星期二) 上午10:15\n收件人: \"info\"<info@acme.example>;\n主题: 订单\n\n您好"},
		"outlook ko":     {"FW: 주문", "보낸 사람: Mira Quist <mira@c.example>\n보낸 날짜: 2024년 3월 12일 화요일 오전 10:15\n받는 사람: info@acme.example\n제목: 주문\n\n안녕하세요"},
		"apple en":       {"Fwd: Order", "Begin forwarded message:\n\n> From: Mira Quist <mira@c.example>\n> Subject: Order\n> Date: 12 March 2024 at 10:15:00 CET\n> To: info@acme.example\n> \n> Hello"},
		"ios en":         {"Fwd: Order", "Thanks\n\nSent from my iPhone\n\nBegin forwarded message:\n\n> From: Mira Quist <mira@c.example>\n> Date: 12 March 2024 at 10:15:00 CET\n> To: info@acme.example\n> Subject: Order\n> \n> \ufeffHello"},
		"apple quoted":   {"Fwd: Order", "> Begin forwarded message:\n> \n> From: Mira Quist <mira@c.example>\n> Subject: Order\n> Date: 12 March 2024 at 10:15:00 CET\n> To: info@acme.example\n> \n> Hello"},
		"apple de":       {"Fwd: Order", "Anfang der weitergeleiteten Nachricht:\n\n> Von: Mira Quist <mira@c.example>\n> Betreff: Order\n> Datum: 12. März 2024 um 10:15:00 MEZ\n> An: info@acme.example\n> \n> Hallo"},
		"apple fr":       {"Tr : Commande", "Début du message réexpédié :\n\n> De: Mira Quist <mira@c.example>\n> Objet: Commande\n> Date: 12 mars 2024 à 10:15:00 UTC+1\n> À: info@acme.example\n> \n> Bonjour"},
		"apple da":       {"Fwd: Ordre", "Start på videresendt besked:\n\n> Fra: Mira Quist <mira@c.example>\n> Emne: Ordre\n> Dato: 12. marts 2024 kl. 10.15.00 CET\n> Til: info@acme.example\n> \n> Hej"},
		"apple fi":       {"Fwd: Tilaus", "Välitetty viesti alkaa:\n\n> Lähettäjä: Mira Quist <mira@c.example>\n> Aihe: Tilaus\n> Päivämäärä: 12. maaliskuuta 2024 klo 10.15.00 UTC+1\n> Vastaanottaja: info@acme.example\n> \n> Hei"},
		"thunderbird en": {"Fwd: Order", "\n\n-------- Forwarded Message --------\nSubject: \tOrder\nDate: \tTue, 12 Mar 2024 10:15:00 +0100\nFrom: \tMira Quist <mira@c.example>\nTo: \tinfo@acme.example\n\n\n\nHello"},
		"thunderbird de": {"Fwd: Order", "-------- Weitergeleitete Nachricht --------\nBetreff: \tOrder\nDatum: \tTue, 12 Mar 2024 10:15:00 +0100\nVon: \tMira Quist <mira@c.example>\nAn: \tinfo@acme.example\n\nHallo"},
		"thunderbird sv": {"Fwd: Order", "-------- Vidarebefordrat meddelande --------\nÄmne: \tOrder\nDatum: \tTue, 12 Mar 2024 10:15:00 +0100\nFrån: \tMira Quist <mira@c.example>\nTill: \tinfo@acme.example\n\nHej"},
		"thunderbird cs": {"Fwd: Objednávka", "-------- Přeposlaná zpráva --------\nPředmět: \tObjednávka\nDatum: \tTue, 12 Mar 2024 10:15:00 +0100\nOd: \tMira Quist <mira@c.example>\nKomu: \tinfo@acme.example\n\nDobrý den"},
		"yahoo en":       {"Fw: Order", "\n   ----- Forwarded Message ----- From: Mira Quist <mira@c.example>To: info@acme.example"},
		"yahoo lines":    {"Fw: Order", "----- Forwarded Message -----\nFrom: Mira Quist <mira@c.example>\nTo: \"info@acme.example\" <info@acme.example>\nSent: Tuesday, March 12, 2024 at 10:15:00 AM GMT+1\nSubject: Order\n\nHello"},
		"proton":         {"Fw: Order", "------- Forwarded Message -------\nFrom: Mira Quist <mira@c.example>\nDate: On Tuesday, March 12th, 2024 at 10:15 AM\nSubject: Order\nTo: info@acme.example <info@acme.example>\n\n> Hello"},
		"zimbra":         {"Fwd: Order", "----- Forwarded Message -----\nFrom: \"Mira Quist\" <mira@c.example>\nTo: info@acme.example\nSent: Tuesday, 12 March, 2024 10:15:00\nSubject: Order\n\nHello"},
		"notes":          {"Fw: Order", "----- Forwarded by Bo Berg/ACME on 03/12/2024 11:00 AM -----\n\nFrom:\tMira Quist <mira@c.example>\nTo:\tinfo@acme.example\nDate:\t03/12/2024 10:15 AM\nSubject:\tOrder\n\nHello"},
		"samsung":        {"Fwd: Order", "\n\n-------- Original message --------\nFrom: Mira Quist <mira@c.example>\nDate: 12/03/2024 10:15 (GMT+01:00)\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"k9":             {"Fwd: Order", "-------- Original Message --------\nFrom: Mira Quist <mira@c.example>\nSent: March 12, 2024 10:15:00 AM GMT+01:00\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"em client":      {"Fwd: Order", "------ Forwarded Message ------\nFrom: \"Mira Quist\" <mira@c.example>\nTo: info@acme.example\nSent: 12.03.2024 10:15:00\nSubject: Order\n\nHello"},
		"em client new":  {"Fwd: Order", "------ Forwarded Message ------\nFrom \"Mira Quist\" <mira@c.example>\nTo info@acme.example\nDate 12.03.2024 10:15:00\nSubject Order\n\nHello"},
		"roundcube":      {"Fwd: Order", "-------- Original Message --------\nSubject: Order\nDate: 2024-03-12 10:15\nFrom: Mira Quist <mira@c.example>\nTo: info@acme.example\n\nHello"},
		"gmx":            {"Fw: Order", "Gesendet: Dienstag, 12. März 2024 um 10:15 Uhr\nVon: \"Mira Quist\" <mira@c.example>\nAn: info@acme.example\nBetreff: Order\n\nHallo"},
		"mail.ru":        {"Fwd: Заказ", "-------- Пересылаемое сообщение --------\nОт: Mira Quist <mira@c.example>\nКому: info@acme.example\nДата: Вторник, 12 марта 2024, 10:15 +03:00\nТема: Заказ\n\nЗдравствуйте"},
		"yandex":         {"Fwd: Заказ", "-------- Пересылаемое сообщение --------\n12.03.2024, 10:15, \"Mira Quist\" <mira@c.example>:\n\nЗдравствуйте"},
		"mutt":           {"[mira@c.example: Order]", "----- Forwarded message from Mira Quist <mira@c.example> -----\n\nDate: Tue, 12 Mar 2024 10:15:00 +0100\nFrom: Mira Quist <mira@c.example>\nTo: info@acme.example\nSubject: Order\n\nHello\n\n----- End forwarded message -----"},
		"wrapped from":   {"Fwd: Order", "---------- Forwarded message ---------\nFrom: Mira Quist of the Very Long Name Company\n<mira@c.example>\nDate: Tue, Mar 12, 2024 at 10:15 AM\nSubject: Order\nTo: <info@acme.example>\n\nHello"},
		"on behalf":      {"FW: Order", "From: robot@c.example On Behalf Of Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello"},
		"gmail vi":       {"Fwd: Order", "---------- Forwarded message ---------\nTừ: Mira Quist <mira@c.example>\nDate: Th 3, 12 thg 3, 2024 vào lúc 10:15\nSubject: Order\nTo: <info@acme.example>\n\nHello"},
		"outlook he":     {"FW: Order", "מאת: Mira Quist <mira@c.example>\nנשלח: יום שלישי 12 מרץ 2024 10:15\nאל: info@acme.example\nנושא: Order\n\nHello"},
		"subject gone":   {"Order", "---------- Forwarded message ---------\nFrom: Mira Quist <mira@c.example>\nDate: Tue, Mar 12, 2024 at 10:15 AM\nSubject: Order\nTo: <info@acme.example>\n\nHello"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Detect(Input{Subject: c.subject, Plain: c.text})
			if o == nil || o.Address != "mira@c.example" {
				t.Fatalf("got %+v", o)
			}
			if o.Confidence != Certain {
				t.Errorf("confidence %s", o.Confidence)
			}
			if o.Name != "Mira Quist" && name != "wrapped from" {
				t.Errorf("name %q", o.Name)
			}
		})
	}
}

func TestDatesOfForwardedBlocksAreReadOrLeftOut(t *testing.T) {
	cet := time.FixedZone("", 3600)
	want := time.Date(2024, 3, 12, 9, 15, 0, 0, time.UTC)
	for _, s := range []string{
		"Tue, Mar 12, 2024 at 10:15 AM", "Di., 12. März 2024 um 10:15 Uhr", "wt., 12 mar 2024 o 10:15", "mardi 12 mars 2024 10:15", "mar. 12 mars 2024 à 10:15", "martes, 12 de marzo de 2024 10:15",
		"mar, 12 mar 2024 a las 10:15", "martedì 12 marzo 2024 10:15", "dinsdag 12 maart 2024 10:15", "12 de março de 2024 10:15", "tir. 12. mar. 2024 kl. 10.15", "den 12 mars 2024 10:15",
		"tiistai 12. maaliskuuta 2024 10.15", "ti 12. maalisk. 2024 klo 10.15", "wtorek, 12 marca 2024 10:15", "úterý 12. března 2024 10:15", "2024. március 12., kedd 10:15", "12 марта 2024 г. 10:15",
		"2024年3月12日 10:15", "2024년 3월 12일 화요일 오전 10:15", "12.03.2024 10:15:00", "2024-03-12 10:15", "Tue, 12 Mar 2024 10:15:00 +0100", "12 March 2024 at 10:15:00 CET", "2024-03-12 9:15 GMT+00:00",
		"12/03/2024 10:15 (GMT+01:00)", "Tuesday, March 12, 2024 at 10:15:00 AM GMT+1", "Τρίτη, 12 Μαρτίου 2024 10:15", "12 Mart 2024 Salı 10:15",
		"On Tuesday, March 12th, 2024 at 10:15 AM", "12. marts 2024 kl. 10.15.00 CET", "12.03.2024 10.15.00", "út 12. 3. 2024 v 10:15", "12.03.24, 10:15",
	} {
		o := Detect(Input{Subject: "Fwd: x", Plain: "---------- Forwarded message ---------\nFrom: Mira <mira@c.example>\nDate: " + s + "\nSubject: x\n\nHello", Zone: cet})
		if o == nil {
			t.Fatalf("%q: no forward", s)
		}
		if strings.HasPrefix(s, "12/03") {
			if !o.Date.IsZero() {
				t.Errorf("%q: %v although day and month could be exchanged", s, o.Date)
			}
			continue
		}
		if !o.Date.Equal(want) {
			t.Errorf("%q: %v", s, o.Date)
		}
	}
}

// A quoted reply is never a forward, and neither is a text that only speaks of one.
func TestRepliesAreNotForwards(t *testing.T) {
	for name, c := range map[string]struct {
		subject, text string
		reply         bool
	}{
		"gmail":                  {"Re: Order", "Yes.\n\nOn Tue, Mar 12, 2024 at 10:15 AM Mira <mira@c.example> wrote:\n> Hello", true},
		"gmail of forward":       {"Re: Fwd: Order", "Yes.\n\nOn Tue, Mar 12, 2024 at 10:15 AM Mira <mira@c.example> wrote:\n> ---------- Forwarded message ---------\n> From: Bo <bo@c.example>\n> Date: Mon\n> Subject: Order", true},
		"outlook":                {"RE: Order", "Yes.\n\nFrom: Mira <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello", true},
		"outlook without refs":   {"AW: Order", "Ja.\n\nVon: Mira <mira@c.example>\nGesendet: Dienstag, 12. März 2024 10:15\nAn: info@acme.example\nBetreff: Order\n\nHallo", false},
		"outlook of forward":     {"RE: Order", "Yes.\n\nFrom: Bo <bo@acme.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Mira\nSubject: FW: Order\n\n---------- Forwarded message ---------\nFrom: Mira <mira@c.example>\nDate: x\nSubject: Order", true},
		"original message":       {"Re: Order", "Yes.\n\n-----Original Message-----\nFrom: Mira <mira@c.example>\nSent: x\nTo: y\nSubject: Order", true},
		"attribution, fwd later": {"Order", "Yes.\n\nAm 12.03.2024 um 10:15 schrieb Mira <mira@c.example>:\n> -------- Weitergeleitete Nachricht --------\n> Von: Bo <bo@c.example>\n> Betreff: x", true},
		"finnish VS":             {"VS: Tilaus", "Kyllä.\n\nLähettäjä: Mira <mira@c.example>\nLähetetty: tiistai 12. maaliskuuta 2024 10.15\nVastaanottaja: info@acme.example\nAihe: Tilaus\n\nHei", false},
		"finnish VS, english":    {"VS: Tilaus", "Kyllä.\n\nFrom: Mira <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Tilaus\n\nHei", true},
		"journey":                {"Trip", "From: Berlin\nTo: Paris\nDate: 12 March 2024 10:15\n\nPlease book.", false},
		"prose":                  {"Fwd: news", "Please forward this message: it matters.\nFrom: here on we go.", false},
		"fwd subject alone":      {"Fwd: Order", "Hello, where is it?", false},
		"empty":                  {"Fwd: Order", "", false},
	} {
		if o := Detect(Input{Subject: c.subject, Plain: c.text, Reply: c.reply}); o != nil {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestForwardsWithoutAnAddressAreUnresolved(t *testing.T) {
	for name, c := range map[string]struct{ subject, text, who string }{
		"outlook name only": {"FW: Order", "From: Mira Quist\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Support\nSubject: Order\n\nHello", "Mira Quist"},
		"exchange path":     {"WG: Order", "Von: /O=ACME/OU=X/CN=MIRA\nGesendet: Dienstag, 12. März 2024 10:15\nAn: Support\nBetreff: Order\n\nHallo", "/O=ACME/OU=X/CN=MIRA"},
		"mark alone":        {"Fwd: Order", "Begin forwarded message:\n\nHello", ""},
	} {
		o := Detect(Input{Subject: c.subject, Plain: c.text})
		if o == nil || o.Confidence != Unresolved || o.Address != "" {
			t.Errorf("%s: %+v", name, o)
		} else if o.Name != c.who && c.who != "/O=ACME/OU=X/CN=MIRA" {
			t.Errorf("%s: name %q", name, o.Name)
		}
	}
}

// Who sends our own mail back to us is the one who writes, also when the subject says forward; and so is who writes at length above old mail.
func TestOurOwnMailSentBackIsNoForward(t *testing.T) {
	block := "From: Support <support@acme.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: Mira\nSubject: Order\n\nHello"
	for _, subject := range []string{"Order", "Fwd: Order"} {
		if o := Detect(Input{Subject: subject, Plain: "Still broken.\n\n" + block, Ours: []string{"support@acme.example"}, Recipients: []string{"support@acme.example"}}); o != nil {
			t.Errorf("%s: %+v", subject, o)
		}
	}
	if o := Detect(Input{Subject: "Fwd: Order", Plain: strings.Replace(block, "support@acme", "mira@c", 1), Recipients: []string{"mira@c.example"}}); o == nil {
		t.Error("a forward with its first sender in Cc is none")
	}
	long := strings.Repeat("These are my own words about it. ", 30)
	if o := Detect(Input{Subject: "Order", Plain: long + "\n\n" + strings.Replace(block, "support@", "bo@", 1)}); o != nil {
		t.Errorf("%+v", o)
	}
}

func TestForwardInAnUnknownLanguageIsLikely(t *testing.T) {
	for _, s := range []string{
		"Frá: Mira Quist <mira@c.example>\nSent: þriðjudagur 12. mars 2024 10:15\nTil: info@acme.example\nEfni: Order\n\nHalló",
		"---------- Forwarded message ---------\nOxyz: Mira Quist <mira@c.example>\nPqrs: 2024-03-12 10:15\nTuvw: info@acme.example\n\nHalló",
		"Oxyz: Mira Quist <mira@c.example>\nPqrs: 2024-03-12 10:15\nTuvw: info@acme.example\nXyz: Order\n\nHalló",
	} {
		o := Detect(Input{Subject: "Fwd: Order", Plain: s})
		if o == nil || o.Address != "mira@c.example" || o.Name != "Mira Quist" || o.Confidence != Likely {
			t.Errorf("%q: %+v", s, o)
		}
	}
}

func TestForwardWithoutSubjectPrefixIsLikely(t *testing.T) {
	o := Detect(Input{Subject: "Order", Plain: "From: Mira Quist <mira@c.example>\nSent: Tuesday, March 12, 2024 10:15 AM\nTo: info@acme.example\nSubject: Order\n\nHello"})
	if o == nil || o.Confidence != Likely || o.Address != "mira@c.example" {
		t.Fatalf("%+v", o)
	}
}

func TestNestedForwardTakesTheOutermostAndCountsTheRest(t *testing.T) {
	o := Detect(Input{Subject: "Fwd: Fwd: Order", Plain: "---------- Forwarded message ---------\nFrom: Bo <bo@c.example>\nDate: x\nSubject: Fwd: Order\nTo: a@b.example\n\n---------- Forwarded message ---------\nFrom: Mira <mira@c.example>\nDate: x\nSubject: Order\n\nHello"})
	if o == nil || o.Address != "bo@c.example" || o.Deeper != 1 {
		t.Fatalf("%+v", o)
	}
}

func TestForwardedHTMLNamesTheOriginalSender(t *testing.T) {
	for name, c := range map[string]struct{ subject, html string }{
		"gmail":       {"Fwd: Order", `<div dir="ltr">See<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong class="gmail_sendername" dir="auto">Mira Quist</strong> <span dir="auto">&lt;<a href="mailto:mira@c.example">mira@c.example</a>&gt;</span><br>Date: Tue, Mar 12, 2024 at 10:15 AM<br>Subject: Order<br>To:  &lt;<a href="mailto:info@acme.example">info@acme.example</a>&gt;<br></div><br><br>Hello</div></div>`},
		"outlook":     {"FW: Order", `<div class="WordSection1"><p class="MsoNormal">See.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>From:</b> Mira Quist &lt;mira@c.example&gt; <br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> info@acme.example<br><b>Subject:</b> Order</p></div><p>Hello</p></div>`},
		"outlook web": {"Fw: Order", `<div>See</div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>From:</b> Mira Quist &lt;mira@c.example&gt;<br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> info@acme.example<br><b>Subject:</b> Order</font></div><div>Hello</div>`},
		"name linked": {"FW: Order", `<p><b>From:</b> <a href="mailto:mira@c.example">Mira Quist</a><br><b>Sent:</b> Tuesday, March 12, 2024 10:15 AM<br><b>To:</b> Support<br><b>Subject:</b> Order</p><p>Hello</p>`},
		"thunderbird": {"Fwd: Order", `<div class="moz-forward-container"><br>-------- Forwarded Message --------<table class="moz-email-headers-table"><tbody><tr><th>Subject: </th><td>Order</td></tr><tr><th>Date: </th><td>Tue, 12 Mar 2024 10:15:00 +0100</td></tr><tr><th>From: </th><td>Mira Quist <a href="mailto:mira@c.example">&lt;mira@c.example&gt;</a></td></tr><tr><th>To: </th><td>info@acme.example</td></tr></tbody></table><br>Hello</div>`},
		"apple":       {"Fwd: Order", `<div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div><span><b>From: </b></span><span>Mira Quist &lt;<a href="mailto:mira@c.example">mira@c.example</a>&gt;<br></span></div><div><span><b>Subject: </b></span><span><b>Order</b><br></span></div><div><span><b>Date: </b></span><span>12 March 2024 at 10:15:00 CET<br></span></div><div><span><b>To: </b></span><span>info@acme.example<br></span></div><br><div>Hello</div></blockquote></div>`},
		"yahoo":       {"Fw: Order", `<div class="yahoo_quoted"><div>----- Forwarded Message -----</div><div><b>From:</b> Mira Quist &lt;mira@c.example&gt;</div><div><b>To:</b> info@acme.example</div><div><b>Sent:</b> Tuesday, March 12, 2024 at 10:15:00 AM GMT+1</div><div><b>Subject:</b> Order</div><div>Hello</div></div>`},
		"gmx":         {"Fw: Order", `<div name="quote" style="margin:10px 5px 5px 10px;"><div><b>Gesendet:</b>&nbsp;Dienstag, 12. M&auml;rz 2024 um 10:15 Uhr<br/><b>Von:</b>&nbsp;&quot;Mira Quist&quot; &lt;mira@c.example&gt;<br/><b>An:</b>&nbsp;info@acme.example<br/><b>Betreff:</b>&nbsp;Order</div><div>Hallo</div></div>`},
	} {
		o := Detect(Input{Subject: c.subject, HTML: c.html})
		if o == nil || o.Address != "mira@c.example" || o.Name != "Mira Quist" || o.Confidence != Certain {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestAttachedMessagesAreForwards(t *testing.T) {
	mira := Attached{Name: "Mira", Address: "mira@c.example", Subject: "Order"}
	bo := Attached{Name: "Bo", Address: "bo@c.example", Subject: "Order"}
	long := strings.Repeat("word ", 200)
	for name, c := range map[string]struct {
		in         Input
		address    string
		confidence string
	}{
		"fwd subject":     {Input{Subject: "Fwd: Order", Plain: long, Attached: []Attached{mira}}, "mira@c.example", Certain},
		"empty body":      {Input{Subject: "x", Attached: []Attached{mira}}, "mira@c.example", Certain},
		"same subject":    {Input{Subject: "Order", Plain: "see", Attached: []Attached{mira}}, "mira@c.example", Certain},
		"short body":      {Input{Subject: "Please see", Plain: "see attached", Attached: []Attached{mira}}, "mira@c.example", Likely},
		"long body":       {Input{Subject: "Complaint", Plain: long, Attached: []Attached{mira}}, "", ""},
		"reply with file": {Input{Subject: "Re: Case", Plain: "here", Attached: []Attached{mira}, Reply: true}, "", ""},
		"two people":      {Input{Subject: "Fwd: all", Attached: []Attached{mira, bo}}, "", Unresolved},
	} {
		o := Detect(c.in)
		if c.confidence == "" {
			if o != nil {
				t.Errorf("%s: %+v", name, o)
			}
			continue
		}
		if o == nil || o.Address != c.address || o.Confidence != c.confidence {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func FuzzForward(f *testing.F) {
	f.Add("Fwd: x", "---------- Forwarded message ---------\nFrom: Mira <mira@c.example>\nDate: Tue, Mar 12, 2024 at 10:15 AM\nSubject: x\n\nHello", "")
	f.Add("WG: x", "-----Ursprüngliche Nachricht-----\nVon: Mira\nGesendet: x\nAn: y\n", "<p><b>From:</b> <a href=\"mailto:a@b.example\">x</a><br><b>Sent:</b> y<br><b>Subject:</b> z</p>")
	f.Add("转发：x", "发件人: a@b.example\n主题：x\n", "<blockquote type=cite>Begin forwarded message:<br>From: x</blockquote>")
	f.Fuzz(func(t *testing.T, subject, plain, html string) {
		if len(plain)+len(html) > 64<<10 {
			return
		}
		o := Detect(Input{Subject: subject, Plain: plain, HTML: html, Attached: []Attached{{Address: "a@b.example"}}})
		if o == nil {
			return
		}
		if (o.Address == "") != (o.Confidence == Unresolved) || o.Address != desk.NormalizeEmail(o.Address) {
			t.Fatalf("%+v", o)
		}
	})
}
