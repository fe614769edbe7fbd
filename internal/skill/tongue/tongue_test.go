package tongue_test

import (
	"strings"
	"testing"

	"github.com/kanalhq/kanal/internal/skill/tongue"
)

// sentences are what customers write: greetings, short questions, whole letters.
var sentences = []struct{ code, text string }{
	{"en", "Hello, where is my order? It has not arrived yet."}, {"en", "Thanks for your help!"}, {"en", "I would like to return the blue chair that I received last week, because one of the legs is broken. What do I have to do?"},
	{"en", "Invoice is wrong, please correct it"}, {"en", "How can I change my delivery address?"},
	{"da", "Hej, hvor er min ordre? Den er ikke kommet endnu."}, {"da", "Tak for hjælpen"}, {"da", "Jeg vil gerne returnere den blå stol, som jeg fik i sidste uge, fordi et af benene er gået i stykker. Hvad skal jeg gøre?"},
	{"da", "Fakturaen er forkert, kan I rette den?"}, {"da", "Hvornår bliver min pakke leveret?"}, {"da", "Jeg har ikke fået en kvittering"},
	{"nb", "Hei, hvor er bestillingen min? Den har ikke kommet ennå."}, {"nb", "Jeg vil gjerne returnere den blå stolen som jeg fikk forrige uke, fordi et av beina er ødelagt. Hva må jeg gjøre?"},
	{"nb", "Når blir pakken min levert?"}, {"nb", "Kan dere hjelpe meg med fakturaen? Noe er feil."},
	{"sv", "Hej, var är min beställning? Den har inte kommit än."}, {"sv", "Tack för hjälpen"}, {"sv", "Jag vill gärna returnera den blå stolen som jag fick förra veckan, eftersom ett av benen är trasigt. Vad ska jag göra?"},
	{"sv", "När kommer mitt paket?"},
	{"de", "Hallo, wo ist meine Bestellung? Sie ist noch nicht angekommen."}, {"de", "Vielen Dank für Ihre Hilfe"}, {"de", "Die Rechnung ist falsch, bitte korrigieren Sie das"},
	{"de", "Ich möchte den blauen Stuhl zurückgeben, den ich letzte Woche bekommen habe, weil ein Bein gebrochen ist."}, {"de", "Wann wird mein Paket geliefert?"},
	{"nl", "Hallo, waar is mijn bestelling? Die is nog niet aangekomen."}, {"nl", "Kunt u mij helpen met de factuur?"}, {"nl", "Ik wil graag de blauwe stoel terugsturen die ik vorige week heb ontvangen."},
	{"fr", "Bonjour, où est ma commande ? Elle n'est pas encore arrivée."}, {"fr", "Merci pour votre aide"}, {"fr", "Je voudrais renvoyer la chaise bleue que j'ai reçue la semaine dernière."},
	{"es", "Hola, ¿dónde está mi pedido? Todavía no ha llegado."}, {"es", "Gracias por su ayuda"}, {"es", "Quiero devolver la silla azul que recibí la semana pasada, porque una de las patas está rota."},
	{"pt", "Olá, onde está o meu pedido? Ainda não chegou."}, {"pt", "Obrigado pela ajuda, já recebi a fatura"}, {"pt", "Gostaria de devolver a cadeira azul que recebi na semana passada."},
	{"it", "Buongiorno, dove è il mio ordine? Non è ancora arrivato."}, {"it", "Grazie per il vostro aiuto"}, {"it", "Vorrei restituire la sedia blu che ho ricevuto la settimana scorsa."},
	{"pl", "Dzień dobry, gdzie jest moje zamówienie? Jeszcze nie dotarło."}, {"pl", "Dziękuję za pomoc"},
	{"cs", "Dobrý den, kde je moje objednávka? Ještě nedorazila."}, {"fi", "Hei, missä tilaukseni on? Se ei ole vielä saapunut."}, {"fi", "Kiitos avusta, lasku on nyt oikein"}, {"fi", "Haluan palauttaa sinisen tuolin, jonka sain viime viikolla."},
	{"hu", "Jó napot, hol van a rendelésem? Még nem érkezett meg."}, {"ro", "Bună ziua, unde este comanda mea? Încă nu a ajuns."}, {"tr", "Merhaba, siparişim nerede? Henüz gelmedi."}, {"et", "Tere, kus on minu tellimus? See ei ole veel saabunud."},
	{"ru", "Здравствуйте, где мой заказ? Он до сих пор не пришёл."}, {"uk", "Добрий день, де моє замовлення? Воно ще не прийшло."}, {"el", "Καλημέρα, πού είναι η παραγγελία μου;"},
	{"ja", "こんにちは、注文した商品がまだ届きません。"}, {"zh", "你好，我的订单在哪里？还没有收到。"}, {"ko", "안녕하세요, 제 주문은 어디에 있나요?"}, {"he", "שלום, איפה ההזמנה שלי? היא עדיין לא הגיעה."}, {"ar", "مرحبا، أين طلبي؟ لم يصل بعد. أرجو المساعدة في أقرب وقت."},
}

func TestLanguagesAreToldApart(t *testing.T) { // SK-09
	right, silent, wrong := 0, 0, 0
	for _, s := range sentences {
		code, sure := tongue.Detect(s.text)
		switch {
		case !sure:
			silent++
			t.Logf("unsure: %s %q (nearest %s)", s.code, s.text, code)
		case code == s.code:
			right++
		default:
			wrong++
			t.Errorf("%q is %s, taken for %s", s.text, s.code, code)
		}
	}
	t.Logf("%d right, %d unsure, %d wrong of %d", right, silent, wrong, len(sentences))
	if right*10 < len(sentences)*9 {
		t.Errorf("only %d of %d were recognised", right, len(sentences))
	}
}

func TestWhatIsTooLittleStaysUnsure(t *testing.T) { // SK-09
	for _, text := range []string{"", "ok", "12345", "👍👍👍", "Re: 4711", "https://shop.example/order/4711", "ann@acme.example", "> hvor er min ordre? Den er ikke kommet", "Tack", "Order 4711"} {
		if code, sure := tongue.Detect(text); sure {
			t.Errorf("%q was taken for %s", text, code)
		}
	}
}

func TestQuotesAndSignaturesDoNotCount(t *testing.T) { // SK-09
	text := "Das ist leider immer noch nicht angekommen.\n\n> Hej, din ordre er sendt i dag, og du får den i morgen.\n> Tak for din bestilling\n\n-- \nThe quick service that you have been waiting for, and with regards from all of us"
	if code, sure := tongue.Detect(text); code != "de" || !sure {
		t.Fatalf("got %s, %v", code, sure)
	}
}

func TestTheInstallationsLanguagesDecideBetweenNeighbours(t *testing.T) { // SK-09
	const either = "Hvor er den? Jeg har betalt for den, men den er ikke her."
	if code, sure := tongue.Detect(either); sure {
		t.Fatalf("this could be Danish or Norwegian, and was taken for %s", code)
	}
	for _, want := range []string{"da", "nb"} {
		if code, sure := tongue.Detect(either, "en", want); code != want || !sure {
			t.Errorf("with %s in use: %s, %v", want, code, sure)
		}
	}
	if code, _ := tongue.Detect("Kan dere hjelpe meg med fakturaen? Noe er feil.", "da"); code != "nb" {
		t.Errorf("what is plainly Norwegian became %s", code)
	}
	if code, _ := tongue.Detect("Please send me the invoice for my order", "da", "de"); code != "en" {
		t.Errorf("what is plainly English became %s", code)
	}
}

func TestDetectIsTheSameEveryTime(t *testing.T) {
	for _, s := range sentences {
		first, _ := tongue.Detect(s.text)
		for range 5 {
			if again, _ := tongue.Detect(s.text); again != first {
				t.Fatalf("%q: %s, then %s", s.text, first, again)
			}
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{"pt-BR": "pt", "DA": "da", "no": "nb", "nn_NO": "nb", "xx": "", "": "", "english": "", "zh-Hans-CN": "zh", " de ": "de"} {
		if got := tongue.Code(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("Hej, hvor er min ordre?")
	f.Add("\xff\x00>>>")
	f.Fuzz(func(t *testing.T, text string) {
		if code, sure := tongue.Detect(text); sure && code == "" || code != strings.ToLower(code) {
			t.Fatalf("%q, %v", code, sure)
		}
	})
}
