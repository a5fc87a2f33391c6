package awsmessenger

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"kassa/checkout/recovery"
)

// Register makes a device's token reachable, and returns the ARN of its endpoint. told is when the app last told of the token. SNS
// disables the endpoint of a token that APNs or FCM call dead; it is enabled again only if the app has told since, because then the
// app has just got this one: told stands in the endpoint's data. Doing it again changes nothing.
//
// Every error is a *recovery.Refusal, since nothing is sent: Gone for a token that is dead or none of the platform's, Retry if SNS doesn't
// answer. A platform that the shop has no app for is refused.
func (p *Push) Register(ctx context.Context, platform, token string, told time.Time) (endpoint string, err error) {
	app := map[string]string{iOS: p.IOS, android: p.Android}[platform]
	if app == "" {
		return "", refused("no push messages are sent to such devices")
	}
	stamp := told.UTC().Format(time.RFC3339Nano)
	made, err := p.own.CreatePlatformEndpoint(ctx, &sns.CreatePlatformEndpointInput{
		PlatformApplicationArn: &app, Token: &token, CustomUserData: &stamp,
	})
	if err != nil {
		if endpoint = already(err); endpoint == "" {
			return "", registerFailed(err)
		}
	} else {
		endpoint = aws.ToString(made.EndpointArn)
	}
	return endpoint, p.enable(ctx, endpoint, token, stamp)
}

// enable sees to it that an endpoint has this token and is enabled: SNS answers with an existing one as it is.
func (p *Push) enable(ctx context.Context, endpoint, token, stamp string) error {
	out, err := p.own.GetEndpointAttributes(ctx, &sns.GetEndpointAttributesInput{EndpointArn: &endpoint})
	if err != nil {
		return registerFailed(err)
	}
	same := out.Attributes["Token"] == token && out.Attributes["CustomUserData"] == stamp
	switch enabled := out.Attributes["Enabled"] == "true"; {
	case same && enabled:
		return nil
	case same:
		return &recovery.Refusal{Gone: true, Err: errors.New("the endpoint is disabled, and the app has not told of it since")}
	}
	_, err = p.own.SetEndpointAttributes(ctx, &sns.SetEndpointAttributesInput{
		EndpointArn: &endpoint, Attributes: map[string]string{"Token": token, "Enabled": "true", "CustomUserData": stamp},
	})
	if err != nil {
		return registerFailed(err)
	}
	return nil
}

// existing is how SNS names the endpoint that has the token already, with other attributes than ours: it has no field for it.
var existing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`Endpoint (arn:\S+) already exists with the same Token`)
})

func already(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	if m := existing().FindStringSubmatch(api.ErrorMessage()); m != nil {
		return m[1]
	}
	return ""
}

// registerFailed puts SNS's answer into the domain's words, without its text: that quotes the token.
func registerFailed(err error) error {
	var bad *types.InvalidParameterException
	if errors.As(err, &bad) {
		return &recovery.Refusal{Gone: true, Err: errors.New("the platform knows no such token")}
	}
	code := "no answer"
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	return &recovery.Refusal{Retry: true, Err: errors.New("the push service has not registered the device: " + code)}
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
