package settings_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"kassa/checkout"
	"kassa/checkout/settings"
)

// What the pages for merchants show as settings, or as products, is taken as it stands there: in the sample shop's document, in the
// place that the page names.
func TestPagesShowSettingsThatAreTaken(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)\n```json\n(.*?)\n```\n")
	seen := map[string]int{}
	for _, page := range []string{"prices.md", "recovery.md", "messages.md", "payments.md"} {
		text, err := os.ReadFile("../../docs/" + page)
		if err != nil {
			t.Fatal(err)
		}
		tree := sample(t)
		countries, pricing := tree["countries"].(map[string]any), tree["pricing"].(map[string]any)
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			shown := found[1]
			if shown[0] == '"' {
				shown = "{" + shown + "}"
			}
			var part map[string]any
			if err := json.Unmarshal([]byte(shown), &part); err != nil {
				continue // an answer with dots in it
			}
			if part["sku"] != nil {
				var p checkout.Product
				if err := settings.Decode([]byte(shown), &p); err != nil || p.Weight == 0 {
					t.Errorf("%s: the product is not taken: %v", page, err)
				}
				continue
			}
			for name, value := range part {
				switch name {
				case "recovery", "methods":
					tree[name] = value
				case "NL", "US":
					country := countries[name].(map[string]any)
					for field, own := range value.(map[string]any) {
						country[field] = own
					}
				case "shipping":
					countries["NL"].(map[string]any)[name] = value
				case "categories", "locations", "delivery":
					pricing[name] = value
				case "discounts": // beside the one that follow-ups offer
					pricing[name] = append(value.([]any), minted(pricing))
				case "minted":
					pricing["discounts"] = []any{part}
				default:
					continue
				}
				seen[name]++
			}
		}
		if _, err := settings.Parse(document(t, tree)); err != nil {
			t.Errorf("%s shows settings that are refused: %v", page, err)
		}
	}
	for _, name := range []string{"methods", "NL", "US", "shipping", "categories", "locations", "delivery", "discounts", "minted"} {
		if seen[name] != 1 {
			t.Errorf("%s is shown %d times", name, seen[name])
		}
	}
	if seen["recovery"] != 2 {
		t.Errorf("recovery is shown %d times", seen["recovery"])
	}
}

// minted is the discount of which codes are made.
func minted(pricing map[string]any) any {
	for _, rule := range pricing["discounts"].([]any) {
		if rule.(map[string]any)["minted"] == true {
			return rule
		}
	}
	return nil
}
