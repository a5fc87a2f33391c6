package awsmessenger

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"kassa/checkout/recovery"
)

var _ recovery.Messenger = (*Push)(nil)

// Platforms of devices, as the app names them.
const (
	iOS     = "ios"
	android = "android"
)

// PushConfig is what a Push is made of.
type PushConfig struct {
	AWS aws.Config
	// IOS and Android are the ARNs of SNS's platform applications: one for APNS or APNS_SANDBOX, one for GCM (FCM v1). "" = devices of
	// that platform get no push.
	IOS, Android string
	Sound        bool // phones play their sound; otherwise messages arrive in silence
}

// Push hands push messages to SNS, and makes endpoints of devices' tokens. Safe for concurrent use.
type Push struct {
	PushConfig
	publish func(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error) // never repeated
	own     endpoints
}

// NewPush returns a Push.
func NewPush(c PushConfig) (*Push, error) {
	for field, arn := range map[string]string{"ios": c.IOS, "android": c.Android} {
		if arn != "" && !strings.Contains(arn, ":app/") {
			return nil, invalid(field, "must be the ARN of a platform application")
		}
	}
	return &Push{
		PushConfig: c, own: endpointsOf(sns.NewFromConfig(c.AWS)),
		publish: sns.NewFromConfig(c.AWS, func(o *sns.Options) { o.Retryer = once() }).Publish,
	}, nil
}

// lives is how long a push may wait for a phone that is switched off: later it would be old news.
const lives = 12 * time.Hour

// Send implements recovery.Messenger. The message's address is the ARN of an endpoint.
func (p *Push) Send(ctx context.Context, m recovery.Message) (string, error) {
	if err := ended(ctx); err != nil {
		return "", err
	}
	if m.Channel != recovery.ChannelPush {
		return "", refused("SNS sends push messages")
	}
	if !strings.Contains(m.To, ":endpoint/") || m.Platform != iOS && m.Platform != android {
		return "", refused("that is no endpoint of a device")
	}
	in, err := p.input(m)
	if err != nil {
		return "", &recovery.Refusal{Err: err}
	}
	out, err := p.publish(ctx, in)
	if err != nil {
		return "", refusal("SNS", err)
	}
	return aws.ToString(out.MessageId), nil
}

// input is the call of a message.
func (p *Push) input(m recovery.Message) (*sns.PublishInput, error) {
	payload, err := p.payload(m)
	if err != nil {
		return nil, err
	}
	service, attributes := "GCM", map[string]types.MessageAttributeValue{}
	if m.Platform == iOS {
		service = "APNS"
		if strings.Contains(m.To, "/APNS_SANDBOX/") {
			service = "APNS_SANDBOX"
		}
		attributes["AWS.SNS.MOBILE.APNS.PUSH_TYPE"] = text("alert")
		attributes["AWS.SNS.MOBILE.APNS.PRIORITY"] = text("5") // when it suits the phone's battery: nothing is urgent here
		attributes["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"] = text(collapse(m))
		attributes["AWS.SNS.MOBILE."+service+".TTL"] = text(seconds(lives))
	} else {
		attributes["AWS.SNS.MOBILE.FCM.TTL"] = text(seconds(lives))
	}
	all, err := json.Marshal(map[string]string{"default": m.Subject, service: payload})
	if err != nil {
		return nil, err
	}
	return &sns.PublishInput{
		TargetArn: &m.To, MessageStructure: aws.String("json"), Message: aws.String(string(all)), MessageAttributes: attributes,
	}, nil
}

// payloadLimit is APNs' and FCM's, in bytes.
const payloadLimit = 4096

// payload is what the platform's service gets. What is too long loses of its text, never of its link.
func (p *Push) payload(m recovery.Message) (string, error) {
	made := p.apns
	if m.Platform == android {
		made = p.fcm
	}
	for {
		data, err := json.Marshal(made(m))
		if err != nil {
			return "", err
		}
		over := len(data) - payloadLimit
		switch {
		case over <= 0:
			return string(data), nil
		case m.Text == "":
			return "", invalid("link", "makes a push of more than 4096 bytes")
		}
		m.Text = shortened(m.Text, over/6+1) // a byte of text is up to six of JSON
	}
}

// shortened takes at least so many bytes off the end of a text, and says so.
func shortened(s string, by int) string {
	at := max(len(s)-by-len("…"), 0)
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	if at == 0 {
		return ""
	}
	return strings.TrimRight(strings.TrimSuffix(s[:at], "…"), " ") + "…"
}

type alert struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

type aps struct {
	Alert  alert  `json:"alert"`
	Sound  string `json:"sound,omitempty"`
	Thread string `json:"thread-id"`
}

// apns is Apple's payload (Generating a remote notification): link and message are the app's to read.
func (p *Push) apns(m recovery.Message) any {
	a := aps{Alert: alert{m.Subject, m.Text}, Thread: thread}
	if p.Sound {
		a.Sound = "default"
	}
	return struct {
		APS     aps    `json:"aps"`
		Link    string `json:"link"`
		Message string `json:"message_id"`
	}{a, m.Link, m.ID}
}

// thread groups our messages on the lock screen.
const thread = "carts"

type fcmNotification struct {
	Channel string `json:"channel_id"`
	Tag     string `json:"tag"`
	Sound   string `json:"sound,omitempty"`
}

type fcmAndroid struct {
	CollapseKey  string          `json:"collapse_key"`
	Priority     string          `json:"priority"`
	TTL          string          `json:"ttl"`
	Notification fcmNotification `json:"notification"`
}

type fcmMessage struct {
	Notification alert             `json:"notification"`
	Data         map[string]string `json:"data"`
	Android      fcmAndroid        `json:"android"`
}

// fcm is Google's payload (FCM HTTP v1, projects.messages), in the wrapping by which SNS knows it.
func (p *Push) fcm(m recovery.Message) any {
	n := fcmNotification{Channel: thread, Tag: collapse(m)}
	if p.Sound {
		n.Sound = "default"
	}
	message := fcmMessage{
		Notification: alert{m.Subject, m.Text}, Data: map[string]string{"link": m.Link, "message_id": m.ID},
		Android: fcmAndroid{CollapseKey: collapse(m), Priority: "NORMAL", TTL: seconds(lives) + "s", Notification: n},
	}
	return map[string]any{"fcmV1Message": map[string]any{"message": message}}
}

// collapse is what a message replaces on the phone: one of the same id that arrives twice is shown once. APNs takes 64 bytes.
func collapse(m recovery.Message) string { return m.ID[:min(len(m.ID), 64)] }

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

func text(value string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
}
