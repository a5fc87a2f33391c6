// Command parameterstore answers sam local's functions as the Parameter Store would, from a JSON file of names and values, read
// anew for each call. A value that is no string is given out as JSON: shop settings may stand in the file as they are.
//
//	go run ./functions/internal/parameter/parameterstore -addr 127.0.0.1:8001 parameters.json
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"kassa/functions/internal/parameter/parametertest"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "`address` to listen on")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: parameterstore [-addr address] parameters.json")
		os.Exit(2)
	}
	if err := serve(*addr, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "parameterstore:", err)
		os.Exit(1)
	}
}

func serve(addr, file string) error {
	if _, err := read(file); err != nil {
		return err
	}
	fmt.Printf("parameters of %s on http://%s\n", file, addr)
	server := &http.Server{Addr: addr, ReadHeaderTimeout: 5 * time.Second, Handler: handler(file)}
	return server.ListenAndServe()
}

func handler(file string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		values, err := read(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "parameterstore:", err)
			http.Error(w, "the file can't be read", http.StatusInternalServerError)
			return
		}
		parametertest.New(values).ServeHTTP(w, r)
	})
}

// read returns the values of a file by name.
func read(file string) (map[string]string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the file that the developer named
	if err != nil {
		return nil, err
	}
	var found map[string]json.RawMessage
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(found) == 0 {
		return nil, errors.New(file + " names no parameter")
	}
	values := make(map[string]string, len(found))
	for name, raw := range found {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		values[name] = s
	}
	return values, nil
}
