package main

import (
	"testing"

	"kassa/functions/internal/coldstart/coldstarttest"
)

var variables = []string{
	"KASSA_CARTS_TABLE", "KASSA_SESSIONS_TABLE", "KASSA_INBOX_TABLE", "KASSA_STOCK_TABLE", "KASSA_REDEMPTIONS_TABLE", "STRIPE_MODE",
	"KASSA_MERCHANT_TABLE", "KASSA_SHOP_PARAMETER",
	"STRIPE_SECRET_KEY_PARAMETER",
}

func TestStart(t *testing.T) {
	t.Parallel()
	coldstarttest.Trial(t, start, variables...)
}

func TestJobs(t *testing.T) {
	t.Parallel()
	coldstarttest.Jobs(t, start, variables, map[string]string{"reconcile": "Query", "backfill": "Scan", "resume": "GetItem"})
}
