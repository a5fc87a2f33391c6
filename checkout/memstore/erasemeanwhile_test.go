package memstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
)

// remember has the history take in an order, as the outbox does.
func remember(t *testing.T, store *failing, s checkout.Session) error {
	t.Helper()
	return checkout.HistoryConsumer{History: store.Store}.Consume(t.Context(), checkout.OutboxItem{Session: s})
}

// An order that is placed while its buyer is being erased is told as what waits, and found by the next request.
func TestErasureSeesOrdersPlacedMeanwhile(t *testing.T) {
	t.Parallel()
	store := &failing{Store: memstore.New()}
	known(t, store.Store)
	store.meanwhile = map[string]func(string){"RemovePerson": func(string) {
		late := bought()
		late.ID, late.CartID, late.Version, late.Order.ID = "cs_late_0", "ct_late", 1, "or_late_0"
		must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: late}),
			checkout.HistoryConsumer{History: store.Store}.Consume(t.Context(), checkout.OutboxItem{Session: late}))
		store.meanwhile = nil
	}}
	people := newPeople(t, store)
	erased, _, err := people.Erase(t.Context(), ada)
	late := merchant.Waiting{SessionID: "cs_late_0", OrderID: "or_late_0", Why: checkout.WaitTelling}
	if err != nil || erased.Done || len(erased.Waiting) != 1 || erased.Waiting[0] != late {
		t.Fatalf("with an order placed meanwhile: %+v, %v", erased, err)
	}
	again := ada
	again.Request = "k2"
	if erased, _, err = people.Erase(t.Context(), again); err != nil || !erased.Done || erased.Sessions != 1 {
		t.Errorf("again: %+v, %v", erased, err)
	}
	if late, err := store.Session(t.Context(), "cs_late_0"); err != nil || late.Buyer.Email != "" || late.Customer != "" {
		t.Errorf("the order still knows %+v, %v", late.Buyer, err)
	}
}

// An order that the history doesn't have yet is found by its notices; a checkout that is opened while its cart is being removed goes
// with it.
func TestErasureWhileCheckoutsRun(t *testing.T) {
	t.Parallel()
	store := &failing{Store: memstore.New()}
	known(t, store.Store)
	fresh := bought()
	fresh.ID, fresh.CartID, fresh.Version, fresh.Order.ID = "cs_fresh_0", "ct_fresh", 1, "or_fresh_0"
	fresh.Notices = map[string]checkout.Notice{"n": {Kind: checkout.NoticeOrderPlaced}}
	must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: fresh}))
	store.meanwhile = map[string]func(string){"EraseCart": func(id string) {
		if id == "ct_beside" {
			opened := others()[1]
			opened.ID, opened.CartID, opened.Round, opened.Version = "cs_beside_0", "ct_beside", 0, 1
			must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: opened}))
		}
	}}
	people := newPeople(t, store)
	erased, _, err := people.Erase(t.Context(), ada)
	waiting := merchant.Waiting{SessionID: "cs_fresh_0", OrderID: "or_fresh_0", Why: checkout.WaitTelling}
	if err != nil || erased.Done || len(erased.Waiting) != 1 || erased.Waiting[0] != waiting {
		t.Fatalf("with an order that nobody was told of: %+v, %v", erased, err)
	}
	opened, err := store.Session(t.Context(), "cs_beside_0")
	if err != nil || opened.Buyer.Email != "" || opened.Status != checkout.StatusCanceled {
		t.Errorf("the checkout that was just opened is %s, of %+v, %v", opened.Status, opened.Buyer, err)
	}
}

// A search that takes longer than a request goes on in the next, and what waits is looked for again.
func TestErasureGoesOn(t *testing.T) {
	t.Parallel()
	store := &failing{Store: memstore.New()}
	for i := range 1100 {
		c := checkout.Cart{ID: fmt.Sprintf("ct_%04d", i), Version: 1, Buyer: checkout.Buyer{Email: "bo@example.com"}}
		if i%400 == 399 {
			c.Buyer.Email = email
		}
		must(t, store.CreateCart(t.Context(), c))
	}
	paying := others()[1]
	paying.ID, paying.CartID, paying.Round, paying.Version, paying.Attempt = "cs_0799_0", "ct_0799", 0, 1, &checkout.Attempt{N: 1}
	must(t, store.Commit(t.Context(), checkout.Commit{Session: paying}))
	people := newPeople(t, store)
	hasty, cancel := context.WithTimeout(t.Context(), 13*time.Second) // less than what is kept to do something with what is found
	defer cancel()
	exported, err := people.Export(hasty, asking(ada.Whose, ""))
	if err != nil || len(exported.Carts) != 1 || exported.Next == "" {
		t.Fatalf("exported are %d carts, the next from %q, %v", len(exported.Carts), exported.Next, err)
	}
	in, carts := ada, 0
	for i := range 10 {
		in.Request = fmt.Sprintf("k%d", i)
		erased, _, err := people.Erase(hasty, in)
		must(t, err)
		carts += erased.Carts
		if len(erased.Waiting) > 0 {
			if erased.Done || erased.Next != in.From || erased.Waiting[0].SessionID != paying.ID {
				t.Fatalf("while one pays: %+v", erased)
			}
			paying.Attempt, paying.Version, paying.Op = nil, paying.Version+1, "over"
			must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: paying}))
			continue
		}
		if erased.Done {
			if i < 3 || carts != 2 {
				t.Errorf("done in %d requests, with %d carts", i+1, carts)
			}
			break
		}
		in.From = erased.Next
	}
	if exported, err = people.Export(t.Context(), asking(ada.Whose, "")); err != nil || len(exported.Carts)+len(exported.Sessions) != 0 {
		t.Errorf("left are %d carts and %d sessions, %v", len(exported.Carts), len(exported.Sessions), err)
	}
	if _, err := people.Export(t.Context(), asking(ada.Whose, "ct_0500")); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("a cursor of nobody's: %v", err)
	}
	cy := merchant.ErasePerson{Key: "root", Request: "k", Whose: merchant.Whose{Email: "cy@example.com"}, From: "x"}
	if _, _, err := people.Erase(t.Context(), cy); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("a cursor of nobody's: %v", err)
	}
	if c, err := store.Contacts(t.Context(), []string{checkout.PersonOfEmail("cy@example.com")}); err != nil || len(c) > 0 {
		t.Errorf("refused, and done: %v, %v", c, err)
	}
}

// What was erased before is not gone through again, so that whoever has more orders than a request has time for gets to the end.
func TestErasureOfManyOrders(t *testing.T) {
	t.Parallel()
	store := &failing{Store: memstore.New()}
	for i := range 30 {
		s := bought()
		s.ID, s.CartID, s.Version = fmt.Sprintf("cs_%d_0", i), fmt.Sprintf("ct_%d", i), 1
		s.Order.ID = checkout.OrderID(s.ID)
		must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: s}), remember(t, store, s))
	}
	people := newPeople(t, store)
	store.at = 70 // as if time were up
	if _, _, err := people.Erase(t.Context(), ada); err == nil {
		t.Fatal("nothing went wrong")
	}
	before := store.reads
	erased, _, err := people.Erase(t.Context(), ada)
	if each := 7; err != nil || !erased.Done || erased.Sessions < 5 || erased.Sessions > 25 || store.reads-before != each*erased.Sessions {
		t.Errorf("the rest: %+v with %d reads after %d, %v", erased, store.reads-before, before, err)
	}
}
