package checkout

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Carts edits carts and shows the catalogue. Safe for concurrent use.
type Carts struct {
	store   CartStore
	catalog Catalog
	quoter  quoter
	shop    Shop
	tokens  Tokens
	people  PersonStore // nil: nobody signs in
	now     func() time.Time
	newID   func() string
}

// NewCarts returns the service of the cart function. CodeInvalid if something that it needs is missing.
func NewCarts(c Config) (*Carts, error) {
	if c.Carts == nil || c.Catalog == nil || c.Now == nil || c.NewID == nil || len(c.Tokens.secrets) == 0 {
		return nil, invalid("config", "carts need a cart store, a catalog, a clock, ids and token secrets")
	}
	if err := c.Shop.Validate(); err != nil {
		return nil, err
	}
	c.Shop.Durations = c.Shop.Durations.orDefault()
	quoter, err := newQuoter(c)
	if err != nil {
		return nil, err
	}
	return &Carts{
		store: c.Carts, catalog: c.Catalog, quoter: quoter, shop: c.Shop,
		tokens: c.Tokens, people: c.People, now: c.Now, newID: c.NewID,
	}, nil
}

// minGuestKey is the shortest idempotency key of a caller without a principal: the key alone then tells whose replay may
// see the cart's token (design §5). A UUID has 36 characters.
const minGuestKey = 22

// requireKey checks the key of a request that makes or pays something. CodeMissingKey, CodeInvalid.
func (r Request) requireKey() error {
	switch {
	case r.Key == "":
		return &Error{Code: CodeMissingKey, Message: "this request needs an Idempotency-Key header"}
	case len(r.Key) > 255:
		return &Error{Code: CodeInvalid, Message: "Idempotency-Key is longer than 255 characters"}
	case r.Caller.Principal() == "" && len(r.Key) < minGuestKey:
		return &Error{Code: CodeInvalid, Message: "Idempotency-Key of a guest needs at least 22 characters: use a UUID"}
	}
	return nil
}

// mark returns what is remembered of the request; one without a key is remembered under a fresh id, by which its own write
// is recognised when it is retried.
func (r Request) mark(newID func() string) Mark {
	if r.Key == "" {
		return NewMark("write", newID(), "")
	}
	return NewMark("key", r.Key, r.Fingerprint)
}

// Create makes a cart, once for each key; a customer's becomes their current one, unless they have one. Lines that can't be sold
// stay out, with a message; CodeNothingSellable if lines were given and none can be. CodeMissingKey, CodeKeyReused, CodeInvalid;
// CodeNotFound if a customer has claimed the cart since.
func (s *Carts) Create(ctx context.Context, in CreateCartInput) (CartView, error) {
	now := s.now()
	view, err := s.create(ctx, now, "carts", in)
	if err == nil {
		err = s.makeCurrent(ctx, now, view.Cart)
	}
	if err != nil {
		return CartView{}, err
	}
	view.Token = s.tokens.Token(view.Cart.ID, view.Cart.Epoch)
	return view, nil
}

func (s *Carts) create(ctx context.Context, now time.Time, route string, in CreateCartInput) (CartView, error) {
	if err := in.requireKey(); err != nil {
		return CartView{}, err
	}
	lines, err := mergeLines(in.Lines)
	if err != nil {
		return CartView{}, err
	}
	cart := Cart{
		ID: CartID(route, in.Caller.Principal(), in.Key), Version: 1, Epoch: 1, Customer: in.Caller.Customer,
		Currency: s.shop.CurrencyFor(in.Context), Context: s.context(in.Context), Lines: lines,
		CreatedAt: now, UpdatedAt: now, ExpiresAt: s.expiry(now, in.Caller), Due: now.Add(s.shop.Durations.Idle),
		Create: in.mark(s.newID),
	}
	if cart.Codes, err = normalized(in.Codes); err != nil {
		return CartView{}, err
	}
	if in.Buyer != nil {
		cart.Buyer = *in.Buyer
	}
	if len(lines) == 0 {
		cart.ExpiresAt = now.Add(LifeEmptyCart)
	}
	view, err := s.view(ctx, now, cart)
	if err != nil {
		return CartView{}, err
	}
	if err := view.sellable(len(lines)); err != nil {
		return CartView{}, err
	}
	cart.Lines = view.Cart.Lines
	err = s.store.CreateCart(ctx, cart)
	var conflict *Conflict
	if errors.As(err, &conflict) && conflict.Cart != nil {
		return s.replayCreate(ctx, now, *conflict.Cart, cart)
	}
	if err != nil {
		return CartView{}, fmt.Errorf("create cart %s: %w", cart.ID, err)
	}
	return view, nil
}

// replayCreate answers a create whose cart exists: this very request made it, or another one with the same key. A guest's cart
// that a customer has claimed since is no guest's any more, whoever still has the key.
func (s *Carts) replayCreate(ctx context.Context, now time.Time, cart, asked Cart) (CartView, error) {
	if cart.Customer != asked.Customer {
		return CartView{}, cartNotFound(cart.ID)
	}
	if cart.Create.Print != asked.Create.Print {
		return CartView{}, keyReused()
	}
	view, err := s.view(ctx, now, cart)
	view.Replayed = true
	return view, err
}

func keyReused() error {
	return &Error{Code: CodeKeyReused, Message: "this Idempotency-Key was used for another request"}
}

// sellable refuses a request of whose lines none can be sold, and one with more stock-kept products than a commit can hold.
func (v CartView) sellable(asked int) error {
	if asked > 0 && len(v.Cart.Lines) == 0 {
		return nothingSellable(v.Messages)
	}
	return stockLines(v.kept)
}

func nothingSellable(messages []Message) error {
	return &Error{Code: CodeNothingSellable, Message: "none of the lines can be sold", Path: "$.line_items", Messages: messages}
}

func stockLines(kept int) error {
	if kept > MaxStockLines {
		return invalid("$.line_items", "at most 90 of the lines may be products whose stock is kept")
	}
	return nil
}

// Cart shows a cart. CodeNotFound also for somebody else's.
func (s *Carts) Cart(ctx context.Context, caller Caller, id string) (CartView, error) {
	now := s.now()
	cart, err := s.read(ctx, now, caller, id)
	if err != nil {
		return CartView{}, err
	}
	return s.view(ctx, now, cart)
}

func (s *Carts) read(ctx context.Context, now time.Time, caller Caller, id string) (Cart, error) {
	cart, err := s.store.Cart(ctx, id)
	if ErrorCode(err) == CodeNotFound || err == nil && (!s.tokens.Access(caller, id).Allows(cart.Customer, cart.Epoch) || cart.Expired(now)) {
		return Cart{}, cartNotFound(id) // another's is as unknown as none
	}
	if err != nil {
		return Cart{}, fmt.Errorf("read cart %s: %w", id, err)
	}
	return cart, nil
}

func cartNotFound(id string) error {
	return &Error{Code: CodeNotFound, Message: "no cart " + id}
}

// Replace puts other contents into a cart. Lines that can't be sold stay out, with a message. Codes as of edit, and
// CodeNothingSellable.
func (s *Carts) Replace(ctx context.Context, in ReplaceCartInput) (CartView, error) {
	now := s.now()
	lines, err := mergeLines(in.Lines)
	if err != nil {
		return CartView{}, err
	}
	c := s.context(in.Context)
	out, kept, err := s.sell(ctx, lines, c)
	if err != nil {
		return CartView{}, err
	}
	if len(lines) > 0 && len(out.lines) == 0 {
		return CartView{}, nothingSellable(out.messages)
	}
	if err := stockLines(kept); err != nil {
		return CartView{}, err
	}
	codes, err := normalized(in.Codes)
	if err != nil {
		return CartView{}, err
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Replace = &CartContents{Lines: out.lines, Context: c, Buyer: in.Buyer, Codes: codes}
	return s.edit(ctx, now, edit, out.messages...)
}

// AddLine adds to a product's quantity, or its line if there is none. Codes as of edit.
func (s *Carts) AddLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	lines, err := mergeLines([]LineInput{in.Line})
	if err != nil {
		return CartView{}, atPath(err, "$.line_items[0]", "$")
	}
	out, _, err := s.sell(ctx, lines, Context{})
	if err != nil {
		return CartView{}, err
	}
	if len(out.lines) == 0 {
		out.messages[0].Path = "$.item.id"
		return CartView{}, nothingSellable(out.messages)
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Add = &lines[0]
	return s.edit(ctx, now, edit)
}

// SetLine sets a line's quantity. Codes as of edit.
func (s *Carts) SetLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	if in.Line.Quantity < 1 || in.Line.Quantity > MaxQuantity {
		return CartView{}, invalid("$.quantity", "must be between 1 and 999")
	}
	if SKUOfLine(in.LineID) == "" {
		return CartView{}, &Error{Code: CodeNotFound, Message: "the cart has no such line"}
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Set = &LineItem{ID: in.LineID, SKU: SKUOfLine(in.LineID), Quantity: in.Line.Quantity}
	return s.edit(ctx, now, edit)
}

// RemoveLine takes a line out. Codes as of edit.
func (s *Carts) RemoveLine(ctx context.Context, in LineEditInput) (CartView, error) {
	now := s.now()
	if SKUOfLine(in.LineID) == "" {
		return CartView{}, &Error{Code: CodeNotFound, Message: "the cart has no such line"}
	}
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Remove = in.LineID
	return s.edit(ctx, now, edit)
}

// Cancel ends a cart: no, thanks. A canceled cart stays canceled: once more is no error. Codes as of edit.
func (s *Carts) Cancel(ctx context.Context, in CancelCartInput) (CartView, error) {
	now := s.now()
	edit := s.newEdit(now, in.Request, in.CartID)
	edit.Cancel, edit.Left, edit.Due = true, in.Left, time.Time{}
	return s.edit(ctx, now, edit)
}

func (s *Carts) newEdit(now time.Time, r Request, cartID string) CartEdit {
	return CartEdit{
		CartID: cartID, Mark: r.mark(s.newID), At: now, Access: s.tokens.Access(r.Caller, cartID),
		IfVersion: r.IfVersion, ExpiresAt: s.expiry(now, r.Caller), Due: now.Add(s.shop.Durations.Idle),
	}
}

// edit applies an edit in one conditional write. CodeNotFound (also another's cart, or a missing line), CodeCartLocked,
// CodeCartCanceled, CodeVersionConflict, CodeKeyReused, CodeInvalid (too much of something).
func (s *Carts) edit(ctx context.Context, now time.Time, e CartEdit, messages ...Message) (CartView, error) {
	if e.Access == (Access{}) {
		return CartView{}, cartNotFound(e.CartID)
	}
	for range 3 {
		cart, err := s.store.EditCart(ctx, e)
		var conflict *Conflict
		if errors.As(err, &conflict) {
			view, again, err := s.explain(ctx, now, e, conflict.Cart)
			if again {
				continue
			}
			return view, err
		}
		if err != nil {
			return CartView{}, fmt.Errorf("edit cart %s: %w", e.CartID, err)
		}
		view, err := s.view(ctx, now, cart)
		view.Messages = append(messages, view.Messages...)
		return view, err
	}
	return CartView{}, &Error{Code: CodeUnavailable, Message: "the cart is being changed by others"}
}

// explain tells why an edit was refused, from the cart that refused it; again if that cart would now take it.
func (s *Carts) explain(ctx context.Context, now time.Time, e CartEdit, cart *Cart) (view CartView, again bool, err error) {
	if cart == nil || !e.Access.Allows(cart.Customer, cart.Epoch) {
		return CartView{}, false, cartNotFound(e.CartID)
	}
	if mark, ok := cart.Marked(e.Mark.Key); ok {
		if mark.Print != e.Mark.Print {
			return CartView{}, false, keyReused()
		}
		view, err := s.view(ctx, now, *cart)
		view.Replayed = true
		return view, false, err
	}
	switch line, found := cart.Line(lineOf(e)); {
	case cart.Canceled && e.Cancel:
		view, err := s.view(ctx, now, *cart)
		return view, false, err
	case cart.Canceled:
		return CartView{}, false, &Error{Code: CodeCartCanceled, Message: "the cart was canceled"}
	case cart.Session != "":
		return CartView{}, false, &Error{Code: CodeCartLocked, CheckoutID: cart.Session,
			Message: "the cart is being paid, or has been", RetryAfter: s.shop.Durations.Lease}
	case cart.Expired(e.At):
		return CartView{}, false, cartNotFound(e.CartID)
	case e.IfVersion != 0 && e.IfVersion != cart.Version:
		return CartView{}, false, &Error{Code: CodeVersionConflict, Message: "the cart is at version " + strconv.FormatInt(cart.Version, 10)}
	case (e.Set != nil || e.Remove != "") && !found:
		return CartView{}, false, &Error{Code: CodeNotFound, Message: "the cart has no line " + lineOf(e)}
	case e.Add != nil && line.Quantity+e.Add.Quantity > MaxQuantity:
		return CartView{}, false, invalid("$.quantity", "a line holds at most 999; it has "+strconv.FormatInt(line.Quantity, 10))
	case e.Add != nil && !found && len(cart.Lines) >= MaxLines:
		return CartView{}, false, invalid("$.line_items", "a cart holds at most 100 lines")
	}
	return CartView{}, true, nil
}

func lineOf(e CartEdit) string {
	switch {
	case e.Add != nil:
		return e.Add.ID
	case e.Set != nil:
		return e.Set.ID
	}
	return e.Remove
}

// sell keeps the lines that the shop sells at all, whatever the cart's currency, and counts those whose stock is kept.
func (s *Carts) sell(ctx context.Context, lines []LineItem, c Context) (out quoted, kept int, err error) {
	products, err := s.catalog.Products(ctx, skusOf(lines))
	if err != nil {
		return quoted{}, 0, fmt.Errorf("read products: %w", err)
	}
	for i, line := range lines {
		path := linePath(i)
		switch product, ok := products[line.SKU]; {
		case !ok:
			out.messages = append(out.messages, errorMessage(MsgNotFound, SeverityRecoverable, path, "sku", line.SKU))
		case product.Inactive:
			out.messages = append(out.messages, errorMessage(MsgItemUnavailable, SeverityRecoverable, path, "sku", line.SKU,
				"title", product.TitleIn(c.Language)))
		default:
			out.lines = append(out.lines, line)
			if product.Stock != nil {
				kept++
			}
		}
	}
	return out, kept, nil
}

// view shows a cart with an estimated quote. Lines that the catalogue no longer sells are left out of the quote, not of the
// stored cart, with a message.
func (s *Carts) view(ctx context.Context, now time.Time, cart Cart) (CartView, error) {
	out, err := s.quoter.quote(ctx, quoteInput{
		lines: cart.Lines, currency: cart.Currency, country: cart.Context.Country, region: cart.Context.Region,
		cartID: cart.ID, codes: cart.Codes, buyer: cart.Buyer, customer: cart.Customer, known: uses{ask: true}, language: cart.Context.Language, now: now,
	})
	if err != nil {
		return CartView{}, err
	}
	shown := cart
	shown.Lines = out.lines
	messages := append(append(out.messages, keptCurrency(cart.Context, cart.Currency)...), refusedCodes(out.quote)...)
	return CartView{
		Cart: shown, Quote: Quote{Quote: out.quote, CartVersion: cart.Version, PricedAt: now}, Messages: messages,
		kept: len(out.kept),
	}, nil
}

// context keeps the language to one that the shop speaks.
func (s *Carts) context(c Context) Context {
	c.Language = s.shop.Language(c.Language)
	return c
}

func (s *Carts) expiry(now time.Time, c Caller) time.Time {
	if c.Customer != "" {
		return now.Add(LifeCustomerCart)
	}
	return now.Add(LifeGuestCart)
}

var skuPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// ValidSKU reports whether a sku has the form that every product's has.
func ValidSKU(sku string) bool { return len(sku) <= 64 && skuPattern.MatchString(sku) }

// LineID returns the id of a sku's line, and SKUOfLine the way back: a cart has one line per sku, and stores neither twice.
func LineID(sku string) string { return "li_" + sku }

// SKUOfLine returns the sku of a line's id, "" if it is none.
func SKUOfLine(id string) string {
	if len(id) < 4 || id[:3] != "li_" || !ValidSKU(id[3:]) {
		return ""
	}
	return id[3:]
}

// mergeLines makes lines of what was asked for: one per sku, quantities added, in the order of their first mention.
func mergeLines(in []LineInput) ([]LineItem, error) {
	var lines []LineItem
	at := make(map[string]int, len(in))
	for i, l := range in {
		path := linePath(i)
		if !ValidSKU(l.SKU) {
			return nil, invalid(path+".item.id", "is no sku: 1 to 64 of letters, digits, '.', '_' and '-'")
		}
		if l.Quantity < 1 || l.Quantity > MaxQuantity {
			return nil, invalid(path+".quantity", "must be between 1 and 999")
		}
		j, again := at[l.SKU]
		if !again {
			at[l.SKU] = len(lines)
			lines = append(lines, LineItem{ID: LineID(l.SKU), SKU: l.SKU, Quantity: l.Quantity})
			continue
		}
		if lines[j].Quantity += l.Quantity; lines[j].Quantity > MaxQuantity {
			return nil, invalid(path+".quantity", "the lines of one sku add up to more than 999")
		}
	}
	if len(lines) > MaxLines {
		return nil, invalid(linePath(MaxLines), "a cart holds at most 100 lines")
	}
	return lines, nil
}

// atPath moves an error from one place in the request to another.
func atPath(err error, from, to string) error {
	var e *Error
	if errors.As(err, &e) && len(e.Path) >= len(from) && e.Path[:len(from)] == from {
		e.Path = to + e.Path[len(from):]
	}
	return err
}

// Search returns products. Lookup returns those of the skus that exist, in the order asked for.
func (s *Carts) Search(ctx context.Context, q ProductQuery) (ProductPage, error) {
	page, err := s.catalog.Search(ctx, q)
	if err != nil {
		return ProductPage{}, fmt.Errorf("search products: %w", err)
	}
	return page, nil
}

// Lookup returns those of the skus that exist, in the order asked for.
func (s *Carts) Lookup(ctx context.Context, skus []string) ([]Product, error) {
	found, err := s.catalog.Products(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	var products []Product
	for _, sku := range skus {
		if p, ok := found[sku]; ok {
			products = append(products, p)
		}
	}
	return products, nil
}
