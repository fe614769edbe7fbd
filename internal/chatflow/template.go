package chatflow

import "slices"

// Template is a chatflow to begin with (CF-20).
type Template struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind" enum:"live_chat,bot"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Definition  Definition `json:"definition"`
}

// Templates are what one may begin with, named in a language. Their own texts are in five.
func Templates(language string) []Template {
	out := []Template{}
	for _, t := range []struct {
		id, kind string
		make     func() Definition
	}{{"live_chat", LiveChat, liveChat}, {"support_bot", Bot, supportBot}, {"lead_capture", Bot, leadCapture}, {"offline_form", Bot, offlineForm}} {
		d := t.make()
		d.fill()
		out = append(out, Template{ID: t.id, Kind: t.kind, Name: tw(t.id + ".name").Pick(language), Description: tw(t.id + ".about").Pick(language), Definition: d})
	}
	return out
}

// TemplateOf finds a template by its id.
func TemplateOf(id, language string) (Template, bool) {
	all := Templates(language)
	i := slices.IndexFunc(all, func(t Template) bool { return t.ID == id })
	if i < 0 {
		return Template{}, false
	}
	return all[i], true
}

// tw are the words of a template; a copy, which its receiver may change.
func tw(name string) Words {
	out := Words{}
	for i, text := range templateWords[name] {
		out[templateLanguages[i]] = text
	}
	return out
}

var templateLanguages = [5]string{"en", "da", "de", "sv", "fi"}

// texts is the welcome of a chatflow, by language.
func texts(names ...string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for i := 0; i+1 < len(names); i += 2 {
		for code, text := range tw(names[i+1]) {
			if out[code] == nil {
				out[code] = map[string]string{}
			}
			out[code][names[i]] = text
		}
	}
	return out
}

func liveChat() Definition {
	return Definition{
		Language: "auto", Texts: texts("welcome", "live.welcome", "away", "live.away"), Capture: Capture{Email: "away"}, Trigger: Trigger{On: "load", Then: "button", Phone: "same"},
	}
}

func bubble(name string) []Bubble { return []Bubble{{Text: tw(name)}} }

func bot() Definition {
	return Definition{
		Language: "auto", Session: Session{TimeoutMinutes: 30, DelayMs: 600, Restart: true}, Error: sayings["error"].copied(),
		Handover: Handover{Nobody: sayings["nobody"].copied()}, Trigger: Trigger{On: "load", Then: "button", Phone: "same"},
	}
}

// The measures of a canvas: a card with the lines between it and the next.
const cardWidth, cardHeight = 344, 260

// laid sets steps out in rows, from left to right, so that no card lies on another.
func (d Definition) laid(rows ...[]string) Definition {
	for y, row := range rows {
		for x, id := range row {
			for i := range d.Steps {
				if d.Steps[i].ID == id {
					d.Steps[i].X, d.Steps[i].Y = float64(x*cardWidth), float64(y*cardHeight)
				}
			}
		}
	}
	return d
}

func (w Words) copied() Words {
	out := Words{}
	for k, v := range w {
		out[k] = v
	}
	return out
}

func question(id, text, answer, object, property, next string) Block {
	return Block{ID: id, Type: StepQuestion, Text: tw(text), Answer: answer, Save: map[string]string{"object": object, "property": property}, Required: true, Retries: 3, Next: next}
}

// supportBot asks what is wrong, files a ticket and gives it to people.
func supportBot() Definition {
	d := bot()
	d.Start = "hello"
	topics := []Choice{
		{Label: tw("support.order"), Value: "order"}, {Label: tw("support.fault"), Value: "fault"}, {Label: tw("support.invoice"), Value: "invoice"}, {Label: tw("support.other"), Value: "other"},
	}
	topic := question("topic", "support.topic", "choice", "answer", "topic", "what")
	topic.Choices = topics
	d.Steps = []Block{
		{ID: "hello", Type: StepMessage, Bubbles: bubble("support.hello"), Next: "topic"},
		topic,
		question("what", "support.what", "text", "answer", "what", "known"),
		{ID: "known", Type: StepBranch, Cases: []Case{{When: []Condition{{On: "contact", Name: "email", Op: "exists"}}, Next: "ticket"}}, Next: "name"},
		question("name", "ask.name", "text", "visitor", "name", "email"),
		question("email", "ask.email", "email", "visitor", "email", "ticket"),
		{ID: "ticket", Type: StepTicket, Subject: &Content{Plain: "{{answer.topic}}: {{answer.what}}"}, Description: "{{answer.what}}", Next: "there"},
		{ID: "there", Type: StepBranch, Cases: []Case{{When: []Condition{{On: "availability", Op: "is", Value: "available"}}, Next: "person"}}, Next: "thanks"},
		{ID: "person", Type: StepHandover, Message: tw("support.person")},
		{ID: "thanks", Type: StepHandover, Message: tw("support.thanks"), Nobody: tw("support.thanks")},
	}
	return d.laid([]string{"hello", "topic", "what", "known", "", "", "ticket", "there", "person"}, []string{"", "", "", "", "name", "email", "", "", "thanks"})
}

// leadCapture learns who somebody is and what they look for, and gives them to people if they want to talk.
func leadCapture() Definition {
	d := bot()
	d.Start = "hello"
	d.Trigger = Trigger{On: "seconds", Value: 20, Then: "prompt", Phone: "button"}
	d.Targeting.Visitor.Known = "unknown"
	d.Steps = []Block{
		{ID: "hello", Type: StepMessage, Bubbles: bubble("lead.hello"), Quick: []Quick{
			{Label: tw("lead.yes"), Value: "yes", Next: "looking"}, {Label: tw("lead.later"), Value: "no", Next: "bye"},
		}, Next: "looking"},
		question("looking", "lead.looking", "text", "answer", "looking_for", "name"),
		question("name", "ask.name", "text", "visitor", "name", "email"),
		question("email", "ask.email", "email", "visitor", "email", "phone"),
		{ID: "phone", Type: StepQuestion, Text: tw("lead.phone"), Answer: "phone", Save: map[string]string{"object": "visitor", "property": "phone"}, Retries: 1, Next: "ticket"},
		{ID: "ticket", Type: StepTicket, Subject: &Content{Plain: "{{contact.name}} – {{answer.looking_for}}"}, Description: "{{answer.looking_for}}", Next: "talk"},
		{ID: "talk", Type: StepHandover, Message: tw("lead.talk"), Nobody: tw("lead.thanks")},
		{ID: "bye", Type: StepEnd, Message: tw("lead.bye")},
	}
	return d.laid([]string{"hello", "looking", "name", "email", "phone", "ticket", "talk"}, []string{"", "bye"})
}

// offlineForm takes a message when nobody is there.
func offlineForm() Definition {
	d := bot()
	d.Start = "there"
	d.Session.DelayMs = 300
	d.Steps = []Block{
		{ID: "there", Type: StepBranch, Cases: []Case{{When: []Condition{{On: "availability", Op: "is", Value: "available"}}, Next: "person"}}, Next: "away"},
		{ID: "person", Type: StepMessage, Bubbles: bubble("live.welcome"), Next: "what_now"},
		{ID: "what_now", Type: StepQuestion, Text: tw("offline.help"), Answer: "text", Save: map[string]string{"object": "answer", "property": "what"}, Required: true, Retries: 3, Next: "over"},
		{ID: "over", Type: StepHandover, Message: tw("support.person")},
		{ID: "away", Type: StepMessage, Bubbles: bubble("offline.away"), Next: "what"},
		{ID: "what", Type: StepQuestion, Text: tw("offline.what"), Answer: "text", Save: map[string]string{"object": "answer", "property": "what"}, Required: true, Retries: 3, Next: "name"},
		{ID: "name", Type: StepQuestion, Text: tw("ask.name"), Answer: "text", Save: map[string]string{"object": "visitor", "property": "name"}, Required: true, Retries: 3, Next: "email"},
		{ID: "email", Type: StepQuestion, Text: tw("ask.email"), Answer: "email", Save: map[string]string{"object": "visitor", "property": "email"}, Required: true, Retries: 3, Next: "ticket"},
		{ID: "ticket", Type: StepTicket, Subject: &Content{Plain: "{{answer.what}}"}, Description: "{{answer.what}}", Next: "mail"},
		{ID: "mail", Type: StepEmail, To: &Whom{Word: "visitor"}, Subject: &Content{Words: tw("offline.subject")}, Body: &Content{Words: tw("offline.mail")}, Next: "bye"},
		{ID: "bye", Type: StepHandover, Message: tw("offline.bye"), Nobody: tw("offline.bye")},
	}
	return d.laid([]string{"there", "person", "what_now", "over"}, []string{"", "away", "what", "name", "email", "ticket", "mail", "bye"})
}

// templateWords by templateLanguages.
var templateWords = map[string][5]string{
	"live_chat.name":     {"Live chat", "Livechat", "Live-Chat", "Livechatt", "Live-chat"},
	"live_chat.about":    {"Visitors talk to a person straight away.", "Besøgende taler med et menneske med det samme.", "Besucher sprechen sofort mit einem Menschen.", "Besökare pratar direkt med en människa.", "Kävijät keskustelevat heti ihmisen kanssa."},
	"support_bot.name":   {"Support bot", "Supportbot", "Support-Bot", "Supportbot", "Tukibotti"},
	"support_bot.about":  {"Asks what is wrong, files a ticket and hands over to a colleague.", "Spørger hvad der er galt, opretter en sag og giver den videre til en kollega.", "Fragt, worum es geht, legt ein Ticket an und übergibt an einen Menschen.", "Frågar vad som är fel, skapar ett ärende och lämnar över till en kollega.", "Kysyy ongelmasta, luo tukipyynnön ja siirtää sen kollegalle."},
	"lead_capture.name":  {"New customers", "Nye kunder", "Neue Kunden", "Nya kunder", "Uudet asiakkaat"},
	"lead_capture.about": {"Learns who somebody is and what they are looking for.", "Finder ud af, hvem den besøgende er, og hvad de leder efter.", "Erfährt, wer jemand ist und was gesucht wird.", "Tar reda på vem besökaren är och vad de söker.", "Selvittää, kuka kävijä on ja mitä hän etsii."},
	"offline_form.name":  {"Leave a message", "Læg en besked", "Nachricht hinterlassen", "Lämna ett meddelande", "Jätä viesti"},
	"offline_form.about": {"Takes a message when nobody is there, and answers by email.", "Tager imod en besked, når ingen er her, og svarer pr. e-mail.", "Nimmt eine Nachricht auf, wenn niemand da ist, und antwortet per E-Mail.", "Tar emot ett meddelande när ingen är här och svarar via e-post.", "Ottaa viestin vastaan, kun paikalla ei ole ketään, ja vastaa sähköpostilla."},

	"live.welcome": {"Hello {{contact.first_name|there}}! How can we help?", "Hej {{contact.first_name}}! Hvordan kan vi hjælpe?", "Hallo {{contact.first_name}}! Wie können wir helfen?", "Hej {{contact.first_name}}! Hur kan vi hjälpa till?", "Hei {{contact.first_name}}! Miten voimme auttaa?"},
	"live.away":    {"We are not here right now. Leave your email address and we will answer there.", "Vi er her ikke lige nu. Skriv din e-mailadresse, så svarer vi dér.", "Wir sind gerade nicht da. Hinterlassen Sie Ihre E-Mail-Adresse, dann antworten wir dort.", "Vi är inte här just nu. Lämna din e-postadress så svarar vi där.", "Emme ole nyt paikalla. Jätä sähköpostiosoitteesi, niin vastaamme siihen."},

	"ask.name":  {"What is your name?", "Hvad hedder du?", "Wie heißen Sie?", "Vad heter du?", "Mikä on nimesi?"},
	"ask.email": {"And your email address, so that we reach you if we are cut off?", "Og din e-mailadresse, så vi kan få fat i dig, hvis forbindelsen ryger?", "Und Ihre E-Mail-Adresse, damit wir Sie erreichen, falls die Verbindung abreißt?", "Och din e-postadress, så att vi når dig om vi tappar kontakten?", "Entä sähköpostiosoitteesi, jotta tavoitamme sinut, jos yhteys katkeaa?"},

	"support.hello":   {"Hello {{contact.first_name|there}}! I am the assistant of {{company.name|our support}}.", "Hej {{contact.first_name}}! Jeg er den digitale assistent hos {{company.name|supporten}}.", "Hallo {{contact.first_name}}! Ich bin der Assistent von {{company.name|unserem Support}}.", "Hej {{contact.first_name}}! Jag är den digitala assistenten på {{company.name|vår support}}.", "Hei {{contact.first_name}}! Olen {{company.name|tuen}} avustaja."},
	"support.topic":   {"What is it about?", "Hvad drejer det sig om?", "Worum geht es?", "Vad gäller det?", "Mistä on kyse?"},
	"support.order":   {"An order", "En ordre", "Eine Bestellung", "En beställning", "Tilaus"},
	"support.fault":   {"Something does not work", "Noget virker ikke", "Etwas funktioniert nicht", "Något fungerar inte", "Jokin ei toimi"},
	"support.invoice": {"An invoice", "En faktura", "Eine Rechnung", "En faktura", "Lasku"},
	"support.other":   {"Something else", "Noget andet", "Etwas anderes", "Något annat", "Jotain muuta"},
	"support.what":    {"Please describe it in a few words.", "Beskriv det gerne med få ord.", "Bitte beschreiben Sie es kurz.", "Beskriv det gärna kort.", "Kuvaile asiaa lyhyesti."},
	"support.person":  {"Thank you! A colleague will be with you in a moment.", "Tak! En kollega er hos dig om et øjeblik.", "Danke! Gleich ist jemand für Sie da.", "Tack! En kollega är strax hos dig.", "Kiitos! Kollega on pian apunasi."},
	"support.thanks":  {"Thank you! Your request is filed, and we will answer as soon as we are back.", "Tak! Din henvendelse er oprettet, og vi svarer, så snart vi er her igen.", "Danke! Ihr Anliegen ist aufgenommen; wir antworten, sobald wir wieder da sind.", "Tack! Ditt ärende är registrerat och vi svarar så snart vi är tillbaka.", "Kiitos! Pyyntösi on kirjattu, ja vastaamme heti palattuamme."},

	"lead.hello":   {"Hello! May we help you find the right thing?", "Hej! Må vi hjælpe dig med at finde det rigtige?", "Hallo! Dürfen wir Ihnen helfen, das Richtige zu finden?", "Hej! Får vi hjälpa dig att hitta rätt?", "Hei! Voimmeko auttaa löytämään sopivan?"},
	"lead.yes":     {"Yes, please", "Ja tak", "Ja, gern", "Ja tack", "Kyllä kiitos"},
	"lead.later":   {"Not now", "Ikke nu", "Nicht jetzt", "Inte nu", "Ei nyt"},
	"lead.looking": {"What are you looking for?", "Hvad leder du efter?", "Was suchen Sie?", "Vad letar du efter?", "Mitä etsit?"},
	"lead.phone":   {"A phone number, if you would like a call? You may also just send “no”.", "Et telefonnummer, hvis du gerne vil ringes op? Du kan også bare svare “nej”.", "Eine Telefonnummer, falls Sie angerufen werden möchten? Sie können auch einfach „nein“ schreiben.", "Ett telefonnummer, om du vill bli uppringd? Du kan också bara svara ”nej”.", "Puhelinnumero, jos haluat että soitamme? Voit myös vastata vain ”ei”."},
	"lead.talk":    {"Thank you, {{contact.first_name|and welcome}}! A colleague will be with you in a moment.", "Tak, {{contact.first_name|og velkommen}}! En kollega er hos dig om et øjeblik.", "Danke, {{contact.first_name|und willkommen}}! Gleich ist jemand für Sie da.", "Tack, {{contact.first_name|och välkommen}}! En kollega är strax hos dig.", "Kiitos, {{contact.first_name|ja tervetuloa}}! Kollega on pian apunasi."},
	"lead.thanks":  {"Thank you! We will write to {{contact.email|you}} soon.", "Tak! Vi skriver snart til {{contact.email|dig}}.", "Danke! Wir schreiben bald an {{contact.email|Sie}}.", "Tack! Vi skriver snart till {{contact.email|dig}}.", "Kiitos! Kirjoitamme pian osoitteeseen {{contact.email|}}."},
	"lead.bye":     {"All right. We are here when you need us.", "Helt i orden. Vi er her, når du har brug for os.", "In Ordnung. Wir sind da, wenn Sie uns brauchen.", "Det är okej. Vi finns här när du behöver oss.", "Selvä. Olemme täällä, kun tarvitset meitä."},

	"offline.away":    {"Nobody is here right now, but we read every message.", "Der er ingen her lige nu, men vi læser alle beskeder.", "Gerade ist niemand da, aber wir lesen jede Nachricht.", "Ingen är här just nu, men vi läser alla meddelanden.", "Paikalla ei ole nyt ketään, mutta luemme jokaisen viestin."},
	"offline.help":    {"Write what it is about and we will be right with you.", "Skriv hvad det drejer sig om, så er vi hos dig med det samme.", "Schreiben Sie, worum es geht, dann sind wir gleich da.", "Skriv vad det gäller så är vi strax hos dig.", "Kirjoita mistä on kyse, niin tulemme heti avuksi."},
	"offline.what":    {"What would you like to tell us?", "Hvad vil du gerne fortælle os?", "Was möchten Sie uns mitteilen?", "Vad vill du berätta för oss?", "Mitä haluaisit kertoa meille?"},
	"offline.subject": {"We have your message", "Vi har din besked", "Wir haben Ihre Nachricht", "Vi har ditt meddelande", "Olemme saaneet viestisi"},
	"offline.mail":    {"Hello {{contact.first_name|there}},\n\nthank you for your message. We will answer here as soon as we can.\n\nYou wrote:\n{{answer.what}}", "Hej {{contact.first_name}}\n\nTak for din besked. Vi svarer her, så snart vi kan.\n\nDu skrev:\n{{answer.what}}", "Guten Tag {{contact.name}},\n\nvielen Dank für Ihre Nachricht. Wir antworten hier, so bald wir können.\n\nSie schrieben:\n{{answer.what}}", "Hej {{contact.first_name}}!\n\nTack för ditt meddelande. Vi svarar här så snart vi kan.\n\nDu skrev:\n{{answer.what}}", "Hei {{contact.first_name}},\n\nkiitos viestistäsi. Vastaamme tähän niin pian kuin voimme.\n\nKirjoitit:\n{{answer.what}}"},
	"offline.bye":     {"Thank you! We will answer by email.", "Tak! Vi svarer pr. e-mail.", "Danke! Wir antworten per E-Mail.", "Tack! Vi svarar via e-post.", "Kiitos! Vastaamme sähköpostilla."},
}
