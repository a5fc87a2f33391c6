package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout/recovery"
)

// sesEvent is what SES publishes about an e-mail, by a configuration set (eventType) or an identity (notificationType). Amazon SES
// Developer Guide, "Event data that Amazon SES publishes to Amazon SNS".
type sesEvent struct {
	EventType        string `json:"eventType"`
	NotificationType string `json:"notificationType"`
	Bounce           struct {
		Type       string      `json:"bounceType"` // Permanent, Transient, Undetermined
		Recipients []recipient `json:"bouncedRecipients"`
		ID         string      `json:"feedbackId"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []recipient `json:"complainedRecipients"`
		Type       string      `json:"complaintFeedbackType"` // not-spam takes an earlier complaint back
		ID         string      `json:"feedbackId"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
	} `json:"delivery"`
	Mail struct {
		ID string `json:"messageId"`
	} `json:"mail"`

	// An SMS that came in. AWS End User Messaging SMS User Guide, "Two-way SMS messaging".
	Number  string `json:"originationNumber"`
	Body    string `json:"messageBody"`
	Inbound string `json:"inboundMessageId"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// stopWords are what carriers ask to be understood (CTIA Messaging Principles, 5.1.3), and what people write in the shop's
// languages.
var stopWords = []string{"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "ARRET", "STOPP", "AFMELDEN", "ABMELDEN"}

// readReports reads what a notification reports; nothing for what changes nothing.
func readReports(n events.SNSEntity) ([]recovery.Feedback, error) {
	var e sesEvent
	if err := json.Unmarshal([]byte(n.Message), &e); err != nil {
		return nil, fmt.Errorf("read message: %w", err)
	}
	of := func(kind recovery.FeedbackKind, id string, addresses ...string) []recovery.Feedback {
		out := make([]recovery.Feedback, len(addresses))
		for i, a := range addresses {
			out[i] = recovery.Feedback{ID: id, Kind: kind, Channel: recovery.ChannelEmail, Address: a, At: n.Timestamp}
		}
		return out
	}
	switch kind := e.EventType + e.NotificationType; {
	case e.Number != "":
		if word := strings.ToUpper(strings.Trim(e.Body, " .!\r\n\t")); !slices.Contains(stopWords, word) {
			return nil, nil
		}
		return []recovery.Feedback{{ID: e.Inbound, Kind: recovery.FeedbackStop, Channel: recovery.ChannelSMS, Address: e.Number,
			At: n.Timestamp}}, nil
	case kind == "Bounce" && e.Bounce.Type == "Permanent":
		return of(recovery.FeedbackBounced, e.Bounce.ID, addresses(e.Bounce.Recipients)...), nil
	case kind == "Bounce":
		return of(recovery.FeedbackDelayed, e.Bounce.ID, addresses(e.Bounce.Recipients)...), nil
	case kind == "Complaint" && e.Complaint.Type != "not-spam":
		return of(recovery.FeedbackComplaint, e.Complaint.ID, addresses(e.Complaint.Recipients)...), nil
	case kind == "Delivery":
		return of(recovery.FeedbackDelivered, e.Mail.ID, e.Delivery.Recipients...), nil
	case kind == "":
		return nil, fmt.Errorf("neither an event of SES nor a text message")
	}
	return nil, nil // Send, Open, Click … change nothing
}

func addresses(list []recipient) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.Address
	}
	return out
}
