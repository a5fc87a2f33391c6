package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kassa/checkout/statistics"
)

// What is bought is soon in the report, once, and still there once the day is over.
func TestReportCountsAPurchase(t *testing.T) {
	t.Parallel()
	s := start(t)
	admin := func(path string) reply {
		return s.do(http.MethodGet, path, "", "Authorization", "Bearer "+s.app.book.page.AdminKey)
	}
	c := s.fill("beans-kade-250")
	s.buy(c, c.purchase("pm_card_chargeDeclined", beans), key()).want(http.StatusCreated)
	s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed")
	day := s.app.clock.Now().Format(time.DateOnly)
	for end := time.Now().Add(20 * time.Second); admin("/admin/report").want(http.StatusOK).at("total.orders") != "1" && time.Now().Before(end); {
		<-time.After(50 * time.Millisecond)
	}
	s.advance("24h") // every notice is delivered by then, and none twice
	admin("/admin/report?from="+day).want(http.StatusOK).wantAt("total.carts", "1").wantAt("total.sessions", "1").wantAt("total.attempts", "2").
		wantAt("total.orders", "1").wantAt("zone", "Europe/Amsterdam").wantAt("lift.verdict", "too_few")
}

// Two days of a shop with known numbers: two currencies, three platforms, declines, carts that were left, and one that a follow-up brings
// back. Each is counted on its day, once.
func TestReportOfTwoDays(t *testing.T) {
	t.Parallel()
	s := start(t)
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	now := s.app.clock.Now().In(amsterdam)
	morning := time.Date(now.Year(), now.Month(), now.Day()+1, 10, 0, 0, 0, amsterdam)
	s.advance(morning.Sub(now).String())
	on := func(platform, country, buyer string, skus ...string) cart {
		lines := make([]string, len(skus))
		for i, sku := range skus {
			lines[i] = `{"item":{"id":"` + sku + `"},"quantity":1}`
		}
		a := s.do(http.MethodPost, "/carts", `{"line_items":[`+strings.Join(lines, ",")+`],"context":{"address_country":"`+country+
			`","platform":"`+platform+`"},"buyer":{`+buyer+`}}`, "Idempotency-Key", key()).want(http.StatusCreated)
		return cart{a.at("id"), a.at("access_token")}
	}
	c := on("ios", "NL", `"email":"ada@example.com"`, "beans-kade-250") // declined, then paid
	s.buy(c, c.purchase("pm_card_chargeDeclined", beans), key()).want(http.StatusCreated)
	s.buy(c, c.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed")
	c = on("android", "NO", `"email":"kari@example.com"`, "book-quay")
	open := s.buy(c, `{"cart_id":"`+c.id+`",`+to("Bergen", "5003", "", "NO")+`}`, key()).want(http.StatusCreated)
	s.complete(c, open.at("id"), "pm_card_visa", open.total()).want(http.StatusOK).wantAt("status", "completed")
	on("web", "NL", `"email":"bo@example.com"`, "beans-kade-250") // left, and never asked whether she may be written to
	left := on("ios", "NL", `"email":"cas@example.com","consent":{"marketing":true}`, "beans-kade-250")
	s.advance("2h")
	s.buy(left, left.purchase("pm_card_chargeDeclinedInsufficientFunds", beans), key()).want(http.StatusCreated) // back, and left again
	s.advance("24h")
	s.buy(left, left.purchase("pm_card_visa", beans), key()).want(http.StatusCreated).wantAt("status", "completed")
	s.advance("1h")

	day := func(n int) string { return morning.AddDate(0, 0, n).Format(time.DateOnly) }
	one := func(name string, n int64) map[string]int64 { return map[string]int64{name: n} }
	want := map[string]statistics.Funnel{
		day(0) + " ios": {
			Carts: 2, Sessions: 2, Attempts: 3, Declined: map[string]int64{"declined": 1, "use_other_method": 1},
			Orders: 1, Revenue: one("EUR", beans), Abandoned: one("no_checkout", 1),
		},
		day(0) + " android":   {Carts: 1, Sessions: 1, Attempts: 1, Orders: 1, Revenue: one("NOK", open.total())},
		day(0) + " web":       {Carts: 1, Abandoned: one("no_checkout", 1)},
		day(1) + " email ios": {Followed: one("email", 1), Recovered: 1, Regained: one("EUR", beans)},
		day(1) + " ios":       {Sessions: 1, Attempts: 1, Orders: 1, Revenue: one("EUR", beans)},
	}
	for range 2 { // what is told again counts once
		var r statistics.Report
		a := s.report(t, "total.recovered", "1")
		if err := json.Unmarshal(a.body, &r); err != nil {
			t.Fatal(err)
		}
		got := map[string]statistics.Funnel{}
		for _, row := range r.Rows {
			if row.Funnel.Paid.Orders != row.Funnel.Orders {
				t.Errorf("%d of %d orders were timed", row.Funnel.Paid.Orders, row.Funnel.Orders)
			}
			row.Funnel.Paid = statistics.Pace{}
			got[strings.Join(strings.Fields(fmt.Sprint(row.Day, " ", row.Channel, " ", row.Platform)), " ")] = row.Funnel
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		a.wantAt("total.carts", "4").wantAt("total.orders", "3").
			wantAt("total.revenue", fmt.Sprintf(`{"EUR":%d,"NOK":%d}`, 2*beans, open.total())).
			wantAt("total.first_tap_to_paid.orders", "3")
		s.advance("24h")
	}
}
