package main

import (
	"net/http"
	"testing"
	"time"
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
