package api_test

import (
	"net/http"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/checkout/recovery"
)

// leftCart makes a cart that was left, and of which a follow-up was sent by e-mail, and returns its id.
func (s *stack) leftCart(t *testing.T) string {
	t.Helper()
	id, _ := s.newCart(t, `,"context":{"address_country":"NL"}`, "mug", "beans-kade-250")
	cart, err := s.store.Cart(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	f := cart.Following("op")
	f.Abandonment.Reason, f.Abandonment.LeftAt = "no_checkout", s.clock()
	f.Abandonment.FollowUps = []checkout.FollowUp{{ID: "fu_1", Stage: "email", Channel: string(recovery.ChannelEmail),
		State: string(recovery.StateSent), At: s.clock()}}
	if _, err := s.store.FollowCart(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *stack) link(purpose recovery.Purpose, subject string) string {
	return s.links.Token(recovery.Link{Purpose: purpose, Subject: subject, Stage: "email", Channel: recovery.ChannelEmail, Sent: s.clock()})
}

// A link's page changes nothing; the exchange answers a cart of the caller's own, the same one again for the same device, and none for
// another.
func TestRecoveryLinkOnTheWire(t *testing.T) {
	t.Parallel()
	dutch := shop()
	dutch.Languages = []string{"nl", "fr"}
	s := newStackOf(t, dutch)
	id := s.leftCart(t)
	token := s.link(recovery.PurposeReturn, id)
	for range 2 {
		for language, title := range map[string]string{"": "Je winkelmand wacht", "fr-BE": "Votre panier", "de": "Je winkelmand wacht"} {
			page := s.call(t, http.MethodGet, "/r/"+token, "", "Accept-Language: "+language).want(http.StatusOK)
			if !strings.Contains(page.Body.String(), "<title>"+title) {
				t.Errorf("for who reads %q the page is\n%s", language, page.Body)
			}
		}
	}
	s.call(t, http.MethodGet, "/r/"+token+"x", "").want(http.StatusNotFound)
	on := func(device string) string { return `{"token":"` + token + `","device_id":"` + device + `"}` }
	back := s.call(t, http.MethodPost, "/recoveries", on("tablet-of-bo")).want(http.StatusOK).wantAt("line_items.1.item.id", "beans-kade-250",
		"buyer", "")
	if got := back.at("id"); got == id || back.Header().Get("Location") != "/carts/"+got {
		t.Errorf("the cart is %s at %s", got, back.Header().Get("Location"))
	}
	s.call(t, http.MethodGet, "/carts/"+back.at("id"), "", "Authorization: Bearer "+back.at("access_token")).want(http.StatusOK)
	s.call(t, http.MethodPost, "/recoveries", on("tablet-of-bo")).want(http.StatusOK).wantAt("id", back.at("id"))
	s.call(t, http.MethodPost, "/recoveries", on("phone-of-eve")).want(http.StatusNotFound).wantAt("messages.0.code", "not_found")
	s.call(t, http.MethodPost, "/recoveries", `{"token":"`+token+`","device_id":"short"}`).want(http.StatusBadRequest).wantAt("messages.0.path",
		"$.device_id")
	s.call(t, http.MethodPost, "/recoveries", `{"token":"`+token+`","device_id":"tablet-of-bo","cart":"x"}`).want(http.StatusBadRequest).wantAt("messages.0.path", "$.cart")
}

// Looking at a page says neither no nor yes (RFC 8058); sending its form, or what a mail program sends, does, and again is success.
func TestSayingNoAndYesOnTheWire(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const person = "co_person"
	state := func() recovery.ConsentState {
		found, err := s.store.Contacts(t.Context(), []string{person})
		if err != nil {
			t.Fatal(err)
		}
		return found[person].Consents[recovery.ChannelEmail].State
	}
	for _, c := range []struct {
		path string
		want recovery.ConsentState
	}{
		{"/unsubscribe/confirm/" + s.link(recovery.PurposeConfirm, person), recovery.ConsentGiven},
		{"/unsubscribe/" + s.link(recovery.PurposeUnsubscribe, person), recovery.ConsentWithdrawn},
	} {
		before := state()
		s.call(t, http.MethodGet, c.path, "").want(http.StatusOK)
		if got := state(); got != before {
			t.Errorf("looking at %s made it %q", c.path, got)
		}
		for range 2 {
			s.call(t, http.MethodPost, c.path, "List-Unsubscribe=One-Click", "Content-Type: application/x-www-form-urlencoded").want(http.StatusOK)
		}
		if got := state(); got != c.want {
			t.Errorf("%s made it %q, want %q", c.path, got, c.want)
		}
		s.call(t, http.MethodPost, c.path[:len(c.path)-1], "", "Content-Type: application/x-www-form-urlencoded").want(http.StatusNotFound)
		s.call(t, http.MethodPost, c.path, strings.Repeat("a", 9000),
			"Content-Type: application/x-www-form-urlencoded").want(http.StatusRequestEntityTooLarge)
	}
	no := "/unsubscribe/" + s.link(recovery.PurposeUnsubscribe, person)
	for form, says := range map[string]string{
		"": "no more reminders by e-mail", "List-Unsubscribe=One-Click": "no more reminders by e-mail", "all=1": "no more reminders.",
	} {
		page := s.call(t, http.MethodPost, no, form, "Content-Type: application/x-www-form-urlencoded", "Accept-Language: en").want(http.StatusOK)
		if !strings.Contains(page.Body.String(), says) {
			t.Errorf("after %q the page does not say %q:\n%s", form, says, page.Body)
		}
	}
}

// PUT replaces: what it leaves out is gone, but the buyer, the lines and the codes.
func TestPutReplacesASession(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	path, me := s.readySession(t)
	w := s.call(t, http.MethodPut, path, `{"line_items":[{"item":{"id":"mug"},"quantity":3}]}`, me).want(http.StatusOK)
	w.wantAt("status", "incomplete", "buyer.email", "ada@example.com", "line_items.0.quantity", "3", "fulfillment.methods.0.selected_destination_id",
		"")
	w = s.call(t, http.MethodPut, path, `{`+address+`}`, me, "If-Match: "+w.Header().Get("ETag")).want(http.StatusOK)
	w.wantAt("status", "ready_for_complete", "line_items.0.quantity", "3")
	s.call(t, http.MethodPut, path, `{}`, me, `If-Match: "1"`).want(http.StatusConflict).wantAt("messages.0.code", "version_conflict")
}
