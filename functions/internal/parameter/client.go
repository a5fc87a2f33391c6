package parameter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Client calls GetParameters of Systems Manager. It is written by hand because the SDK's client for its 150 operations costs a
// start 1.7 ms of CPU and the binary 3 MB, measured, for this one.
type Client struct {
	HTTP        aws.HTTPClient
	Credentials aws.CredentialsProvider
	Region      string
	URL         string // "" = the region's public endpoint
	Now         func() time.Time
}

const (
	tries     = 3
	maxAnswer = 1 << 20 // bytes; ten parameters of 8 KB are far below
)

// stored is a parameter as Systems Manager answers it.
type stored struct {
	Name  string
	Value string
}

// get reads parameters, decrypted; those that don't exist are left out. What may pass is tried again at once: a start can't
// wait long, and a Kept has its own pause.
func (c *Client) get(ctx context.Context, names []string) ([]stored, error) {
	var answer struct{ Parameters []stored }
	for try := 1; ; try++ {
		passing, err := c.once(ctx, asked(names), &answer)
		if err == nil || !passing || try == tries || ctx.Err() != nil {
			return answer.Parameters, err
		}
	}
}

// asked is the body of a request. It is put together by hand: encoding/json would learn a type for it in each start, 0.1 ms. The names
// that Systems Manager takes are letters, digits and "_.-/", for which Go's quotes are JSON's.
func asked(names []string) []byte {
	body := []byte(`{"WithDecryption":true,"Names":[`)
	for i, name := range names {
		if i > 0 {
			body = append(body, ',')
		}
		body = strconv.AppendQuote(body, name)
	}
	return append(body, "]}"...)
}

// once sends one request; passing says that the same could succeed later.
func (c *Client) once(ctx context.Context, body []byte, answer any) (passing bool, err error) {
	url := c.URL
	if url == "" {
		url = "https://ssm." + c.Region + ".amazonaws.com/"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AmazonSSM.GetParameters")
	keys, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return true, fmt.Errorf("have no credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), "ssm", c.Region, c.Now()); err != nil {
		return false, fmt.Errorf("sign: %w", err)
	}
	res, err := c.HTTP.Do(r)
	if err != nil {
		return true, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end or given up
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return true, err
	}
	if res.StatusCode != http.StatusOK {
		code := errorCode(text)
		transient := res.StatusCode >= http.StatusInternalServerError || strings.HasPrefix(code, "Throttling")
		return transient, fmt.Errorf("status %d %s", res.StatusCode, code)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return false, errors.New("the answer is no JSON") // its text may hold a value
	}
	return false, nil
}

// errorCode is the name of an AWS JSON error, without its namespace.
func errorCode(body []byte) string {
	var failure struct {
		Type string `json:"__type"`
	}
	if json.Unmarshal(body, &failure) != nil {
		return ""
	}
	return failure.Type[strings.LastIndex(failure.Type, "#")+1:]
}
