package dynamostore

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression gathers the conditions and effects of one write.
type expression struct {
	conditions  []string
	set, remove []string
	names       map[string]string
	values      item
}

func (e *expression) when(conditions ...string) { e.conditions = append(e.conditions, conditions...) }

// value returns the placeholder of a value.
func (e *expression) value(v types.AttributeValue) string {
	if e.values == nil {
		e.values = item{}
	}
	placeholder := ":" + strconv.Itoa(len(e.values))
	e.values[placeholder] = v
	return placeholder
}

// name returns the placeholder of a name that may hold any character.
func (e *expression) name(name string) string {
	if e.names == nil {
		e.names = map[string]string{}
	}
	placeholder := "#" + strconv.Itoa(len(e.names))
	e.names[placeholder] = name
	return placeholder
}

// put sets an attribute, or removes it if there is no value.
func (e *expression) put(name string, v types.AttributeValue) {
	if v == nil {
		e.remove = append(e.remove, name)
		return
	}
	e.set = append(e.set, name+" = "+e.value(v))
}

// condition returns all conditions as one; nil if there are none.
func (e *expression) condition() *string {
	if len(e.conditions) == 0 {
		return nil
	}
	return aws.String(strings.Join(e.conditions, " AND "))
}

// update returns the effects; nil if there are none.
func (e *expression) update() *string {
	var parts []string
	if len(e.set) > 0 {
		parts = append(parts, "SET "+strings.Join(e.set, ", "))
	}
	if len(e.remove) > 0 {
		parts = append(parts, "REMOVE "+strings.Join(e.remove, ", "))
	}
	if len(parts) == 0 {
		return nil
	}
	return aws.String(strings.Join(parts, " "))
}
