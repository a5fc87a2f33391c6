package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// ClaimCart implements checkout.PersonStore by one transaction of two items: the claimed cart, and the person or the cart that
// takes in its lines. CodeInvalid unless the claim has exactly one of Person and Into.
func (s *Store) ClaimCart(ctx context.Context, c checkout.Claim) error {
	if (c.Person == nil) == (c.Into == nil) || c.Into != nil && c.Into.CartID == c.CartID {
		return invalid("a claim has a person, or another cart to go into")
	}
	claimed, possible, err := s.claimedUpdate(c)
	if err != nil {
		return failed("encode a claim of cart", c.CartID, err)
	}
	if !possible {
		return s.refused(ctx, c.CartID)
	}
	other := types.TransactWriteItem{}
	if c.Into != nil {
		other.Update, err = s.intoUpdate(c)
	} else {
		other.Put, err = s.personPut(*c.Person)
	}
	if err != nil {
		return failed("encode a claim of cart", c.CartID, err)
	}
	actions := []types.TransactWriteItem{{Update: claimed}, other}
	maybe, err := s.transact(ctx, actions...)
	why := reasons(err)
	if len(why) != len(actions) || reasonCode(why[0]) != conditionFailed && reasonCode(why[1]) != conditionFailed {
		return failed("claim cart", c.CartID, err)
	}
	return failed("claim cart", c.CartID, s.claimRefused(ctx, c, why, maybe))
}

// claimRefused reads why a claim was canceled, and whether by what it has done itself.
func (s *Store) claimRefused(ctx context.Context, c checkout.Claim, why []types.CancellationReason, maybe bool) error {
	conflict := &checkout.Conflict{}
	if reasonCode(why[0]) == conditionFailed {
		if err := cartConflict(why[0].Item, conflict); err != nil {
			return err
		}
		if ourClaim(conflict.Cart, c) {
			return nil
		}
	} else if maybe { // DynamoDB need not name every condition that failed
		there, err := s.Cart(ctx, c.CartID)
		if err == nil && ourClaim(&there, c) {
			return nil
		}
		if err != nil && checkout.ErrorCode(err) != checkout.CodeNotFound {
			return err
		}
	}
	if reasonCode(why[1]) != conditionFailed {
		return conflict
	}
	if c.Person != nil {
		_, err := personConflict(why[1].Item, *c.Person, conflict)
		if err != nil {
			return err
		}
		return conflict
	}
	if conflict.Cart == nil {
		if err := cartConflict(why[1].Item, conflict); err != nil {
			return err
		}
	}
	return conflict
}

func ourClaim(there *checkout.Cart, c checkout.Claim) bool {
	return there != nil && there.Claimed != nil && there.Claimed.Op != "" && there.Claimed.Op == c.Claimed.Op
}

// claimedUpdate hands a cart over; not possible if no cart can satisfy it.
func (s *Store) claimedUpdate(c checkout.Claim) (*types.Update, bool, error) {
	x := &expression{}
	if !x.access(c.Access) {
		return nil, false, nil
	}
	x.openAt(c.Version, instant(c.At))
	k := x.value(hashed(c.Mark.Key))
	x.when("NOT contains(r, "+k+")", "NOT a = "+k)
	x.remember(k, c.Mark.Print)
	x.set = append(x.set, "g = if_not_exists(g, "+x.value(number(0))+") + "+x.value(number(1)))
	x.put("c", text(c.Customer))
	claimed, err := claimedValue(&c.Claimed)
	x.put("q", claimed)
	if c.Into != nil {
		x.put("z", number(1))
	} else {
		x.due(c.Due, c.CartID)
	}
	x.touch(c)
	return s.cartUpdate(c.CartID, x), true, err
}

// intoUpdate puts the lines into the current cart.
func (s *Store) intoUpdate(c checkout.Claim) (*types.Update, error) {
	x := &expression{}
	x.when("c = " + x.value(text(c.Customer)))
	x.openAt(c.Into.Version, instant(c.At))
	x.put("l", mapped(quantities(c.Into.Lines)))
	x.put("o", mapped(places(c.Into.Lines)))
	if c.Into.Codes != nil {
		x.put("w", unlessNone(c.Into.Codes))
	}
	x.due(c.Due, c.Into.CartID)
	x.touch(c)
	if c.Into.Buyer == nil {
		return s.cartUpdate(c.Into.CartID, x), nil
	}
	row, err := rowValue(buyerRow(c.Into.Buyer))
	x.put("b", row)
	return s.cartUpdate(c.Into.CartID, x), err
}

// openAt demands a cart that is open, alive and at a version.
func (x *expression) openAt(version int64, at types.AttributeValue) {
	x.when("attribute_exists(i)", "attribute_not_exists(t)", "attribute_not_exists(z)",
		"(attribute_not_exists(e) OR e >= "+x.value(at)+")", "v = "+x.value(number(version)))
}

func (x *expression) touch(c checkout.Claim) {
	x.set = append(x.set, "v = v + "+x.value(number(1)))
	x.put("u", unlessNever(c.At))
	for name, v := range lifetime(c.ExpiresAt) {
		x.put(name, v)
	}
}

func (s *Store) cartUpdate(id string, x *expression) *types.Update {
	return &types.Update{
		TableName: &s.names.Carts, Key: key(id), ConditionExpression: x.condition(), UpdateExpression: x.update(),
		ExpressionAttributeNames: x.names, ExpressionAttributeValues: x.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// claimedValue is the row as an attribute, also if it holds nothing: that it is there says that the cart was claimed.
func claimedValue(c *checkout.Claimed) (types.AttributeValue, error) {
	data, err := pack(claimedRow(c))
	return text(string(data)), err
}

// claimedRow is how a cart came into its customer's hands.
func claimedRow(c *checkout.Claimed) row {
	return row{of: c, fields: []any{&c.Op, &c.Into, rows[checkout.LineChange]{&c.Changes, changeRow}}}
}

func changeRow(c *checkout.LineChange) row {
	return row{of: c, fields: []any{&c.SKU, &c.Before, &c.Merged}}
}
