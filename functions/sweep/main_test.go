package main

import (
	"testing"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_CONTACTS_TABLE", "KASSA_MERCHANT_TABLE", "KASSA_SHOP_PARAMETER"}

func TestStart(t *testing.T) {
	t.Parallel()
	coldstarttest.Trial(t, start, variables...)
}

func TestJobs(t *testing.T) {
	t.Parallel()
	coldstarttest.Jobs(t, start, variables, map[string]string{"sweep": "Query", "due": "Query"})
}
