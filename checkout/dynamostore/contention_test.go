package dynamostore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"kassa/checkout"
	"kassa/checkout/dynamostore/dynamotest"
)

// weather is what DynamoDB Local knows nothing of: so many of a hundred requests go each of these ways.
func weather(seed uint64, percent int, ways ...dynamotest.Way) func(string) dynamotest.Way {
	chance := rand.New(rand.NewPCG(seed, 1))
	return func(operation string) dynamotest.Way {
		way := ways[chance.IntN(len(ways))]
		if chance.IntN(100) >= percent*len(ways) || way == dynamotest.InProgress && operation != "TransactWriteItems" {
			return dynamotest.Passes
		}
		return way
	}
}

// atOnce makes n calls at the same time and returns their errors.
func atOnce(n int, call func(i int) error) []error {
	errs := make([]error, n)
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			errs[i] = call(i)
		})
	}
	close(gate)
	all.Wait()
	return errs
}

// Twenty writers on one cart, each with ten edits: none is lost, none is doubled, none sees a conflict.
func TestTwentyWritersInBadWeather(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.hostile.Always(weather(1, 10, dynamotest.Throttled, dynamotest.Conflicted, dynamotest.Busy, dynamotest.Unreachable, dynamotest.Failed))
	const writers, edits = 20, 10
	errs := atOnce(writers, func(writer int) error {
		for i := range edits {
			e := n.addition()
			e.Mark = n.mark(fmt.Sprint(writer, "-", i))
			line := lineOf(fmt.Sprint("own-", writer), 1)
			if e.Add = &line; i%2 == 0 {
				shared := lineOf("shared", 1)
				e.Add = &shared
			}
			if _, err := n.store.EditCart(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	n.ok(errors.Join(errs...))
	cart := must(n.calm.Cart(t.Context(), "ct_"+n.id))(n)
	shared, _ := cart.Line(checkout.LineID("shared"))
	if len(cart.Lines) != writers+2 || shared.Quantity != writers*edits/2 || cart.Version != 1+writers*edits {
		t.Fatalf("%d lines, %d in the shared one, version %d", len(cart.Lines), shared.Quantity, cart.Version)
	}
	for _, l := range cart.Lines[1:] {
		if l.SKU != "shared" && l.Quantity != edits/2 {
			t.Fatalf("line %s has %d", l.SKU, l.Quantity)
		}
	}
}

// A shopper's phone sends edit after edit over a line that loses half of the answers: each has its effect once.
func TestEditsWhoseAnswersAreLost(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.hostile.Always(weather(2, 25, dynamotest.Lost, dynamotest.DoneFailed))
	for i := range 30 {
		e := n.addition()
		e.Mark = n.mark(fmt.Sprint(i))
		line := lineOf("mug", 1)
		e.Add = &line
		must(n.store.EditCart(t.Context(), e))(n)
	}
	cart := must(n.calm.Cart(t.Context(), "ct_"+n.id))(n)
	n.same(cart.Lines, []checkout.LineItem{lineOf("mug", 32)})
	n.same(cart.Version, int64(31))
}

// More takers than stock, and a third of all requests goes wrong in some way, also after it was done: exactly what there is gets
// taken, and every taker knows whether it has got it.
func TestTakersInBadWeather(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	const takers, units = 200, 50
	n.ok(n.calm.PutProducts(t.Context(), []checkout.Product{n.product(units)}))
	n.hostile.Always(weather(3, 5, dynamotest.Lost, dynamotest.DoneFailed, dynamotest.InProgress, dynamotest.Throttled,
		dynamotest.Conflicted, dynamotest.Garbled, dynamotest.Unreachable))
	sessions := make([]checkout.Session, takers)
	errs := atOnce(takers, func(i int) error {
		s := n.newSession()
		s.CartID = fmt.Sprint("ct_", n.id, "t", i)
		s.ID, s.Op = checkout.SessionID(s.CartID, 0), fmt.Sprint(n.id, "op", i)
		s.Holds = []checkout.Hold{{SKU: n.sku(), Quantity: 1}}
		sessions[i] = s
		return n.store.Commit(t.Context(), checkout.Commit{Session: s, Stock: []checkout.StockChange{{SKU: n.sku(), Delta: -1}}})
	})
	got := 0
	for i, err := range errs {
		_, stored := n.calm.Session(t.Context(), sessions[i].ID)
		if err == nil {
			got++
			n.ok(stored)
			continue
		}
		n.same(n.conflict(err), &checkout.Conflict{Short: []string{n.sku()}})
		if checkout.ErrorCode(stored) != checkout.CodeNotFound {
			t.Fatalf("taker %d was told that there is no stock, and has a session: %v", i, stored)
		}
	}
	if got != units {
		t.Fatalf("%d takers got one of %d", got, units)
	}
	n.free(0)
}

// One request to pay, sent 200 times at once: one commit, and all learn that it is done.
func TestOneCommitSent200Times(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	n.hostile.Always(weather(4, 5, dynamotest.Lost, dynamotest.InProgress, dynamotest.Conflicted))
	n.ok(errors.Join(atOnce(200, func(int) error { return n.store.Commit(t.Context(), n.payment()) })...))
	wantPaying(n)
}

// 200 different requests to pay one session at once: one wins, and the others see it.
func TestOneOf200CommitsWins(t *testing.T) {
	t.Parallel()
	n := behind(t, fresh(t))
	n.prepared()
	winners := 0
	for _, err := range atOnce(200, func(i int) error {
		c := n.payment()
		c.Session.Op = fmt.Sprint(n.id, "rival", i)
		return n.store.Commit(context.WithoutCancel(t.Context()), c)
	}) {
		if err == nil {
			winners++
		} else if got := n.conflict(err); got.Session == nil || got.Session.Version != 2 {
			t.Fatalf("a loser sees %v", got)
		}
	}
	if winners != 1 {
		t.Fatalf("%d commits of one version succeeded", winners)
	}
	n.free(1)
}
