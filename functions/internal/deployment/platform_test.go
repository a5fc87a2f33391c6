package deployment_test

import (
	"strings"
	"testing"
)

// polls is what Lambda asks for in a function's role to read a stream (Lambda Developer Guide, "Process DynamoDB records").
var polls = []string{"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}

// platform is what AWS itself asks for in the name of roles, and no program of ours: it writes logs and traces, reads streams, puts what
// failed into queues, and has schedules invoke functions.
func platform(t *testing.T) map[string]bool {
	t.Helper()
	all, roles := map[string]bool{}, map[string]string{}
	arn := func(v any) string {
		text, ok := physical(v, nil)
		if !ok {
			t.Errorf("%s is no resource", shown(v))
		}
		return text
	}
	for _, r := range of(t, "AWS::Lambda::Function") {
		role := named(r.Properties["Role"])
		roles[r.ID] = role
		group := "arn:" + named(at(r.Properties, "LoggingConfig", "LogGroup")) + ".Arn"
		all[role+" logs:CreateLogStream "+group], all[role+" logs:PutLogEvents "+group] = true, true
		all[role+" xray:PutTraceSegments *"], all[role+" xray:PutTelemetryRecords *"] = true, true
	}
	for _, r := range of(t, "AWS::Lambda::EventInvokeConfig") {
		if queue := at(r.Properties, "DestinationConfig", "OnFailure", "Destination"); queue != nil {
			all[roles[named(r.Properties["FunctionName"])]+" sqs:SendMessage "+arn(queue)] = true
		}
	}
	for _, r := range of(t, "AWS::Lambda::EventSourceMapping") {
		role, stream := roles[named(r.Properties["FunctionName"])], arn(r.Properties["EventSourceArn"])
		for _, action := range polls {
			all[role+" "+action+" "+stream] = true
		}
		all[role+" dynamodb:ListStreams "+strings.TrimSuffix(stream, ".StreamArn")+".Arn/stream/*"] = true
		all[role+" sqs:SendMessage "+arn(at(r.Properties, "DestinationConfig", "OnFailure", "Destination"))] = true
	}
	for _, r := range of(t, "AWS::Scheduler::Schedule") {
		target, role := r.Properties["Target"], named(at(r.Properties, "Target", "RoleArn"))
		all[role+" lambda:InvokeFunction "+arn(at(target, "Arn"))] = true
		all[role+" sqs:SendMessage "+arn(at(target, "DeadLetterConfig", "Arn"))] = true
	}
	return all
}

// allowed are all accesses that roles grant, in the words of the ledger.
func allowed(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, st := range statements(t) {
		for _, action := range st.actions {
			for _, resource := range st.resources {
				all[st.role+" "+action+" "+resource] = true
			}
		}
	}
	return all
}

// What AWS needs in the name of a role is granted to it. That nothing else is, the day's story tells.
func TestRolesAllowWhatAWSDoesInTheirNames(t *testing.T) {
	t.Parallel()
	granted := allowed(t)
	for access := range platform(t) {
		if !granted[access] {
			t.Errorf("not allowed: %s", access)
		}
	}
}
