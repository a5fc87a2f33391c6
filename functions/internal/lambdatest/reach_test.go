//go:build !soak

package lambdatest_test

import "kassa/functions/internal/lambdatest"

// payments is how many times a frozen process takes money.
const payments = 60

// all: not one call is left out, also of those that are alike.
const all = false

// waysOf are the ways in which an event's calls go wrong. Silence takes seconds: it falls only on the call that pays.
func waysOf(death string) []lambdatest.Way {
	if death == "complete" {
		return lambdatest.Ways()
	}
	return []lambdatest.Way{lambdatest.Before, lambdatest.After}
}
