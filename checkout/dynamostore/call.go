package dynamostore

import (
	"context"
	"errors"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"kassa/checkout"
)

// Retries happen in this file and nowhere else: the SDK's own are switched off. It would not retry canceled transactions;
// it waits by a clock and chance that tests can't hold; and it hides what matters most here, that an earlier try of the same
// call may have taken effect. Only who knows that can tell "refused, because I did it" from "refused, because it was done
// before".

// verdict is what a failed request means.
type verdict int

const (
	answered verdict = iota // DynamoDB has decided: success, a failed condition, or a request that it will never take
	again                   // not done, and worth trying again: throttled, or in conflict with another transaction
	lost                    // perhaps done: no answer, or a 5xx (AWS: a write answered with 500 may have succeeded)
)

// codes are the error codes by which DynamoDB says that it has not done something now but would later.
var codes = map[string]verdict{
	"TransactionConflictException":           again,
	"ReplicatedWriteConflictException":       again,
	"ProvisionedThroughputExceededException": again,
	"ThrottlingException":                    again,
	"Throttling":                             again,
	"RequestLimitExceeded":                   again,
	"RequestThrottled":                       again,
	"SlowDown":                               again,
	"TransactionInProgressException":         lost,
	"InternalServerError":                    lost,
	"InternalFailure":                        lost,
	"ServiceUnavailable":                     lost,
	"ServiceUnavailableException":            lost,
	"RequestTimeout":                         lost,
	"RequestTimeoutException":                lost,
}

func judge(err error) verdict {
	var bad smithy.InvalidParamsError
	var api smithy.APIError
	var canceled *types.TransactionCanceledException
	var response *awshttp.ResponseError
	switch {
	case err == nil || errors.As(err, &bad):
		return answered
	case errors.As(err, &canceled):
		return judgeReasons(canceled.CancellationReasons)
	case errors.As(err, &api):
		if v, ok := codes[api.ErrorCode()]; ok {
			return v
		}
		if errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError {
			return lost
		}
		return answered
	}
	return lost // no answer that we could read
}

// judgeReasons reads why a transaction was canceled, one reason an action. Only where nothing has been decided by a
// condition does trying again promise another outcome.
func judgeReasons(reasons []types.CancellationReason) verdict {
	transient := false
	for _, r := range reasons {
		switch reasonCode(r) {
		case "", "None":
		case "TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded":
			transient = true
		default: // ConditionalCheckFailed, or what no retry can mend
			return answered
		}
	}
	if transient {
		return again
	}
	return answered
}

func reasonCode(r types.CancellationReason) string {
	if r.Code == nil {
		return ""
	}
	return *r.Code
}

// Waits before retries: full jitter over a bound that doubles (AWS, "Exponential backoff and jitter").
const (
	firstWait = 20 * time.Millisecond
	longWait  = 500 * time.Millisecond
	maxTries  = 25 // of a call whose context has no deadline; about 10 s
)

// call makes a request until DynamoDB has decided or the context ends, then CodeUnavailable. maybe tells that a try before
// the last one may have taken effect.
func (s *Store) call(ctx context.Context, request func(ctx context.Context) error) (maybe bool, err error) {
	_, bounded := ctx.Deadline()
	for try := 0; bounded || try < maxTries; try++ {
		if err = ctx.Err(); err != nil {
			break
		}
		err = s.attempt(ctx, request)
		switch judge(err) {
		case answered:
			return maybe, err
		case lost:
			maybe = true
		case again:
		}
		wait := min(firstWait<<min(try, 8), longWait)
		if slept := s.sleep(ctx, time.Duration(s.jitter()*float64(wait))); slept != nil {
			break
		}
	}
	return maybe, &checkout.Error{Code: checkout.CodeUnavailable, Message: "the store did not answer in time", Err: err}
}

func (s *Store) attempt(ctx context.Context, request func(ctx context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	return request(limited)
}

// refusal returns the item that refused a conditional write, and whether one was refused; the item is nil if there was none.
func refusal(err error) (item, bool) {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return failed.Item, true
	}
	return nil, false
}

// reasons returns why a transaction was canceled, one reason an action; nil if it was not.
func reasons(err error) []types.CancellationReason {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return canceled.CancellationReasons
	}
	return nil
}
