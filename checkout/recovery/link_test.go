package recovery_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// TestNoChangedTokenIsAccepted changes true tokens, of every purpose, in a hundred thousand ways.
func TestNoChangedTokenIsAccepted(t *testing.T) {
	t.Parallel()
	links, err := recovery.NewLinks([]byte("abcdef0123456789abcdef0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	link := recovery.Link{Purpose: recovery.PurposeReturn, Subject: "ct_1", Stage: "email", Channel: recovery.ChannelEmail, Sent: noon}
	token := links.Token(link)
	if got, ok := links.Open(token, recovery.PurposeReturn, noon); !ok || got != link {
		t.Fatalf("the true token is %+v, %v", got, ok)
	}
	purposes := []recovery.Purpose{recovery.PurposeReturn, recovery.PurposeUnsubscribe, recovery.PurposeConfirm}
	tokens := map[recovery.Purpose]string{recovery.PurposeReturn: token}
	for _, p := range purposes[1:] {
		tokens[p] = links.Token(recovery.Link{Purpose: p, Subject: checkout.PersonOfEmail("ada@example.com"), Channel: recovery.ChannelEmail, Sent: noon})
		if _, ok := links.Open(tokens[p], p, noon); !ok {
			t.Fatalf("the true token of %s is refused", p)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=\n \x00é"
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // chance, no secret
	for n := range 100_000 {
		purpose := purposes[n%len(purposes)]
		token := tokens[purpose]
		changed := []byte(token)
		for range 1 + r.IntN(3) {
			if len(changed) == 0 {
				break
			}
			i, c := r.IntN(len(changed)), letters[r.IntN(len(letters))]
			switch r.IntN(4) {
			case 0:
				changed[i] = c
			case 1:
				changed = append(changed[:i], changed[i+1:]...)
			case 2:
				changed = append(changed[:i:i], append([]byte{c}, changed[i:]...)...)
			case 3:
				changed = changed[:i+1]
			}
		}
		if string(changed) == token {
			continue
		}
		for _, p := range purposes {
			if _, ok := links.Open(string(changed), p, noon); ok {
				t.Fatalf("%q is accepted as %s for %q", changed, p, token)
			}
		}
	}
	for of, token := range tokens {
		for _, other := range purposes {
			if _, ok := links.Open(token, other, noon); ok && other != of {
				t.Errorf("a link to %s serves as %s", of, other)
			}
		}
	}
	if _, ok := links.Open(token, recovery.PurposeReturn, noon.Add(recovery.ReturnLife)); ok {
		t.Error("an expired link is accepted")
	}
	fresh, _ := recovery.NewLinks([]byte("00000000000000000000000000000000"), []byte("abcdef0123456789abcdef0123456789"))
	if _, ok := fresh.Open(token, recovery.PurposeReturn, noon); !ok {
		t.Error("a link dies when its secret is rotated")
	}
	if _, ok := links.Open(fresh.Token(link), recovery.PurposeReturn, noon); ok {
		t.Error("a link of another secret is accepted")
	}
}

// A link serves one device, gives no access to what was left, and dies with the purchase.
func TestALinkServesOneDeviceUntilThePurchase(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	ada := w.fill("ada@example.com", yes())
	w.pass(21 * time.Hour)
	_, token, _ := strings.Cut(w.postman.last().Link, "/r/")
	first, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "her tablet"})
	w.ok(err)
	again, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "her tablet"})
	w.ok(err)
	if again.Cart.ID != first.Cart.ID || first.Cart.ID == ada.id {
		t.Errorf("carts %s, %s", first.Cart.ID, again.Cart.ID)
	}
	if _, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "a thief's phone"}); checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Errorf("another device: %v", err)
	}
	if _, err := w.carts.Cart(t.Context(), checkout.Caller{Token: first.Token}, ada.id); checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Errorf("the restored cart's token opens the one that was left: %v", err)
	}
	ada.pay("pm_card")
	if _, err := w.returns.Return(t.Context(), recovery.ReturnInput{Token: token, Device: "her tablet"}); checkout.ErrorCode(err) != checkout.CodeNotFound {
		t.Errorf("after the purchase: %v", err)
	}
}
