package pricing

import (
	"regexp"
	"strings"
)

// vatForms are the VAT ids of the EU's member states without their prefix (European Commission, VIES, "VAT identification number
// structure").
var vatForms = map[string]string{
	"AT": `U\d{8}`, "BE": `[01]\d{9}`, "BG": `\d{9,10}`, "CY": `\d{8}[A-Z]`, "CZ": `\d{8,10}`,
	"DE": `\d{9}`, "DK": `\d{8}`, "EE": `\d{9}`, "EL": `\d{9}`, "ES": `[A-Z0-9]\d{7}[A-Z0-9]`,
	"FI": `\d{8}`, "FR": `[A-HJ-NP-Z0-9]{2}\d{9}`, "HR": `\d{11}`, "HU": `\d{8}`,
	"IE": `\d{7}[A-Z]{1,2}|\d[A-Z+*]\d{5}[A-Z]`, "IT": `\d{11}`, "LT": `\d{9}|\d{12}`, "LU": `\d{8}`,
	"LV": `\d{11}`, "MT": `\d{8}`, "NL": `[A-Z0-9+*]{12}`, "PL": `\d{10}`, "PT": `\d{9}`,
	"RO": `\d{2,10}`, "SE": `\d{12}`, "SI": `\d{8}`, "SK": `\d{10}`,
}

// NormalizeVATID is the form in which VAT ids are kept: in upper case, without what people put between the digits.
func NormalizeVATID(id string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", ".", "", "-", "").Replace(strings.ToUpper(strings.TrimSpace(id)))
}

// VATCountry returns the member state of the EU that a VAT id has the form of, by ISO 3166-1 code, false if it has that of none. It
// looks at the form alone: whether the id is registered is for the shop to find out, before it invoices without tax (VIES).
func VATCountry(id string) (country string, ok bool) {
	id = NormalizeVATID(id)
	if len(id) < 4 {
		return "", false
	}
	prefix := id[:2]
	pattern, known := vatForms[prefix]
	if !known {
		return "", false
	}
	if fits, err := regexp.MatchString(`^(?:`+pattern+`)$`, id[2:]); err != nil || !fits { // compiled here: few buyers have one
		return "", false
	}
	if prefix == "EL" {
		return "GR", true
	}
	return prefix, true
}
