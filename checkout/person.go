package checkout

import "strings"

// PersonOfEmail names whoever an e-mail address belongs to, where uses of a code, messages and orders are counted for a person.
// Letter case and spaces around it don't matter; "" for no address. The name is a hash, so that it may stand in keys and
// logs, though whoever has the address can make it again.
func PersonOfEmail(email string) string {
	email = NormalizeEmail(email)
	if email == "" {
		return ""
	}
	return derive("pe_", "email", email)
}

// PersonOfCustomer names a signed-in customer by the subject of its tokens; "" for none.
func PersonOfCustomer(subject string) string {
	if subject == "" {
		return ""
	}
	return derive("pc_", "customer", subject)
}

// NormalizeEmail is the form in which addresses are compared. The local part's case could matter (RFC 5321 §2.4) and never does.
func NormalizeEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
