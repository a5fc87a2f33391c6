//go:build soak

package lambdatest_test

import "kassa/functions/internal/lambdatest"

// payments is how many times a frozen process takes money.
const payments = 1000

// all: not one call is left out, also of those that are alike.
const all = true

// waysOf are the ways in which an event's calls go wrong.
func waysOf(string) []lambdatest.Way { return lambdatest.Ways() }
