package awsmessenger

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"kassa/checkout"
)

// Register makes a device's token reachable, and returns the ARN of its endpoint: the address of push messages to it. old is the
// endpoint that the device had, "" for none: if it still exists it gets the new token, since APNs and FCM give a device another one now
// and then. An endpoint that was disabled, because its token had become invalid, is enabled again: the app has just got this one. Doing
// it again changes nothing. CodeInvalid for a platform that the shop has no app for, or a token that the platform doesn't know the like
// of; CodeUnavailable if SNS doesn't answer.
func (p *Push) Register(ctx context.Context, platform, token, old string) (endpoint string, err error) {
	app := map[string]string{iOS: p.IOS, android: p.Android}[platform]
	if app == "" {
		return "", invalid("$.platform", "no push messages are sent to such devices")
	}
	if old != "" && strings.HasPrefix(old, strings.Replace(app, ":app/", ":endpoint/", 1)+"/") {
		switch err := p.renew(ctx, old, token); {
		case err == nil:
			return old, nil
		case !missing(err):
			return "", registerFailed(err)
		}
	}
	made, err := p.own.CreatePlatformEndpoint(ctx, &sns.CreatePlatformEndpointInput{PlatformApplicationArn: &app, Token: &token})
	if err != nil {
		if endpoint = already(err); endpoint == "" {
			return "", registerFailed(err)
		}
	} else {
		endpoint = aws.ToString(made.EndpointArn)
	}
	return endpoint, p.enable(ctx, endpoint, token)
}

// enable sees to it that an endpoint has this token and is enabled: SNS answers with an existing one as it is.
func (p *Push) enable(ctx context.Context, endpoint, token string) error {
	out, err := p.own.GetEndpointAttributes(ctx, &sns.GetEndpointAttributesInput{EndpointArn: &endpoint})
	if err != nil {
		return registerFailed(err)
	}
	if out.Attributes["Token"] == token && out.Attributes["Enabled"] == "true" {
		return nil
	}
	if err := p.renew(ctx, endpoint, token); err != nil {
		return registerFailed(err)
	}
	return nil
}

func (p *Push) renew(ctx context.Context, endpoint, token string) error {
	_, err := p.own.SetEndpointAttributes(ctx, &sns.SetEndpointAttributesInput{
		EndpointArn: &endpoint, Attributes: map[string]string{"Token": token, "Enabled": "true"},
	})
	return err
}

func missing(err error) bool {
	var none *types.NotFoundException
	return errors.As(err, &none)
}

// existing is how SNS names the endpoint that has the token already, with other attributes than ours: it has no field for it.
var existing = regexp.MustCompile(`Endpoint (arn:\S+) already exists with the same Token`)

func already(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	if m := existing.FindStringSubmatch(api.ErrorMessage()); m != nil {
		return m[1]
	}
	return ""
}

// registerFailed puts SNS's answer into the domain's words, without its text: that quotes the token.
func registerFailed(err error) error {
	var bad *types.InvalidParameterException
	if errors.As(err, &bad) {
		return &checkout.Error{Code: checkout.CodeInvalid, Path: "$.token", Message: "the platform knows no such token"}
	}
	code := "no answer"
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	return &checkout.Error{Code: checkout.CodeUnavailable, Message: "the push service has not registered the device: " + code}
}

// endpoints are the calls about endpoints, which may be repeated; as in Email, not the client.
type endpoints struct {
	CreatePlatformEndpoint func(context.Context, *sns.CreatePlatformEndpointInput, ...func(*sns.Options)) (*sns.CreatePlatformEndpointOutput, error)
	GetEndpointAttributes  func(context.Context, *sns.GetEndpointAttributesInput, ...func(*sns.Options)) (*sns.GetEndpointAttributesOutput, error)
	SetEndpointAttributes  func(context.Context, *sns.SetEndpointAttributesInput, ...func(*sns.Options)) (*sns.SetEndpointAttributesOutput, error)
}

func endpointsOf(c *sns.Client) endpoints {
	return endpoints{
		CreatePlatformEndpoint: c.CreatePlatformEndpoint,
		GetEndpointAttributes:  c.GetEndpointAttributes,
		SetEndpointAttributes:  c.SetEndpointAttributes,
	}
}
