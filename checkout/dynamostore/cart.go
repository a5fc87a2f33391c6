package dynamostore

import (
	"context"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kassa/checkout"
)

// CreateCart implements checkout.CartStore.
func (s *Store) CreateCart(ctx context.Context, c checkout.Cart) error {
	it, err := encodeCart(c)
	if err != nil {
		return failed("encode cart", c.ID, err)
	}
	maybe, err := s.put(ctx, putVersion(s.names.Carts, it, 1))
	old, refused := refusal(err)
	if !refused {
		return failed("create cart", c.ID, err)
	}
	there, err := decodeCart(old)
	if err != nil {
		return err
	}
	if again, err := encodeCart(there); maybe && err == nil && reflect.DeepEqual(again, it) {
		return nil // an earlier try put it
	}
	return &checkout.Conflict{Cart: &there}
}

// Cart implements checkout.CartStore.
func (s *Store) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	return read(ctx, s, s.names.Carts, "cart", id, decodeCart)
}

// EditCart implements checkout.CartStore. CodeInvalid if the edit has not exactly one effect.
func (s *Store) EditCart(ctx context.Context, e checkout.CartEdit) (checkout.Cart, error) {
	if effects(e) != 1 {
		return checkout.Cart{}, invalid("an edit has exactly one effect")
	}
	update, possible, err := editExpression(e)
	if err != nil {
		return checkout.Cart{}, failed("encode an edit of cart", e.CartID, err)
	}
	if !possible {
		return checkout.Cart{}, s.refused(ctx, e.CartID)
	}
	return s.changeCart(ctx, "edit cart", e.CartID, update, func(there checkout.Cart, maybe bool) bool {
		mark, ok := there.Marked(e.Mark.Key)
		return maybe && ok && mark == e.Mark // an earlier try edited it
	})
}

// refused is the conflict of an edit that no cart would take; it need not be tried.
func (s *Store) refused(ctx context.Context, cartID string) error {
	cart, err := s.Cart(ctx, cartID)
	switch {
	case checkout.ErrorCode(err) == checkout.CodeNotFound:
		return &checkout.Conflict{}
	case err != nil:
		return err
	}
	return &checkout.Conflict{Cart: &cart}
}

func effects(e checkout.CartEdit) int {
	n := 0
	for _, has := range []bool{e.Add != nil, e.Set != nil, e.Remove != "", e.Replace != nil, e.Cancel} {
		if has {
			n++
		}
	}
	return n
}

// editExpression returns an edit's conditions and effects; not possible if no cart can satisfy it.
func editExpression(e checkout.CartEdit) (*expression, bool, error) {
	x := &expression{}
	x.when("attribute_exists(i)", "attribute_not_exists(t)", "attribute_not_exists(z)",
		"(attribute_not_exists(e) OR e >= "+x.value(instant(e.At))+")")
	if !x.access(e.Access) {
		return nil, false, nil
	}
	if e.IfVersion != 0 {
		x.when("v = " + x.value(number(e.IfVersion)))
	}
	if e.Mark.Key != "" {
		k := x.value(hashed(e.Mark.Key))
		x.when("NOT contains(r, "+k+")", "NOT a = "+k)
		x.remember(k, e.Mark.Print)
	}
	x.set = append(x.set, "v = v + "+x.value(number(1)))
	x.put("u", unlessNever(e.At))
	for name, v := range lifetime(e.ExpiresAt) {
		x.put(name, v)
	}
	x.due(e.Due, e.CartID)
	possible, err := x.effect(e)
	return x, possible, err
}

// due has a cart that is never due be so. Where it has a time, writing that again costs nothing: the index stays as it is.
func (x *expression) due(at time.Time, cartID string) {
	if !at.IsZero() {
		x.set = append(x.set, "s = if_not_exists(s, "+x.value(text(shardOf("", cartID)))+")",
			"d = if_not_exists(d, "+x.value(blob(dueKey(at, cartID)))+")")
	}
}

// access demands what checkout.Access.Allows does; false if nothing was proved.
func (x *expression) access(a checkout.Access) bool {
	owner, guest := "", ""
	if a.Customer != "" {
		owner = "c = " + x.value(text(a.Customer))
	}
	if a.Epoch > 0 {
		guest = "(attribute_not_exists(c) AND g = " + x.value(number(a.Epoch)) + ")"
	}
	switch {
	case owner != "" && guest != "":
		x.when("(" + owner + " OR " + guest + ")")
	case owner+guest != "":
		x.when(owner + guest)
	}
	return owner+guest != ""
}

// remember puts a mark at the end of the lists and drops the oldest.
func (x *expression) remember(key, print string) {
	x.set = append(x.set, "r[99] = "+key, "p[99] = "+x.value(hashed(print)))
	x.remove = append(x.remove, "r[0]", "p[0]")
}

func (x *expression) effect(e checkout.CartEdit) (possible bool, err error) {
	switch {
	case e.Add != nil:
		return x.add(*e.Add), nil
	case e.Set != nil:
		line := "l." + x.name(lineKey(e.Set.ID))
		x.when("attribute_exists(" + line + ")")
		x.set = append(x.set, line+" = "+x.value(number(e.Set.Quantity)))
	case e.Remove != "":
		line := "l." + x.name(lineKey(e.Remove))
		x.when("attribute_exists(" + line + ")")
		x.remove = append(x.remove, line, "o."+x.name(slot(e.Remove)))
	case e.Replace != nil:
		return true, x.replace(*e.Replace)
	case e.Cancel:
		x.set = append(x.set, "z = "+x.value(number(1)))
		if e.Left != "" {
			x.put("L", text(e.Left))
		}
	}
	return true, nil
}

// add adds to a line or makes it, as long as the sum and the number of lines stay within bounds.
func (x *expression) add(l checkout.LineItem) bool {
	if l.Quantity > checkout.MaxQuantity || l.Quantity < checkout.MaxQuantity-math.MaxInt64 {
		return false
	}
	line, place := "l."+x.name(lineKey(l.ID)), "o."+x.name(slot(l.ID))
	x.when("(" + line + " <= " + x.value(number(checkout.MaxQuantity-l.Quantity)) +
		" OR (attribute_not_exists(" + line + ") AND size(l) < " + x.value(number(checkout.MaxLines)) + "))")
	x.set = append(x.set,
		line+" = if_not_exists("+line+", "+x.value(number(0))+") + "+x.value(number(l.Quantity)),
		place+" = if_not_exists("+place+", v)")
	return true
}

func (x *expression) replace(with checkout.CartContents) error {
	x.put("l", mapped(quantities(with.Lines)))
	x.put("o", mapped(places(with.Lines)))
	if with.Codes != nil {
		x.put("w", unlessNone(with.Codes))
	}
	if with.Buyer != nil {
		if err := x.putRow("b", buyerRow(with.Buyer)); err != nil {
			return err
		}
	}
	return x.putRow("k", contextRow(&with.Context))
}

func (x *expression) putRow(name string, r row) error {
	value, err := rowValue(r)
	x.put(name, value)
	return err
}

// round is the attribute value of a round that a cart must be in; absent is 0.
func (x *expression) atRound(round int) {
	if round == 0 {
		x.when("attribute_not_exists(n)")
		return
	}
	x.when("n = " + x.value(&types.AttributeValueMemberN{Value: strconv.Itoa(round)}))
}
