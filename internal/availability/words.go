package availability

import (
	"fmt"
	"strings"
	"time"
)

// phrases are what is put together here, by language; the widget says the rest.
type phrases struct {
	today, tomorrow, on, date string // with the time of the day; on: of a weekday, date: of a day further off
	days                      [7]string
	months                    [12]string
	team                      string // a team and the company (CH-14)
	person                    string
	and                       string
	familyFirst               bool
}

var spoken = map[string]phrases{
	"en": {today: "We are back today at %s.", tomorrow: "We are back tomorrow at %s.", on: "We are back on %s at %s.", date: "We are back on %s at %s.",
		days: [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}, team: "%[1]s from %[2]s", person: "%[1]s from %[2]s", and: "and",
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}},
	"da": {today: "Vi er tilbage i dag kl. %s.", tomorrow: "Vi er tilbage i morgen kl. %s.", on: "Vi er tilbage %s kl. %s.", date: "Vi er tilbage den %s kl. %s.",
		days: [7]string{"søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"}, team: "%[1]s hos %[2]s", person: "%[1]s fra %[2]s", and: "og",
		months: [12]string{"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"}},
	"de": {today: "Wir sind heute um %s Uhr wieder da.", tomorrow: "Wir sind morgen um %s Uhr wieder da.", on: "Wir sind am %s um %s Uhr wieder da.", date: "Wir sind am %s um %s Uhr wieder da.",
		days: [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"}, team: "%[1]s bei %[2]s", person: "%[1]s von %[2]s", and: "und",
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}},
	"sv": {today: "Vi är tillbaka i dag kl. %s.", tomorrow: "Vi är tillbaka i morgon kl. %s.", on: "Vi är tillbaka på %s kl. %s.", date: "Vi är tillbaka den %s kl. %s.",
		days: [7]string{"söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"}, team: "%[1]s hos %[2]s", person: "%[1]s från %[2]s", and: "och",
		months: [12]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}},
	"fi": {today: "Olemme paikalla taas tänään klo %s.", tomorrow: "Olemme paikalla taas huomenna klo %s.", on: "Olemme paikalla taas %s klo %s.", date: "Olemme paikalla taas %s klo %s.",
		days: [7]string{"sunnuntaina", "maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina"}, team: "%[2]s: %[1]s", person: "%[1]s, %[2]s", and: "ja",
		months: [12]string{"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"}},
	"hu": {team: "%[2]s – %[1]s", person: "%[1]s, %[2]s", and: "és", familyFirst: true},
	"ja": {team: "%[2]s %[1]s", person: "%[2]sの%[1]s", and: "、", familyFirst: true},
	"zh": {team: "%[2]s%[1]s", person: "%[2]s的%[1]s", and: "和", familyFirst: true},
	"ko": {team: "%[2]s %[1]s", person: "%[2]s %[1]s", and: "및", familyFirst: true},
	"vi": {team: "%[1]s của %[2]s", person: "%[1]s từ %[2]s", and: "và", familyFirst: true},
	"nb": {team: "%[1]s hos %[2]s", person: "%[1]s fra %[2]s", and: "og"}, "no": {team: "%[1]s hos %[2]s", person: "%[1]s fra %[2]s", and: "og"},
	"fr": {team: "%[1]s de %[2]s", person: "%[1]s de %[2]s", and: "et"}, "es": {team: "%[1]s de %[2]s", person: "%[1]s de %[2]s", and: "y"},
	"it": {team: "%[1]s di %[2]s", person: "%[1]s di %[2]s", and: "e"}, "pt": {team: "%[1]s da %[2]s", person: "%[1]s da %[2]s", and: "e"},
	"nl": {team: "%[1]s van %[2]s", person: "%[1]s van %[2]s", and: "en"}, "pl": {team: "%[1]s z %[2]s", person: "%[1]s z %[2]s", and: "i"},
}

func baseOf(lang string) string {
	b, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(lang, "_", "-")), "-")
	return b
}

// speak is the phrases of the first language that has them for a use.
func speak(langs []string, has func(phrases) bool) (phrases, string) {
	for _, l := range langs {
		if p, ok := spoken[baseOf(l)]; ok && has(p) {
			return p, baseOf(l)
		}
	}
	return spoken["en"], "en"
}

// back says in words when the team returns, by the wall clock of a zone.
func back(langs []string, now, at time.Time, zone *time.Location) (text, lang string) {
	p, lang := speak(langs, func(p phrases) bool { return p.today != "" })
	at, now = at.In(zone), now.In(zone)
	clock := at.Format("15:04")
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	switch days := int(midnight(at).Sub(midnight(now)).Hours() / 24); {
	case days <= 0:
		return fmt.Sprintf(p.today, clock), lang
	case days == 1:
		return fmt.Sprintf(p.tomorrow, clock), lang
	case days < 7:
		return fmt.Sprintf(p.on, p.days[at.Weekday()], clock), lang
	}
	dot := map[string]string{"en": "", "sv": ""}
	mark, plain := dot[lang]
	if !plain {
		mark = "."
	}
	return fmt.Sprintf(p.date, fmt.Sprintf("%d%s %s", at.Day(), mark, p.months[at.Month()-1]), clock), lang
}

// list joins names: a, b and c.
func list(names []string, and string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		gap := " " + and + " "
		if and == "、" {
			gap = and
		}
		return strings.Join(names[:n-1], ", ") + gap + names[n-1]
	}
}
