package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// APIVersion is the version of Stripe's API that the sandbox speaks, that of stripe-go v76.
const APIVersion = "2023-10-16"

// Events can be read for 30 days.
const eventLife = 30 * 24 * time.Hour

type eventRequest struct {
	ID             text `json:"id"`
	IdempotencyKey text `json:"idempotency_key"`
}

type eventData struct {
	Object json.RawMessage `json:"object"`
}

// event is a change as the API and the webhooks tell it. Its object is a snapshot of that moment.
type event struct {
	ID              string       `json:"id"`
	Object          string       `json:"object"`
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	Livemode        bool         `json:"livemode"`
	PendingWebhooks int          `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

// emit tells of a change in the same commit as the change.
func (t *tx) emit(kind string, object any) {
	e := event{ID: freshID(t, t.events, "evt"), Object: "event", APIVersion: APIVersion, Created: t.unix(),
		Data: eventData{Object: encode(object)}, Request: eventRequest{ID: text(t.requestID), IdempotencyKey: text(t.key)}, Type: kind}
	if t.send != nil {
		e.PendingWebhooks = 1
		t.dues.put(deliveryID(e.ID), due{Kind: dueDelivery, Ref: e.ID, At: t.now})
	}
	t.events.put(e.ID, e)
}

func retrieveEvent(c *call) work {
	return func(t *tx) (any, *apiError) {
		if e, ok := t.events.get(c.id); ok {
			return e, nil
		}
		return nil, missing("event", c.id)
	}
}

func listEvents(c *call) work {
	f := c.form
	page, created, kinds := readPage(c), readRange(f), slices.Clone(f.values["types[]"])
	if f.has("type") {
		kinds = append(kinds, f.text("type"))
	}
	delivered, filtered := f.boolean("delivery_success"), f.has("delivery_success")
	return func(t *tx) (any, *apiError) {
		return list(page, t.events, func(e event) (any, bool) {
			return e, created.holds(e.Created) && (!filtered || delivered == (e.PendingWebhooks == 0)) &&
				(len(kinds) == 0 || slices.ContainsFunc(kinds, e.is))
		})
	}
}

// is says whether the event is of a kind such as charge.refunded, or of a family such as charge.*.
func (e event) is(kind string) bool {
	if family, ok := strings.CutSuffix(kind, "*"); ok {
		return strings.HasPrefix(e.Type, family)
	}
	return e.Type == kind
}
