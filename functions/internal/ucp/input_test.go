package ucp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kassa/checkout"
	"kassa/functions/internal/strictjson"
	"kassa/functions/internal/ucp"
	"kassa/payments"
)

func body(t *testing.T, text string) ucp.Body {
	t.Helper()
	v, err := strictjson.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ptr[T any](v T) *T { return &v }

func TestCartInput(t *testing.T) {
	t.Parallel()
	got, err := ucp.CartInput(body(t, `{
		"line_items": [{"item": {"id": "mug", "price": 1, "title": "x"}, "quantity": 2, "totals": []}],
		"context": {"address_country": "nl", "postal_code": "1015", "language": "nl-BE", "currency": "nok", "intent": "gift"},
		"buyer": {"email": "ada@example.com", "phone_number": "(06) 1234-5678", "consent": {"marketing": true, "analytics": false}},
		"currency": "USD", "owner": "me", "totals": [{"type": "total", "amount": 1}], "signals": {"dev.ucp.buyer_ip": "10.0.0.1"}
	}`), "de")
	if err != nil {
		t.Fatal(err)
	}
	want := checkout.CreateCartInput{
		Lines:   []checkout.LineInput{{SKU: "mug", Quantity: 2}},
		Context: checkout.Context{Country: "NL", PostalCode: "1015", Language: "nl-BE", Currency: "NOK"},
		Buyer: &checkout.Buyer{Email: "ada@example.com", Phone: "0612345678",
			Consent: &checkout.Consent{Marketing: ptr(true), Analytics: ptr(false)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	plain, err := ucp.CartInput(body(t, `{"line_items":[],"buyer":null,"context":{"address_country":""}}`), "de")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(checkout.CreateCartInput{Lines: []checkout.LineInput{}, Context: checkout.Context{Language: "de"}}, plain); diff != "" {
		t.Error(diff)
	}
}

// What a merge patch keeps, clears and replaces.
func TestPatchInput(t *testing.T) {
	t.Parallel()
	home := &checkout.Destination{ID: "home", City: "Oslo", Country: "NO"}
	for name, c := range map[string]struct {
		body string
		want checkout.SessionChange
	}{
		"nothing":    {`{}`, checkout.SessionChange{}},
		"one field":  {`{"buyer":{"email":"a@b.no"}}`, checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr("a@b.no")}}},
		"field null": {`{"buyer":{"phone_number":null}}`, checkout.SessionChange{Buyer: checkout.BuyerPatch{Phone: ptr("")}}},
		"buyer null": {`{"buyer":null}`, checkout.SessionChange{Buyer: checkout.BuyerPatch{Email: ptr(""), FirstName: ptr(""), LastName: ptr(""), Phone: ptr(""), VATID: ptr(""), ClearConsent: true}}},
		"consent": {`{"buyer":{"consent":{"marketing":true}}}`,
			checkout.SessionChange{Buyer: checkout.BuyerPatch{Consent: &checkout.Consent{Marketing: ptr(true)}}}},
		"context": {`{"context":{"address_country":"no","postal_code":null}}`,
			checkout.SessionChange{Context: checkout.ContextPatch{Country: ptr("NO"), PostalCode: ptr("")}}},
		"lines": {`{"line_items":[{"item":{"id":"mug"},"quantity":3}]}`,
			checkout.SessionChange{Lines: []checkout.LineInput{{SKU: "mug", Quantity: 3}}}},
		"address": {`{"fulfillment":{"methods":[{"destinations":[{"id":"home","address_locality":"Oslo","address_country":"no"}]}]}}`,
			checkout.SessionChange{Destination: home}},
		"address's id": {`{"fulfillment":{"methods":[{"destinations":[{"address_country":"NO"}]}]}}`,
			checkout.SessionChange{Destination: &checkout.Destination{ID: "dest_1", Country: "NO"}}},
		"redacted": {`{"fulfillment":{"methods":[{"destinations":[{"postal_code":"10","address_country":null}]}]}}`,
			checkout.SessionChange{Destination: &checkout.Destination{ID: "dest_1", PostalCode: "10"}}},
		"selected of two": {`{"fulfillment":{"methods":[{"selected_destination_id":"home","destinations":[{"id":"work"},{"id":"home","address_locality":"Oslo","address_country":"NO"}]}]}}`,
			checkout.SessionChange{Destination: home, Location: ptr("home")}},
		"option alone": {`{"fulfillment":{"methods":[{"groups":[{"selected_option_id":"express"}]}]}}`,
			checkout.SessionChange{Option: ptr("express")}},
		"option null":       {`{"fulfillment":{"methods":[{"groups":[{"selected_option_id":null}]}]}}`, checkout.SessionChange{Option: ptr("")}},
		"no destinations":   {`{"fulfillment":{"methods":[{"destinations":[]}]}}`, checkout.SessionChange{ClearDestination: true}},
		"destinations null": {`{"fulfillment":{"methods":[{"destinations":null}]}}`, checkout.SessionChange{ClearDestination: true}},
		"none selected": {`{"fulfillment":{"methods":[{"selected_destination_id":null}]}}`,
			checkout.SessionChange{ClearDestination: true, Location: ptr("")}},
		"known selected":   {`{"fulfillment":{"methods":[{"selected_destination_id":"home"}]}}`, checkout.SessionChange{Location: ptr("home")}},
		"no methods":       {`{"fulfillment":{"methods":[]}}`, checkout.SessionChange{ClearDestination: true, Option: ptr(""), Collect: ptr(false)}},
		"fulfillment null": {`{"fulfillment":null}`, checkout.SessionChange{ClearDestination: true, Option: ptr(""), Collect: ptr(false)}},
		"pick-up":          {`{"fulfillment":{"methods":[{"type":"pickup"}]}}`, checkout.SessionChange{Collect: ptr(true)}},
		"pick-up, selected": {`{"fulfillment":{"methods":[{"type":"pickup","selected_destination_id":"ams"}]}}`,
			checkout.SessionChange{Collect: ptr(true), Location: ptr("ams")}},
		"pick-up, listed": {`{"fulfillment":{"methods":[{"type":"pickup","destinations":[{"id":"ams"}]}]}}`,
			checkout.SessionChange{Collect: ptr(true), Location: ptr("ams")}},
		"shipped after all": {`{"fulfillment":{"methods":[{"type":"shipping"}]}}`, checkout.SessionChange{Collect: ptr(false)}},
		"codes":             {`{"discounts":{"codes":[" ten\t","x y"]}}`, checkout.SessionChange{Codes: []string{" ten\t", "x y"}}},
		"codes null":        {`{"discounts":{"codes":null}}`, checkout.SessionChange{Codes: []string{}}},
		"no codes":          {`{"discounts":{"codes":[]}}`, checkout.SessionChange{Codes: []string{}}},
		"VAT id": {`{"buyer":{"vat_id":"be 0123.456.749"}}`,
			checkout.SessionChange{Buyer: checkout.BuyerPatch{VATID: ptr("be 0123.456.749")}}},
		"not ours to read": {`{"status":"completed","currency":"USD","totals":[],"order":{"id":"x"},"cart_id":"ct_2"}`, checkout.SessionChange{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ucp.PatchInput(body(t, c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a PUT sets back to its default by leaving it out.
func TestPutInput(t *testing.T) {
	t.Parallel()
	cleared := checkout.ContextPatch{Country: ptr(""), Region: ptr(""), PostalCode: ptr("")}
	for name, c := range map[string]struct {
		body string
		want checkout.SessionChange
	}{
		"nothing": {`{}`, checkout.SessionChange{Context: cleared, ClearDestination: true, Option: ptr(""), Collect: ptr(false)}},
		"pick-up": {`{"fulfillment":{"methods":[{"type":"pickup"}]}}`,
			checkout.SessionChange{Context: cleared, Option: ptr(""), Collect: ptr(true), Location: ptr("")}},
		"part of a buyer": {`{"buyer":{"email":"a@b.no"}}`, checkout.SessionChange{Context: cleared, ClearDestination: true, Option: ptr(""), Collect: ptr(false),
			Buyer: checkout.BuyerPatch{Email: ptr("a@b.no"), FirstName: ptr(""), LastName: ptr(""), Phone: ptr(""), VATID: ptr(""), ClearConsent: true}}},
		"known destination": {`{"fulfillment":{"methods":[{"selected_destination_id":"home","groups":[{"selected_option_id":"express"}]}]}}`,
			checkout.SessionChange{Context: cleared, Option: ptr("express"), Collect: ptr(false), Location: ptr("home")}},
		"all": {`{"line_items":[{"item":{"id":"mug"},"quantity":1}],"context":{"address_country":"NO","language":"nb"},
			"fulfillment":{"methods":[{"destinations":[{"id":"home","address_country":"NO"}]}]}}`,
			checkout.SessionChange{Lines: []checkout.LineInput{{SKU: "mug", Quantity: 1}}, Option: ptr(""), Collect: ptr(false),
				Context:     checkout.ContextPatch{Country: ptr("NO"), Region: ptr(""), PostalCode: ptr(""), Language: ptr("nb")},
				Destination: &checkout.Destination{ID: "home", Country: "NO"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ucp.PutInput(body(t, c.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func instrument(kind, token string) string {
	return `{"id":"1","handler_id":"h","type":"card","selected":true,"credential":{"type":"` + kind + `","token":` + token + `}}`
}

func TestInstruments(t *testing.T) {
	t.Parallel()
	google := `"{\"id\":\"tok_visa\",\"object\":\"token\",\"card\":{\"last4\":\"4242\"},\"created\":1700000000}"`
	for name, c := range map[string]struct {
		instruments string
		want        *payments.Instrument
	}{
		"confirmation token": {instrument("stripe_confirmation_token", `"ctoken_1Q"`),
			&payments.Instrument{Handler: "h", Kind: payments.InstrumentConfirmationToken, Token: "ctoken_1Q"}},
		"payment method": {instrument("stripe_payment_method", `"pm_card_visa"`),
			&payments.Instrument{Handler: "h", Kind: payments.InstrumentPaymentMethod, Token: "pm_card_visa"}},
		"google": {instrument("google_pay_token", google),
			&payments.Instrument{Handler: "h", Kind: payments.InstrumentGooglePayToken, Token: "tok_visa"}},
		"google's own name": {instrument("PAYMENT_GATEWAY", google),
			&payments.Instrument{Handler: "h", Kind: payments.InstrumentGooglePayToken, Token: "tok_visa"}},
		"the selected one": {`{"handler_id":"a","credential":{"type":"stripe_payment_method","token":"pm_a"}},` + instrument("stripe_payment_method", `"pm_b"`),
			&payments.Instrument{Handler: "h", Kind: payments.InstrumentPaymentMethod, Token: "pm_b"}},
		"the only one": {`{"handler_id":"a","credential":{"type":"stripe_payment_method","token":"pm_a"}}`,
			&payments.Instrument{Handler: "a", Kind: payments.InstrumentPaymentMethod, Token: "pm_a"}},
		"none": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ucp.CompleteInput(body(t, `{"payment":{"instruments":[`+c.instruments+`]},"expected_total":4990}`))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Instrument); diff != "" {
				t.Error(diff)
			}
			if got.ExpectedTotal == nil || *got.ExpectedTotal != 4990 {
				t.Errorf("expected total %v", got.ExpectedTotal)
			}
		})
	}
}

// A create pays only if it carries a selected instrument with a credential. That it must then say the total that the shopper saw
// is the service's to demand.
func TestCreatesThatPay(t *testing.T) {
	t.Parallel()
	selected := instrument("stripe_payment_method", `"pm_a"`)
	for body_, pays := range map[string]bool{
		`{"cart_id":"ct_1","payment":{"instruments":[` + selected + `]},"expected_total":0}`:                                      true,
		`{"cart_id":"ct_1","payment":{"instruments":[` + selected + `]}}`:                                                         true,
		`{"cart_id":"ct_1","payment":{"instruments":[` + strings.Replace(selected, "true", "false", 1) + `]},"expected_total":1}`: false,
		`{"cart_id":"ct_1","payment":{"instruments":[{"handler_id":"h","selected":true}]},"expected_total":1}`:                    false,
		`{"cart_id":"ct_1","expected_total":1}`:                                                                                   false,
	} {
		in, err := ucp.CreateInput(body(t, body_), "")
		if err != nil {
			t.Fatal(err)
		}
		if (in.Instrument != nil) != pays {
			t.Errorf("%s pays: %v", body_, in.Instrument != nil)
		}
	}
}

// With cart_id the cart's lines and context count, whatever else the body says.
func TestCreateOfACart(t *testing.T) {
	t.Parallel()
	in, err := ucp.CreateInput(body(t, `{"cart_id":"ct_1","line_items":[{"item":{"id":"x"},"quantity":1}],"context":{"address_country":"NO"}}`), "nl")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(checkout.CreateSessionInput{CartID: "ct_1"}, in); diff != "" {
		t.Error(diff)
	}
}

func TestSearchInput(t *testing.T) {
	t.Parallel()
	q, c, err := ucp.SearchInput(body(t, `{"query":"blue mug","filters":{"categories":["Kitchen"],"price":{"min":1}},"pagination":{"limit":5000,"cursor":"abc"},"context":{"currency":"nok"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(checkout.ProductQuery{Text: "blue mug", Categories: []string{"Kitchen"}, Limit: 100, Cursor: "abc"}, q); diff != "" || c.Currency != "NOK" {
		t.Error(diff, c)
	}
	if q, _, err = ucp.SearchInput(body(t, `{}`)); err != nil || q.Limit != 10 {
		t.Errorf("an empty search: %+v, %v", q, err)
	}
}

// Why a shopper left is one of ten codes; what a newer app says counts as another reason, and only what is malformed is refused.
func TestLeftInput(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"price_sensitivity", "shipping_cost", "shipping_speed", "product_fit", "trust_security", "returns_policy", "payment_options", "comparison",
		"timing_deferred", "other",
	} {
		left, err := ucp.LeftInput(body(t, `{"intent_trace":{"reason_code":"`+code+`","trace_summary":"too dear","metadata":{"max_budget":8500}}}`))
		if err != nil || left != code {
			t.Errorf("%s is read as %q, %v", code, left, err)
		}
	}
	for text, want := range map[string]string{
		`{}`: "", `null`: "", `{"intent_trace":null}`: "",
		`{"intent_trace":{"reason_code":"sizing"}}`:           "other",
		`{"intent_trace":{"reason_code":"PRODUCT_FIT"}}`:      "other",
		`{"intent_trace":{"reason_code":"payment_declined"}}`: "other", // of the record alone
		`{"intent_trace":{"reason_code":""}}`:                 "other",
	} {
		if left, err := ucp.LeftInput(body(t, text)); err != nil || left != want {
			t.Errorf("%s is read as %q, %v; want %q", text, left, err, want)
		}
	}
}

// reader is one of the package's functions that read a body, reduced to whether it refuses.
type reader func(ucp.Body) error

var readers = map[string]reader{
	"cart":     func(b ucp.Body) error { _, err := ucp.CartInput(b, ""); return err },
	"add":      func(b ucp.Body) error { _, err := ucp.AddInput(b); return err },
	"quantity": func(b ucp.Body) error { _, err := ucp.QuantityInput(b); return err },
	"create":   func(b ucp.Body) error { _, err := ucp.CreateInput(b, ""); return err },
	"put":      func(b ucp.Body) error { _, err := ucp.PutInput(b); return err },
	"patch":    func(b ucp.Body) error { _, err := ucp.PatchInput(b); return err },
	"complete": func(b ucp.Body) error { _, err := ucp.CompleteInput(b); return err },
	"search":   func(b ucp.Body) error { _, _, err := ucp.SearchInput(b); return err },
	"left":     func(b ucp.Body) error { _, err := ucp.LeftInput(b); return err },
	"lookup":   func(b ucp.Body) error { _, _, err := ucp.LookupInput(b); return err },
}

// Every refusal names the field.
func TestRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	hundred := strings.Repeat(`{"item":{"id":"m"},"quantity":1},`, 101)
	pay := func(in string) string { return `{"payment":{"instruments":[` + in + `]}}` }
	to := func(d string) string { return `{"fulfillment":{"methods":[{"destinations":[` + d + `]}]}}` }
	for _, c := range []struct{ reader, body, path, code string }{
		{"cart", `{}`, "$.line_items", "missing"},
		{"cart", `{"line_items":null}`, "$.line_items", "missing"},
		{"cart", `{"line_items":[{}]}`, "$.line_items[0].item", "missing"},
		{"cart", `{"line_items":[{"item":{},"quantity":1}]}`, "$.line_items[0].item.id", "missing"},
		{"cart", `{"line_items":[{"item":{"id":""},"quantity":1}]}`, "$.line_items[0].item.id", "missing"},
		{"cart", `{"line_items":[{"item":{"id":"a b"},"quantity":1}]}`, "$.line_items[0].item.id", "invalid"},
		{"cart", `{"line_items":[{"item":{"id":"` + strings.Repeat("x", 65) + `"},"quantity":1}]}`, "$.line_items[0].item.id", "invalid"},
		{"cart", `{"line_items":[{"item":{"id":"m"}}]}`, "$.line_items[0].quantity", "missing"},
		{"cart", `{"line_items":[{"item":{"id":"m"},"quantity":0}]}`, "$.line_items[0].quantity", "invalid"},
		{"cart", `{"line_items":[{"item":{"id":"m"},"quantity":-1}]}`, "$.line_items[0].quantity", "invalid"},
		{"cart", `{"line_items":[{"item":{"id":"m"},"quantity":1},{"item":{"id":"n"},"quantity":1000}]}`, "$.line_items[1].quantity", "invalid"},
		{"cart", `{"line_items":[` + hundred[:len(hundred)-1] + `]}`, "$.line_items", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"email":"ada"}}`, "$.buyer.email", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"email":"Ada <ada@example.com>"}}`, "$.buyer.email", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"email":"ada@localhost"}}`, "$.buyer.email", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"email":"a@b.no\r\nBcc: x@y.no"}}`, "$.buyer.email", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"phone_number":"call me"}}`, "$.buyer.phone_number", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"last_name":"` + long + `"}}`, "$.buyer.last_name", "invalid"},
		{"cart", `{"line_items":[],"buyer":{"last_name":"a\u0000b"}}`, "$.buyer.last_name", "invalid"},
		{"cart", `{"line_items":[],"context":{"address_country":"NLD"}}`, "$.context.address_country", "invalid"},
		{"cart", `{"line_items":[],"context":{"language":"n!"}}`, "$.context.language", "invalid"},
		{"cart", `{"line_items":[],"context":{"language":"n"}}`, "$.context.language", "invalid"},
		{"cart", `{"line_items":[],"context":{"language":"12"}}`, "$.context.language", "invalid"},
		{"cart", `{"line_items":[],"context":{"language":"nl-"}}`, "$.context.language", "invalid"},
		{"cart", `{"line_items":[],"context":{"currency":"EURO"}}`, "$.context.currency", "invalid"},
		{"add", `{"item":{"id":"m"},"quantity":1000}`, "$.quantity", "invalid"},
		{"add", `{"quantity":1}`, "$.item", "missing"},
		{"quantity", `{}`, "$.quantity", "missing"},
		{"quantity", `{"quantity":0}`, "$.quantity", "invalid"},
		{"create", `{}`, "$.line_items", "missing"},
		{"create", `{"line_items":[]}`, "$.line_items", "invalid"},
		{"create", `{"cart_id":"../x"}`, "$.cart_id", "invalid"},
		{"create", `{"cart_id":"ct_1","expected_total":-1}`, "$.expected_total", "invalid"},
		{"put", `{"line_items":[]}`, "$.line_items", "invalid"},
		{"patch", `{"line_items":null}`, "$.line_items", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{"type":"drone"}]}}`, "$.fulfillment.methods[0].type", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{"type":"pickup","destinations":[{"id":"ams","street_address":"Damrak 1"}]}]}}`,
			"$.fulfillment.methods[0].destinations[0]", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{"type":"pickup","destinations":[{}]}]}}`, "$.fulfillment.methods[0].destinations[0].id", "missing"},
		{"patch", `{"buyer":{"vat_id":"BE1"}}`, "$.buyer.vat_id", "invalid"},
		{"patch", `{"discounts":{"codes":["a\u0000"]}}`, "$.discounts.codes[0]", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{},{}]}}`, "$.fulfillment.methods", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{"groups":[{},{}]}]}}`, "$.fulfillment.methods[0].groups", "invalid"},
		{"patch", to(`{"address_country":"Norge"}`), "$.fulfillment.methods[0].destinations[0].address_country", "invalid"},
		{"patch", to(`{"street_address":"` + long + `"}`), "$.fulfillment.methods[0].destinations[0].street_address", "invalid"},
		{"patch", `{"fulfillment":{"methods":[{"selected_destination_id":"x","destinations":[{"id":"y"}]}]}}`,
			"$.fulfillment.methods[0].selected_destination_id", "invalid"},
		{"patch", `{"discounts":{"codes":["` + long + `"]}}`, "$.discounts.codes[0]", "invalid"},
		{"complete", pay(`{}`), "$.payment.instruments[0].handler_id", "missing"},
		{"complete", pay(`{"handler_id":"h"}`), "$.payment.instruments[0].credential", "missing"},
		{"complete", pay(`{"handler_id":"h","selected":false}`), "$.payment.instruments[0].selected", "missing"},
		{"complete", pay(`{"handler_id":"h","credential":{"token":"pm_1"}}`), "$.payment.instruments[0].credential.type", "missing"},
		{"complete", pay(`{"handler_id":"h","credential":{"type":"stripe_payment_method"}}`), "$.payment.instruments[0].credential.token", "missing"},
		{"complete", pay(instrument("card", `"x"`)), "$.payment.instruments[0].credential.type", "invalid"},
		{"complete", pay(instrument("stripe_payment_method", `"ctoken_1"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("stripe_payment_method", `"pm_1/../x"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("stripe_payment_method", `"pm_"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("google_pay_token", `"tok_visa"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("google_pay_token", `"{\"id\":\"pm_1\"}"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("google_pay_token", `"examplePaymentMethodToken"`)), "$.payment.instruments[0].credential.token", "invalid"},
		{"complete", pay(instrument("stripe_payment_method", `"pm_1"`) + "," + instrument("stripe_payment_method", `"pm_2"`)),
			"$.payment.instruments[1].selected", "invalid"},
		{"search", `{"pagination":{"limit":0}}`, "$.pagination.limit", "invalid"},
		{"search", `{"query":"` + long + `"}`, "$.query", "invalid"},
		{"lookup", `{}`, "$.ids", "missing"},
		{"lookup", `{"ids":[]}`, "$.ids", "invalid"},
		{"lookup", `{"ids":[""]}`, "$.ids[0]", "missing"},
		{"left", `{"intent_trace":{}}`, "$.intent_trace.reason_code", "missing"},
		{"left", `{"intent_trace":{"reason_code":"` + long + `"}}`, "$.intent_trace.reason_code", "invalid"},
	} {
		t.Run(c.reader+" "+c.path, func(t *testing.T) {
			t.Parallel()
			err := readers[c.reader](body(t, c.body))
			var faults ucp.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("%.80s: %v", c.body, err)
			}
			if f := faults[0]; f.Path != c.path || f.Code != c.code || f.Text == "" {
				t.Errorf("%.80s: got %s at %s (%s), want %s at %s", c.body, f.Code, f.Path, f.Text, c.code, c.path)
			}
		})
	}
}

// Types, unknown fields and card numbers are strictjson's business, but each route must ask for it.
func TestStrictReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		reader, body, path string
		kind               strictjson.Kind
	}{
		{"cart", `{"line_items":[{"item":{"id":"m"},"quantity":"1"}]}`, "$.line_items[0].quantity", strictjson.WrongType},
		{"cart", `{"line_items":[],"Line_Items":[]}`, "$.Line_Items", strictjson.Unknown},
		{"cart", `{"line_items":[],"buyer":{"last_name":"4242 4242 4242 4242"}}`, "$.buyer.last_name", strictjson.CardNumber},
		{"add", `{"item":{"id":"m"},"quantity":1,"price":0}`, "$.price", strictjson.Unknown},
		{"add", `{"item":{"id":"m","price":0},"quantity":1}`, "$.item.price", strictjson.Unknown},
		{"quantity", `{"quantity":1,"status":"x"}`, "$.status", strictjson.Unknown},
		{"complete", `{"expected_total":49.9}`, "$.expected_total", strictjson.WrongType},
		{"complete", `{"expected_total":"4990"}`, "$.expected_total", strictjson.WrongType},
		{"complete", `{"payment":{"instruments":[` + instrument("stripe_payment_method", `"4242424242424242"`) + `]}}`,
			"$.payment.instruments[0].credential.token", strictjson.CardNumber},
		{"left", `{"intent_trace":{"reason_code":7}}`, "$.intent_trace.reason_code", strictjson.WrongType},
		{"search", `{"query":"5555555555554444"}`, "$.query", strictjson.CardNumber},
	} {
		err := readers[c.reader](body(t, c.body))
		var e *strictjson.Error
		if !errors.As(err, &e) || e.Path != c.path || e.Kind != c.kind {
			t.Errorf("%s %s: %v", c.reader, c.body, err)
		}
	}
}

func TestNamespace(t *testing.T) {
	t.Parallel()
	for namespace, ok := range map[string]bool{
		"": true, "com.example.shop": true, "no.fjord-fern": true, "com": false, "Com.Example": false, "com..x": false, "com.1x": false,
		"fjord-fern.no": false, "com.example ": false, "com.exa mple.x": false, "c_m.example": false, "com.ex_ample": true, ".com.x": false, "com.x.": false,
	} {
		if _, err := ucp.New(shop(), namespace); (err == nil) != ok {
			t.Errorf("%q: %v", namespace, err)
		}
	}
}
