package deployment_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// ledger keeps what functions asked AWS for, in the words of IAM: role, action and resource.
type ledger struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (l *ledger) note(role, action, resource string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[role+" "+action+" "+resource] = true
}

func (l *ledger) entries() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.seen))
}

// watched returns the URL of a DynamoDB that notes what a role asks of it.
func (l *ledger) watched(t *testing.T, role, endpoint string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		l.noteRequest(t, role, operation, body)
		forward(t, w, r, endpoint, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func forward(t *testing.T, w http.ResponseWriter, r *http.Request, endpoint string, body []byte) {
	t.Helper()
	out, err := http.NewRequestWithContext(r.Context(), r.Method, endpoint+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	out.Header = r.Header.Clone()
	res, err := http.DefaultClient.Do(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = res.Body.Close() }()
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}

// actions are what IAM asks for the parts of a transaction (DynamoDB, "IAM and DynamoDB transactions").
var actions = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

type dynamoRequest struct {
	TableName, IndexName string
	RequestItems         map[string]any
	TransactItems        []map[string]struct{ TableName string }
}

func (l *ledger) noteRequest(t *testing.T, role, operation string, body []byte) {
	t.Helper()
	var in dynamoRequest
	if err := json.Unmarshal(body, &in); err != nil {
		t.Errorf("%s asks for %s with %s", role, operation, body)
	}
	for table := range in.RequestItems {
		l.note(role, "dynamodb:"+operation, arn(table, ""))
	}
	for _, part := range in.TransactItems {
		for kind, what := range part {
			l.note(role, "dynamodb:"+actions[kind], arn(what.TableName, ""))
		}
	}
	if in.TableName != "" {
		l.note(role, "dynamodb:"+operation, arn(in.TableName, in.IndexName))
	}
}

// arn is the resource of a table or an index, as physical makes it of the template.
func arn(table, index string) string {
	resource := "arn:" + strings.TrimPrefix(table, "kassa-") + ".Arn"
	if index != "" {
		resource += "/index/" + index
	}
	return resource
}
