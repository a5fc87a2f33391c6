package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"kassa/functions/internal/parameter"
)

func TestFileIsReadAnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "parameters.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(handler(file))
	defer server.Close()
	client := &parameter.Client{
		HTTP: http.DefaultClient, Region: "eu-west-1", URL: server.URL, Now: time.Now,
		Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "s"}},
	}
	for text, want := range map[string]string{`{"/local/x": "word"}`: "word", `{"/local/x": {"name": "Kade 9"}}`: `{"name": "Kade 9"}`} {
		write(text)
		if v, err := client.Read(t.Context(), "/local/x"); err != nil || v["/local/x"] != want {
			t.Errorf("%s: got %q, %v", text, v, err)
		}
	}
	write(`{`)
	if v, err := client.Read(t.Context(), "/local/x"); err == nil {
		t.Errorf("a broken file answers %q", v)
	}
	if _, err := read(file); err == nil {
		t.Error("a broken file can be read")
	}
	write(`{}`)
	if _, err := read(file); err == nil {
		t.Error("a file without parameters is taken")
	}
}
