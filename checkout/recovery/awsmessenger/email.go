package awsmessenger

import (
	"context"
	"net/mail"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"kassa/checkout/recovery"
)

var _ recovery.Messenger = (*Email)(nil)

// EmailConfig is what an Email is made of.
type EmailConfig struct {
	AWS     aws.Config
	From    string // address; its domain is a verified identity of SES, with DKIM: RFC 8058 asks for it
	Name    string // shown as the sender: the shop's
	ReplyTo string // "" = From
	// ConfigurationSet publishes bounces, complaints and deliveries; "" = none, and nobody learns of them.
	ConfigurationSet string
}

// Email hands e-mail to SES. Safe for concurrent use.
type Email struct {
	EmailConfig
	from string
	// send is a method of the client's. The client itself is not kept: a program that executes templates would have to link all
	// that it can do.
	send func(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// NewEmail returns an Email. CodeInvalid if it has no sender.
func NewEmail(c EmailConfig) (*Email, error) {
	if parsed, err := mail.ParseAddress(c.From); err != nil || parsed.Address != c.From {
		return nil, invalid("from", "an e-mail needs the address of its sender")
	}
	from := mail.Address{Name: strings.Map(printable, c.Name), Address: c.From}
	return &Email{
		EmailConfig: c, from: from.String(),
		send: sesv2.NewFromConfig(c.AWS, func(o *sesv2.Options) { o.Retryer = once() }).SendEmail,
	}, nil
}

// Send implements recovery.Messenger.
func (e *Email) Send(ctx context.Context, m recovery.Message) (string, error) {
	if err := ended(ctx); err != nil {
		return "", err
	}
	if m.Channel != recovery.ChannelEmail {
		return "", refused("SES sends e-mail")
	}
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To {
		return "", refused("that is no e-mail address")
	}
	if m.Kind == recovery.KindFollowUp && !strings.HasPrefix(m.Unsubscribe, "https://") {
		return "", refused("a follow-up must say where one unsubscribes")
	}
	out, err := e.send(ctx, e.input(m))
	if err != nil {
		return "", refusal("SES", err)
	}
	return aws.ToString(out.MessageId), nil
}

// input is the call of a message.
func (e *Email) input(m recovery.Message) *sesv2.SendEmailInput {
	utf8 := aws.String("UTF-8")
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &e.from,
		Destination:      &types.Destination{ToAddresses: []string{m.To}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Charset: utf8, Data: aws.String(strings.Map(printable, m.Subject))},
			Body: &types.Body{
				Text: &types.Content{Charset: utf8, Data: &m.Text},
				Html: &types.Content{Charset: utf8, Data: &m.HTML},
			},
			Headers: headers(m),
		}},
		EmailTags: tags(m),
	}
	if e.ReplyTo != "" {
		in.ReplyToAddresses = []string{e.ReplyTo}
	}
	if e.ConfigurationSet != "" {
		in.ConfigurationSetName = &e.ConfigurationSet
	}
	return in
}

// headers are those of RFC 8058, by which a mail client unsubscribes with one tap, on what is direct marketing; what is not says that
// no person wrote it (RFC 3834), so that no absence note answers.
func headers(m recovery.Message) []types.MessageHeader {
	if m.Kind != recovery.KindFollowUp {
		return []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}}
	}
	return []types.MessageHeader{
		{Name: aws.String("List-Unsubscribe"), Value: aws.String("<" + m.Unsubscribe + ">")},
		{Name: aws.String("List-Unsubscribe-Post"), Value: aws.String("List-Unsubscribe=One-Click")},
	}
}

// tags come back with every event about the message: ids and words of ours, nothing personal.
func tags(m recovery.Message) []types.MessageTag {
	var out []types.MessageTag
	for _, t := range [][2]string{{"message", m.ID}, {"kind", string(m.Kind)}, {"reason", m.Reason}, {"stage", m.Stage}} {
		if value := strings.Map(tagged, t[1]); value != "" {
			out = append(out, types.MessageTag{Name: aws.String(t[0]), Value: aws.String(value[:min(len(value), 256)])})
		}
	}
	return out
}

// tagged keeps what the value of a tag may hold (SES, MessageTag).
func tagged(r rune) rune {
	if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_-.@", r)) {
		return r
	}
	return '_'
}

// printable takes line ends and other control characters out of what becomes a header.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}
