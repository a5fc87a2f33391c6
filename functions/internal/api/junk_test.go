package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// junk is what nobody means and somebody sends, in the place of anything.
var junk = []string{`null`, `""`, `-1`, `1e400`, `9223372036854775807`, `[null]`, `{}`, `"` + strings.Repeat("x", 300) + `"`, `"\u0000"`}

// Whatever stands in the place of whatever in the bodies that the description shows, the fault is never ours: no answer is a 5xx, and what
// is refused is refused in the one shape.
func TestJunkIsNeverOurFault(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	session, me := s.readySession(t)
	read := s.call(t, http.MethodGet, session, "", me)
	order := s.buyMug(t)
	tried := 0
	for _, o := range s.description.operations() {
		for _, example := range dig(o.object, "requestBody", "content", "application/json", "examples") {
			path, credential := strings.NewReplacer("{id}", read.at("cart_id"), "{line}", "li_mug").Replace(o.path), me
			switch {
			case strings.HasPrefix(path, "/checkout-sessions/"):
				path = strings.Replace(path, read.at("cart_id"), read.at("id"), 1)
			case strings.HasPrefix(path, "/admin"):
				path, credential = strings.Replace(path, read.at("cart_id"), order, 1), auth(rootKey)
			}
			for _, body := range spoiled(dig(example)["value"]) {
				tried++
				s.refuseOrTake(t, strings.ToUpper(o.method), path, body, credential)
			}
		}
	}
	if tried < 500 {
		t.Errorf("only %d bodies", tried)
	}
}

func (s *stack) refuseOrTake(t *testing.T, method, path, body, credential string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	for _, h := range []string{credential, s.key(), "Content-Type: application/json"} {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.functionOf(path).ServeHTTP(w, r)
	switch {
	case w.Code >= 500:
		t.Errorf("%s %s is answered %d to %s: %s", method, path, w.Code, body, w.Body)
	case w.Code >= 400:
		if err := s.description.validate("#/components/schemas/Failure", w.Body.Bytes()); err != nil {
			t.Errorf("%s %s is refused in another shape: %v", method, path, err)
		}
	}
}

// spoiled are a document with junk in the place of each of its parts, one at a time.
func spoiled(doc any) (all []string) {
	text, _ := json.Marshal(doc)
	for _, path := range partsOf(doc, nil) {
		for _, j := range junk {
			marked, _ := json.Marshal(with(doc, path, "JUNK"))
			if out := strings.Replace(string(marked), `"JUNK"`, j, 1); out != string(text) {
				all = append(all, out)
			}
		}
	}
	return all
}

func partsOf(doc any, at []string) [][]string {
	all := [][]string{slices.Clone(at)}
	switch v := doc.(type) {
	case map[string]any:
		for name, member := range v {
			all = append(all, partsOf(member, append(at, name))...)
		}
	case []any:
		for i, member := range v {
			all = append(all, partsOf(member, append(at, strconv.Itoa(i)))...)
		}
	}
	return all
}

// with is a document with another value at a path; what is beside the path is shared.
func with(doc any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch v := doc.(type) {
	case map[string]any:
		changed := map[string]any{}
		for name, member := range v {
			changed[name] = member
		}
		changed[path[0]] = with(v[path[0]], path[1:], value)
		return changed
	case []any:
		i, _ := strconv.Atoi(path[0])
		changed := slices.Clone(v)
		changed[i] = with(v[i], path[1:], value)
		return changed
	}
	return doc
}
