package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/kanalhq/kanal/internal/channel"
)

// sentences say in words what a server's answer means, by enhanced status code (RFC 3463) and, without one, by basic code.
var sentences = map[string]string{
	"5.1.0":  "The receiving server does not accept this address.",
	"5.1.1":  "The address does not exist at the receiving server.",
	"5.1.2":  "The domain of the address does not exist or takes no mail.",
	"5.1.3":  "The address is not written correctly.",
	"5.1.6":  "The recipient has moved and left no new address.",
	"5.1.7":  "The server does not accept this channel's From address.",
	"5.1.8":  "The server does not accept this channel's From address.",
	"5.1.10": "The domain of the address takes no mail.",
	"5.2.0":  "The recipient's mailbox does not take this message.",
	"5.2.1":  "The recipient's mailbox is switched off.",
	"5.2.2":  "The recipient's mailbox is full.",
	"5.2.3":  "The message is larger than the recipient's mailbox allows.",
	"5.3.2":  "The receiving server takes no mail at present.",
	"5.3.4":  "The message is larger than the mail server allows.",
	"5.4.1":  "The receiving server does not accept mail for this address.",
	"5.4.4":  "The mail server cannot find where to deliver this address.",
	"5.4.6":  "The message went round in a loop between mail servers.",
	"5.6.0":  "The receiving server does not accept the content of the message.",
	"5.6.1":  "The receiving server does not accept this kind of content.",
	"5.7.0":  "The receiving server refused the message by its rules.",
	"5.7.1":  "The receiving server refused the message by its rules, often as suspected spam or because it does not know this sender.",
	"5.7.20": "The receiving server wants a valid DKIM signature. Check the DKIM key of this channel.",
	"5.7.23": "The sending server is not allowed to send for this From address (SPF). Check the domain's SPF record.",
	"5.7.25": "The sending server has no reverse DNS name, which the receiver asks for.",
	"5.7.26": "The message could not be authenticated as the From domain's (SPF, DKIM or DMARC). Check the domain's DNS records.",
	"5.7.27": "The sending server is not allowed to send for this From address.",
	"5.7.60": "This mailbox may not send as this From address.",
	"4.2.2":  "The recipient's mailbox is full at present.",
	"4.3.1":  "The receiving server has no room at present.",
	"4.4.1":  "The receiving server does not answer at present.",
	"4.4.7":  "The message waited too long at the mail server.",
	"4.5.3":  "There are too many recipients for one message.",
	"4.7.0":  "The receiving server wants to take the message later.",
	"4.7.1":  "The receiving server wants to take the message later.",

	"421": "The mail server is busy or restarting.",
	"450": "The recipient's mailbox is not available at present.",
	"451": "The mail server had a problem of its own.",
	"452": "The mail server has no room at present.",
	"550": "The receiving server does not accept this address.",
	"551": "The recipient is not at this server.",
	"552": "The message is larger than allowed, or the mailbox is full.",
	"553": "The server does not accept this address.",
	"554": "The receiving server refused the message.",
	"556": "The domain of the address takes no mail.",
}

// replyFault turns a server's answer into a fault: 4xx is transient, 5xx permanent (RFC 5321 4.2.1).
func replyFault(e *smtp.SMTPError) *channel.SendError {
	basic := fmt.Sprintf("%d", e.Code)
	code, enh := basic, ""
	if e.EnhancedCode[0] > 0 {
		enh = fmt.Sprintf("%d.%d.%d", e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2])
		code += " " + enh
	}
	s := sentences[enh]
	if s == "" {
		s = sentences[basic]
	}
	f := channel.Permanent
	switch {
	case e.Code/100 == 4:
		f = channel.Transient
	case e.Code == 530 || e.Code == 534 || e.Code == 535 || e.Code == 538:
		f, s = channel.Reconnect, "The mail server wants this channel to sign in. Check user name, password and encryption in the channel's settings."
	}
	if s == "" {
		s = "The mail server refused the message."
		if f == channel.Transient {
			s = "The mail server cannot take the message at present."
		}
	}
	if words := oneLine(e.Message); words != "" {
		s += " It said: “" + words + "”"
	}
	return &channel.SendError{Fault: f, Code: code, Public: s, Err: e}
}

// networkFault is for trouble before anything irrevocable: it may be tried again.
func networkFault(err error, doing string) *channel.SendError {
	return &channel.SendError{Fault: channel.Transient, Code: "network", Public: doing + ": " + networkWords(err) + ".", Err: err}
}

// networkWords explains a connection error to somebody who is no programmer.
func networkWords(err error) string {
	var (
		dns  *net.DNSError
		host x509.HostnameError
		auth x509.UnknownAuthorityError
		inv  x509.CertificateInvalidError
		rec  tls.RecordHeaderError
		ne   net.Error
	)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the server's name does not exist"
	case errors.As(err, &dns):
		return "the server's name could not be looked up"
	case errors.As(err, &host):
		return "the server's certificate is for another name"
	case errors.As(err, &auth):
		return "the server's certificate is not signed by a known authority"
	case errors.As(err, &inv):
		return "the server's certificate is not valid, or has expired"
	case errors.As(err, &rec):
		return "the server does not speak TLS on this port"
	case errors.As(err, &ne) && ne.Timeout():
		return "the server did not answer in time"
	}
	s := err.Error()
	switch {
	case strings.Contains(s, "connection refused"):
		return "the server refused the connection"
	case strings.Contains(s, "no route to host"), strings.Contains(s, "network is unreachable"):
		return "the server cannot be reached from here"
	case strings.Contains(s, "STARTTLS"):
		return "the server does not offer STARTTLS"
	case strings.Contains(s, "EOF"), strings.Contains(s, "reset by peer"), strings.Contains(s, "broken pipe"), strings.Contains(s, "closed"):
		return "the server closed the connection"
	}
	return oneLine(s)
}

// authFault is for a refused sign-in: the account needs a person.
func authFault(err error) *channel.SendError {
	code := "auth"
	var e *smtp.SMTPError
	if errors.As(err, &e) {
		if e.Code/100 == 4 { // "try again later" is no refusal
			return replyFault(e)
		}
		code = fmt.Sprintf("%d", e.Code)
	} else if !errors.Is(err, errNoMechanism) {
		return networkFault(err, "Signing in to the mail server failed")
	}
	return &channel.SendError{Fault: channel.Reconnect, Code: code, Public: "The mail server does not accept this channel's user name and password. Enter them again in the channel's settings.", Err: err}
}

var errNoMechanism = errors.New("the server offers no sign-in that is understood here")
