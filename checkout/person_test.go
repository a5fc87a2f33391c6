package checkout_test

import (
	"strings"
	"testing"

	"kassa/checkout"
)

func TestPersonsAreTheSameWhateverTheCaseOfTheirAddress(t *testing.T) {
	t.Parallel()
	one := checkout.PersonOfEmail("Ada@Example.com ")
	if one != checkout.PersonOfEmail("ada@example.COM") {
		t.Error("letter case makes another person")
	}
	if one == checkout.PersonOfEmail("bob@example.com") || one == checkout.PersonOfCustomer("ada@example.com") {
		t.Error("two persons have one name")
	}
	if strings.Contains(one, "ada") || !strings.HasPrefix(one, "pe_") {
		t.Errorf("the name tells the address: %s", one)
	}
	if checkout.PersonOfEmail(" ") != "" || checkout.PersonOfCustomer("") != "" {
		t.Error("nobody has a name")
	}
}
