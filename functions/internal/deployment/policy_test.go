package deployment_test

import (
	"slices"
	"strings"
	"testing"
)

// forced are the statements that AWS can't narrow, by action, and why.
var forced = map[string]string{
	"xray:PutTraceSegments":      "X-Ray has no resources to name (service authorization reference, AWS X-Ray)",
	"xray:PutTelemetryRecords":   "X-Ray has no resources to name",
	"dynamodb:ListStreams":       "Lambda's poller asks for all streams of the table; the answer is names",
	"sns:CreatePlatformEndpoint": "SNS gives endpoints random names",
	"sns:GetEndpointAttributes":  "SNS gives endpoints random names",
	"sns:SetEndpointAttributes":  "SNS gives endpoints random names",
	"sns:Publish":                "SNS gives endpoints random names",
}

// statement is what a role's policy says.
type statement struct {
	role, effect       string
	actions, resources []string
}

// statements returns those of all roles. Roles have no other policies: a managed one changes without us.
func statements(t *testing.T) []statement {
	t.Helper()
	var all []statement
	for _, r := range of(t, "AWS::IAM::Role") {
		if r.Properties["ManagedPolicyArns"] != nil {
			t.Errorf("%s has managed policies: %s", r.ID, shown(r.Properties["ManagedPolicyArns"]))
		}
		for _, policy := range list(r.Properties["Policies"]) {
			for _, s := range list(at(policy, "PolicyDocument", "Statement")) {
				one := statement{role: r.ID}
				one.effect, _ = at(s, "Effect").(string)
				for _, a := range list(at(s, "Action")) {
					one.actions = append(one.actions, a.(string))
				}
				for _, v := range list(at(s, "Resource")) {
					text, ok := physical(v, nil)
					if !ok {
						t.Errorf("%s: resource %s can't be read", r.ID, shown(v))
					}
					one.resources = append(one.resources, text)
				}
				if at(s, "NotAction") != nil || at(s, "NotResource") != nil || len(one.actions) == 0 || len(one.resources) == 0 {
					t.Errorf("%s has a statement without actions or resources, or one that names what it doesn't mean: %s", r.ID, shown(s))
				}
				all = append(all, one)
			}
		}
	}
	return all
}

func TestRolesHaveNoWildcards(t *testing.T) {
	t.Parallel()
	for _, s := range statements(t) {
		for _, action := range s.actions {
			if strings.Contains(action, "*") || !strings.Contains(action, ":") {
				t.Errorf("%s: action %s", s.role, action)
			}
			for _, resource := range s.resources {
				if strings.Contains(resource, "*") && forced[action] == "" {
					t.Errorf("%s: %s on %s", s.role, action, resource)
				}
			}
		}
	}
}

func TestRolesAreTakenByTheirServiceAlone(t *testing.T) {
	t.Parallel()
	for _, r := range of(t, "AWS::IAM::Role") {
		trust := list(at(r.Properties, "AssumeRolePolicyDocument", "Statement"))
		want := "lambda.amazonaws.com"
		if r.ID == "ScheduleRole" {
			want = "scheduler.amazonaws.com"
		}
		if len(trust) != 1 || at(trust[0], "Principal", "Service") != want || at(trust[0], "Action") != "sts:AssumeRole" {
			t.Errorf("%s trusts %s", r.ID, shown(trust))
		}
	}
}

// Which function may read which secret is why there are several functions.
func TestSecretsAreReadByThoseThatNeedThem(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"shop": {"AdminRole", "CartRole", "CheckoutRole", "FeedbackRole", "OutboxRole", "ReconcileRole", "SweepRole",
			"WebhookRole"},
		"token-secrets":          {"CartRole", "CheckoutRole"},
		"link-secrets":           {"CartRole", "CheckoutRole", "FeedbackRole", "OutboxRole"},
		"stripe-secret-key":      {"AdminRole", "CheckoutRole", "ReconcileRole"},
		"stripe-webhook-secrets": {"WebhookRole"},
		"admin-key-hash":         {"AdminRole"},
	}
	got := map[string][]string{}
	for _, s := range statements(t) {
		for _, action := range s.actions {
			if service, _, _ := strings.Cut(action, ":"); service != "ssm" && service != "kms" && service != "secretsmanager" {
				continue
			}
			if action != "ssm:GetParameters" {
				t.Errorf("%s: %s", s.role, action)
			}
			for _, resource := range s.resources {
				name, ok := strings.CutPrefix(resource, "arn:aws:ssm:eu-west-1:123456789012:parameter/kassa/")
				if !ok {
					t.Errorf("%s reads %s", s.role, resource)
				}
				got[name] = append(got[name], s.role)
			}
		}
	}
	for name, roles := range got {
		slices.Sort(roles)
		if !slices.Equal(roles, want[name]) {
			t.Errorf("%s is read by %v, want %v", name, roles, want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d parameters are read, want %d", len(got), len(want))
	}
}
