package widget

import "strings"

// labelNames are what the button says before the frame is there, in the order of hello's labels; an administrator words them otherwise under these keys.
var labelNames = [...]string{"launcher.open", "launcher.close", "launcher.name", "launcher.unread", "launcher.dismiss"}

var labelWords = map[string][len(labelNames)]string{
	"en": {"Open chat", "Close chat", "Chat", "unread", "Dismiss"},
	"da": {"Åbn chat", "Luk chat", "Chat", "ulæste", "Skjul"},
	"de": {"Chat öffnen", "Chat schließen", "Chat", "ungelesen", "Ausblenden"},
	"sv": {"Öppna chatten", "Stäng chatten", "Chatt", "olästa", "Dölj"},
	"fi": {"Avaa chat", "Sulje chat", "Chat", "lukematta", "Piilota"},
	"ar": {"فتح المحادثة", "إغلاق المحادثة", "محادثة", "غير مقروءة", "إخفاء"},
}

// labels are the button's words in the widget's language.
func labels(locale string, overrides map[string]string) []string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	words, ok := labelWords[base]
	if !ok {
		words = labelWords["en"]
	}
	for i, name := range labelNames {
		if o := strings.TrimSpace(overrides[name]); o != "" {
			words[i] = o
		}
	}
	return words[:]
}
