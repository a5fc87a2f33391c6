package memstore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/checkout/memstore"
	"kassa/checkout/merchant"
	"kassa/payments/money"
)

var ada = merchant.ErasePerson{Key: "root", Request: "k1", Fingerprint: "f", Whose: merchant.Whose{Email: " ~ADA~@example.com", Customer: customer}}

// Whatever write goes wrong, who asks again ends with nothing of the person left but what stays.
func TestErasedPeopleLeaveNoTrace(t *testing.T) {
	t.Parallel()
	filled := filepath.Join(t.TempDir(), "store")
	inner, err := memstore.Open(filled)
	must(t, err)
	known(t, inner)
	must(t, inner.Close())
	writes := eraseDespite(t, filled, 0, false)
	if writes < 25 {
		t.Errorf("only %d writes were tried", writes)
	}
	for at := 1; at <= writes; at++ {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, lost %t", at, lost), func(t *testing.T) {
				t.Parallel()
				eraseDespite(t, filled, at, lost)
			})
		}
	}
}

// eraseDespite has Ada erased from a copy of a store, one of whose writes goes wrong, until nothing is left, and returns how many
// writes the first request made.
func eraseDespite(t *testing.T, filled string, at int, lost bool) (writes int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store")
	data, err := os.ReadFile(filled)
	must(t, err, os.WriteFile(path, data, 0o600))
	inner, err := memstore.Open(path)
	must(t, err)
	store := &failing{Store: inner, at: at, lost: lost}
	people := newPeople(t, store)
	erased, _, err := people.Erase(t.Context(), ada)
	if writes = store.writes; at == 0 && (err != nil || !erased.Done || erased.Sessions != 4 || erased.Carts != 6 || erased.Provider != "~Person.Provider~") {
		t.Fatalf("erased: %+v, %v", erased, err)
	}
	if erased, _, err = people.Erase(t.Context(), ada); err != nil || !erased.Done {
		t.Fatalf("the repetition tells %+v, %v", erased, err)
	}
	again, reads := ada, store.reads
	again.Request = "k2"
	if second, _, err := people.Erase(t.Context(), again); err != nil || !second.Done || second.Sessions != 0 || second.Carts != 0 || store.reads != reads {
		t.Errorf("once more, there was left %+v, for which %d records were read, %v", second, store.reads-reads, err)
	}
	if want := []string{"~Session.Intent.Customer~", "~Session.Wallet.Customer~", "~Person.Provider~"}; !slices.Equal(unique(store.deleted), want) {
		t.Errorf("deleted at the provider are %v, want %v", store.deleted, want)
	}
	open, err := inner.Session(t.Context(), "cs_now_1")
	if err != nil || open.Status != checkout.StatusCanceled || open.Watch != (checkout.Watch{}) || open.Epoch < 2 {
		t.Errorf("the open session is %+v, %v", open, err)
	}
	order, err := inner.Session(t.Context(), "cs_bought_0")
	if err != nil || !reflect.DeepEqual(order.Quote, bought().Quote) || order.Order.Amount != bought().Order.Amount || !order.Order.PlacedAt.Equal(placedAt) {
		t.Errorf("the order lost what accounts need: %+v, %v", order, err)
	}
	records, _, err := inner.Records(t.Context(), 10, "")
	if err != nil || len(records) != 2 || records[1].Outcome != merchant.OutcomeDone && at != writes {
		t.Errorf("records %+v, %v", records, err)
	}
	must(t, inner.Close())
	for _, mark := range marks.FindAllString(content(t, path), -1) {
		name := strings.Trim(mark, "~")
		kept := slices.ContainsFunc(stays, func(s string) bool { return name == s || strings.HasPrefix(name, strings.TrimSuffix(s, ".")+".") })
		if !kept && name != "Person.Provider" { // the merchant is told, in the record's result too: it is the provider's id
			t.Errorf("%s is still there", name)
		}
	}
	return writes
}

// What is not over is left as it is and told, and so is what leads there.
func TestErasureWaitsForWhatIsOpen(t *testing.T) {
	t.Parallel()
	for want, change := range map[checkout.Wait]func(s *checkout.Session){
		checkout.WaitTelling: func(s *checkout.Session) {
			s.Notices = map[string]checkout.Notice{"n": {Kind: checkout.NoticeOrderPlaced}}
		},
		checkout.WaitPaying: func(s *checkout.Session) {
			s.Order, s.Status, s.Attempt = nil, checkout.StatusInProgress, &checkout.Attempt{N: 1}
		},
		checkout.WaitMoney:   func(s *checkout.Session) { s.Order.Refunds[0].State = checkout.RefundPending },
		checkout.WaitDispute: func(s *checkout.Session) { s.Order.Disputes[0].State = checkout.DisputeOpen },
		checkout.WaitShipping: func(s *checkout.Session) {
			s.Ships, s.Order.Cancellation, s.Order.Fulfillments = true, nil, nil
			s.Order.Refunds = nil
		},
		checkout.WaitWithdrawal: func(s *checkout.Session) { withdraw(s) },
	} {
		store := &failing{Store: memstore.New()}
		known(t, store.Store)
		before, err := store.Session(t.Context(), "cs_bought_0")
		must(t, err)
		change(&before)
		before.Version, before.Op = before.Version+1, "changed"
		must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: before}))
		people := newPeople(t, store)
		erased, _, err := people.Erase(t.Context(), ada)
		if err != nil || erased.Done || len(erased.Waiting) != 1 || erased.Waiting[0].Why != want || erased.Waiting[0].SessionID != "cs_bought_0" {
			t.Errorf("%s: %+v, %v", want, erased, err)
			continue
		}
		if slices.Contains(store.deleted, "~Person.Provider~") || slices.Contains(store.deleted, "~Session.Intent.Customer~") {
			t.Errorf("%s: the provider's customer was deleted, whom a payment may need: %v", want, store.deleted)
		}
		after, err := store.Session(t.Context(), "cs_bought_0")
		if err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("%s: the session was changed: %v", want, err)
		}
		if _, err := store.Cart(t.Context(), "ct_bought"); err != nil {
			t.Errorf("%s: its cart is gone: %v", want, err)
		}
		over := bought()
		over.Version, over.Op = before.Version+1, "over"
		must(t, store.Store.Commit(t.Context(), checkout.Commit{Session: over}))
		again := ada
		again.Request = "k2"
		if erased, _, err = people.Erase(t.Context(), again); err != nil || !erased.Done || erased.Sessions != 1 {
			t.Errorf("%s: once it was over: %+v, %v", want, erased, err)
		}
		if !slices.Contains(store.deleted, "~Person.Provider~") {
			t.Errorf("%s: once it was over, the provider's customer stays: %v", want, store.deleted)
		}
	}
}

// withdraw has a shopper withdraw from a line whose money isn't back.
func withdraw(s *checkout.Session) {
	o := s.Order
	o.Amount, o.Refunds, o.Disputes, o.Capture = money.New(500, "EUR"), nil, nil, nil
	o.Withdrawals[0].Lines[0] = checkout.LineQuantity{LineID: s.Quote.Lines[0].LineID, Quantity: 1}
	o.Withdrawals[0].RefundBy = placedAt.AddDate(1, 0, 0)
}

// Somebody else's cart that a link led from is none of the person's.
func TestErasureLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	store := &failing{Store: memstore.New()}
	other := full[checkout.Cart]("Cart")
	other.ID, other.Session, other.Customer, other.Buyer.Email = "ct_before2", "", "somebody", "bob@example.com"
	must(t, store.CreateCart(t.Context(), other))
	mine := other
	mine.ID, mine.Customer, mine.Abandonment = "ct_now", customer, &checkout.Abandonment{Revision: 1, From: "ct_before2 s1"}
	must(t, store.CreateCart(t.Context(), mine))
	must(t, store.PutPerson(t.Context(), checkout.Person{ID: checkout.PersonOfCustomer(customer), Version: 1, Cart: "ct_now"}))
	people := newPeople(t, store)
	if erased, _, err := people.Erase(t.Context(), ada); err != nil || erased.Carts != 1 {
		t.Fatalf("%+v, %v", erased, err)
	}
	if got, err := store.Cart(t.Context(), "ct_before2"); err != nil || !reflect.DeepEqual(got, other) {
		t.Errorf("the other's cart is %+v, %v", got, err)
	}
	if _, err := people.Export(t.Context(), asking(merchant.Whose{Email: " "}, "")); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("nobody is exported: %v", err)
	}
	if _, _, err := people.Erase(t.Context(), merchant.ErasePerson{Request: "k"}); checkout.ErrorCode(err) != checkout.CodeInvalid {
		t.Errorf("nobody is erased: %v", err)
	}
}
