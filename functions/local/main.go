// Command local is the whole of Kassa in one process, for a developer's machine: the HTTP functions, the schedules, an
// embedded store and a payment sandbox. It needs nothing but Go:
//
//	go run ./functions/local
//
// The same environment variables as on AWS point it elsewhere: see the README's table. Nothing here decides anything about
// carts or money; the services that it wires are those of the Lambda functions.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "kassa:", err)
		os.Exit(1)
	}
}
