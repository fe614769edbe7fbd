// What a new form can begin with. Every form has ticket fields: name and description asked for, pipeline and status decided (FM-05).

import type { FormDefinition, FormField } from '@kanal/api'
import { fieldLabels, priorityLabels, say, sendLabel, thanks } from './labels.ts'

export type TemplateId = 'contact' | 'problem' | 'callback' | 'feedback' | 'blank'
export const templateIds: TemplateId[] = ['contact', 'problem', 'callback', 'feedback', 'blank']

const mapped = (maps: string, name: string, type: FormField['type'], more: Partial<FormField> = {}): FormField => ({ name, maps, type, label: fieldLabels[maps]!, ...more })
const email = mapped('contact.email', 'email', 'email', { required: true })
const first = mapped('contact.first_name', 'first_name', 'text')
const last = mapped('contact.last_name', 'last_name', 'text')
const subject = mapped('ticket.subject', 'subject', 'text', { required: true })
const text = mapped('ticket.description', 'description', 'long_text', { required: true })

/** FM-05, FM-06: pipeline and status belong to every form and are hidden. */
export const decidedFields: FormField[] = [
  mapped('ticket.pipeline', 'pipeline', 'hidden', { hidden: true, mode: 'hidden' }), mapped('ticket.status', 'status', 'hidden', { hidden: true, mode: 'hidden' }),
]

const files: FormField = { name: 'files', maps: '', type: 'file', label: say('Pictures or files', 'Billeder eller filer', 'Bilder oder Dateien', 'Bilder eller filer', 'Kuvia tai tiedostoja'), help: say('A picture often says more.', 'Et billede siger ofte mere.', 'Ein Bild sagt oft mehr.', 'En bild säger ofta mer.', 'Kuva kertoo usein enemmän.'), max_files: 5, max_mb: 10, accept: ['image/*', 'application/pdf'] }
const page: FormField = { name: 'page', maps: '', type: 'hidden', hidden: true, from: 'page.url', label: say('Page', 'Side', 'Seite', 'Sida', 'Sivu') }

const options = (o: Record<string, Record<string, string>>) => Object.entries(o).map(([value, label]) => ({ value, label }))

const bodies: Record<TemplateId, Partial<FormDefinition>> = {
  contact: { title: say('Contact us', 'Kontakt os', 'Kontakt', 'Kontakta oss', 'Ota yhteyttä'), fields: [first, last, email, subject, text, page] },
  problem: {
    title: say('Report a problem', 'Meld et problem', 'Problem melden', 'Anmäl ett problem', 'Ilmoita ongelmasta'),
    intro: say('The more we know, the faster we can help.', 'Jo mere vi ved, jo hurtigere kan vi hjælpe.', 'Je mehr wir wissen, desto schneller können wir helfen.', 'Ju mer vi vet, desto snabbare kan vi hjälpa.', 'Mitä enemmän tiedämme, sitä nopeammin voimme auttaa.'),
    fields: [
      email, subject, text, mapped('ticket.priority', 'priority', 'choice', { options: options(priorityLabels) }),
      { name: 'order', maps: '', type: 'text', label: say('Order number', 'Ordrenummer', 'Bestellnummer', 'Ordernummer', 'Tilausnumero') }, files, page,
    ],
  },
  callback: {
    title: say('Ask for a call', 'Bliv ringet op', 'Rückruf anfordern', 'Be om att bli uppringd', 'Pyydä takaisinsoittoa'),
    fields: [
      first, mapped('contact.phone', 'phone', 'phone', { required: true }), email,
      { name: 'when', maps: '', type: 'choice', label: say('When may we call?', 'Hvornår må vi ringe?', 'Wann dürfen wir anrufen?', 'När får vi ringa?', 'Milloin voimme soittaa?'), options: options({ morning: say('In the morning', 'Om formiddagen', 'Vormittags', 'På förmiddagen', 'Aamupäivällä'), afternoon: say('In the afternoon', 'Om eftermiddagen', 'Nachmittags', 'På eftermiddagen', 'Iltapäivällä'), date: say('On a day that I choose', 'En dag, jeg vælger', 'An einem Tag meiner Wahl', 'En dag som jag väljer', 'Minulle sopivana päivänä') }) },
      { name: 'day', maps: '', type: 'date', label: say('Which day?', 'Hvilken dag?', 'An welchem Tag?', 'Vilken dag?', 'Minä päivänä?'), show_if: { match: 'all', when: [{ field: 'when', op: 'is', values: ['date'] }] } },
      mapped('ticket.description', 'description', 'long_text', { label: say('What is it about?', 'Hvad drejer det sig om?', 'Worum geht es?', 'Vad gäller det?', 'Mistä on kyse?') }), page,
    ],
    ticket: { make: true, name: '{{form}}: {{first_name}}' },
  },
  feedback: {
    title: say('Your opinion', 'Din mening', 'Ihre Meinung', 'Din åsikt', 'Mielipiteesi'),
    fields: [
      { name: 'rating', maps: '', type: 'choice', required: true, label: say('How did we do?', 'Hvordan klarede vi det?', 'Wie waren wir?', 'Hur skötte vi oss?', 'Miten onnistuimme?'), options: options({ good: say('Well', 'Godt', 'Gut', 'Bra', 'Hyvin'), fair: say('So-so', 'Nogenlunde', 'Geht so', 'Sådär', 'Kohtalaisesti'), poor: say('Badly', 'Dårligt', 'Schlecht', 'Dåligt', 'Huonosti') }) },
      mapped('ticket.description', 'description', 'long_text', { required: true, label: say('What should we know?', 'Hvad bør vi vide?', 'Was sollten wir wissen?', 'Vad bör vi veta?', 'Mitä meidän pitäisi tietää?') }),
      { name: 'answer', maps: '', type: 'checkbox', label: say('I would like an answer', 'Jeg vil gerne have svar', 'Ich möchte eine Antwort', 'Jag vill ha svar', 'Haluan vastauksen') },
      { ...email, show_if: { match: 'all', when: [{ field: 'answer', op: 'is', values: ['true'] }] } }, page,
    ],
  },
  blank: { fields: [email, subject, text] },
}

export function fromTemplate(id: TemplateId, language: string): FormDefinition {
  const body = bodies[id]
  const languages = ['en', 'da', 'de', 'sv', 'fi'].filter((l) => l !== language)
  return {
    language: ['en', 'da', 'de', 'sv', 'fi'].includes(language) ? language : 'en', languages: id === 'blank' ? [] : languages, submit: sendLabel,
    after: { do: 'message', text: thanks }, options: { spam: 'standard' }, ticket: { make: true }, ...body, fields: [...(body.fields ?? []), ...decidedFields],
  }
}
