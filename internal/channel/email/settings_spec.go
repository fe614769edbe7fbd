package email

import (
	"github.com/kanalhq/kanal/internal/channel"
	"github.com/kanalhq/kanal/internal/desk"
)

// The kinds of an email account, by where the mail is hosted (EM-02).
const (
	kindGmail     = "gmail"
	kindOffice365 = "office365"
	kindIMAP      = "imap"
	kindHosted    = "hosted"
)

// Spec implements channel.Adapter.
func (a *Adapter) Spec() channel.Spec {
	return channel.Spec{
		Channel:   Name,
		GenericID: 1002, // GEN-20
		Name:      "Team email",
		Icon:      icon,
		Threading: channel.ByReference,
		Address:   desk.AddrEmail,
		Kinds:     kinds,
		Fields:    fields,
		Terms:     terms,
		Can: channel.Abilities{
			Send: true, Start: true, HTML: true, Subject: true, Cc: true, Attachments: true, InlineImages: true,
			// EM-39: most servers take 25 MB as sent; what does not fit into an account's max_send_mb goes as a link, or is refused.
			MaxAttachment: maxFile, MaxAttachments: maxFiles, MaxAttachmentNum: 50, MaxEncoded: defaultSendMB << 20, LargeFiles: channel.LargeLink,
		},
	}
}

const (
	defaultSendMB = 20        // of a mail as sent, when an account says nothing
	maxSendMB     = 1000      // the most that an account may say
	maxFile       = 250 << 20 // of one file, however it travels
	maxFiles      = 1 << 30   // of all files of a mail
)

// Limits implements channel.Limiter: what the account's server takes, and what becomes of the rest (EM-39).
func (a *Adapter) Limits(can channel.Abilities, plain []byte) channel.Abilities {
	s, err := readSettings(plain, nil)
	if err != nil {
		return can
	}
	can.MaxEncoded, can.LargeFiles = int64(s.MaxSendMB)<<20, s.LargeFiles
	return can
}

// kinds stand in the wizard's order. A Preset is keyed by Field.Path.
var kinds = []channel.Kind{
	{
		Name: kindGmail, Label: "Gmail or Google Workspace", Description: "Mail hosted at Google. A Google Groups address is forwarded: choose “address hosted by Kanal”.",
		ComesLater: "Signing in with Google comes with OAuth. Until then connect the mailbox by IMAP with an app password.",
		UseKind:    kindIMAP,
		Preset: map[string]any{
			"kind": kindIMAP, "imap.host": "imap.gmail.com", "imap.port": 993, "imap.tls": tlsImplicit,
			"smtp.host": "smtp.gmail.com", "smtp.port": 465, "smtp.tls": tlsImplicit, "reply_token": true,
		},
	},
	{
		Name: kindOffice365, Label: "Microsoft 365 or Outlook", Description: "Mail hosted at Microsoft. A group or an alias is forwarded: choose “address hosted by Kanal”.",
		ComesLater: "Signing in with Microsoft comes with OAuth. Until then connect the mailbox by IMAP where your organisation allows passwords, or forward it.",
		UseKind:    kindIMAP,
		Preset: map[string]any{
			"kind": kindIMAP, "imap.host": "outlook.office365.com", "imap.port": 993, "imap.tls": tlsImplicit,
			"smtp.host": "smtp.office365.com", "smtp.port": 587, "smtp.tls": tlsStart,
		},
	},
	{Name: kindIMAP, Label: "Other mailbox", Description: "Any mailbox with IMAP and SMTP. Kanal reads it without marking, moving or deleting anything."},
	{Name: kindHosted, Label: "Address hosted by Kanal", Description: "Kanal receives the mail itself. Forward any address to it: other providers, Google Groups and aliases too."},
}

var (
	onlyIMAP   = []string{kindIMAP}
	onlyHosted = []string{kindHosted}
	tlsChoice  = []channel.Option{{Value: tlsImplicit, Label: "TLS"}, {Value: tlsStart, Label: "STARTTLS"}, {Value: tlsNone, Label: "None (unencrypted)"}}
)

var fields = []channel.Field{
	{Path: "kind", Label: "Where the mail is hosted", Type: "choice", Required: true, Step: "account", Options: []channel.Option{
		{Value: kindGmail, Label: "Gmail or Google Workspace"}, {Value: kindOffice365, Label: "Microsoft 365 or Outlook"},
		{Value: kindIMAP, Label: "Other mailbox"}, {Value: kindHosted, Label: "Address hosted by Kanal"},
	}},
	{Path: "address", Label: "Address", Help: "The address that customers write to.", Type: "email", Required: true, Step: "account"},

	{Path: "imap.host", Label: "IMAP server", Type: "host", Required: true, Kinds: onlyIMAP, Step: "account"},
	{Path: "imap.port", Label: "IMAP port", Type: "number", Default: 993, Kinds: onlyIMAP, Step: "account"},
	{Path: "imap.tls", Label: "IMAP encryption", Type: "choice", Options: tlsChoice, Default: tlsImplicit, Kinds: onlyIMAP, Step: "account"},
	{Path: "username", Label: "User name", Help: "Often the address itself.", Type: "text", Kinds: onlyIMAP, Step: "account"},
	{Path: "password", Label: "Password", Help: "An app password where the provider has them.", Type: "password", Secret: true, Required: true, Kinds: onlyIMAP, Step: "account"},
	{Path: "imap.folders", Label: "Folders", Help: "Folders to read. Empty: INBOX.", Type: "list", Kinds: onlyIMAP, Step: "account"},
	{Path: "smtp.host", Label: "SMTP server", Help: "Where replies are handed in.", Type: "host", Required: true, Kinds: onlyIMAP, Step: "account"},
	{Path: "smtp.port", Label: "SMTP port", Type: "number", Default: 465, Kinds: onlyIMAP, Step: "account"},
	{Path: "smtp.tls", Label: "SMTP encryption", Type: "choice", Options: tlsChoice, Default: tlsImplicit, Kinds: onlyIMAP, Step: "account"},
	{Path: "smtp.username", Label: "SMTP user name", Help: "If it differs from the IMAP one.", Type: "text", Kinds: onlyIMAP, Step: "account"},
	{Path: "smtp.password", Label: "SMTP password", Help: "If it differs from the IMAP one.", Type: "password", Secret: true, Kinds: onlyIMAP, Step: "account"},
	{Path: "import_days", Label: "Bring in recent mail", Help: "Days of earlier mail to bring in when connecting. 0: only new mail.", Type: "number", Default: 0, Kinds: onlyIMAP, Step: "account"},
	{Path: "relay", Label: "Send through", Help: "smtp://user:password@host:port?tls=starttls. Empty: the installation's relay.", Type: "password", Secret: true, Kinds: onlyHosted, Step: "account"},

	{Path: "from_name", Label: "From name", Type: "choice", Default: fromAgent, Step: "details", Options: []channel.Option{
		{Value: fromAgent, Label: "Agent and company"}, {Value: fromCompany, Label: "Company"},
	}},
	{Path: "company", Label: "Company name", Help: "As recipients see it.", Type: "text", Step: "details"},
	{Path: "from_address", Label: "From address", Help: "Empty: the address of this channel.", Type: "email", Step: "details"},
	{Path: "signature_html", Label: "Signature", Help: "Tokens: {{sender.full_name}}, {{sender.first_name}}, {{sender.last_name}}.", Type: "html", Step: "details"},
	{Path: "original_sender", Label: "Choose the original sender of forwarded mail", Help: "Off: forwarded mail is filed under the person who forwarded it.", Type: "boolean", Default: true, Step: "details"},
	{Path: "reply_to", Label: "Reply-To address", Help: "Empty: answers come to this channel.", Type: "email", Step: "details"},
	{Path: "reply_token", Label: "Mark answers with a plus-address", Help: "Answers go to name+token@… and find their ticket even when the mail program drops the references. The mailbox must accept plus-addresses.", Type: "boolean", Default: false, Kinds: onlyIMAP, Step: "details"},
	{Path: "max_send_mb", Label: "Largest mail, in MB", Help: "As sent, where files take a third more. Most mail servers take 25 MB.", Type: "number", Default: defaultSendMB, Step: "details"},
	{Path: "large_files", Label: "Files that do not fit", Help: "As links they are fetched from this installation, for a limited time.", Type: "choice", Default: channel.LargeLink, Step: "details", Options: []channel.Option{
		{Value: channel.LargeLink, Label: "Send as links"}, {Value: channel.LargeRefuse, Label: "Refuse to send"},
	}},
	{Path: "dkim.domain", Label: "DKIM domain", Type: "text", Step: "details"},
	{Path: "dkim.selector", Label: "DKIM selector", Type: "text", Step: "details"},
	{Path: "dkim.private_key", Label: "DKIM private key", Help: "PEM, RSA or Ed25519.", Type: "password", Secret: true, Step: "details"},
	{Path: "trust_authserv_id", Label: "Trusted authentication results", Help: "The name your mail server writes into Authentication-Results. Empty: only Kanal's own checks count.", Type: "text", Kinds: onlyIMAP, Step: "details"},
}

// terms are shown and accepted before connecting (EM-06). Raise Version with every change of meaning.
var terms = &channel.Terms{
	Version: "2026-11",
	Points: []string{
		"Kanal reads the mail that reaches this address, in the folders you choose. It never marks, moves or deletes anything in your mailbox.",
		"Kanal stores each mail with its attachments and its original source on this installation, visible to everybody who may see the inbox it is connected to.",
		"Kanal makes contacts of people who write, and keeps their names and addresses.",
		"Kanal sends mail in the name of this address when an agent replies or writes, and when an automatic answer is switched on.",
		"Kanal keeps the password encrypted and uses it for nothing else. Disconnecting removes it; what was received stays.",
	},
}
