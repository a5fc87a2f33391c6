package pricing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kassa/payments/money"
)

// ship offers the country's shipping methods that have a price in the quote's currency, and selects one, whose index it returns.
// Without a shippable item there is nothing to offer, and the index is -1.
func (q *Quote) ship(in Input) (selected int, err error) {
	if !slices.ContainsFunc(in.Items, func(item Item) bool { return item.Shippable }) {
		return -1, nil
	}
	for _, method := range in.Country.Shipping {
		minor, ok := method.Prices[in.Currency]
		if !ok {
			continue
		}
		price := money.New(minor, in.Currency)
		if err := q.checkPrice(price); err != nil {
			return -1, fmt.Errorf("shipping %s to %s: %w", method.ID, in.Country.Code, err)
		}
		q.Options = append(q.Options, Option{ID: method.ID, Title: method.TitleIn(in.Language), Carrier: method.Carrier,
			Price: price, Tax: money.Zero(in.Currency),
			Earliest: workingDay(in.Now, method.MinDays), Latest: workingDay(in.Now, method.MaxDays)})
	}
	if len(q.Options) == 0 {
		return -1, fmt.Errorf("%w: %s in %s", ErrNoShipping, in.Country.Code, in.Currency)
	}
	selected = cheapest(q.Options)
	if in.Option != "" {
		selected = slices.IndexFunc(q.Options, func(o Option) bool { return o.ID == in.Option })
	}
	if selected < 0 {
		return -1, fmt.Errorf("%w: %q in %s", ErrUnknownOption, in.Option, in.Country.Code)
	}
	q.Selected, q.Shipping = q.Options[selected].ID, q.Options[selected].Price
	return selected, nil
}

// cheapest is the index of the option with the lowest price, of equals the first. All are in one currency.
func cheapest(options []Option) int {
	best := 0
	for i, option := range options {
		if option.Price.Minor < options[best].Price.Minor {
			best = i
		}
	}
	return best
}

// TitleIn is the method's title in the language of a BCP 47 tag, else its default title, else its id.
func (m ShippingMethod) TitleIn(language string) string {
	primary, _, _ := strings.Cut(language, "-")
	for _, key := range []string{language, primary, "", defaultLanguage} {
		if title := m.Title[key]; title != "" {
			return title
		}
	}
	return m.ID
}

// workingDay is the date that is a number of working days after the date of now in UTC, at midnight. From a weekend the count starts
// on Friday, as nothing moves before Monday; zero days then mean Monday. Public holidays count as working days.
func workingDay(now time.Time, days int) time.Time {
	year, month, day := now.UTC().Date()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	for weekend(date) {
		date = date.AddDate(0, 0, -1)
		days = max(days, 1)
	}
	date = date.AddDate(0, 0, days/5*7)
	for range days % 5 {
		date = date.AddDate(0, 0, 1)
		for weekend(date) {
			date = date.AddDate(0, 0, 1)
		}
	}
	return date
}

func weekend(date time.Time) bool {
	return date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
}
