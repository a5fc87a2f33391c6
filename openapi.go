// Package kassa carries the description of its HTTP API.
package kassa

import _ "embed"

// OpenAPI is openapi.yaml, the description of the HTTP API (OpenAPI 3.1).
//
//go:embed openapi.yaml
var OpenAPI []byte
