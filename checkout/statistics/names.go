package statistics

import (
	"strings"

	"kassa/checkout/recovery"
	"kassa/payments/money"
)

// Names of counts. Those that end in a dot are followed by what they are of; amounts are in minor units.
const (
	countCarts    = "carts"
	countSessions = "sessions"
	countAttempts = "attempts"
	countDeclined = "declined." // by reason (payments.Reason)
	countOrders   = "orders"
	countRevenue  = "revenue."  // by currency
	countReturned = "returned." // by currency
	countSeconds  = "seconds"   // from the session's opening to the order, summed over orders
	countWithin   = "within."   // orders that took at most so many seconds, and longer than the bound before
	countRequests = "requests"  // that changed something, from the session's opening to the order, summed over orders

	countAbandoned = "abandoned." // by reason (recovery.Reason)
	countFollowed  = "followed."  // follow-ups sent, by stage
	countSkipped   = "skipped."   // follow-ups not sent, by why
	countClicked   = "clicked"
	countRecovered = "recovered"
	countRegained  = "regained." // revenue of recovered orders, by currency

	countPeople     = "people"
	countBuyers     = "buyers"
	countSquareHigh = "square_high."
	countSquareLow  = "square_low."
)

// armCount is the name of a count of an arm: arm, stratum, what is counted, and the currency.
func armCount(e Entry, count string, c money.Currency) string {
	name := "arm." + string(e.Arm) + "." + e.Stratum + "." + strings.TrimSuffix(count, ".")
	if c != "" {
		name += "." + string(c)
	}
	return name
}

// armCounted is the way back; false if it is another count.
func armCounted(name string) (arm recovery.Arm, stratum, count string, c money.Currency, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) < 4 || len(parts) > 5 || parts[0] != "arm" {
		return "", "", "", "", false
	}
	if len(parts) == 5 {
		c = money.Currency(parts[4])
	}
	return recovery.Arm(parts[1]), parts[2], parts[3], c, true
}
