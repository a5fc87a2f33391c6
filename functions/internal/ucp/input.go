package ucp

import (
	"strings"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/checkout/recovery"
	"kassa/functions/internal/strictjson"
)

// Body is a parsed request body.
type Body = strictjson.Value

// CartInput reads the body of POST /carts. Its context's language is fallback where the body names none.
func CartInput(body Body, fallback string) (checkout.CreateCartInput, error) {
	form, err := cartBody(body)
	if err != nil {
		return checkout.CreateCartInput{}, err
	}
	in := checkout.CreateCartInput{Lines: lines(form.Lines), Context: contextOf(form.Context), Buyer: buyerOf(form.Buyer),
		Codes: form.Discounts.typed()}
	if in.Context.Language == "" {
		in.Context.Language = fallback
	}
	return in, nil
}

// ReplaceInput reads the body of PUT /carts/{id}.
func ReplaceInput(body Body, fallback string) (checkout.ReplaceCartInput, error) {
	in, err := CartInput(body, fallback)
	return checkout.ReplaceCartInput{Lines: in.Lines, Context: in.Context, Buyer: in.Buyer, Codes: in.Codes}, err
}

func cartBody(body Body) (cartForm, error) {
	var form cartForm
	if err := decode(body, &form, strictjson.Mode{}); err != nil {
		return cartForm{}, err
	}
	if form.Lines == nil {
		return cartForm{}, missing("$.line_items")
	}
	return form, nil
}

// AddInput reads the body of POST /carts/{id}/line-items, a route of ours: it refuses what it doesn't know.
func AddInput(body Body) (checkout.LineInput, error) {
	var form lineForm
	if err := decode(body, &form, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return checkout.LineInput{}, err
	}
	return lines([]lineForm{form})[0], nil
}

// QuantityInput reads the body of PATCH /carts/{id}/line-items/{line}, a route of ours.
func QuantityInput(body Body) (int64, error) {
	var form quantityForm
	if err := decode(body, &form, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return 0, err
	}
	return *form.Quantity, nil
}

// ClaimInput reads the body of POST /carts/{id}/claim, a route of ours: the guest's token, "" where a customer claims a cart that
// is theirs already.
func ClaimInput(body Body) (string, error) {
	var form claimForm
	err := decode(body, &form, strictjson.Mode{RefuseUnknown: true})
	return value(form.AccessToken), err
}

// WithdrawInput reads the body of POST /orders/{id}/withdrawals, a route of ours; without lines it is all of the order.
func WithdrawInput(body Body) (checkout.WithdrawInput, error) {
	var form withdrawalForm
	if err := decode(body, &form, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return checkout.WithdrawInput{}, err
	}
	in := checkout.WithdrawInput{Reason: value(form.Reason)}
	for _, l := range form.Lines {
		in.Lines = append(in.Lines, checkout.LineQuantity{LineID: *l.ID, Quantity: *l.Quantity})
	}
	return in, nil
}

// LeftInput reads the body of a cancel, of a cart or a session: why the shopper left, "" if it has none or doesn't tell. A reason that
// we don't know is another one: nobody is kept from leaving because their app is newer than we are (ACP's RFC of intent traces, 7.2).
func LeftInput(body Body) (string, error) {
	if body.Type() != strictjson.Object {
		return "", nil
	}
	var form cancelForm
	if err := decode(body, &form, strictjson.Mode{}); err != nil || form.Trace == nil {
		return "", err
	}
	if reason := *form.Trace.Reason; recovery.Reason(reason).Reportable() {
		return reason, nil
	}
	return string(recovery.ReasonOther), nil
}

// DeviceInput reads the body of PUT /devices/{id}, a route of ours.
func DeviceInput(body Body, id string) (recovery.DeviceInput, error) {
	var form deviceForm
	if err := decode(body, &form, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return recovery.DeviceInput{}, err
	}
	in := recovery.DeviceInput{
		ID: id, CartID: value(form.CartID), Token: value(form.Token), Platform: *form.Platform, Permission: *form.Permission,
		Locale: value(form.Locale), Zone: value(form.Zone),
	}
	if form.Consent != nil {
		in.Marketing, in.Wording = form.Consent.Marketing, value(form.Consent.Wording)
	}
	return in, nil
}

// ReturnInput reads the body of POST /recoveries, a route of ours.
func ReturnInput(body Body) (recovery.ReturnInput, error) {
	var form returnForm
	if err := decode(body, &form, strictjson.Mode{RefuseUnknown: true}); err != nil {
		return recovery.ReturnInput{}, err
	}
	return recovery.ReturnInput{Token: *form.Token, Device: *form.Device, CartID: value(form.CartID)}, nil
}

// SearchInput reads the body of POST /catalog/search.
func SearchInput(body Body) (checkout.ProductQuery, checkout.Context, error) {
	var form searchForm
	if err := decode(body, &form, strictjson.Mode{}); err != nil {
		return checkout.ProductQuery{}, checkout.Context{}, err
	}
	q := checkout.ProductQuery{Text: value(form.Query), Limit: 10} // types/pagination.json
	if form.Filters != nil {
		q.Categories = form.Filters.Categories
	}
	if p := form.Pagination; p != nil {
		q.Cursor = value(p.Cursor)
		if p.Limit != nil {
			q.Limit = int(min(*p.Limit, 100))
		}
	}
	return q, contextOf(form.Context), nil
}

// LookupInput reads the body of POST /catalog/lookup.
func LookupInput(body Body) ([]string, checkout.Context, error) {
	var form lookupForm
	if err := decode(body, &form, strictjson.Mode{}); err != nil {
		return nil, checkout.Context{}, err
	}
	return form.IDs, contextOf(form.Context), nil
}

// ProductInput reads the body of POST /catalog/product. Selections of options are ignored: no product has any.
func ProductInput(body Body) (string, checkout.Context, error) {
	var form productForm
	if err := decode(body, &form, strictjson.Mode{}); err != nil {
		return "", checkout.Context{}, err
	}
	return *form.ID, contextOf(form.Context), nil
}

// Language returns the language that a body asks for in its context, "" for none.
func Language(body Body) string {
	c, _ := body.Field("context")
	l, _ := c.Field("language")
	return l.Text()
}

// lines keeps nil apart from empty: nil says that lines were not mentioned.
func lines(list []lineForm) []checkout.LineInput {
	if list == nil {
		return nil
	}
	out := make([]checkout.LineInput, len(list))
	for i, l := range list {
		out[i] = checkout.LineInput{SKU: *l.Item.ID, Quantity: *l.Quantity}
	}
	return out
}

func buyerOf(f *buyerForm) *checkout.Buyer {
	if f == nil {
		return nil
	}
	return &checkout.Buyer{
		Email: value(f.Email), FirstName: value(f.FirstName), LastName: value(f.LastName), Phone: phone(value(f.Phone)),
		Consent: consentOf(f.Consent), VATID: pricing.NormalizeVATID(value(f.VATID)),
	}
}

// typed are the codes as they came, nil where none were mentioned.
func (f *discountForm) typed() []string {
	if f == nil {
		return nil
	}
	return f.Codes
}

func consentOf(f *consentForm) *checkout.Consent {
	if f == nil {
		return nil
	}
	c := checkout.Consent(*f)
	return &c
}

func contextOf(f *contextForm) checkout.Context {
	if f == nil {
		return checkout.Context{}
	}
	return checkout.Context{
		Country: strings.ToUpper(value(f.Country)), Region: value(f.Region), PostalCode: value(f.PostalCode),
		Language: value(f.Language), Currency: strings.ToUpper(value(f.Currency)), Platform: value(f.Platform),
	}
}

// phone takes out what people put between the digits.
func phone(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
