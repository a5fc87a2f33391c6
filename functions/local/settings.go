package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"kassa/functions/internal/oidc"
)

// options are what the command line and the environment decide; the variables are those of the functions on AWS.
type options struct {
	addr      string
	catalogue string            // file to sell from; "" = the sample
	store     string            // file of the store; "" = memory. With dynamodb, what lies beside it lies beside this
	dynamodb  string            // endpoint of a DynamoDB on this machine; "" = the embedded store
	tables    string            // what the names of its tables begin with
	wire      http.RoundTripper // to it; nil = the usual
	namespace string            // reversed domain of our payment handlers
	stripe    stripeSettings    // zero = the sandbox
	issuer    string            // of customers' tokens; "" = our own, under /dev/oidc
	audience  string            // of the tokens of that issuer
}

type stripeSettings struct {
	secretKey      string // sk_test_… or rk_test_…; "" = the sandbox
	publishableKey string
	base           string // "" = Stripe itself
	webhookSecrets []string
}

// variables are those of the environment that count here.
var variables = []string{
	"KASSA_STORE", "AWS_ENDPOINT_URL_DYNAMODB", "KASSA_NAMESPACE", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET",
	"STRIPE_API_BASE", "OIDC_ISSUER", "OIDC_AUDIENCE",
}

const defaultStore = "file:.kassa/kassa.db"

// errHelp says that the usage was asked for, and printed.
var errHelp = flag.ErrHelp

// readSettings reads the arguments and the environment. Its errors are for the person at the terminal.
func readSettings(args []string, getenv func(string) string, usage io.Writer) (options, error) {
	var s options
	flags := flag.NewFlagSet("local", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() {
		fmt.Fprintf(usage, "Usage of local:\n")
		flags.PrintDefaults()
		fmt.Fprintf(usage, "Environment, explained in the README:\n  %s\n", strings.Join(variables, " "))
	}
	flags.StringVar(&s.addr, "addr", "127.0.0.1:3000", "`address` to listen on")
	flags.StringVar(&s.catalogue, "catalogue", "", "JSON `file` of products to sell instead of the sample; read at every start")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var err error
	if getenv("KASSA_STORE") == "dynamodb" {
		s.store, s.tables = dynamodbBeside, tablePrefix
		s.dynamodb, err = dynamodbEndpoint(getenv)
	} else {
		s.store, err = storeFile(getenv("KASSA_STORE"))
	}
	if err != nil {
		return options{}, err
	}
	s.issuer, s.audience = getenv("OIDC_ISSUER"), getenv("OIDC_AUDIENCE")
	if _, err := oidc.FromEnvironment(s.issuer, s.audience, oidc.Config{}); err != nil {
		return options{}, err
	}
	s.namespace = getenv("KASSA_NAMESPACE")
	s.stripe = stripeSettings{
		secretKey: getenv("STRIPE_SECRET_KEY"), publishableKey: getenv("STRIPE_PUBLISHABLE_KEY"), base: getenv("STRIPE_API_BASE"),
	}
	for secret := range strings.SplitSeq(getenv("STRIPE_WEBHOOK_SECRET"), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			s.stripe.webhookSecrets = append(s.stripe.webhookSecrets, secret)
		}
	}
	return s, s.stripe.validate()
}

func storeFile(value string) (string, error) {
	if value == "" {
		value = defaultStore
	}
	path, isFile := strings.CutPrefix(value, "file:")
	switch {
	case isFile && path != "":
		return path, nil
	case value == "memory":
		return "", nil
	}
	return "", fmt.Errorf("KASSA_STORE=%s: want file:PATH, memory or dynamodb", value)
}

// dynamodbBeside is where the sandbox and the notebook keep their files when the store is elsewhere.
const dynamodbBeside = ".kassa/dynamodb.db"

// dynamodbEndpoint returns the endpoint of DynamoDB Local. Tables of an account are refused: here the payments are not real.
func dynamodbEndpoint(getenv func(string) string) (string, error) {
	endpoint := getenv("AWS_ENDPOINT_URL_DYNAMODB")
	if endpoint == "" {
		endpoint = getenv("AWS_ENDPOINT_URL")
	}
	if endpoint == "" {
		return "", errors.New("KASSA_STORE=dynamodb needs AWS_ENDPOINT_URL_DYNAMODB (http://127.0.0.1:8000, of DynamoDB Local): " +
			"the local run must not write sandbox payments into the tables of an account")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || strings.HasSuffix(u.Hostname(), ".amazonaws.com") {
		return "", fmt.Errorf("AWS_ENDPOINT_URL_DYNAMODB=%s: want the URL of a DynamoDB of your own, such as http://127.0.0.1:8000",
			endpoint)
	}
	return endpoint, nil
}

// validate keeps real money out of this process, and half a configuration too.
func (s stripeSettings) validate() error {
	test := strings.HasPrefix(s.secretKey, "sk_test_") || strings.HasPrefix(s.secretKey, "rk_test_")
	switch {
	case strings.HasPrefix(s.secretKey, "sk_live_"), strings.HasPrefix(s.secretKey, "rk_live_"),
		strings.HasPrefix(s.publishableKey, "pk_live_"):
		return errors.New("a live Stripe key is refused here: the local run must not touch real money; use a test key, or none for the sandbox")
	case s.secretKey != "" && !test:
		return errors.New("STRIPE_SECRET_KEY must start with sk_test_ or rk_test_; leave it unset for the sandbox")
	case s.publishableKey != "" && !strings.HasPrefix(s.publishableKey, "pk_test_"):
		return errors.New("STRIPE_PUBLISHABLE_KEY must start with pk_test_: every app gets to see it; leave it unset for the sandbox")
	case s.secretKey == "" && s.base != "":
		return errors.New("STRIPE_API_BASE needs STRIPE_SECRET_KEY (sk_test_…); without both, the built-in sandbox is used")
	case s.secretKey != "" && s.publishableKey == "":
		return errors.New("STRIPE_SECRET_KEY needs STRIPE_PUBLISHABLE_KEY (pk_test_…): wallet sheets can't open without it")
	case len(s.webhookSecrets) > 2:
		return errors.New("STRIPE_WEBHOOK_SECRET holds more than two secrets: the new one and, during rotation, the old one")
	}
	return nil
}

func (s stripeSettings) sandbox() bool { return s.secretKey == "" }
