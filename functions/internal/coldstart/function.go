// Package coldstart is what all functions do when Lambda starts them: read a typed environment, the secrets and the shop's
// settings, open one connection to the store, and begin to serve. A function that can't do its work refuses here, with a
// message that names what is wrong.
//
// Everything that a main needs comes from here, and nothing is kept in package variables: a process may serve several
// invocations at once, and a test makes as many functions as it likes.
package coldstart

import (
	"context"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"

	"kassa/checkout/settings"
	"kassa/functions/internal/parameter"
)

// bound is how long a start may take: Lambda ends one after 10 s, without a word about why.
const bound = 8 * time.Second

// settingsLife is how old the shop's settings may be. With the time that a read takes they are in force within a minute.
const settingsLife = 55 * time.Second

// Function is a function while it starts.
type Function struct {
	Env *Environment
	AWS aws.Config
	Log *slog.Logger
	Now func() time.Time

	parameters []string

	parsing sync.Mutex
	last    *understood // settings that services were made of
}

// Start makes what answers a function's events: a function that package lambda of aws-lambda-go takes.
type Start func(context.Context, *Function) (handler any, err error)

// collectAt is Go's GOGC. At 200 the first collection is at 8 MB of heap and not at 4: a start needs about 5, and would spend a
// fifth of its CPU, or the first event half of its own, on a collection that finds nothing. It costs 4 MB.
const collectAt = 200

// Main starts a function and serves events until Lambda ends the process. A function that refuses to start ends it itself.
func Main(start Start) {
	debug.SetGCPercent(collectAt)
	handler, err := Begin(os.Environ(), os.Stdout, start)
	if err != nil {
		os.Exit(1)
	}
	lambda.Start(handler)
}

// Begin starts a function in an environment (pairs of NAME=value) and returns what answers its events. A refusal is logged
// too.
func Begin(environ []string, logs io.Writer, start Start) (handler any, err error) {
	f := &Function{Env: NewEnvironment(environ), Now: time.Now}
	f.Log = newLogger(logs, f.Env.Optional("AWS_LAMBDA_LOG_LEVEL"), f.Env.Optional("KASSA_METRICS"))
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	if f.AWS, err = configure(f.Env); err == nil {
		handler, err = start(ctx, f)
	}
	if err != nil {
		f.Log.ErrorContext(ctx, "function refuses to start", "error", err.Error())
		return nil, err
	}
	return handler, nil
}

// Parameter has a parameter read whose name is in a variable, and returns that name.
func (f *Function) Parameter(variable string) string {
	name := f.Env.Required(variable)
	f.parameters = append(f.parameters, name)
	return name
}

// Live reports whether this deployment takes real money: STRIPE_MODE is live, and not test.
func (f *Function) Live() bool { return f.Env.OneOf("STRIPE_MODE", "test", "live") == "live" }

// Keep makes T of the parameters that were asked for and of the newest settings in the store, and keeps it up to date: those
// within five minutes, these within one. Both are read at once, so that the settings are also the read that opens the
// connection to the store. Keep is where a start waits for the network: what is wrong in the environment is said before. A
// nil store has no settings.
func Keep[T any](ctx context.Context, f *Function, store settings.Reader, build func(parameter.Values) (T, error)) (*parameter.Kept[T], error) {
	if err := f.Env.Err(); err != nil {
		return nil, err
	}
	c := parameter.Config[T]{Client: f.parameterStore(), Names: f.parameters, Make: build, Now: f.Now, Logger: f.Log}
	if store != nil {
		c.Overlay = &parameter.Overlay{Life: settingsLife, Read: func(ctx context.Context) (parameter.Values, error) { return current(ctx, store) }}
	}
	return parameter.Keep(ctx, c)
}

func (f *Function) parameterStore() *parameter.Client {
	url, ok, _ := endpoints{f.Env}.GetServiceBaseEndpoint(context.Background(), "SSM")
	if !ok {
		url = aws.ToString(f.AWS.BaseEndpoint)
	}
	return &parameter.Client{HTTP: f.AWS.HTTPClient, Credentials: f.AWS.Credentials, Region: f.AWS.Region, URL: url, Now: f.Now}
}
