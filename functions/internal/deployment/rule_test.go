package deployment_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kassa/functions/internal/coldstart"
)

// gateway is how long API Gateway waits for a function (HTTP API quotas: integration timeout).
const gateway = 30

func TestFunctions(t *testing.T) {
	t.Parallel()
	roles, groups := map[string]string{}, map[string]string{}
	for _, r := range of(t, "AWS::Lambda::Function") {
		if timeout, ok := r.Properties["Timeout"].(float64); !ok || timeout >= gateway {
			t.Errorf("%s: timeout %v is not below the gateway's %d s", r.ID, r.Properties["Timeout"], gateway)
		}
		if r.Properties["Runtime"] != "provided.al2023" || r.Properties["Handler"] != "bootstrap" || named(at(r.Properties, "Architectures", 0)) != "Architecture" {
			t.Errorf("%s is not an own binary for the parameter's architecture", r.ID)
		}
		if at(r.Whole, "Metadata", "BuildMethod") != "makefile" {
			t.Errorf("%s is not built by the Makefile: SAM's own builder passes no tags and doesn't strip", r.ID)
		}
		if at(r.Properties, "TracingConfig", "Mode") != "Active" {
			t.Errorf("%s is not traced", r.ID)
		}
		role, group := named(r.Properties["Role"]), named(at(r.Properties, "LoggingConfig", "LogGroup"))
		if other := roles[role]; role == "" || other != "" {
			t.Errorf("%s has role %q, which is also %s's", r.ID, role, other)
		}
		if other := groups[group]; resources(t)[group].Type != "AWS::Logs::LogGroup" || other != "" {
			t.Errorf("%s logs to %q, which is also %s's", r.ID, group, other)
		}
		roles[role], groups[group] = r.ID, r.ID
		if at(r.Properties, "LoggingConfig", "LogFormat") != "JSON" {
			t.Errorf("%s does not log JSON", r.ID)
		}
	}
}

func TestLogsEnd(t *testing.T) {
	t.Parallel()
	for _, r := range of(t, "AWS::Logs::LogGroup") {
		if named(r.Properties["RetentionInDays"]) != "LogDays" {
			t.Errorf("%s keeps its lines for %v", r.ID, r.Properties["RetentionInDays"])
		}
	}
}

// queue is the queue that a place for failures names; the test fails if there is none.
func queue(t *testing.T, where string, destination any) string {
	t.Helper()
	id := named(destination)
	if resources(t)[id].Type != "AWS::SQS::Queue" {
		t.Errorf("%s: what fails goes to %s, which is no queue of ours", where, shown(destination))
	}
	return id
}

// What nobody waits for must not get lost: schedules, the invocations that they cause, and the stream.
func TestAsynchronousSourcesHaveQueuesForFailures(t *testing.T) {
	t.Parallel()
	invoked := map[string]bool{}
	for _, r := range of(t, "AWS::Scheduler::Schedule") {
		target := r.Properties["Target"]
		queue(t, r.ID, at(target, "DeadLetterConfig", "Arn"))
		if at(target, "RetryPolicy", "MaximumRetryAttempts") == nil || at(target, "RetryPolicy", "MaximumEventAgeInSeconds") == nil {
			t.Errorf("%s has no retry policy: the default tries for a day", r.ID)
		}
		invoked[named(at(target, "Arn"))] = true
	}
	caught := map[string]bool{}
	for _, r := range of(t, "AWS::Lambda::EventInvokeConfig") {
		if id := named(r.Properties["FunctionName"]); invoked[id] {
			queue(t, r.ID, at(r.Properties, "DestinationConfig", "OnFailure", "Destination"))
			caught[id] = true
		}
	}
	for id := range invoked {
		if !caught[id] {
			t.Errorf("%s is invoked by schedules, and what fails in it is forgotten", id)
		}
	}
	for _, r := range of(t, "AWS::Lambda::EventSourceMapping") {
		queue(t, r.ID, at(r.Properties, "DestinationConfig", "OnFailure", "Destination"))
		if at(r.Properties, "FunctionResponseTypes", 0) != "ReportBatchItemFailures" || r.Properties["BisectBatchOnFunctionError"] != true {
			t.Errorf("%s: one bad record makes its whole batch fail", r.ID)
		}
		for _, bound := range []string{"MaximumRetryAttempts", "MaximumRecordAgeInSeconds"} {
			if n, ok := r.Properties[bound].(float64); !ok || n < 1 {
				t.Errorf("%s has no %s: a bad record blocks its shard for a day", r.ID, bound)
			}
		}
	}
}

// Reports of what became of messages hold addresses, and no queue may: it would keep personal data where no erasure reaches. What can't
// be taken in is given up, and an alarm says so: SES itself sends nothing any more to who has bounced or complained.
func TestReportsWithAddressesAreNotQueued(t *testing.T) {
	t.Parallel()
	watched := map[string]bool{}
	for _, r := range of(t, "AWS::CloudWatch::Alarm") {
		if r.Properties["MetricName"] == "AsyncEventsDropped" {
			watched[named(at(r.Properties, "Dimensions", 0, "Value"))] = true
		}
	}
	told := 0
	for _, r := range of(t, "AWS::SNS::Subscription") {
		id := named(r.Properties["Endpoint"])
		if r.Properties["Protocol"] != "lambda" {
			continue // of the alarms
		}
		if r.Properties["RedrivePolicy"] != nil || !watched[id] {
			t.Errorf("%s, which tells %s, has a queue, or nobody hears of what is given up", r.ID, id)
		}
		for _, c := range of(t, "AWS::Lambda::EventInvokeConfig") {
			if named(c.Properties["FunctionName"]) == id && at(c.Properties, "DestinationConfig", "OnFailure") != nil {
				t.Errorf("%s puts events with addresses into a queue", c.ID)
			}
		}
		told++
	}
	if set := of(t, "AWS::SES::ConfigurationSet"); told == 0 || len(set) != 1 || len(list(at(set[0].Properties, "SuppressionOptions", "SuppressedReasons"))) != 2 {
		t.Errorf("%d subscriptions; SES suppresses by %s", told, shown(set))
	}
}

func TestQueuesAreKeptSafeAndWatched(t *testing.T) {
	t.Parallel()
	watched := map[string]bool{}
	for _, r := range of(t, "AWS::CloudWatch::Alarm") {
		if r.Properties["MetricName"] == "ApproximateNumberOfMessagesVisible" {
			watched[named(at(r.Properties, "Dimensions", 0, "Value"))] = true
		}
	}
	guarded := map[string]bool{}
	for _, r := range of(t, "AWS::SQS::QueuePolicy") {
		statement := at(r.Properties, "PolicyDocument", "Statement", 0)
		if at(statement, "Effect") == "Deny" && at(statement, "Condition", "Bool", "aws:SecureTransport") == "false" {
			for _, q := range list(r.Properties["Queues"]) {
				guarded[named(q)] = true
			}
		}
	}
	const longest = 14 * 24 * 60 * 60
	for _, r := range of(t, "AWS::SQS::Queue") {
		if r.Properties["SqsManagedSseEnabled"] != true || r.Properties["MessageRetentionPeriod"] != float64(longest) {
			t.Errorf("%s is not encrypted, or forgets before 14 days: %s", r.ID, shown(r.Properties))
		}
		if !watched[r.ID] {
			t.Errorf("nobody is told of what is in %s", r.ID)
		}
		if !guarded[r.ID] {
			t.Errorf("%s can be reached without TLS", r.ID)
		}
	}
}

// metrics are what an operator's sleep hangs on.
var metrics = []string{"PaymentsToReview", "UndecidedSessions", "UnusableSettings", "ApproximateNumberOfMessagesVisible", "IteratorAge", "Latency",
	"Invocations", "5xx"}

func TestAlarmsReachSomebody(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range of(t, "AWS::CloudWatch::Alarm") {
		if named(at(r.Properties, "AlarmActions", 0)) != "AlarmTopic" || r.Properties["AlarmDescription"] == nil || r.Properties["TreatMissingData"] == nil {
			t.Errorf("%s has no action, no description or no answer to missing data", r.ID)
		}
		if name, ok := r.Properties["MetricName"].(string); ok {
			seen[name] = true
		}
		for _, m := range list(r.Properties["Metrics"]) {
			if name, ok := at(m, "MetricStat", "Metric", "MetricName").(string); ok {
				seen[name] = true
			}
		}
	}
	for _, name := range metrics {
		if !seen[name] {
			t.Errorf("no alarm watches %s", name)
		}
	}
}

// A metric that an alarm or the dashboard watches is one that the code counts, of lines that it writes; else it is never seen.
func TestMetricsAreCounted(t *testing.T) {
	t.Parallel()
	counted, sources := map[string]bool{}, sourcesOf(t, "checkout", "functions/internal/coldstart", "functions/internal/parameter")
	for message, m := range coldstart.Metrics {
		counted[m.Name] = true
		if !strings.Contains(sources, `Context(ctx, "`+message+`"`) {
			t.Errorf("%s counts lines %q, which nothing logs", m.Name, message)
		}
	}
	for _, r := range of(t, "AWS::CloudWatch::Alarm") {
		namespace, _ := physical(r.Properties["Namespace"], nil)
		name, _ := r.Properties["MetricName"].(string)
		ours := namespace == "Kassa/kassa"
		if dimension := at(r.Properties, "Dimensions", 0); ours && (!counted[name] || at(dimension, "Name") != "Service" || at(dimension, "Value") != "kassa") {
			t.Errorf("%s watches %s of %s, which nothing counts", r.ID, name, shown(dimension))
		}
	}
	body, _ := physical(of(t, "AWS::CloudWatch::Dashboard")[0].Properties["DashboardBody"], nil)
	for name := range counted {
		if !strings.Contains(body, `"`+name+`", `) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// No function is forgotten: each counts its lines where the alarms look, and the dashboard shows its errors.
func TestEveryFunctionIsWatched(t *testing.T) {
	t.Parallel()
	dashboard := shown(of(t, "AWS::CloudWatch::Dashboard")[0].Properties)
	for _, r := range of(t, "AWS::Lambda::Function") {
		if namespace, _ := physical(at(r.Properties, "Environment", "Variables", "KASSA_METRICS"), nil); namespace != "Kassa/kassa" {
			t.Errorf("%s counts its lines in %q", r.ID, namespace)
		}
		if !strings.Contains(dashboard, "${"+r.ID+"}") {
			t.Errorf("the dashboard shows nothing of %s", r.ID)
		}
	}
}

func sourcesOf(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		entries, err := os.ReadDir(root + "/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				text, err := os.ReadFile(root + "/" + folder + "/" + name)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(text)
			}
		}
	}
	return all.String()
}

func TestDashboardIsJSON(t *testing.T) {
	t.Parallel()
	for _, r := range of(t, "AWS::CloudWatch::Dashboard") {
		text, ok := physical(r.Properties["DashboardBody"], nil)
		var body struct{ Widgets []any }
		if err := json.Unmarshal([]byte(text), &body); !ok || err != nil || len(body.Widgets) == 0 {
			t.Errorf("%s is no dashboard: %v\n%s", r.ID, err, text)
		}
	}
}

func TestAPIIsThrottledAndLogged(t *testing.T) {
	t.Parallel()
	for _, r := range of(t, "AWS::ApiGatewayV2::Stage") {
		if named(at(r.Properties, "DefaultRouteSettings", "ThrottlingRateLimit")) != "RequestRate" || named(at(r.Properties, "DefaultRouteSettings", "ThrottlingBurstLimit")) != "RequestBurst" {
			t.Errorf("%s is not throttled", r.ID)
		}
		format, _ := at(r.Properties, "AccessLogSettings", "Format").(string)
		var line map[string]string
		if err := json.Unmarshal([]byte(format), &line); err != nil || named(at(r.Properties, "AccessLogSettings", "DestinationArn")) != "ApiLogs" {
			t.Errorf("%s has no access log of JSON lines: %v", r.ID, err)
		}
		for _, personal := range []string{"$context.identity", "$context.path", "$context.authorizer", "sourceIp", "userAgent"} {
			if strings.Contains(format, personal) {
				t.Errorf("the access log holds %s: addresses are people's, and paths hold tokens", personal)
			}
		}
	}
}

var secret = regexp.MustCompile(`(?i)(sk|rk|pk)_(live|test)_|whsec_|AKIA[0-9A-Z]{12}|-----BEGIN|resolve:(ssm|secretsmanager)|NoEcho`)

// Secrets are read by name at run time. A template that holds or resolves one shows it to everybody who may look at the stack.
func TestTemplateHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"template.yaml", "samconfig.toml"} {
		text, err := os.ReadFile(root + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if found := secret.Find(text); found != nil {
			t.Errorf("%s holds %q", file, found)
		}
	}
	for _, r := range of(t, "AWS::Lambda::Function") {
		variables, _ := at(r.Properties, "Environment", "Variables").(tree)
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			delicate := strings.Contains(name, "SECRET") || strings.Contains(name, "KEY") || strings.Contains(name, "TOKEN")
			if delicate && !strings.HasSuffix(name, "_PARAMETER") {
				t.Errorf("%s has %s: a secret's variable holds the name of a parameter", r.ID, name)
			}
			if value, ok := physical(variables[name], nil); strings.HasSuffix(name, "_PARAMETER") && (!ok || !strings.HasPrefix(value, "/kassa/")) {
				t.Errorf("%s: %s is %q, no parameter of this stack", r.ID, name, value)
			}
		}
	}
}
