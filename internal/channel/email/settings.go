package email

import (
	"cmp"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// TLS modes of a connection.
const (
	tlsImplicit = "implicit"
	tlsStart    = "starttls"
	tlsNone     = "none"
)

// From-name modes (EM-16, EM-17).
const (
	fromAgent   = "agent_and_company"
	fromCompany = "company"
)

// Submission is where mail is handed in.
type Submission struct {
	Host     string
	Port     int
	TLS      string // implicit, starttls, none
	Username string
	Password string
}

func (s Submission) addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// ParseRelay reads smtp://user:pass@host:port?tls=starttls|implicit|none. smtps:// is implicit TLS. The port is
// 587, or 465 with implicit TLS, when it is left out; TLS is starttls when it is left out.
func ParseRelay(raw string) (*Submission, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, desk.Errorf(desk.Invalid, "email.relay_malformed", "The relay must be written smtp://user:password@host:port?tls=starttls, implicit or none.").In("relay")
	}
	s := &Submission{Host: u.Hostname(), TLS: u.Query().Get("tls"), Username: u.User.Username()}
	s.Password, _ = u.User.Password()
	if s.TLS == "" {
		s.TLS = tlsStart
		if u.Scheme == "smtps" || u.Port() == "465" {
			s.TLS = tlsImplicit
		}
	}
	if s.TLS != tlsStart && s.TLS != tlsImplicit && s.TLS != tlsNone {
		return nil, desk.Errorf(desk.Invalid, "email.relay_malformed", "The relay's tls must be starttls, implicit or none.").In("relay")
	}
	s.Port = 587
	if s.TLS == tlsImplicit {
		s.Port = 465
	}
	if p := u.Port(); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 65535 {
			return nil, desk.Errorf(desk.Invalid, "email.relay_malformed", "The relay's port must be a number from 1 to 65535.").In("relay")
		}
		s.Port = n
	}
	return s, nil
}

// endpoint is a server in the settings.
type endpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	TLS  string `json:"tls"`
}

func (e endpoint) addr() string { return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) }

// settings are an account's settings with its secrets, defaults filled in.
type settings struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
	IMAP    struct {
		endpoint
		Folders []string `json:"folders"`
	} `json:"imap"`
	SMTP struct {
		endpoint
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"smtp"`
	Username       string `json:"username"`
	Password       string `json:"password"`
	FromName       string `json:"from_name"`
	Company        string `json:"company"`
	FromAddress    string `json:"from_address"`
	SignatureHTML  string `json:"signature_html"`
	OriginalSender *bool  `json:"original_sender"`
	ReplyTo        string `json:"reply_to"`
	ReplyToken     bool   `json:"reply_token"`
	DKIM           struct {
		Domain     string `json:"domain"`
		Selector   string `json:"selector"`
		PrivateKey string `json:"private_key"`
	} `json:"dkim"`
	ImportDays int    `json:"import_days"`
	Relay      string `json:"relay"`
	TrustAuth  string `json:"trust_authserv_id"`
	MaxSendMB  int    `json:"max_send_mb"`
	LargeFiles string `json:"large_files"`
}

// readSettings merges secrets into settings and fills in what was left out. Secrets are an object of the same shape, or keyed
// by dotted path.
func readSettings(plain, secrets []byte) (settings, error) {
	var s settings
	all, err := merge(plain, secrets)
	if err != nil {
		return s, desk.Errorf(desk.Invalid, "email.settings_malformed", "The settings of this channel cannot be read.").Because(err)
	}
	b, err := json.Marshal(all)
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		e := desk.Errorf(desk.Invalid, "email.settings_malformed", "A setting of this channel has the wrong type.").Because(err)
		if te, ok := err.(*json.UnmarshalTypeError); ok {
			field := strings.ReplaceAll(te.Field, "endpoint.", "") // how the struct is nested is no business of a person
			e = desk.Errorf(desk.Invalid, "email.settings_malformed", "%s must be a %s.", field, jsonWord(te)).In(field).Because(err)
		}
		return s, e
	}
	s.fill()
	return s, nil
}

func jsonWord(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "int":
		return "number"
	case "bool", "ptr":
		return "yes or no"
	case "slice":
		return "list"
	}
	return "text"
}

func merge(plain, secrets []byte) (map[string]any, error) {
	out := map[string]any{}
	if len(plain) > 0 {
		if err := json.Unmarshal(plain, &out); err != nil {
			return nil, err
		}
	}
	if out == nil {
		out = map[string]any{}
	}
	if len(secrets) > 0 {
		var sec map[string]any
		if err := json.Unmarshal(secrets, &sec); err != nil {
			return nil, err
		}
		channel.Overlay(out, sec)
	}
	// A form sends numbers as text.
	for _, path := range []string{"imap.port", "smtp.port", "import_days", "max_send_mb"} {
		if v, ok := channel.Look(out, path).(string); ok {
			if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil {
				channel.Put(out, path, n)
			} else if v == "" {
				channel.Put(out, path, 0)
			}
		}
	}
	if v, ok := channel.Look(out, "imap.folders").(string); ok { // one folder a line
		var list []any
		for _, l := range strings.FieldsFunc(v, func(r rune) bool { return r == '\n' || r == ',' }) {
			if l = strings.TrimSpace(l); l != "" {
				list = append(list, l)
			}
		}
		channel.Put(out, "imap.folders", list)
	}
	return out, nil
}

func (s *settings) fill() {
	s.Address = strings.TrimSpace(s.Address)
	if s.IMAP.TLS == "" {
		s.IMAP.TLS = tlsImplicit
		if s.IMAP.Port == 143 {
			s.IMAP.TLS = tlsStart
		}
	}
	if s.IMAP.Port == 0 {
		s.IMAP.Port = 993
		if s.IMAP.TLS != tlsImplicit {
			s.IMAP.Port = 143
		}
	}
	if s.SMTP.TLS == "" {
		s.SMTP.TLS = tlsImplicit
		if s.SMTP.Port == 587 || s.SMTP.Port == 25 {
			s.SMTP.TLS = tlsStart
		}
	}
	if s.SMTP.Port == 0 {
		s.SMTP.Port = 465
		if s.SMTP.TLS != tlsImplicit {
			s.SMTP.Port = 587
		}
	}
	if s.Username == "" {
		s.Username = s.Address
	}
	if s.SMTP.Username == "" {
		s.SMTP.Username = s.Username
		if s.SMTP.Password == "" {
			s.SMTP.Password = s.Password
		}
	}
	if s.SMTP.Password == "" {
		s.SMTP.Password = s.Password
	}
	if len(s.IMAP.Folders) == 0 {
		s.IMAP.Folders = []string{"INBOX"}
	}
	if s.FromName == "" {
		s.FromName = fromAgent
	}
	if s.MaxSendMB == 0 {
		s.MaxSendMB = defaultSendMB
	}
	if s.LargeFiles == "" {
		s.LargeFiles = channel.LargeLink
	}
	if s.OriginalSender == nil {
		yes := true
		s.OriginalSender = &yes
	}
}

// Validate implements channel.Validator.
func (a *Adapter) Validate(plain, secrets []byte) (string, error) {
	s, err := readSettings(plain, secrets)
	if err != nil {
		return "", err
	}
	switch s.Kind {
	case kindIMAP, kindHosted:
	case kindGmail, kindOffice365:
		return "", desk.Errorf(desk.Invalid, "email.comes_later", "Signing in with Google or Microsoft comes with OAuth. Use IMAP with an app password, or forward the address, meanwhile.").In("kind")
	case "":
		return "", missing("kind", "Choose where the mail is hosted.")
	default:
		return "", desk.Errorf(desk.Invalid, "email.kind_unknown", "kind must be imap or hosted.").In("kind")
	}
	if s.Address == "" {
		return "", missing("address", "Enter the address customers write to.")
	}
	address, err := normalAddress(s.Address, "address")
	if err != nil {
		return "", err
	}
	if strings.Contains(address[:strings.LastIndexByte(address, '@')], tokenMark) {
		return "", desk.Errorf(desk.Invalid, "email.address_reserved", "Addresses with %s in front of the @ are made by Kanal for answers.", tokenMark).In("address")
	}
	for path, v := range map[string]string{"from_address": s.FromAddress, "reply_to": s.ReplyTo} {
		if v != "" {
			if _, err := normalAddress(v, path); err != nil {
				return "", err
			}
		}
	}
	if s.Kind == kindIMAP {
		if err := s.validateMailbox(); err != nil {
			return "", err
		}
	}
	return address, s.validateDetails()
}

func (s *settings) validateMailbox() error {
	if s.IMAP.Host == "" {
		return missing("imap.host", "Enter the IMAP server.")
	}
	if s.SMTP.Host == "" {
		return missing("smtp.host", "Enter the SMTP server.")
	}
	for _, e := range []struct {
		path string
		endpoint
	}{{"imap", s.IMAP.endpoint}, {"smtp", s.SMTP.endpoint}} {
		if strings.ContainsAny(e.Host, " /@\r\n\t") || strings.Contains(e.Host, "://") {
			return desk.Errorf(desk.Invalid, "email.host_malformed", "Enter the server's name only, as in mail.example.com.").In(e.path + ".host")
		}
		if e.Port < 1 || e.Port > 65535 {
			return desk.Errorf(desk.Invalid, "email.port_malformed", "A port is a number from 1 to 65535.").In(e.path + ".port")
		}
		if e.TLS != tlsImplicit && e.TLS != tlsStart && e.TLS != tlsNone {
			return desk.Errorf(desk.Invalid, "email.tls_unknown", "Encryption is implicit, starttls or none.").In(e.path + ".tls")
		}
	}
	if s.Password == "" {
		return missing("password", "Enter the mailbox's password.")
	}
	if s.ImportDays < 0 || s.ImportDays > 3650 {
		return desk.Errorf(desk.Invalid, "email.import_days", "Earlier mail can be brought in for 0 to 3650 days.").In("import_days")
	}
	return nil
}

func (s *settings) validateDetails() error {
	if s.FromName != fromAgent && s.FromName != fromCompany {
		return desk.Errorf(desk.Invalid, "email.from_name_unknown", "from_name is agent_and_company or company.").In("from_name")
	}
	if strings.ContainsAny(s.Company, "\r\n") || len(s.Company) > 200 {
		return desk.Errorf(desk.Invalid, "email.company_malformed", "The company name is one line of at most 200 bytes.").In("company")
	}
	if len(s.SignatureHTML) > 100<<10 {
		return desk.Errorf(desk.TooLarge, "email.signature_too_large", "The signature may have at most 100 KB.").In("signature_html")
	}
	if s.MaxSendMB < 1 || s.MaxSendMB > maxSendMB {
		return desk.Errorf(desk.Invalid, "email.max_send", "The largest mail is a number of MB from 1 to %d.", maxSendMB).In("max_send_mb")
	}
	if s.LargeFiles != channel.LargeLink && s.LargeFiles != channel.LargeRefuse {
		return desk.Errorf(desk.Invalid, "email.large_files_unknown", "large_files is link or refuse.").In("large_files")
	}
	if s.Relay != "" {
		if _, err := ParseRelay(s.Relay); err != nil {
			return err
		}
	}
	if d := s.DKIM; d.Domain != "" || d.Selector != "" || d.PrivateKey != "" {
		switch {
		case d.Domain == "":
			return missing("dkim.domain", "Enter the domain that the DKIM key signs for.")
		case d.Selector == "":
			return missing("dkim.selector", "Enter the DKIM selector.")
		case d.PrivateKey == "":
			return missing("dkim.private_key", "Enter the DKIM private key.")
		}
		if _, err := parseDKIMKey(d.PrivateKey); err != nil {
			return desk.Errorf(desk.Invalid, "email.dkim_key", "The DKIM key must be a PEM private key, RSA (1024 bits or more) or Ed25519.").In("dkim.private_key").Because(err)
		}
	}
	return nil
}

func missing(field, sentence string) error {
	return desk.Errorf(desk.Invalid, "email.required", "%s", sentence).In(field)
}

// normalAddress returns a bare address in the registry's form.
func normalAddress(v, field string) (string, error) {
	if n := desk.NormalizeEmail(v); n != "" && !strings.ContainsAny(v, "<>") {
		return n, nil
	}
	return "", desk.Errorf(desk.Invalid, "email.address_malformed", "%q is not an email address.", v).In(field)
}

// submission is where this account's mail leaves, or a fault when there is nowhere.
func (s *settings) submission(relay *Submission) (*Submission, *channel.SendError) {
	if s.Kind == kindIMAP {
		return &Submission{Host: s.SMTP.Host, Port: s.SMTP.Port, TLS: s.SMTP.TLS, Username: s.SMTP.Username, Password: s.SMTP.Password}, nil
	}
	if s.Relay != "" {
		r, err := ParseRelay(s.Relay)
		if err != nil {
			return nil, &channel.SendError{Fault: channel.Permanent, Code: "no_relay", Public: desk.PublicOf(err), Err: err}
		}
		return r, nil
	}
	if relay == nil {
		return nil, &channel.SendError{Fault: channel.Permanent, Code: "no_relay",
			Public: "This address is hosted by Kanal and needs a relay to send: start Kanal with --relay smtp://…, or set one on the channel. Nothing was sent."}
	}
	return relay, nil
}

// replyAddress is the plus-address that answers go to, or "" when the account has none.
func (s *settings) replyAddress(token, hostname string) string {
	if token == "" { // of no thread
		return ""
	}
	if s.Kind != kindHosted && !s.ReplyToken {
		return ""
	}
	a := s.Address
	if s.ReplyTo != "" {
		a = s.ReplyTo
	}
	n, err := normalAddress(a, "")
	if err != nil {
		return ""
	}
	i := strings.LastIndexByte(n, '@')
	local, domain := n[:i], n[i+1:]
	if s.Kind == kindHosted && !strings.EqualFold(domain, hostname) && s.ReplyTo == "" {
		// Forwarded from another domain, whose server may not know plus-addresses.
		if !s.ReplyToken {
			return ""
		}
	}
	if len(local)+len(tokenMark)+len(token) > 64 { // RFC 5321 4.5.3.1.1
		return ""
	}
	return local + tokenMark + token + "@" + domain
}

// fromName is what recipients see: the agent and the company (EM-16) or the company alone (EM-17). The machine signs as the company.
func (s *settings) fromName(out channel.Outbound) string {
	company := cmp.Or(s.Company, out.Sender.Company)
	agent := out.Sender.FullName
	if s.FromName == fromCompany || out.Automatic || agent == "" {
		return cmp.Or(company, out.From.Name)
	}
	if company == "" {
		return agent
	}
	return agent + ", " + company
}

// domainOf is the part behind the @, in lower case.
func domainOf(address string) string {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return strings.ToLower(address[i+1:])
	}
	return ""
}

// oneLine makes a server's words fit to be shown.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return s
}

// tokenMark stands between an address and the thread token of a plus-address.
const tokenMark = "+t-"
