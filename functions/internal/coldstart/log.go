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
// Lines that are metrics are counted in a namespace; "" counts none.
func newLogger(w io.Writer, level, namespace string) *slog.Logger {
	options := &slog.HandlerOptions{Level: levelOf(level), ReplaceAttr: rename}
	return slog.New(lines{slog.NewJSONHandler(w, options), namespace})
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

// lines adds to each line the invocation that it belongs to, and makes metrics of some.
type lines struct {
	slog.Handler
	namespace string
}

// Handle implements slog.Handler.
func (h lines) Handle(ctx context.Context, r slog.Record) error {
	if in, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", in.AwsRequestID))
	}
	count(h.namespace, &r)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return lines{h.Handler.WithAttrs(attrs), h.namespace}
}

// WithGroup implements slog.Handler.
func (h lines) WithGroup(name string) slog.Handler {
	return lines{h.Handler.WithGroup(name), h.namespace}
}
