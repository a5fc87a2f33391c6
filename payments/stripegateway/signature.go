package stripegateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	tolerance   = 5 * time.Minute // Stripe's default, which v76 applies to the past only
	maxEvent    = 256 << 10       // bytes; Lambda's synchronous limits are far above, Stripe's snapshots far below
	maxHeader   = 4 << 10
	maxSecrets  = 2 // the one in use and, while it is rolled, the other
	secretStart = "whsec_"
)

var (
	// ErrSignature reports a body that nobody who knows a secret of ours signed: no header, a malformed one, no match.
	ErrSignature = errors.New("webhook signature is not valid")
	// ErrTimestamp reports a valid signature made more than five minutes ago, or ahead: a recording, or a wrong clock.
	ErrTimestamp = errors.New("webhook timestamp is outside the tolerance")
	// ErrTooLarge reports a body above 256 KiB. Nothing was computed from it.
	ErrTooLarge = errors.New("webhook body is too large")
)

// checkSignature verifies Stripe's v1 scheme on the raw body: HMAC-SHA256 over timestamp, dot, body. Any signature of the
// header may match any secret. All pairs are compared, each in constant time.
func checkSignature(now time.Time, body []byte, header string, secrets [][]byte) error {
	h, err := parseHeader(header)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	valid := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(h.timestamp + "."))
		mac.Write(body)
		want := mac.Sum(nil)
		for _, got := range h.signatures {
			if hmac.Equal(want, got) {
				valid = true
			}
		}
	}
	if !valid {
		return fmt.Errorf("%w: no match", ErrSignature)
	}
	if age := now.Sub(time.Unix(h.seconds, 0)); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: signed %v before now", ErrTimestamp, age.Round(time.Second))
	}
	return nil
}

type signatureHeader struct {
	timestamp  string // as sent: it is what was signed
	seconds    int64
	signatures [][]byte
}

// parseHeader reads "t=1700000000,v1=hex,v1=hex,v0=…". Unknown schemes are passed over, so that Stripe can add one;
// anything else that is not exactly as Stripe writes it refuses the whole.
func parseHeader(header string) (signatureHeader, error) {
	var h signatureHeader
	if header == "" || len(header) > maxHeader {
		return h, fmt.Errorf("header of %d bytes", len(header))
	}
	for pair := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return h, errors.New("malformed header")
		}
		switch name {
		case "t":
			seconds, err := strconv.ParseUint(value, 10, 40) // 40 bits of seconds: no sign, no overflow of time
			if err != nil || h.timestamp != "" || strconv.FormatUint(seconds, 10) != value {
				return h, errors.New("malformed or second timestamp")
			}
			h.timestamp, h.seconds = value, int64(seconds)
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil && len(sum) == sha256.Size {
				h.signatures = append(h.signatures, sum)
			}
		}
	}
	if h.timestamp == "" || len(h.signatures) == 0 {
		return h, errors.New("no timestamp or no v1 signature")
	}
	return h, nil
}
