package coldstart

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// newLogger logs JSON as Lambda's own log format has it (timestamp, level, message, requestId), so that its level filter
// works on our lines too. The level is one of Lambda's names; "" is INFO.
//
// Metrics are counted from these lines by the template's filters, and not written as CloudWatch's embedded format: a line says what
// happened, once, and what is counted or alarmed stands with the alarms. A test holds that each filter's line exists.
func newLogger(w io.Writer, level string) *slog.Logger {
	options := &slog.HandlerOptions{Level: levelOf(level), ReplaceAttr: rename}
	return slog.New(invocations{slog.NewJSONHandler(w, options)})
}

func levelOf(name string) slog.Level {
	switch name {
	case "TRACE", "DEBUG":
		return slog.LevelDebug
	case "WARN":
		return slog.LevelWarn
	case "ERROR", "FATAL":
		return slog.LevelError
	}
	return slog.LevelInfo
}

func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		return slog.String("timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}

// invocations adds to each line the invocation that it belongs to.
type invocations struct{ slog.Handler }

// Handle implements slog.Handler.
func (h invocations) Handle(ctx context.Context, r slog.Record) error {
	if in, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", in.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h invocations) WithAttrs(attrs []slog.Attr) slog.Handler {
	return invocations{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h invocations) WithGroup(name string) slog.Handler {
	return invocations{h.Handler.WithGroup(name)}
}
