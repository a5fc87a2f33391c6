package wording_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kassa/checkout"
	"kassa/checkout/pricing"
	"kassa/checkout/recovery/wording"
)

var update = flag.Bool("update", false, "write the golden files anew: read them before you commit them")

// golden holds what was rendered against a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs at %s; if that is meant, run go test with -update and read the file", path, difference(string(want), got))
	}
}

func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\n- " + a[i] + "\n+ " + b[i]
		}
	}
	return "its end"
}

var leftBy = []string{
	wording.PaymentDeclined, wording.AuthenticationLeft, wording.RedirectLost, wording.WalletDismissed, wording.ShippingCost,
	wording.OutOfStock, wording.PriceChanged, wording.NoCheckout, wording.Left,
}

// cases are every message that there is, by name.
func cases(t testing.TB, language string) (names []string, facts map[string]wording.Facts) {
	facts = map[string]wording.Facts{}
	add := func(name string, f wording.Facts) { names, facts[name] = append(names, name), f }
	for _, reason := range leftBy {
		add("push "+reason, followUp(t, language, wording.Push, reason, false))
		add("email "+reason, followUp(t, language, wording.Email, reason, false))
		add("email with incentive "+reason, followUp(t, language, wording.Email, reason, true))
	}
	for _, reason := range []string{wording.Receipt, wording.DeclinedLate, wording.PaymentReturned, wording.Refunded, wording.Canceled, wording.Shipped, wording.Withdrawn, wording.Confirm} {
		f := service(t, language, reason)
		switch reason {
		case wording.DeclinedLate, wording.PaymentReturned, wording.Confirm:
			f.Order = nil
		}
		add("service "+reason, f)
	}
	full := service(t, language, wording.Refunded)
	full.Refund = &wording.Refund{Amount: eur(4685), Full: true}
	add("service refunded in full", full)
	released := service(t, language, wording.Canceled)
	released.Refund = nil
	add("service canceled before the money was taken", released)
	double := service(t, language, wording.PaymentReturned)
	add("service payment_returned, of an order that was paid before", double)
	business := service(t, language, wording.Receipt)
	business.Order.WithdrawalDays, business.Order.Quote.ReverseCharge, business.Order.Authorized, business.Order.Pickup = 0, true, true, &pricing.Location{
		Name: "Kade 9", Street: "Wijnhaven 9", PostalCode: "3011 WH", City: "Rotterdam",
	}
	add("service receipt of a business that collects", business)
	part := service(t, language, wording.Shipped)
	part.Parcel = &wording.Parcel{Partial: true}
	part.Lines = part.Lines[:1]
	add("service shipped in part, without a carrier", part)
	return names, facts
}

// TestEveryMessageInEveryLanguage holds the words of every reason and stage, and of every service message, against what was read and
// approved.
func TestEveryMessageInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, language := range checkout.Languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			names, facts := cases(t, language)
			for _, name := range names {
				r := render(t, facts[name])
				b.WriteString("═══ " + name + " ═══\n" + r.Subject + "\n" + strings.Repeat("─", 40) + "\n" + strings.TrimRight(r.Text, "\n") + "\n\n")
			}
			golden(t, language+".txt", b.String())
		})
	}
}

// TestPages holds some e-mails as HTML: what they are made of is the same for all.
func TestPages(t *testing.T) {
	t.Parallel()
	golden(t, "receipt.nl.html", render(t, service(t, "nl", wording.Receipt)).HTML)
	golden(t, "incentive.de.html", render(t, followUp(t, "de", wording.Email, wording.ShippingCost, true)).HTML)
	golden(t, "shipped.fr.html", render(t, service(t, "fr", wording.Shipped)).HTML)
}
