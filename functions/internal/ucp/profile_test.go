package ucp_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestProfileAgainstTheStandard holds the profile against the official schemas, where they are: UCP_SCHEMAS names their
// folder. It asks for what ucp.json says of a business; the profile's own schema refers to that by a path that leads nowhere.
func TestProfileAgainstTheStandard(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("UCP_SCHEMAS")
	if dir == "" {
		t.Skip("UCP_SCHEMAS names no folder of UCP's schemas") // TestAnswers holds the profile to what the schemas have seen
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".json") {
			return err
		}
		text, err := os.ReadFile(name) //nolint:gosec // a folder that the developer named
		if err != nil {
			return err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return err
		}
		if m, _ := doc.(map[string]any); m["$id"] != nil {
			return c.AddResource(m["$id"].(string), doc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("https://ucp.dev/schemas/ucp.json#/$defs/business_schema")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(wire(t).Profile())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc.(map[string]any)["ucp"]); err != nil {
		t.Error(err)
	}
}
