package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

type redirectTo struct {
	URL       string `json:"url"`
	ReturnURL text   `json:"return_url"`
	NativeURL text   `json:"native_url,omitempty"`
}

type qrCode struct {
	Data string `json:"data"`
	URL  string `json:"image_url_png"`
	SVG  string `json:"image_url_svg"`
}

type swishAction struct {
	URL string `json:"hosted_instructions_url"`
	QR  qrCode `json:"qr_code"`
}

type weChatAction struct {
	Data string `json:"data"`
	URL  string `json:"hosted_instructions_url"`
	PNG  string `json:"image_url_png"`
	SVG  string `json:"image_url_svg"`
}

type sdkAction struct {
	Source string `json:"source"`
	Page   string `json:"stripe_js"`
	Type   string `json:"type"`
}

// nextAction is what the shopper must do.
type nextAction struct {
	Type     string        `json:"type"`
	Redirect *redirectTo   `json:"redirect_to_url,omitempty"`
	Alipay   *redirectTo   `json:"alipay_handle_redirect,omitempty"`
	Swish    *swishAction  `json:"swish_handle_redirect_or_display_qr_code,omitempty"`
	WeChat   *weChatAction `json:"wechat_pay_display_qr_code,omitempty"`
	SDK      *sdkAction    `json:"use_stripe_sdk,omitempty"`
}

// requireAction sends the shopper to a page of the sandbox. The page belongs to this attempt: an older one goes stale.
func (t *tx) requireAction(row *intentRow, m methodRow) {
	row.Source = t.newID("src")
	page := t.pageURL(row.Source)
	kind := methodKinds[m.Wire.Type]
	row.Wire.Status = needsAction
	row.Wire.NextAction = newAction(kind.action, page, row)
	t.emit("payment_intent.requires_action", row.Wire)
	if kind.life > 0 {
		t.schedule(due{Kind: dueAction, Ref: row.Source, Intent: row.Wire.ID, At: t.now.Add(kind.life)})
	}
}

func newAction(kind, page string, row *intentRow) *nextAction {
	switch kind {
	case "swish_handle_redirect_or_display_qr_code":
		return &nextAction{Type: kind, Swish: &swishAction{URL: page, QR: qrCode{Data: page, URL: page, SVG: page}}}
	case "wechat_pay_display_qr_code":
		return &nextAction{Type: kind, WeChat: &weChatAction{Data: page, URL: page, PNG: page, SVG: page}}
	case "alipay_handle_redirect":
		return &nextAction{Type: kind, Alipay: &redirectTo{URL: page, ReturnURL: text(row.ReturnURL)}}
	}
	// Without an address to return to, or when the caller says it has Stripe's SDK, there is no URL for a browser.
	if row.UseSDK || row.ReturnURL == "" {
		return &nextAction{Type: "use_stripe_sdk", SDK: &sdkAction{Source: row.Source, Page: page, Type: "three_d_secure_redirect"}}
	}
	return &nextAction{Type: "redirect_to_url", Redirect: &redirectTo{URL: page, ReturnURL: text(row.ReturnURL)}}
}

// Authenticate acts for the shopper whom an intent waits for: at the bank's 3-D Secure page, or in the app of a redirect
// method. It fails unless the intent's status is requires_action.
func (p *Provider) Authenticate(id string, succeed bool) error {
	return p.update(p.now(), func(t *tx) error {
		row, ok := t.intents.get(id)
		if !ok {
			return fmt.Errorf("authenticate %s: %w", id, ErrUnknown)
		}
		if row.Wire.Status != needsAction {
			return fmt.Errorf("authenticate %s, which is %s: %w", id, row.Wire.Status, ErrNoAction)
		}
		t.authenticate(&row, succeed)
		t.intents.put(id, row)
		return nil
	})
}

// AuthenticateLater is Authenticate by a shopper who approves, at a bank that takes its time: the intent is processing, and has
// succeeded ten minutes later.
func (p *Provider) AuthenticateLater(id string) error {
	return p.update(p.now(), func(t *tx) error {
		row, ok := t.intents.get(id)
		switch {
		case !ok:
			return fmt.Errorf("authenticate %s: %w", id, ErrUnknown)
		case row.Wire.Status != needsAction:
			return fmt.Errorf("authenticate %s, which is %s: %w", id, row.Wire.Status, ErrNoAction)
		}
		t.authenticateLater(&row)
		t.intents.put(id, row)
		return nil
	})
}

func (t *tx) authenticateLater(row *intentRow) {
	m, _ := t.methods.get(string(row.Wire.PaymentMethod))
	row.Authenticated = true
	t.process(row, m)
}

func (t *tx) authenticate(row *intentRow, succeed bool) {
	m, _ := t.methods.get(string(row.Wire.PaymentMethod))
	switch {
	case !succeed:
		t.refuseAction(row, m)
	case row.Wire.ConfirmationMethod == "manual":
		row.Authenticated, row.Wire.NextAction, row.Wire.Status = true, nil, needsConfirmation
	default:
		row.Authenticated = true
		t.settle(row, m) // a decline is on the intent; nobody waits for it here
	}
}

// refuseAction is a shopper who failed at the bank or turned back. No charge comes of it.
func (t *tx) refuseAction(row *intentRow, m methodRow) {
	if m.Wire.Type != "card" {
		e := invalid("payment_method_customer_decline", "", "The customer did not approve the payment with %s.", m.Wire.Type)
		t.giveBack(row, m, e)
		return
	}
	t.giveBack(row, m, invalid("payment_intent_authentication_failure", "", "The provided PaymentMethod has failed authentication. You can "+
		"provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again."))
}

// expireAction ends an approval that the shopper let lapse, such as Swish's after three minutes.
func (t *tx) expireAction(id, source string) {
	row, ok := t.intents.get(id)
	if !ok || row.Source != source || row.Wire.Status != needsAction {
		return
	}
	m, _ := t.methods.get(string(row.Wire.PaymentMethod))
	t.giveBack(&row, m, invalid("payment_intent_payment_attempt_expired", "",
		"The latest payment attempt of this PaymentIntent has expired."))
	t.intents.put(id, row)
}

func (p *Provider) pageURL(source string) string { return p.baseURL + pagePath + source }

// landing is where the shopper goes from the sandbox's page: the return_url with Stripe's three parameters.
func landing(row intentRow, succeed bool) string {
	status := "failed"
	if succeed {
		status = "succeeded"
	}
	to, err := url.Parse(row.ReturnURL)
	if err != nil || row.ReturnURL == "" {
		return ""
	}
	q := to.Query()
	q.Set("payment_intent", row.Wire.ID)
	q.Set("payment_intent_client_secret", row.Wire.ClientSecret)
	q.Set("redirect_status", status)
	to.RawQuery = q.Encode()
	return to.String()
}

// byAction finds the intent that waits at a page.
func (t *tx) byAction(source string) (found intentRow, ok bool) {
	for _, row := range t.intents.newest {
		if row.Source == source && row.Wire.Status == needsAction {
			return row, true
		}
	}
	return intentRow{}, false
}

const pagePath = "/sandbox/authenticate/"

// servePage shows the bank's page, or acts for the shopper who pressed a button on it.
func (p *Provider) servePage(method, source string, posted url.Values) Answer {
	var row intentRow
	result := posted.Get("result")
	act := method == http.MethodPost
	if act && result != "succeed" && result != "fail" && result != "later" {
		return page(http.StatusBadRequest, "Unknown result", "<p>result must be succeed, fail or later.</p>")
	}
	err := p.update(p.now(), func(t *tx) error {
		var ok bool
		if row, ok = t.byAction(source); !ok {
			return ErrNoAction
		}
		if act {
			changed := row
			if result == "later" {
				t.authenticateLater(&changed)
			} else {
				t.authenticate(&changed, result == "succeed")
			}
			t.intents.put(changed.Wire.ID, changed)
		}
		return nil
	})
	switch {
	case err != nil:
		return page(http.StatusGone, "Nothing to do", "<p>This payment does not wait for you any more.</p>")
	case !act:
		return page(http.StatusOK, "Payment sandbox", actionForm(row))
	}
	to := landing(row, result != "fail")
	if to == "" {
		return page(http.StatusOK, "Done", "<p>You can go back to the shop.</p>")
	}
	a := page(http.StatusSeeOther, "Done", "<p>Back to the shop.</p>")
	a.Header["Location"] = to
	return a
}

func actionForm(row intentRow) string {
	kind := "your bank"
	if row.Wire.NextAction.Type != "use_stripe_sdk" {
		kind = "your bank or app"
	}
	amount := strings.ToUpper(row.Wire.Currency)
	return fmt.Sprintf("<p>This page stands for %s. Approve a payment of %d %s (smallest units)?</p>"+
		"<form method=\"post\"><button name=\"result\" value=\"succeed\">Approve</button> "+
		"<button name=\"result\" value=\"later\">Approve, at a slow bank</button> "+
		"<button name=\"result\" value=\"fail\">Refuse</button></form>", kind, row.Wire.Amount, amount)
}

func page(status int, title, body string) Answer {
	return Answer{Status: status, Header: map[string]string{"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"},
		Body: []byte("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">" +
			"<title>" + title + "</title><h1>" + title + "</h1>" + body + "</html>")}
}
