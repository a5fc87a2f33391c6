package lambdatest_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// mailbox is SES, which takes every message.
type mailbox struct {
	mu      sync.Mutex
	sent    map[string]int // messages by their ids, which are tags of theirs
	letters []letter
}

// letter is an e-mail as SES got it, or a push message as SNS did.
type letter struct {
	to, subject, text, html string
	unsubscribe             string            // of RFC 8058's header
	tags                    map[string]string // of e-mail
	link                    string            // of push
}

// ServeHTTP implements http.Handler: SendEmail.
func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	type data struct{ Data string }
	type pair struct{ Name, Value string }
	var in struct {
		Destination struct{ ToAddresses []string }
		EmailTags   []pair
		Content     struct {
			Simple struct {
				Subject data
				Body    struct{ Text, Html data } //nolint:revive // AWS's word
				Headers []pair
			}
		}
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &in) != nil || r.URL.Path != "/v2/email/outbound-emails" || len(in.Destination.ToAddresses) != 1 {
		http.Error(w, `{"message":"no such operation"}`, http.StatusBadRequest)
		return
	}
	got := in.Content.Simple
	l := letter{
		to: in.Destination.ToAddresses[0], subject: got.Subject.Data, text: got.Body.Text.Data, html: got.Body.Html.Data,
		tags: map[string]string{},
	}
	for _, tag := range in.EmailTags {
		l.tags[tag.Name] = tag.Value
	}
	oneClick := slices.Contains(got.Headers, pair{"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"})
	for _, h := range got.Headers {
		if h.Name == "List-Unsubscribe" && oneClick {
			l.unsubscribe = strings.Trim(h.Value, "<>")
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.letters = append(m.letters, l)
	if id := l.tags["message"]; id != "" {
		m.sent[id]++
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"MessageId": rand.Text()}) // a caller that has gone is no failure
}

// taken returns how often each message was sent, by its id.
func (m *mailbox) taken() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.sent)
}

// got are the e-mails so far, in their order.
func (m *mailbox) got() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters)
}

// phones is SNS with the endpoints of phones, each of which is there by its token, and takes every message.
type phones struct {
	mu        sync.Mutex
	endpoints map[string]map[string]string // attributes
	letters   []letter
}

// ServeHTTP implements http.Handler: CreatePlatformEndpoint, GetEndpointAttributes, SetEndpointAttributes and Publish, in AWS's query
// protocol.
func (p *phones) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	action, result, refused := r.FormValue("Action"), "", "no such endpoint"
	endpoint := r.FormValue("EndpointArn") + r.FormValue("TargetArn")
	attributes, known := p.endpoints[endpoint]
	switch {
	case action == "CreatePlatformEndpoint":
		if result, refused = p.create(r); refused == "" {
			known = true
		}
	case action == "GetEndpointAttributes" && known:
		for name, value := range attributes {
			result += "<entry><key>" + name + "</key><value>" + value + "</value></entry>"
		}
		result = "<Attributes>" + result + "</Attributes>"
	case action == "SetEndpointAttributes" && known:
		for i := 1; r.FormValue(fmt.Sprintf("Attributes.entry.%d.key", i)) != ""; i++ {
			attributes[r.FormValue(fmt.Sprintf("Attributes.entry.%d.key", i))] = r.FormValue(fmt.Sprintf("Attributes.entry.%d.value", i))
		}
	case action == "Publish" && known:
		known = p.publish(r, attributes["Token"])
		result = "<MessageId>" + rand.Text() + "</MessageId>"
	}
	w.Header().Set("Content-Type", "text/xml")
	if !known {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>%s</Message></Error></ErrorResponse>", refused)
		return
	}
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, result)
}

// create makes the endpoint of a token. Where there is one, SNS answers it only to who wants it just as it is.
func (p *phones) create(r *http.Request) (result, refused string) {
	token, data := r.FormValue("Token"), r.FormValue("CustomUserData")
	endpoint := strings.Replace(r.FormValue("PlatformApplicationArn"), ":app/", ":endpoint/", 1) + "/" + token
	if known, ok := p.endpoints[endpoint]; ok && known["CustomUserData"] != data {
		return "", "Invalid parameter: Token Reason: Endpoint " + endpoint + " already exists with the same Token, but different attributes."
	} else if !ok {
		p.endpoints[endpoint] = map[string]string{"Enabled": "true", "Token": token, "CustomUserData": data}
	}
	return "<EndpointArn>" + endpoint + "</EndpointArn>", ""
}

// publish keeps what APNs would get; false if it would get nothing.
func (p *phones) publish(r *http.Request, token string) bool {
	var message struct{ APNS string }
	var payload struct {
		APS struct {
			Alert struct{ Title, Body string }
		}
		Link string
	}
	if json.Unmarshal([]byte(r.FormValue("Message")), &message) != nil || json.Unmarshal([]byte(message.APNS), &payload) != nil {
		return false
	}
	p.letters = append(p.letters, letter{to: token, subject: payload.APS.Alert.Title, text: payload.APS.Alert.Body, link: payload.Link})
	return r.FormValue("MessageStructure") == "json"
}

// got are the push messages so far, in their order.
func (p *phones) got() []letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.letters)
}

// plain replaces the spaces that stand in amounts.
var plain = strings.NewReplacer("\u00a0", " ", "\u202f", " ")

// wantText checks what a message says.
func (l letter) wantText(t *testing.T, texts ...string) {
	t.Helper()
	said := plain.Replace(l.subject + "\n" + l.text)
	for _, want := range texts {
		if !strings.Contains(said, want) {
			t.Errorf("the message to %s lacks %q:\n%s", l.to, want, said)
		}
	}
}

// token is that of the link to a page of ours in a message.
func (l letter) token(t *testing.T, page string) string {
	t.Helper()
	link := regexp.MustCompile(`https://kade9\.example/` + page + `/(krl_[A-Za-z0-9._-]+)`)
	found := link.FindStringSubmatch(l.link + "\n" + l.text + "\n" + l.unsubscribe)
	if found == nil {
		t.Fatalf("no link to %s in %+v", page, l)
	}
	return found[1]
}
