package demo

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

//go:embed stories.yaml
var storiesYAML []byte

// CompanyYAML is the demo company as a settings file.
//
//go:embed company.yaml
var CompanyYAML []byte

// story is one conversation, told several times.
type story struct {
	Lang, To, Subject, Category, Priority, Attach, End string
	Times                                              int
	ReplyAttach                                        string `yaml:"reply_attach"`
	Turns                                              []struct {
		C, A, N string
	}
}

func readStories() ([]story, error) {
	var out []story
	if err := yaml.Unmarshal(storiesYAML, &out); err != nil {
		return nil, fmt.Errorf("demo: stories: %w", err)
	}
	return out, nil
}

// Customers by language: given names and family names that go together.
var (
	given = map[string][]string{
		"en": {"Oliver", "Amelia", "George", "Isla", "Harry", "Grace", "Thomas", "Chloe", "Ruth", "Samuel"},
		"da": {"Freja", "Emil", "Ida", "Mads", "Astrid", "Rasmus", "Signe", "Søren", "Kirsten", "Jørgen"},
		"de": {"Anna", "Jonas", "Katrin", "Matthias", "Jürgen", "Sabine", "Felix", "Lena"},
		"sv": {"Elsa", "Oskar", "Maja", "Göran", "Åsa", "Viktor", "Linnéa", "Björn"},
		"fi": {"Eero", "Helmi", "Mikko", "Päivi", "Väinö", "Tuuli"},
		"fr": {"Camille", "Hugo", "Chloé", "Étienne", "Manon"},
	}
	family = map[string][]string{
		"en": {"Bennett", "Clarke", "Davies", "Foster", "Hughes", "Murray", "Palmer", "Reid", "Shaw", "Turner"},
		"da": {"Lund", "Madsen", "Bech", "Østergaard", "Kjær", "Holst", "Winther", "Bruun"},
		"de": {"Becker", "Krüger", "Schäfer", "Vogel", "Weiß", "Hartmann", "König"},
		"sv": {"Ekström", "Sjöberg", "Åkesson", "Nyström", "Dahl", "Hedlund"},
		"fi": {"Mäkinen", "Korhonen", "Laine", "Heikkilä", "Salo"},
		"fr": {"Lefèvre", "Moreau", "Garnier", "Benoît"},
	}
	products = []string{"Nordlys Fjord 3", "Nordlys Gravel 40", "Nordlys City 7", "Nordlys Cargo Duo", "Nordlys E-Tour", "Nordlys Junior 24", "Nordlys Klit"}
	days     = map[string][]string{
		"en": {"Monday", "Tuesday", "the 2nd", "Saturday a week ago"},
		"da": {"2. november", "i mandags", "sidste lørdag"},
		"de": {"am Montag", "am 2. November", "vor zehn Tagen"},
		"sv": {"i måndags", "den 2 november", "förra lördagen"},
		"fi": {"maanantaina", "2. marraskuuta", "viime lauantaina"},
		"fr": {"lundi", "le 2 novembre"},
	}
	amounts = map[string][]string{
		"en": {"£ 1,249.00", "£ 89.00", "£ 420.00"}, "da": {"1.299 kr.", "649 kr.", "11.995 kr."}, "de": {"1.149,00 €", "89,90 €"},
		"sv": {"1 499 kr", "12 995 kr"}, "fi": {"129,00 €", "1 099,00 €"}, "fr": {"1 090,00 €", "79,00 €"},
	}
)

// telling is one story with its words drawn.
type telling struct {
	story
	begins   time.Time
	customer mail.Address
	product  string
	order    string
	day      string
	amount   string
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// tell draws who wrote and about what. n keeps addresses apart.
func (s story) tell(r *rand.Rand, n int) telling {
	g, f := pick(r, given[s.Lang]), pick(r, family[s.Lang])
	t := telling{story: s, product: pick(r, products), order: fmt.Sprintf("NC-%d", 20400+n*7), day: pick(r, days[s.Lang]), amount: pick(r, amounts[s.Lang])}
	t.customer = mail.Address{Name: g + " " + f, Address: fold(g) + "." + fold(f) + "@customers.example"}
	return t
}

var folder = strings.NewReplacer("å", "aa", "ä", "a", "ø", "oe", "ö", "o", "æ", "ae", "ü", "u", "ß", "ss", "é", "e", "è", "e", "î", "i")

func fold(s string) string { return folder.Replace(strings.ToLower(s)) }

// fill puts the drawn words into a text.
func (t telling) fill(text, agent string) string {
	first, _, _ := strings.Cut(t.customer.Name, " ")
	return strings.NewReplacer("{name}", first, "{agent}", agent, "{product}", t.product, "{order}", t.order, "{day}", t.day, "{amount}", t.amount).Replace(text)
}
