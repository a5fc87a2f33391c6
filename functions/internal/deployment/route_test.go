package deployment_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"kassa/functions/internal/api"
)

// The template routes exactly what openapi.yaml describes and the code serves, each to the function that serves it; all else
// goes to cart, which refuses it in the API's own words.
func TestRoutesAreThoseOfDescriptionAndCode(t *testing.T) {
	t.Parallel()
	deployed := deployedRoutes(t)
	if got := deployed["$default"]; got != "CartFunction" {
		t.Errorf("what no route names goes to %q", got)
	}
	delete(deployed, "$default")

	coded := map[string]string{}
	for function, handler := range map[string]api.Handler{
		"CartFunction": api.Cart(api.CartDeps{}), "CheckoutFunction": api.Checkout(api.CheckoutDeps{}),
		"WebhookFunction": api.Webhook(api.WebhookDeps{}),
		"AdminFunction":   api.Admin(api.AdminDeps{}), "FeedbackFunction": api.Feedback(api.FeedbackDeps{}),
	} {
		for _, route := range handler.Routes {
			coded[route.Method+" "+route.Pattern] = function
		}
	}
	if diff := cmp.Diff(coded, deployed); diff != "" {
		t.Errorf("code and template differ (-code +template):\n%s", diff)
	}
	if diff := cmp.Diff(describedRoutes(t), slices.Sorted(maps.Keys(deployed))); diff != "" {
		t.Errorf("openapi.yaml and template differ (-openapi.yaml +template):\n%s", diff)
	}
}

// deployedRoutes are functions by method and path.
func deployedRoutes(t *testing.T) map[string]string {
	t.Helper()
	routes := map[string]string{}
	for _, gateway := range of(t, "AWS::ApiGatewayV2::Api") {
		paths, _ := at(gateway.Properties, "Body", "paths").(tree)
		for path, methods := range paths {
			for method, operation := range methods.(tree) {
				integration := at(operation, "x-amazon-apigateway-integration")
				uri, _ := at(integration, "uri", "Fn::Sub").(string)
				_, after, _ := strings.Cut(uri, "functions/${")
				function, _, _ := strings.Cut(after, ".Arn}")
				name := strings.ToUpper(method) + " " + path
				if at(operation, "isDefaultRoute") == true {
					name = "$default"
				}
				if at(integration, "payloadFormatVersion") != "2.0" || at(integration, "type") != "aws_proxy" {
					t.Errorf("%s is not handed on as payload 2.0: %s", name, shown(integration))
				}
				routes[name] = function
			}
		}
	}
	return routes
}

func describedRoutes(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(root + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var description struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	var routes []string
	for path, operations := range description.Paths {
		for method := range operations {
			if method == "get" || method == "put" || method == "post" || method == "patch" || method == "delete" {
				routes = append(routes, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(routes)
	return routes
}
