package tongue

import "strings"

// Codes are the languages that somebody may be skilled in without anybody making them first (SK-03).
var Codes = strings.Fields(`af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ku lt lv mk ml mn mr ms mt my nb ne nl
	pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th ti tr uk ur uz vi zh`)

// languages are those whose frequent words are known.
var languages = []string{"cs", "da", "de", "en", "es", "et", "fi", "fr", "hu", "it", "nb", "nl", "pl", "pt", "ro", "sv", "tr"}

// frequent words, of letters and of people who ask for something.
var frequent = map[string]string{
	"en": `the and is are was were this that with for not you your have has had i my me we our it can could would will please thanks thank hello hi dear order when where what how why from but been there do does did
		want need help still received get about regards best to of in on at if or`,
	"da": `og er det ikke jeg vi har haft af på til med for den der som men min mit mine jeres vores kan kunne skal vil hej tak hvad hvor hvornår hvordan hvorfor også noget nogen meget mig os bliver blev blevet uden efter
		igen hilsen venlig mvh få fået ordre bestilling betalt penge virker endnu fra om en et at så nu her sig lige hjælpe hjælp vide gerne levering pakke dag`,
	"nb": `og er det ikke jeg vi har hatt av på til med for den der som men min mitt mine deres vår vårt våre kan kunne skal vil hei takk hva hvor når hvordan hvorfor også noe noen mye meg oss blir ble blitt uten etter
		igjen hilsen vennlig mvh få fått ordre bestilling betalt penger virker ennå fra om en et å så nå her seg dere hjelpe hjelp vite gjerne levering pakke dag`,
	"sv": `och är det inte jag vi har haft av på till med för den där som men min mitt mina er era vår vårt våra kan kunde ska skulle vill hej tack vad var när hur varför också något någon mycket mig oss blir blev blivit
		utan efter igen hälsningar vänliga mvh få fått order beställning betalt pengar fungerar ännu från om en ett att så nu här sig hjälpa hjälp veta gärna leverans paket dag`,
	"de": `und der die das ist sind war nicht ich wir habe haben hat mit für auf zu von dem den des ein eine einen einer mein meine meinen mir mich uns unser unsere ihr ihre ihnen sie kann können bitte danke hallo
		guten tag wann wo was wie warum auch noch aber bei nach aus wurde werden wird oder wenn grüßen grüße freundlichen vielen dank bestellung rechnung bekommen im am zum zur es schon seit sehr`,
	"nl": `en de het een is zijn was niet ik wij we heb hebben heeft met voor op te van dat die deze mijn mij ons onze uw u jullie kan kunnen graag bedankt dank hallo goedendag wanneer waar wat hoe waarom ook nog maar
		bij naar uit werd worden wordt of als groet groeten vriendelijke bestelling factuur ontvangen geen er al sinds zou dit`,
	"fr": `le la les de des du et est sont était pas je nous vous ai avons avez ont avec pour sur dans un une mon ma mes notre nos votre vos ce cette ces qui que quand où comment pourquoi merci bonjour cordialement
		salut mais aussi encore par au aux ne plus peux pouvez peut commande facture reçu toujours bien il elle être c'est j'ai n'ai d'une s'il`,
	"es": `el la los las de del y es son era no yo nosotros he hemos ha han con para por en un una mi mis nuestro nuestra su sus este esta que cuando cuándo dónde cómo qué gracias hola saludos buenos buenas días
		pero también aún todavía se me nos al lo puedo puede pueden pedido factura recibido muy favor estoy está tengo tiene ustedes usted`,
	"pt": `o a os as de do da dos das e é são era não eu nós tenho temos tem com para por em no na um uma meu minha meus minhas nosso nossa seu sua este esta isto que quando onde como porque obrigado obrigada olá
		bom dia mas também ainda se me nos ao posso pode podem pedido fatura recebi muito favor estou está você vocês já foi`,
	"it": `il lo la i gli le di del della dei e è sono era non io noi ho abbiamo ha hanno con per in un una mio mia miei nostro nostra suo vostro questo questa che quando dove come perché grazie buongiorno ciao
		saluti ma anche ancora si mi ci al posso può potete ordine fattura ricevuto molto favore cordiali più da vi`,
	"pl": `i w na nie jest są był to ja my mam mamy ma z do od dla o mój moja moje nasz nasza się że kiedy gdzie jak dlaczego co dziękuję dzień dobry witam proszę pozdrawiam ale też jeszcze czy mogę może można
		zamówienie faktura otrzymałem otrzymałam bardzo został została już przez po mi nam`,
	"cs": `a v na ne je jsou byl to já my mám máme má s do od pro o můj moje naše náš se že kdy kde jak proč co děkuji dobrý den prosím pozdravem ale také ještě mohu může objednávka objednávku faktura fakturu obdržel
		velmi již už jsem jste z k po mi nám dostal není`,
	"fi": `ja on ei en olen olemme oli se tämä minun meidän teidän minä me te voin voi voitteko onko kun missä mitä miten miksi milloin kiitos hei moi terveisin mutta myös vielä jos että joka kanssa ole ovat
		tilaus tilaukseni tilaukseen lasku laskun saanut sain paljon hyvää päivää sitten nyt ystävällisin apua haluan ollut`,
	"et": `ja on ei ma mina me meie minu teie see selle mis kus kuidas miks millal tere aitäh tänan palun lugupidamisega aga ka veel kui et kas saan saab saada tellimus tellimuse arve olen oli väga mul ole
		nüüd soovin pole`,
	"hu": `a az és nem van volt egy ez én mi az nekem kérem köszönöm szia helló üdvözlettel tisztelt hol mikor hogyan miért mit de is még hogy ha vagy meg már rendelés rendelésem számla kaptam nagyon jó napot
		szeretném tudom lehet`,
	"ro": `și nu este sunt era eu noi am avem are cu pentru pe în din la un o mea meu mele nostru care când unde cum ce mulțumesc bună ziua salut dar încă să se mă ne pot poate comanda comandă factura primit
		foarte rog vă că de`,
	"tr": `ve bir bu da de için değil ben biz var yok ile ne nasıl neden nerede zaman merhaba teşekkürler teşekkür lütfen iyi günler ama daha çok mi mı sipariş siparişim fatura aldım gelmedi olarak kadar henüz
		benim bizim saygılarımla ederim istiyorum`,
}

// words is frequent turned round: in which languages a word is frequent.
var words = func() map[string][]string {
	m := map[string][]string{}
	for _, l := range languages {
		seen := map[string]bool{}
		for _, w := range strings.Fields(frequent[l]) {
			if !seen[w] {
				seen[w] = true
				m[w] = append(m[w], l)
			}
		}
	}
	return m
}()

// signs are letters that few languages write.
var signs = map[rune][]string{
	'ø': {"da", "nb"}, 'æ': {"da", "nb"}, 'å': {"da", "nb", "sv"}, 'ä': {"sv", "de", "fi", "et"}, 'ö': {"sv", "de", "fi", "et", "hu", "tr"}, 'ß': {"de"}, 'ü': {"de", "et", "hu", "tr"}, 'ñ': {"es"}, '¿': {"es"},
	'ã': {"pt"}, 'õ': {"pt", "et"}, 'ł': {"pl"}, 'ż': {"pl"}, 'ą': {"pl"}, 'ę': {"pl"}, 'ř': {"cs"}, 'ě': {"cs"}, 'ů': {"cs"}, 'ğ': {"tr"}, 'ı': {"tr"}, 'ş': {"tr"}, 'ő': {"hu"}, 'ű': {"hu"},
	'ț': {"ro"}, 'ș': {"ro"}, 'ă': {"ro"}, 'ê': {"fr", "pt"}, 'œ': {"fr"},
}
