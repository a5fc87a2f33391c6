package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kassa/checkout/recovery"
	"kassa/functions/internal/coldstart"
	"kassa/functions/internal/lambdahttp"
	"kassa/functions/internal/parameter"
)

// answerReserve is kept back of an invocation to answer that something did not answer in time.
const answerReserve = 500 * time.Millisecond

// handler answers requests of the HTTP API, and takes in what the topics of SNS bring. Which of them an event is, its shape tells:
// a request's body can't make it the other, because API Gateway wraps it.
//
// A notification counts if its topic is one of ours (KASSA_FEEDBACK_TOPICS). Its signature is SNS's business here: Lambda lets only
// those topics invoke the function (its resource policy), and nobody can invoke it over HTTP but through API Gateway.
func handler(f *coldstart.Function, kept *parameter.Kept[parts], topics string) func(context.Context, json.RawMessage) (any, error) {
	allowed := strings.Split(topics, ",")
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		ctx, cancel := coldstart.Early(ctx, answerReserve)
		defer cancel()
		p, err := kept.Get(ctx)
		if err != nil {
			return nil, err
		}
		var shape struct {
			Records []events.SNSEventRecord `json:"Records"`
			Version string                  `json:"version"`
		}
		if err := json.Unmarshal(event, &shape); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		if len(shape.Records) > 0 {
			return nil, take(ctx, f, p.registry, allowed, shape.Records)
		}
		if shape.Version != "2.0" {
			return nil, errors.New("neither a request nor a notification")
		}
		var request events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(event, &request); err != nil {
			return nil, fmt.Errorf("read request: %w", err)
		}
		return lambdahttp.Adapt(p.pages)(ctx, request)
	}
}

// take takes in notifications. One that fails has all come again, which changes nothing where it was taken in.
func take(ctx context.Context, f *coldstart.Function, registry *recovery.Registry, topics []string, records []events.SNSEventRecord) error {
	var failures []error
	for _, r := range records {
		if r.EventSource != "aws:sns" || !slices.Contains(topics, r.SNS.TopicArn) {
			f.Log.WarnContext(ctx, "notification of a topic that is not ours", "message_id", r.SNS.MessageID)
			continue
		}
		reports, err := readReports(r.SNS)
		if err != nil {
			failures = append(failures, fmt.Errorf("notification %s: %w", r.SNS.MessageID, err))
			continue
		}
		for _, report := range reports {
			if err := registry.Report(ctx, report); err != nil {
				failures = append(failures, fmt.Errorf("notification %s: %w", r.SNS.MessageID, err))
			}
		}
		f.Log.InfoContext(ctx, "feedback", "message_id", r.SNS.MessageID, "reports", len(reports))
	}
	return errors.Join(failures...)
}
