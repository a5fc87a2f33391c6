package dynamostore_test

import (
	"net/http"
	"testing"

	"kassa/checkout/checkouttest"
)

func TestMerchantConformance(t *testing.T) {
	t.Parallel()
	checkouttest.MerchantConformance(t, func(t *testing.T) checkouttest.Stores {
		s := open(t, quick(t, fresh(t), http.DefaultTransport))
		return stores(s, s)
	})
}
