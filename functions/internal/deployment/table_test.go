package deployment_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"kassa/checkout/dynamostore"
)

// table is what code and template must agree on.
type table struct {
	Keys, Attributes, Indexes []string
	Billing, TTL, Stream      string
}

func TestTablesAreThoseOfTheStore(t *testing.T) {
	t.Parallel()
	want := map[string]table{}
	for _, defined := range dynamostore.Tables(dynamostore.Names{
		Carts: "CartsTable", Sessions: "SessionsTable", Inbox: "InboxTable", Products: "ProductsTable", Stock: "StockTable",
		People:      "PeopleTable",
		Contacts:    "ContactsTable",
		Redemptions: "RedemptionsTable",
		Merchant:    "MerchantTable", Orders: "OrdersTable",
		Statistics: "StatisticsTable",
	}) {
		want[*defined.Create.TableName] = coded(defined)
	}
	got := map[string]table{}
	for _, r := range of(t, "AWS::DynamoDB::Table") {
		got[r.ID] = deployed(r)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("store and template differ (-store +template):\n%s", diff)
	}
}

func coded(defined dynamostore.Table) table {
	in := defined.Create
	out := table{Billing: string(in.BillingMode), TTL: defined.TTL, Keys: schema(in.KeySchema)}
	for _, a := range in.AttributeDefinitions {
		out.Attributes = append(out.Attributes, *a.AttributeName+" "+string(a.AttributeType))
	}
	slices.Sort(out.Attributes)
	for _, index := range in.GlobalSecondaryIndexes {
		out.Indexes = append(out.Indexes, strings.Join(append([]string{*index.IndexName, string(index.Projection.ProjectionType)}, schema(index.KeySchema)...), " "))
	}
	if in.StreamSpecification != nil {
		out.Stream = string(in.StreamSpecification.StreamViewType)
	}
	return out
}

func schema(keys []types.KeySchemaElement) (out []string) {
	for _, k := range keys {
		out = append(out, *k.AttributeName+" "+string(k.KeyType))
	}
	return out
}

func deployed(r resource) table {
	text := func(path ...any) string { s, _ := at(r.Properties, path...).(string); return s }
	out := table{
		Billing: text("BillingMode"), Stream: text("StreamSpecification", "StreamViewType"), Keys: keysOf(at(r.Properties, "KeySchema")),
	}
	if at(r.Properties, "TimeToLiveSpecification", "Enabled") == true {
		out.TTL = text("TimeToLiveSpecification", "AttributeName")
	}
	for _, a := range list(at(r.Properties, "AttributeDefinitions")) {
		out.Attributes = append(out.Attributes, at(a, "AttributeName").(string)+" "+at(a, "AttributeType").(string))
	}
	slices.Sort(out.Attributes)
	for _, index := range list(at(r.Properties, "GlobalSecondaryIndexes")) {
		parts := []string{at(index, "IndexName").(string), at(index, "Projection", "ProjectionType").(string)}
		out.Indexes = append(out.Indexes, strings.Join(append(parts, keysOf(at(index, "KeySchema"))...), " "))
	}
	return out
}

func keysOf(v any) (out []string) {
	for _, k := range list(v) {
		out = append(out, at(k, "AttributeName").(string)+" "+at(k, "KeyType").(string))
	}
	return out
}

// Orders outlive mistakes: of a query, of a person, of a stack.
func TestTablesAreKept(t *testing.T) {
	t.Parallel()
	for _, r := range of(t, "AWS::DynamoDB::Table") {
		for name, got := range map[string]any{
			"point in time recovery": at(r.Properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
			"deletion protection":    r.Properties["DeletionProtectionEnabled"],
			"encryption":             at(r.Properties, "SSESpecification", "SSEEnabled"),
			"retention on deletion":  r.Whole["DeletionPolicy"] == "Retain",
			"retention on replacing": r.Whole["UpdateReplacePolicy"] == "Retain",
		} {
			if got != true {
				t.Errorf("%s has no %s", r.ID, name)
			}
		}
	}
}

func TestStreamsAreFilteredOnNotices(t *testing.T) {
	t.Parallel()
	marks := map[string]string{"SessionsTable": dynamostore.AttributeNotices, "CartsTable": dynamostore.AttributeCartNotices}
	for _, r := range of(t, "AWS::Lambda::EventSourceMapping") {
		source := named(r.Properties["EventSourceArn"])
		want := `{"eventName":["INSERT","MODIFY"],"dynamodb":{"NewImage":{"` + marks[source] + `":{"S":[{"exists":true}]}}}}`
		if got := at(r.Properties, "FilterCriteria", "Filters", 0, "Pattern"); got != want || marks[source] == "" {
			t.Errorf("%s, of %s, is filtered by %v, want %s", r.ID, source, got, want)
		}
		delete(marks, source)
	}
	if len(marks) > 0 {
		t.Errorf("nobody reads the streams of %v", marks)
	}
}
