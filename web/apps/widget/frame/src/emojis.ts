// Each with the words it is found by; the first is its name.

export type Category = 'faces' | 'gestures' | 'nature' | 'food' | 'things' | 'symbols'

const read = (lines: string): [string, string][] => lines.trim().split('\n').map((l) => [l.slice(0, l.indexOf(' ')), l.slice(l.indexOf(' ') + 1)])

export const emojis: Record<Category, [string, string][]> = {
  faces: read(`
😀 grin happy glad froh iloinen
😃 smile happy glad lächeln hymy
😄 laugh smile happy grine lachen skratta nauru
😁 beam grin smile teeth
😅 sweat relief phew laugh
😂 tears lol laugh joy grine lachen skratta nauru
🤣 rolling lol laugh floor
🙂 slight smile ok
😉 wink blink blinzeln silmänisku
😊 blush smile thanks kind warm
😇 angel innocent halo engel enkeli
🥰 love hearts adore elsker liebe kärlek rakkaus
😍 eyes love heart wow forelsket verliebt
😘 kiss kys kuss puss suukko
😋 yum tasty lecker gott herkku
😜 tongue silly joke zunge
🤔 think hmm wonder tænke denken undra mietin
🤨 doubt eyebrow skeptical
😐 neutral meh flat
🙄 eyeroll roll annoyed
😬 grimace awkward oops
😌 relieved calm peace
😴 sleep tired sove schlafen sova uni
🤒 sick ill fever syg krank sjuk sairas
🤗 hug knus umarmung kram halaus
🤩 star wow excited
🥳 party birthday fest celebrate juhla
😎 cool sunglasses sonnenbrille
🤓 nerd glasses geek
😕 confused unsure puzzled forvirret verwirrt
😟 worried concern sorge oro huoli
🙁 sad unhappy trist traurig ledsen surullinen
😮 surprised wow oh überrascht
😳 flushed embarrassed
🥺 please plead bitte snälla pyydän
😢 cry sad tear græde weinen gråta itku
😭 sob cry loud heulen
😤 huff frustrated steam
😡 angry mad vred wütend arg vihainen
🤯 mindblown explode wow
😱 scream shock fear schreck
🤷 shrug dunno unknown achselzucken
🤦 facepalm oops`),
  gestures: read(`
👍 thumbsup yes ok good like tommelfinger daumen tumme peukku
👎 thumbsdown no bad dislike
👌 ok perfect fine
🙏 thanks please pray tak danke tack kiitos
👏 clap bravo applause klappe
🙌 hooray hands celebrate
👋 wave hello hi bye hej hallo moi
🤝 handshake deal agree aftale
💪 strong muscle power stark
✌️ peace victory two
🤞 luck fingers crossed hope held glück tur
👉 point right there
👈 point left
👆 up point above
👇 down point below
✋ stop hand high five
🤙 call phone ring
✍️ write sign schreiben
👀 eyes look see se schauen
🧑 person adult
👩 woman kvinde frau kvinna nainen
👨 man mand mann mies
👶 baby child
👪 family familie perhe
🧑‍💻 developer computer work
🧑‍🔧 mechanic repair technician`),
  nature: read(`
🐶 dog hund koira
🐱 cat kat katze katt kissa
🐭 mouse mus maus
🐻 bear bjørn bär björn karhu
🦊 fox ræv fuchs räv kettu
🐼 panda
🐨 koala
🦁 lion løve löwe
🐸 frog frø frosch
🐵 monkey abe affe
🐔 chicken hen
🐧 penguin pingvin
🐦 bird fugl vogel fågel lintu
🐝 bee bi biene mehiläinen
🦋 butterfly sommerfugl schmetterling perhonen
🐢 turtle slow
🐟 fish fisk fisch kala
🌸 blossom flower blomst blume blomma kukka
🌹 rose
🌻 sunflower solsikke
🌳 tree træ baum träd puu
🍀 clover luck held glück tur onni
🌈 rainbow regnbue regenbogen
☀️ sun sol sonne aurinko
⛅ cloud sky
🌧️ rain regn regen sade
⛄ snowman snow sne schnee lumi
❄️ snow cold sne frost
🌙 moon night måne mond kuu
⭐ star stjerne stern stjärna tähti
🔥 fire hot ild feuer eld tuli
💧 drop water vand wasser vatten vesi
⚡ lightning power fast`),
  food: read(`
🍎 apple æble apfel äpple omena
🍌 banana banan
🍓 strawberry jordbær erdbeere
🍇 grapes
🍋 lemon citron
🥑 avocado
🥕 carrot
🍞 bread brød brot bröd leipä
🧀 cheese ost käse juusto
🥐 croissant
🍔 burger
🍟 fries pommes
🍕 pizza
🌮 taco
🍣 sushi
🍜 noodles soup
🥗 salad salat
🍦 icecream is eis glass jäätelö
🍰 cake kage kuchen tårta kakku
🎂 birthday cake fødselsdag geburtstag
🍫 chocolate
🍪 cookie biscuit
☕ coffee kaffe kaffee kahvi
🍵 tea te tee
🍺 beer øl bier olut
🍷 wine vin wein viini
🥂 cheers toast skål prost kippis`),
  things: read(`
🎉 party congratulations tillykke glückwunsch grattis onnea
🎁 gift present gave geschenk lahja
🎈 balloon
🏆 trophy win pokal
⚽ football soccer fodbold fussball jalkapallo
🚲 bike bicycle cykel fahrrad pyörä
🚗 car bil auto
🚚 delivery truck shipping levering lieferung toimitus
✈️ plane flight fly flug lento
🏠 home house hus haus koti
🏢 office company
⏰ alarm clock time ur uhr
📅 calendar date kalender
📷 camera photo picture kamera
📱 phone mobile telefon handy puhelin
💻 laptop computer
🖨️ printer print
🔋 battery
🔑 key nøgle schlüssel nyckel avain
🔒 lock secure
🔧 wrench repair fix
📦 package parcel box pakke paket paketti
🛒 cart shop buy
💳 card pay betale zahlen
💶 money euro penge geld pengar raha
🧾 receipt invoice kvittering rechnung kvitto kuitti
📧 email mail
📎 paperclip attach
📄 page document
✏️ pencil write
💡 idea light idé
📌 pin
🔍 search find
🎵 music note
⚙️ settings gear`),
  symbols: read(`
❤️ heart love hjerte herz hjärta sydän
🧡 orange heart
💛 yellow heart
💚 green heart
💙 blue heart
💜 purple heart
💔 broken heart
✅ check done yes ok færdig fertig klar valmis
❌ cross no wrong nej nein ei
❗ exclamation important
❓ question help
⚠️ warning caution
🚫 forbidden no
💯 hundred perfect
✨ sparkles new shiny
💬 speech chat
🔔 bell notify
➡️ right arrow
⬅️ left arrow
🔄 refresh again
🆗 ok
🆕 new
ℹ️ info
🟢 green online
🟡 yellow
🔴 red stop
🇩🇰 denmark danmark
🇸🇪 sweden sverige
🇩🇪 germany deutschland
🇫🇮 finland suomi
🇳🇴 norway norge
🇪🇺 europe eu
🇬🇧 britain england`),
}
