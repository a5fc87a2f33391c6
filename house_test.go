// Package kassa_test guards the house: who may import whom, and what the domain may not reach for. The drawing is in the README.
package kassa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Outside packages that only one room may know.
const (
	stripeSDK   = "github.com/stripe/stripe-go"
	dynamoSDK   = "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	lambdaSDK   = "github.com/aws/aws-lambda-go"
	eventsSDK   = "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	mailSDK     = "github.com/aws/aws-sdk-go-v2/service/sesv2"
	pushSDK     = "github.com/aws/aws-sdk-go-v2/service/sns"
	awsSDK      = "github.com/aws/"
	embeddedDB  = "go.etcd.io/bbolt"
	cldr        = "github.com/bojanz/currency"
	joseSDK     = "github.com/go-jose/go-jose/v4"
	comparison  = "github.com/google/go-cmp/" // shows testers what differs
	inFunctions = "kassa/functions/"
)

// rooms says what the packages of each room may import of ours and of others; the standard library is always allowed. A
// package that no room names is not part of the house.
var rooms = []struct {
	name    string // a package, or a folder with all in it when it ends in /
	imports []string
}{
	{"kassa/payments/money", nil},
	{"kassa/payments", []string{"kassa/payments/money"}},
	{"kassa/checkout/pricing", []string{"kassa/payments/money", "kassa/payments"}},
	{"kassa/checkout", []string{"kassa/checkout/pricing", "kassa/payments", "kassa/payments/money"}},
	{"kassa/checkout/recovery", []string{
		"kassa/checkout/recovery/wording", "kassa/checkout", "kassa/checkout/pricing", "kassa/payments", "kassa/payments/money",
	}},
	{"kassa/checkout/recovery/wording", []string{"kassa/checkout", "kassa/checkout/pricing", "kassa/payments/money"}},
	{"kassa/checkout/statistics", []string{"kassa/checkout/recovery", "kassa/checkout", "kassa/payments", "kassa/payments/money"}},
	{"kassa/checkout/recovery/awsmessenger", []string{"kassa/checkout/recovery", "kassa/checkout", "kassa/payments/money", awsSDK}},
	{"kassa/checkout/checkouttest", []string{"kassa/checkout", "kassa/checkout/settings", "kassa/checkout/merchant", "kassa/checkout/statistics",
		"kassa/checkout/recovery", "kassa/checkout/pricing", "kassa/payments", "kassa/payments/money", comparison}},
	{"kassa/checkout/settings", []string{"kassa/checkout", "kassa/checkout/recovery"}},
	{"kassa/checkout/merchant", []string{"kassa/checkout", "kassa/checkout/settings", "kassa/checkout/recovery", "kassa/checkout/statistics",
		"kassa/checkout/pricing", "kassa/payments", "kassa/payments/money"}},
	{"kassa/checkout/memstore", []string{"kassa/checkout", "kassa/checkout/settings", "kassa/checkout/merchant", "kassa/checkout/statistics",
		"kassa/checkout/recovery", "kassa/checkout/pricing", "kassa/payments", "kassa/payments/money", embeddedDB}},
	{"kassa/checkout/dynamostore", []string{"kassa/checkout", "kassa/checkout/settings", "kassa/checkout/merchant", "kassa/checkout/statistics",
		"kassa/checkout/recovery", "kassa/checkout/pricing", "kassa/payments", "kassa/payments/money", awsSDK}},
	{"kassa/checkout/dynamostore/", []string{"kassa/checkout", "kassa/checkout/dynamostore", awsSDK, comparison}}, // what its tests share
	{"kassa/checkout/eventbridgebus", []string{"kassa/checkout", "kassa/payments/money", awsSDK}},
	{"kassa/payments/stripegateway", []string{"kassa/payments", "kassa/payments/money", stripeSDK}},
	{"kassa/payments/sandbox", []string{"kassa/payments", "kassa/payments/money", embeddedDB}},
	{inFunctions, []string{"kassa", "kassa/", awsSDK, joseSDK, "github.com/go-playground/validator/v10"}},
	{"kassa", nil}, // carries openapi.yaml
}

// owners are the only rooms that may import a package directly.
var owners = map[string]string{
	stripeSDK:  "kassa/payments/stripegateway",
	dynamoSDK:  "kassa/checkout/dynamostore kassa/checkout/dynamostore/",
	eventsSDK:  "kassa/checkout/eventbridgebus",
	mailSDK:    "kassa/checkout/recovery/awsmessenger",
	pushSDK:    "kassa/checkout/recovery/awsmessenger",
	lambdaSDK:  inFunctions,
	embeddedDB: "kassa/checkout/memstore kassa/payments/sandbox",
	cldr:       "", // tests alone: it computes tables whenever a program begins
	joseSDK:    "kassa/functions/internal/oidc kassa/functions/internal/oidc/",
}

// forbidden are the selectors that the domain may not use: time, chance and environment are handed to it.
var forbidden = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "Tick", "After", "AfterFunc", "NewTimer", "NewTicker"},
	"os":           nil, // nil: nothing of the package
	"math/rand":    nil,
	"math/rand/v2": nil,
	"crypto/rand":  nil,
	"log":          nil,
	"net/http":     nil,
}

// domain is where forbidden holds.
var domain = []string{
	"kassa/payments/money", "kassa/payments", "kassa/checkout/pricing", "kassa/checkout", "kassa/checkout/recovery",
	"kassa/checkout/recovery/wording", "kassa/checkout/settings", "kassa/checkout/merchant",
	"kassa/checkout/statistics",
}

type goPackage struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// listed returns every package that ours are made of, ours included, by import path.
func listed(t *testing.T) map[string]goPackage {
	t.Helper()
	readSources(t)
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]goPackage{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("decode go list: %v", err)
		}
		all[p.ImportPath] = p
	}
	if len(all) < 50 {
		t.Fatalf("go list knows %d packages: that is not all of them", len(all))
	}
	return all
}

// readSources reads what go list will read: go test would otherwise repeat an old result, since it sees only the files that
// the test itself has opened.
func readSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case filepath.Ext(path) == ".go":
			_, err = os.ReadFile(path) //nolint:gosec // our own sources
		}
		return err
	})
	if err != nil {
		t.Fatalf("read sources: %v", err)
	}
}

func ours(path string) bool { return path == "kassa" || strings.HasPrefix(path, "kassa/") }

func within(path, room string) bool {
	return path == room || strings.HasSuffix(room, "/") && strings.HasPrefix(path, room)
}

// under is within, and also takes any package below an outside module's path.
func under(path, prefix string) bool {
	return within(path, prefix) || !ours(prefix) && strings.HasPrefix(path, prefix)
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	all := listed(t)
	for _, p := range all {
		if !ours(p.ImportPath) {
			continue
		}
		at := slices.IndexFunc(rooms, func(r struct {
			name    string
			imports []string
		}) bool {
			return within(p.ImportPath, r.name)
		})
		if at < 0 {
			t.Errorf("%s stands in no room of the house: add it to rooms, with what it may import", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if all[imported].Standard || slices.ContainsFunc(rooms[at].imports, func(allowed string) bool { return under(imported, allowed) }) {
				continue
			}
			t.Errorf("%s imports %s: its room may only import %v", p.ImportPath, imported, rooms[at].imports)
		}
	}
}

func TestOutsidePackagesHaveOneOwner(t *testing.T) {
	t.Parallel()
	for _, p := range listed(t) {
		for _, imported := range p.Imports {
			for outside, allowed := range owners {
				owned := slices.ContainsFunc(strings.Fields(allowed), func(room string) bool { return within(p.ImportPath, room) })
				if ours(p.ImportPath) && under(imported, outside) && !owned {
					t.Errorf("%s imports %s, which only %s may", p.ImportPath, imported, allowed)
				}
			}
		}
	}
}

// TestFunctionsHoldNoForeignSecret asserts what the split into functions is for: what a function doesn't link, it can't leak
// or call.
func TestFunctionsHoldNoForeignSecret(t *testing.T) {
	t.Parallel()
	all := listed(t)
	for function, never := range map[string][]string{
		"kassa/functions/cart":   {"kassa/payments/stripegateway", stripeSDK},
		"kassa/functions/sweep":  {"kassa/payments/stripegateway", stripeSDK},
		"kassa/functions/outbox": {"kassa/payments/stripegateway", stripeSDK},
	} {
		for _, dep := range all[function].Deps {
			for _, n := range never {
				if under(dep, n) {
					t.Errorf("%s links %s", function, dep)
				}
			}
		}
	}
	for path, p := range all {
		if strings.HasPrefix(path, inFunctions) && path != "kassa/functions/local" && slices.Contains(p.Deps, "kassa/payments/sandbox") {
			t.Errorf("%s links the sandbox, which takes no money", path)
		}
		if strings.HasPrefix(path, inFunctions) && path != "kassa/functions/local" && slices.Contains(p.Deps, "kassa/functions/internal/oidc/issuer") {
			t.Errorf("%s links the issuer that signs in whoever asks", path)
		}
	}
}

func TestDomainIsHandedTimeChanceAndEnvironment(t *testing.T) {
	t.Parallel()
	all := listed(t)
	for _, path := range domain {
		p, ok := all[path]
		if !ok {
			continue // not built yet
		}
		for _, name := range p.GoFiles {
			for _, use := range uses(t, filepath.Join(p.Dir, name)) {
				t.Error(use)
			}
		}
	}
}

// uses lists the forbidden selectors in a file.
func uses(t *testing.T, file string) []string {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	names := map[string]string{} // local name → import path
	var found []string
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		selectors, banned := forbidden[path]
		if banned && (selectors == nil || name == ".") {
			found = append(found, fmt.Sprintf("%s imports %s", set.Position(spec.Pos()), path))
		}
		names[name] = path
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && slices.Contains(forbidden[names[pkg.Name]], sel.Sel.Name) {
			found = append(found, fmt.Sprintf("%s uses %s.%s", set.Position(sel.Pos()), pkg.Name, sel.Sel.Name))
		}
		return true
	})
	return found
}
