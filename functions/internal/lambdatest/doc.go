// Package lambdatest runs the binaries of functions as Lambda runs them: each in a process of its own, which asks for events over
// the Runtime API, is stopped between them, and is killed when its time is up. Border stands between such a process and what it
// calls, and can let it die at any call.
//
// Its tests build the binaries with the Makefile's targets, which sam build runs too, for this machine's architecture, and send
// them every file in events/: through this package, and through the emulator of the Runtime API that comes with the SAM CLI.
// They need Linux, make, and what package dynamotest needs; the emulator needs Python, for which they install the SAM CLI into
// .tools/.
package lambdatest
