package sandbox

import "strings"

// Amounts are in Stripe's smallest units (https://stripe.com/docs/currencies): hundredths, except as below.
const (
	maxAmount  = 99_999_999 // eight digits
	currencies = " aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp " +
		"cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk " +
		"jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn " +
		"nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std " +
		"szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw "
)

// minimums are the least Stripe charges on cards, by currency of an account that settles in it.
var minimums = map[string]int64{
	"usd": 50, "eur": 50, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "inr": 50, "nzd": 50, "sgd": 50, "gbp": 30, "aed": 200,
	"bgn": 100, "czk": 1500, "dkk": 250, "hkd": 400, "huf": 17500, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "pln": 200,
	"ron": 200, "sek": 300, "thb": 1000, "ars": 50, "cop": 50, "idr": 50, "ils": 50, "php": 50, "zar": 50, "krw": 50,
}

// Whole units are sent as hundredths, and thousandths must end in 0.
var steps = map[string]int64{"isk": 100, "ugx": 100, "bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10}

// checkAmount applies Stripe's limits. iDEAL alone may take single cents.
func checkAmount(amount int64, currency string, kinds []string) *apiError {
	if len(currency) != 3 || !strings.Contains(currencies, " "+currency+" ") {
		return invalid("", "currency", "Invalid currency: %s. Stripe currently supports these currencies:%s", currency,
			strings.TrimRight(currencies, " "))
	}
	least := minimums[currency]
	if len(kinds) == 1 && kinds[0] == "ideal" {
		least = 1
	}
	switch {
	case amount < least:
		return invalid("amount_too_small", "amount", "Amount must be at least %d %s (in the currency's smallest unit).", least, currency)
	case amount > maxAmount:
		return invalid("amount_too_large", "amount", "Amount must be no more than %d %s (in the currency's smallest unit).", maxAmount,
			currency)
	case steps[currency] > 0 && amount%steps[currency] != 0:
		return invalid("invalid_charge_amount", "amount", "Amounts in %s must be divisible by %d.", currency, steps[currency])
	}
	return nil
}
