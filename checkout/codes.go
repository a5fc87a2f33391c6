package checkout

import (
	"slices"
	"strconv"

	"kassa/checkout/pricing"
)

// maxCode is how long a code may be, once normalized: as long as a rule's.
const maxCode = 64

// normalized returns discount codes in the form in which they are kept and compared, each once. CodeInvalid for too many, or one that no
// code can be; nil stays nil, which says that none were mentioned.
func normalized(typed []string) ([]string, error) {
	if typed == nil {
		return nil, nil
	}
	codes := make([]string, 0, len(typed))
	for i, t := range typed {
		code := pricing.NormalizeCode(t)
		if len(code) > maxCode {
			return nil, invalid("$.discounts.codes["+strconv.Itoa(i)+"]", "a code has at most 64 characters")
		}
		if code != "" && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) > MaxCodes {
		return nil, invalid("$.discounts.codes", "at most 10 codes can be used at once")
	}
	return codes, nil
}

// refusedCodes tell of each code that gives nothing why. They follow from the quote and are not stored.
func refusedCodes(q pricing.Quote) []Message {
	out := make([]Message, 0, len(q.Refused))
	for _, r := range q.Refused {
		args := []string{"code", r.Code, "reason", string(r.Reason)}
		if r.Reason == pricing.ReasonMinimumNotReached {
			args = append(args, "minimum", strconv.FormatInt(r.Minimum.Minor, 10), "currency", string(r.Minimum.Currency))
		}
		out = append(out, warning(codeOf(r.Reason), "$.discounts.codes["+strconv.Itoa(r.Index)+"]", args...))
	}
	return out
}

func codeOf(r pricing.Reason) string {
	switch r {
	case pricing.ReasonExpired:
		return MsgCodeExpired
	case pricing.ReasonNotFirstOrder:
		return MsgCodeIneligible
	case pricing.ReasonNotCombinable:
		return MsgCodeCombined
	case pricing.ReasonUnknown, pricing.ReasonNotYetValid, pricing.ReasonUsedUp, pricing.ReasonNotInCountry, pricing.ReasonNotForProducts,
		pricing.ReasonWrongCurrency, pricing.ReasonMinimumNotReached, pricing.ReasonNoEffect:
	}
	return MsgCodeInvalid
}
