package coldstart

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed" // the roots
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
)

// roots are those that AWS's endpoints chain to. The system's 144 take 11 to 15 ms of CPU to read, which at the memory of these
// functions is up to 100 ms of a shopper's first request.
//
//go:embed roots.pem
var roots []byte

// configure returns what clients of AWS are made of. It reads the environment and nothing else: no file of the SDK's, no
// instance metadata. A Lambda function has neither, and finding that out costs time and megabytes.
//
// What the SDK's own variables say is kept where it matters here: AWS_ENDPOINT_URL, also of single services and in plain
// http (for DynamoDB Local), AWS_CA_BUNDLE instead of Amazon's roots, the endpoint of a container's credentials.
func configure(env *Environment) (aws.Config, error) {
	region := env.Optional("AWS_REGION")
	if region == "" {
		return aws.Config{}, errors.New("environment variable AWS_REGION is missing")
	}
	held, err := credentialsOf(env)
	if err != nil {
		return aws.Config{}, err
	}
	client, err := httpClient(env.Optional("AWS_CA_BUNDLE"))
	if err != nil {
		return aws.Config{}, err
	}
	c := aws.Config{Region: region, Credentials: held, HTTPClient: client, ConfigSources: []any{endpoints{env}}}
	if url := env.Optional("AWS_ENDPOINT_URL"); url != "" {
		c.BaseEndpoint = &url
	}
	return c, nil
}

// endpoints tells the SDK where single services are, after its own variables.
type endpoints struct{ env *Environment }

// GetServiceBaseEndpoint implements an interface of the SDK.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := e.env.values["AWS_ENDPOINT_URL_"+strings.ToUpper(strings.ReplaceAll(service, " ", "_"))]
	return url, url != "", nil
}

// credentialsOf are those of the function's role: in variables, or at an endpoint where environments live for longer than
// credentials do.
func credentialsOf(env *Environment) (aws.CredentialsProvider, error) {
	held := aws.Credentials{
		AccessKeyID: env.Optional("AWS_ACCESS_KEY_ID"), SecretAccessKey: env.Optional("AWS_SECRET_ACCESS_KEY"),
		SessionToken: env.Optional("AWS_SESSION_TOKEN"), Source: "environment",
	}
	url := env.Optional("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	switch {
	case held.HasKeys():
		return credentials.StaticCredentialsProvider{Value: held}, nil
	case url != "":
		return aws.NewCredentialsCache(endpointcreds.New(url, func(o *endpointcreds.Options) {
			o.AuthorizationToken = env.Optional("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		})), nil
	}
	return nil, errors.New("environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are missing")
}

// httpClient trusts Amazon's roots, or those of a file. Its bounds find a connection that died while the environment was frozen
// in seconds, and leave time for another try.
func httpClient(bundle string) (*awshttp.BuildableClient, error) {
	trusted := roots
	if bundle != "" {
		var err error
		if trusted, err = os.ReadFile(bundle); err != nil { //nolint:gosec // the operator names it
			return nil, fmt.Errorf("read AWS_CA_BUNDLE: %w", err)
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(trusted) {
		return nil, errors.New("AWS_CA_BUNDLE holds no certificate")
	}
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 2 * time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
			t.TLSHandshakeTimeout = 3 * time.Second
			t.ResponseHeaderTimeout = 3 * time.Second
			t.MaxIdleConnsPerHost = 32 // sweeps and reconcile ask in parallel
		}), nil
}
