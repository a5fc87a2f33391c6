package pricing_test

import (
	"testing"

	"kassa/checkout/pricing"
)

func TestVATCountry(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"BE0123456749": "BE", " be 0123.456.749 ": "BE", "NL123456789B01": "NL", "nl-123456789-b-01": "NL", "DE123456789": "DE",
		"EL123456789": "GR", "FRXX123456789": "FR", "ATU12345678": "AT", "IE1234567WA": "IE", "ESX1234567X": "ES",
		"": "", "BE": "", "BE012345674": "", "GR123456789": "", "NO123456789MVA": "", "GB123456789": "", "DE12345678A": "", "BE0123456749X": "",
	} {
		if got, ok := pricing.VATCountry(id); got != want || ok != (want != "") {
			t.Errorf("VATCountry(%q) = %q, %v, want %q", id, got, ok, want)
		}
	}
}
