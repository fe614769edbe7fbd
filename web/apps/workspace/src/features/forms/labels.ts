// What well-known fields are called on a form, in the languages that Kanal speaks: these are a customer's words, not the workspace's.

type Said = Record<string, string>
const say = (en: string, da: string, de: string, sv: string, fi: string): Said => ({ en, da, de, sv, fi })

export const fieldLabels: Record<string, Said> = {
  'contact.email': say('Email', 'E-mail', 'E-Mail', 'E-post', 'Sähköposti'),
  'contact.name': say('Name', 'Navn', 'Name', 'Namn', 'Nimi'),
  'contact.first_name': say('First name', 'Fornavn', 'Vorname', 'Förnamn', 'Etunimi'),
  'contact.last_name': say('Last name', 'Efternavn', 'Nachname', 'Efternamn', 'Sukunimi'),
  'contact.phone': say('Phone', 'Telefon', 'Telefon', 'Telefon', 'Puhelin'),
  'company.name': say('Company', 'Virksomhed', 'Firma', 'Företag', 'Yritys'),
  'ticket.subject': say('Subject', 'Emne', 'Betreff', 'Ämne', 'Aihe'),
  'ticket.description': say('How can we help?', 'Hvad kan vi hjælpe med?', 'Wie können wir helfen?', 'Vad kan vi hjälpa till med?', 'Miten voimme auttaa?'),
  'ticket.priority': say('How urgent is it?', 'Hvor meget haster det?', 'Wie dringend ist es?', 'Hur brådskande är det?', 'Kuinka kiireellinen asia on?'),
  'ticket.category': say('Topic', 'Emneområde', 'Thema', 'Område', 'Aihealue'),
  'ticket.pipeline': say('Pipeline', 'Pipeline', 'Pipeline', 'Pipeline', 'Putki'),
  'ticket.status': say('Status', 'Status', 'Status', 'Status', 'Tila'),
  'type.text': say('Question', 'Spørgsmål', 'Frage', 'Fråga', 'Kysymys'),
  'type.long_text': say('Message', 'Besked', 'Nachricht', 'Meddelande', 'Viesti'),
  'type.email': say('Email', 'E-mail', 'E-Mail', 'E-post', 'Sähköposti'),
  'type.phone': say('Phone', 'Telefon', 'Telefon', 'Telefon', 'Puhelin'),
  'type.number': say('Number', 'Antal', 'Anzahl', 'Antal', 'Määrä'),
  'type.date': say('Date', 'Dato', 'Datum', 'Datum', 'Päivämäärä'),
  'type.choice': say('Choose one', 'Vælg én', 'Bitte auswählen', 'Välj en', 'Valitse yksi'),
  'type.multi_choice': say('Choose all that fit', 'Vælg alle, der passer', 'Alles Zutreffende wählen', 'Välj alla som passar', 'Valitse kaikki sopivat'),
  'type.checkbox': say('Yes, please', 'Ja tak', 'Ja, bitte', 'Ja, tack', 'Kyllä kiitos'),
  'type.file': say('Attach files', 'Vedhæft filer', 'Dateien anhängen', 'Bifoga filer', 'Liitä tiedostoja'),
  'type.hidden': say('Page', 'Side', 'Seite', 'Sida', 'Sivu'),
  'type.consent': say('I agree to the terms', 'Jeg accepterer vilkårene', 'Ich stimme den Bedingungen zu', 'Jag godkänner villkoren', 'Hyväksyn ehdot'),
  'type.heading': say('Heading', 'Overskrift', 'Überschrift', 'Rubrik', 'Otsikko'),
}

export const priorityLabels: Record<string, Said> = {
  low: say('It can wait', 'Det kan vente', 'Es kann warten', 'Det kan vänta', 'Voi odottaa'),
  medium: say('Soon', 'Snart', 'Bald', 'Snart', 'Pian'),
  high: say('Today', 'I dag', 'Heute', 'I dag', 'Tänään'),
  urgent: say('Everything has stopped', 'Alt står stille', 'Nichts geht mehr', 'Allt står stilla', 'Kaikki on pysähdyksissä'),
}

export const sendLabel = say('Send', 'Send', 'Senden', 'Skicka', 'Lähetä')
export const thanks = say('Thank you. We have your message and will answer by email.', 'Tak. Vi har modtaget din besked og svarer på e-mail.', 'Danke. Wir haben Ihre Nachricht erhalten und antworten per E-Mail.', 'Tack. Vi har fått ditt meddelande och svarar via e-post.', 'Kiitos. Olemme saaneet viestisi ja vastaamme sähköpostitse.')
export { say, type Said }
