// Package parametertest is a Parameter Store that speaks as much of Systems Manager's HTTP API as Kassa asks of it, for tests
// and for machines without an account.
package parametertest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Store answers GetParameters over HTTP. Safe for concurrent use.
type Store struct {
	mu     sync.Mutex
	values map[string]string
	fault  string
	asked  [][]string
}

// New returns a store that holds values by name.
func New(values map[string]string) *Store { return &Store{values: maps.Clone(values)} }

// Put makes or changes a parameter.
func (s *Store) Put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[name] = value
}

// Fail has every call answered with an error of this code, as a status 400; one that begins with Internal is a status 500. ""
// ends it.
func (s *Store) Fail(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = code
}

// Asked returns the names that each call asked for.
func (s *Store) Asked() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

const (
	maxBody  = 64 << 10
	maxNames = 10 // Systems Manager, GetParameters
)

// ServeHTTP implements http.Handler.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		Names          []string
		WithDecryption bool
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	switch {
	case err != nil || json.Unmarshal(body, &in) != nil:
		refuse(w, "SerializationException")
		return
	case r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameters":
		refuse(w, "UnknownOperationException")
		return
	case !strings.Contains(r.Header.Get("Authorization"), "/ssm/aws4_request"):
		refuse(w, "MissingAuthenticationTokenException")
		return
	case len(in.Names) == 0 || len(in.Names) > maxNames || len(slices.Compact(slices.Sorted(slices.Values(in.Names)))) < len(in.Names):
		refuse(w, "ValidationException")
		return
	}
	s.asked = append(s.asked, in.Names)
	if s.fault != "" {
		refuse(w, s.fault)
		return
	}
	type parameter struct{ Name, Type, Value string }
	out := struct{ Parameters, InvalidParameters any }{}
	found, missing := []parameter{}, []string{}
	for _, name := range in.Names {
		value, ok := s.values[name]
		switch {
		case !ok:
			missing = append(missing, name)
		case in.WithDecryption:
			found = append(found, parameter{name, "SecureString", value})
		default:
			found = append(found, parameter{name, "SecureString", "AQICAH-encrypted"})
		}
	}
	out.Parameters, out.InvalidParameters = found, missing
	answer(w, http.StatusOK, out)
}

func refuse(w http.ResponseWriter, code string) {
	status := http.StatusBadRequest
	if strings.HasPrefix(code, "Internal") {
		status = http.StatusInternalServerError
	}
	answer(w, status, struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{"com.amazonaws.ssm#" + code, "refused"})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that has gone is no failure
}
