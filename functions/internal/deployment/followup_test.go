package deployment_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout/dynamostore"
)

// phoneApp is the platform application of the shop's app for iPhones, and phone an endpoint of it.
const (
	phoneApp = "arn:aws:sns:eu-west-1:123456789012:app/APNS/kassa"
	phone    = "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/kassa/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
)

// takePush is an SNS that knows one phone, whose endpoint has been disabled.
func (s *stack) takePush(w http.ResponseWriter, r *http.Request) {
	action := r.FormValue("Action")
	// The service authorization reference doesn't say whether these are asked of the application or of the endpoint.
	for _, resource := range []string{"app/*", "endpoint/*"} {
		s.ledger.note("OutboxRole", "sns:"+action, "arn:aws:sns:eu-west-1:123456789012:"+resource)
	}
	about := r.FormValue("PlatformApplicationArn") + r.FormValue("EndpointArn") + r.FormValue("TargetArn")
	if want := map[bool]string{true: phoneApp, false: phone}[action == "CreatePlatformEndpoint"]; about != want {
		s.t.Errorf("SNS is asked for %s of %s", action, about)
	}
	result := map[string]string{
		"CreatePlatformEndpoint": "<EndpointArn>" + phone + "</EndpointArn>",
		"GetEndpointAttributes":  "<Attributes><entry><key>Enabled</key><value>false</value></entry></Attributes>",
		"Publish":                "<MessageId>p-1</MessageId>",
	}[action]
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, "<%[1]sResponse><%[1]sResult>%[2]s</%[1]sResult></%[1]sResponse>", action, result)
}

// store is the tables as an operator reaches them.
func (s *stack) store() *dynamostore.Store {
	s.t.Helper()
	store, err := dynamostore.New(dynamostore.Config{Client: s.client, Tables: tableNames, Jitter: func() float64 { return 0 }})
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

// abandon has somebody who agrees to hear of it leave a cart, so long ago: the machine's clock is the only one that functions have, so
// the cart is made older.
func (s *stack) abandon(email string, ago time.Duration) (id, token string) {
	s.t.Helper()
	doc := s.call("CartFunction", "POST", "/carts", `{"line_items":[{"item":{"id":"ebook"},"quantity":1}],"context":{"address_country":"NL"},`+
		`"buyer":{"email":"`+email+`","consent":{"marketing":true}}}`, "")
	id, _ = doc["id"].(string)
	token, _ = doc["access_token"].(string)
	s.call("CartFunction", "PUT", "/devices/phone-"+id,
		`{"cart_id":"`+id+`","push_token":"740f4707","platform":"ios","permission":"granted"}`, token)
	s.age(id, ago)
	return id, token
}

func (s *stack) age(id string, by time.Duration) {
	s.t.Helper()
	store := s.store()
	c, err := store.Cart(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, at := range []*time.Time{&c.CreatedAt, &c.UpdatedAt, &c.Due} {
		*at = at.Add(-by)
	}
	_, err = s.client.DeleteItem(s.t.Context(), &dynamodb.DeleteItemInput{
		TableName: &tableNames.Carts, Key: map[string]types.AttributeValue{"i": &types.AttributeValueMemberS{Value: id}},
	})
	if err == nil {
		err = store.CreateCart(s.t.Context(), c)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

var returning = regexp.MustCompile(`https://shop\.example/r/(krl_[A-Za-z0-9._-]+)`)

// followUp has carts found that were left, followed up by push and by e-mail, and brought back; and one person's e-mail bounce.
func (s *stack) followUp() {
	s.t.Helper()
	pushed, _ := s.abandon("max@example.com", 2*time.Hour)
	mailed, _ := s.abandon("zoe@example.com", 21*time.Hour)
	for len(s.letters) > 0 {
		<-s.letters // receipts
	}
	s.job("SweepFunction", `{"job":"due"}`)
	for i, id := range []string{pushed, mailed} {
		s.job("OutboxFunction", fmt.Sprintf(
			`{"Records":[{"eventName":"MODIFY","dynamodb":{"SequenceNumber":"%d","Keys":{"i":{"S":%q}}}}]}`, i+10, id))
	}
	if len(s.letters) != 1 {
		s.t.Fatalf("%d e-mails were sent, want one", len(s.letters))
	}
	link := returning.FindStringSubmatch(<-s.letters)
	if link == nil {
		s.t.Fatal("the e-mail has no link")
	}
	back := s.call("CartFunction", "POST", "/recoveries", `{"token":"`+link[1]+`","device_id":"another-phone"}`, "")
	if len(list(back["line_items"])) != 1 {
		s.t.Fatalf("the link brings %s", shown(back))
	}
	bounce, err := os.ReadFile(root + "/events/feedback-bounce.json")
	if err != nil {
		s.t.Fatal(err)
	}
	s.job("FeedbackFunction", strings.ReplaceAll(string(bounce), "arn:aws:sns:eu-west-1:123456789012:kassa-feedback", "kassa-FeedbackTopic"))
}

// keepBookmarks leaves jobs unfinished.
func (s *stack) keepBookmarks() {
	s.t.Helper()
	for _, job := range []string{"backfill", "drain.sessions", "drain.carts"} {
		if err := s.store().KeepBookmark(s.t.Context(), job, "cs_m_0"); err != nil {
			s.t.Fatal(err)
		}
	}
}
