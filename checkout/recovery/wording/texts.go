package wording

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed texts/*.json
var files embed.FS

// Languages that there are texts in, the one that stands in for others first.
var languages = []string{"en", "nl", "nb", "de", "fr"}

// ours are our own texts, by language and key. They are read when first needed: a function that only takes in settings needs the keys.
var ours = sync.OnceValues(func() (map[string]map[string]pattern, error) {
	all := map[string]map[string]pattern{}
	for _, language := range languages {
		data, err := files.ReadFile("texts/" + language + ".json")
		if err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", language, err)
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", language, err)
		}
		all[language] = make(map[string]pattern, len(texts))
		for key, text := range texts {
			if all[language][key], err = parse(text); err != nil {
				return nil, fmt.Errorf("text %s of %s %w", key, language, err)
			}
		}
	}
	return all, nil
})

// fields says which fields a text may use, by its key or, where the key isn't listed, by what stands before its first dot.
var fields = map[string]string{
	"greeting":       "first_name shop",
	"greeting_plain": "shop",

	"push":      "shop count others total",
	"email":     "shop item count others total",
	"incentive": "shop item count others total incentive",
	"cart":      "shop item count others total",
	"cart.note": "shop now",
	"footer":    "shop",

	"incentive.offer": "shop incentive",
	"incentive.until": "shop until",

	"order":              "order date",
	"receipt":            "shop order item count others total date",
	"declined_late":      "shop total",
	"payment_returned":   "shop amount",
	"refunded":           "shop order amount total date",
	"canceled":           "shop order total date",
	"canceled.refund":    "shop order total date amount",
	"shipped":            "shop order count",
	"shipped.body":       "shop order count carrier",
	"shipped.tracking":   "tracking",
	"withdrawn":          "shop order date",
	"confirm":            "shop",
	"item":               "quantity unit",
	"payment":            "total date",
	"payment.paid":       "total date method",
	"delivery":           "option",
	"delivery.between":   "option from to",
	"delivery.on":        "option from",
	"delivery.to":        "address",
	"delivery.pickup":    "place from",
	"withdrawal":         "days email trader address",
	"returns":            "days",
	"guarantee":          "email",
	"terms":              "terms",
	"trader":             "value",
	"date":               "date time zone",
	"label":              "",
	"section":            "",
	"vat":                "",
	"link":               "",
	"payment.authorized": "total",
	"payment.free":       "",
	"delivery.digital":   "",
}

// numbers are the fields that are whole numbers; a plural is about one of them.
var numbers = []string{"count", "others", "quantity", "days"}

func fieldsOf(key string) []string {
	list, ok := fields[key]
	if !ok {
		prefix, _, _ := strings.Cut(key, ".")
		list = fields[prefix]
	}
	return strings.Fields(list)
}

// longest is how many characters a shop's own text of a key may have, before its fields are filled.
func longest(key string) int {
	last := lastOf(key)
	switch {
	case strings.HasPrefix(key, "push.") && last == "title":
		return 65
	case strings.HasPrefix(key, "push."):
		return 240
	case last == "subject", strings.HasPrefix(last, "heading"):
		return 400
	case last == "button", strings.HasPrefix(key, "label."), strings.HasPrefix(key, "link."), strings.HasPrefix(key, "section."):
		return 60
	}
	return 4000
}

// lined reports whether a text may have several lines.
func lined(key string) bool {
	last := lastOf(key)
	return strings.HasPrefix(last, "body") || key == "withdrawal.form"
}

// lastOf is the part of a key that says what of a message the text is.
func lastOf(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// checkTexts returns what is wrong with a shop's own texts, in a fixed order.
func checkTexts(at string, texts map[string]map[string]string) []error {
	if len(texts) == 0 {
		return nil // ours are read by who writes: that is 1.5 ms, and every function starts by validating its settings
	}
	known, err := ours()
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, language := range slices.Sorted(maps.Keys(texts)) {
		if known[language] == nil {
			errs = append(errs, invalid(at+"."+short(language), "no language of ours: want one of "+strings.Join(languages, ", ")))
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(texts[language])) {
			field := at + "." + language + "." + key[:min(len(key), 60)]
			if known[language][key] == nil {
				errs = append(errs, invalid(field, "no text has this key"))
			} else if wrong := checkText(language, key, texts[language][key]); wrong != "" {
				errs = append(errs, invalid(field, wrong))
			}
		}
	}
	return errs
}

// checkText says what is wrong with a text; "" if nothing is.
func checkText(language, key, text string) string {
	length := utf8.RuneCountInString(text)
	p, err := parse(text)
	switch {
	case err != nil:
		return err.Error()
	case strings.TrimSpace(text) == "":
		return "is empty"
	case length > longest(key):
		return fmt.Sprintf("has %d characters: at most %d are shown", length, longest(key))
	case strings.ContainsFunc(text, func(r rune) bool { return control(r) && (r != '\n' || !lined(key)) }):
		return "must be one line, without control characters"
	}
	allowed := fieldsOf(key)
	wrong := ""
	p.each(func(part part) {
		switch {
		case part.field == "" || wrong != "":
		case !slices.Contains(allowed, part.field):
			wrong = fmt.Sprintf("has no field {%s}: it knows %s", short(part.field), cmp.Or(strings.Join(allowed, ", "), "none"))
		case part.cases != nil && !slices.Contains(numbers, part.field):
			wrong = fmt.Sprintf("has a plural of {%s}, which is no number", part.field)
		default:
			for _, name := range slices.Sorted(maps.Keys(part.cases)) {
				if wrong == "" && !knowsCase(language, name) {
					wrong = fmt.Sprintf("has the plural case %s, which %s doesn't have: want %s or =0, =1 …",
						name, language, strings.Join(pluralCases(language), ", "))
				}
			}
		}
	})
	return wrong
}

// speaker speaks a language, with a shop's own texts where it has some.
type speaker struct {
	language string
	texts    map[string]pattern
	own      map[string]string
}

func speak(locale string, own map[string]map[string]string) (speaker, error) {
	all, err := ours()
	if err != nil {
		return speaker{}, err
	}
	language := strings.ToLower(locale)
	if at := strings.IndexAny(language, "-_"); at >= 0 {
		language = language[:at]
	}
	switch {
	case language == "no", language == "nn":
		language = "nb"
	case all[language] == nil:
		language = languages[0]
	}
	return speaker{language, all[language], own[language]}, nil
}

// say fills the text of a key. A text of the shop's that can't be read, which its settings should have refused, gives way to ours.
func (s speaker) say(key string, v values) string {
	p := s.texts[key]
	if own, ok := s.own[key]; ok && checkText(s.language, key, own) == "" {
		if made, err := parse(own); err == nil {
			p = made
		}
	}
	return p.fill(s.language, v)
}

// has reports whether there is a text of a key.
func (s speaker) has(key string) bool { return s.texts[key] != nil }
