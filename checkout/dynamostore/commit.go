package dynamostore

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// maxActions is how much DynamoDB writes in one transaction.
const maxActions = 100

// Commit implements checkout.SessionStore. A session alone is written by itself, for half of what a transaction costs.
// CodeInvalid for more than DynamoDB writes at once, or a sku or key named twice.
func (s *Store) Commit(ctx context.Context, c checkout.Commit) error {
	if err := fits(c); err != nil {
		return err
	}
	session, err := encodeSession(c.Session)
	if err != nil {
		return failed("encode session", c.Session.ID, err)
	}
	t := transaction{store: s, commit: c, session: session}
	return failed("commit session", c.Session.ID, t.run(ctx))
}

func fits(c checkout.Commit) error {
	actions := 1 + len(c.Stock) + len(c.Redemptions)
	if c.Cart != nil {
		actions++
	}
	if actions > maxActions {
		return invalid("a commit has at most 100 actions")
	}
	seen := make(map[string]bool, len(c.Stock))
	for _, change := range c.Stock {
		if seen[change.SKU] {
			return invalid("a commit moves the stock of a sku once: " + change.SKU)
		}
		seen[change.SKU] = true
	}
	return distinct(c.Redemptions)
}

// transaction is a commit under way.
type transaction struct {
	store   *Store
	commit  checkout.Commit
	session item
	maybe   bool // a try may have taken effect
}

func (t *transaction) run(ctx context.Context) error {
	for {
		if t.commit.Cart == nil && len(t.commit.Stock) == 0 && len(t.commit.Redemptions) == 0 {
			return t.alone(ctx)
		}
		nothing, err := t.together(ctx)
		if err != nil || nothing.empty() {
			return err
		}
		t.commit.Stock = without(t.commit.Stock, nothing.stock)
		t.commit.Redemptions = notCounted(t.commit.Redemptions, nothing.redemptions)
	}
}

// void are changes that have nothing to change: stock of products that are gone or no longer kept, by sku, and uses given back that
// nobody has counted, by key.
type void struct{ stock, redemptions []string }

func (v void) empty() bool { return len(v.stock) == 0 && len(v.redemptions) == 0 }

func (t *transaction) put() *types.Put {
	return putVersion(t.store.names.Sessions, t.session, t.commit.Session.Version)
}

func (t *transaction) alone(ctx context.Context) error {
	_, err := t.store.put(ctx, t.put())
	old, refused := refusal(err)
	if !refused {
		return err
	}
	conflict := &checkout.Conflict{}
	if ours, err := t.refusedBy(old, conflict); ours || err != nil {
		return err
	}
	return conflict
}

// refusedBy takes in the session that refused the commit, unless it is the one that the commit itself has written.
func (t *transaction) refusedBy(old item, conflict *checkout.Conflict) (ours bool, err error) {
	if old == nil {
		return false, nil
	}
	session, err := decodeSession(old)
	if err != nil {
		return false, err
	}
	if session.Op != "" && session.Op == t.commit.Session.Op {
		return true, nil
	}
	conflict.Session = &session
	return false, nil
}

// together writes session, cart, stock and redemptions in one transaction. Without what has nothing to change the commit is to be
// tried again.
func (t *transaction) together(ctx context.Context) (void, error) {
	actions, err := t.actions()
	if err != nil {
		return void{}, err
	}
	maybe, err := t.store.transact(ctx, actions...)
	t.maybe = t.maybe || maybe
	if why := reasons(err); len(why) == len(actions) && t.conditional(why) {
		return t.refused(ctx, why)
	}
	return void{}, err
}

func (t *transaction) actions() ([]types.TransactWriteItem, error) {
	actions := []types.TransactWriteItem{{Put: t.put()}}
	if t.commit.Cart != nil {
		action, err := t.store.cartAction(*t.commit.Cart, t.commit.Session.ID)
		if err != nil {
			return nil, err
		}
		actions = append(actions, action)
	}
	for _, change := range t.commit.Stock {
		actions = append(actions, types.TransactWriteItem{Update: t.store.stockUpdate(change)})
	}
	for _, change := range t.commit.Redemptions {
		actions = append(actions, types.TransactWriteItem{Update: t.store.redemptionUpdate(change)})
	}
	return actions, nil
}

const conditionFailed = "ConditionalCheckFailed"

// conditional reports whether a transaction was canceled by conditions, and by nothing that is wrong with it.
func (t *transaction) conditional(why []types.CancellationReason) bool {
	failed := false
	for _, r := range why {
		switch reasonCode(r) {
		case conditionFailed:
			failed = true
		case "ValidationError", "ItemCollectionSizeLimitExceeded":
			return false
		}
	}
	return failed
}

// refused reads why a transaction was canceled: reasons stand in the order of its actions.
func (t *transaction) refused(ctx context.Context, why []types.CancellationReason) (nothing void, err error) {
	conflict, decided := &checkout.Conflict{}, false
	if reasonCode(why[0]) == conditionFailed {
		if ours, err := t.refusedBy(why[0].Item, conflict); ours || err != nil {
			return void{}, err
		}
		decided = true
	}
	rest := why[1:]
	if t.commit.Cart != nil {
		if reasonCode(rest[0]) == conditionFailed {
			if err := cartConflict(rest[0].Item, conflict); err != nil {
				return void{}, err
			}
			decided = true
		}
		rest = rest[1:]
	}
	kept := len(t.commit.Stock)
	nothing.stock, conflict.Short, err = t.refusedStock(ctx, rest[:kept])
	if err != nil {
		return void{}, err
	}
	nothing.redemptions, conflict.Used = t.refusedRedemptions(rest[kept:])
	if !decided && len(conflict.Short) == 0 && len(conflict.Used) == 0 {
		return nothing, nil
	}
	if ours, err := t.tookEffect(ctx, why[0]); ours || err != nil {
		return void{}, err
	}
	return void{}, conflict
}

func cartConflict(old item, conflict *checkout.Conflict) error {
	if old == nil {
		return nil
	}
	cart, err := decodeCart(old)
	conflict.Cart = &cart
	return err
}

// tookEffect looks whether a try whose answer was lost has made the commit that another try was refused, where the refusal
// doesn't show it: DynamoDB need not name every condition that failed.
func (t *transaction) tookEffect(ctx context.Context, session types.CancellationReason) (bool, error) {
	if !t.maybe || reasonCode(session) == conditionFailed {
		return false, nil
	}
	there, err := t.store.Session(ctx, t.commit.Session.ID)
	if checkout.ErrorCode(err) == checkout.CodeNotFound {
		return false, nil
	}
	return there.Op != "" && there.Op == t.commit.Session.Op, err
}

// cartAction is a commit's change of its cart: a mere condition if there is nothing to change.
func (s *Store) cartAction(c checkout.CartChange, sessionID string) (types.TransactWriteItem, error) {
	x := &expression{}
	x.when("attribute_exists(i)")
	if c.Holder == "" {
		x.when("attribute_not_exists(t)", "attribute_not_exists(z)")
	} else {
		x.when("t = " + x.value(text(c.Holder)))
	}
	if c.Version != 0 {
		x.when("v = " + x.value(number(c.Version)))
	}
	x.atRound(c.Round)
	switch {
	case c.Lock:
		x.put("t", text(sessionID))
	case c.Release:
		x.put("t", nil)
	}
	if len(c.Declines) > 0 {
		x.put("D", instants(c.Declines))
	}
	if c.NextRound {
		x.set = append(x.set, "n = "+x.value(number(int64(c.Round)+1)))
	}
	if c.NextRound || c.Replace != nil {
		x.due(c.Due, c.CartID)
	}
	if c.Replace != nil {
		if err := x.replaceBySession(c); err != nil {
			return types.TransactWriteItem{}, fmt.Errorf("encode cart %s: %w", c.CartID, err)
		}
	}
	all := types.ReturnValuesOnConditionCheckFailureAllOld
	if x.update() == nil {
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.names.Carts, Key: key(c.CartID), ConditionExpression: x.condition(),
			ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: all,
		}}, nil
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &s.names.Carts, Key: key(c.CartID), ConditionExpression: x.condition(), UpdateExpression: x.update(),
		ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: all,
	}}, nil
}

func (x *expression) replaceBySession(c checkout.CartChange) error {
	x.set = append(x.set, "v = v + "+x.value(number(1)))
	x.put("u", unlessNever(c.At))
	for name, v := range lifetime(c.ExpiresAt) {
		x.put(name, v)
	}
	if c.Mark.Key != "" {
		x.remember(x.value(hashed(c.Mark.Key)), c.Mark.Print)
	}
	return x.replace(*c.Replace)
}

func without(changes []checkout.StockChange, void []string) []checkout.StockChange {
	return slices.DeleteFunc(slices.Clone(changes), func(c checkout.StockChange) bool { return slices.Contains(void, c.SKU) })
}

// stockUpdate takes or gives back stock, of a product whose stock is kept.
func (s *Store) stockUpdate(c checkout.StockChange) *types.Update {
	x := &expression{}
	x.set = append(x.set, "q = q + "+x.value(number(c.Delta)))
	x.when("attribute_exists(q)")
	if c.Delta < 0 {
		x.when("q >= " + x.value(number(-c.Delta)))
	}
	return &types.Update{
		TableName: &s.names.Stock, Key: key(c.SKU), UpdateExpression: x.update(), ConditionExpression: x.condition(),
		ExpressionAttributeValues: x.values, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// refusedStock sorts the stock changes that failed: short are those of which less is free, void those of products whose stock
// isn't kept, or that take back nothing because they are gone.
func (t *transaction) refusedStock(ctx context.Context, why []types.CancellationReason) (void, short []string, err error) {
	var unknown []string
	for i, r := range why {
		change := t.commit.Stock[i]
		switch {
		case reasonCode(r) != conditionFailed:
		case r.Item != nil:
			short = append(short, change.SKU)
		case change.Delta > 0:
			void = append(void, change.SKU)
		default:
			unknown = append(unknown, change.SKU)
		}
	}
	if len(unknown) == 0 {
		return void, short, nil
	}
	keys := make([]item, len(unknown))
	for i, sku := range unknown {
		keys[i] = key(sku)
	}
	found, err := t.store.batch(ctx, map[string][]item{t.store.names.Products: keys}, true)
	there := map[string]bool{}
	for _, it := range found[t.store.names.Products] {
		there[(&stored{item: it}).text("i")] = true
	}
	for _, sku := range unknown {
		if there[sku] {
			void = append(void, sku)
		} else {
			short = append(short, sku)
		}
	}
	return void, short, err
}
