package awsmessenger_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"kassa/checkout/recovery/awsmessenger"
)

const wanted = "the tests against moto, an emulator of AWS, need Python 3.10 or newer with its modules venv and ensurepip " +
	"(Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python)"

// installed is the folder of moto's programs, installed once below .tools.
func installed(t *testing.T) string {
	t.Helper()
	pinned, err := os.ReadFile("testdata/requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs("../../../.tools/moto")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(folder+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pinned)
	bin, done := filepath.Join(folder, "bin"), filepath.Join(folder, "installed-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(done); err == nil {
		return bin
	}
	for _, command := range [][]string{
		{"python3", "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"},
		{"python3", "-m", "venv", "--clear", folder},
		{filepath.Join(bin, "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "testdata/requirements.txt"},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %v\n%s", wanted, command, err, out)
		}
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return bin
}

// moto starts the emulator and returns where it listens.
func moto(t *testing.T) string {
	t.Helper()
	bin := installed(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	var log bytes.Buffer
	cmd := exec.Command(filepath.Join(bin, "moto_server"), "-H", "127.0.0.1", "-p", port)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url := "http://127.0.0.1:" + port
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if answer, err := http.Get(url + "/moto-api/"); err == nil {
			answer.Body.Close()
			return url
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatalf("moto doesn't answer: %s", log.String())
	return ""
}

// TestAgainstMoto has an implementation of SES and SNS that isn't ours judge the calls: whether they are taken, what arrives, and what
// comes of endpoints over a device's life.
func TestAgainstMoto(t *testing.T) {
	t.Parallel()
	url := moto(t)
	config := (&service{T: t, url: url}).aws()
	t.Run("email", func(t *testing.T) { sendsEmail(t, config, url) })
	t.Run("push", func(t *testing.T) { livesOfADevice(t, config) })
}

func sendsEmail(t *testing.T, config aws.Config, url string) {
	e, err := awsmessenger.NewEmail(awsmessenger.EmailConfig{AWS: config, From: "orders@kade9.example", Name: "Kade 9"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Send(t.Context(), mailTo("ada@example.com")); outcome(err) != forNow {
		t.Errorf("from a sender that isn't verified: %s, %v", outcome(err), err)
	}
	admin := sesv2.NewFromConfig(config)
	if _, err := admin.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("kade9.example")}); err != nil {
		t.Fatal(err)
	}
	id, err := e.Send(t.Context(), mailTo("ada@example.com"))
	if err != nil || id == "" {
		t.Fatalf("id %q, error %v", id, err)
	}
	sent := sentMessages(t, url)
	for _, want := range []string{"ada@example.com", "Je winkelwagen is bewaard", "Hallo Ada", id} {
		if !strings.Contains(sent, want) {
			t.Errorf("what arrived lacks %q: %s", want, sent)
		}
	}
}

// sentMessages is what moto's SES has sent, as it shows it.
func sentMessages(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url + "/_aws/ses")
	if err == nil && answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		answer, err = http.Get(url + "/moto-api/data.json")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var all map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(all["ses"])
}

func livesOfADevice(t *testing.T, config aws.Config) {
	ctx := t.Context()
	admin := sns.NewFromConfig(config)
	apps := map[string]string{}
	for _, platform := range []string{"APNS", "GCM"} {
		out, err := admin.CreatePlatformApplication(ctx, &sns.CreatePlatformApplicationInput{
			Name: aws.String("kassa"), Platform: aws.String(platform), Attributes: map[string]string{"PlatformCredential": "key"},
		})
		if err != nil {
			t.Fatal(err)
		}
		apps[platform] = *out.PlatformApplicationArn
	}
	p, err := awsmessenger.NewPush(awsmessenger.PushConfig{AWS: config, IOS: apps["APNS"], Android: apps["GCM"]})
	if err != nil {
		t.Fatal(err)
	}
	told := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
	register := func(platform, token string) (endpoint, refused string) {
		t.Helper()
		endpoint, err := p.Register(ctx, platform, token, told)
		if err != nil {
			return "", outcome(err)
		}
		return endpoint, ""
	}
	send := func(endpoint, platform string) string {
		_, err := p.Send(ctx, pushTo(endpoint, platform))
		return outcome(err)
	}
	phone, _ := register("ios", "token-1")
	if again, refused := register("ios", "token-1"); again != phone {
		t.Errorf("registered twice: %s and %s%s", phone, again, refused)
	}
	if got := send(phone, "ios"); got != "sent" {
		t.Errorf("to a phone: %s", got)
	}
	if droid, refused := register("android", "token-a"); refused != "" || send(droid, "android") != "sent" {
		t.Errorf("to an Android phone: %s", refused)
	}
	disable(t, ctx, admin, phone)
	if got := send(phone, "ios"); got != nobody {
		t.Errorf("to a phone whose token has died: %s", got)
	}
	if again, refused := register("ios", "token-1"); refused != nobody {
		t.Errorf("a dead token comes back to life: %s", again)
	}
	told = told.Add(time.Hour)
	if again, refused := register("ios", "token-1"); again != phone || send(again, "ios") != "sent" {
		t.Errorf("told of again: %s%s", again, refused)
	}
	if _, err := admin.DeleteEndpoint(ctx, &sns.DeleteEndpointInput{EndpointArn: &phone}); err != nil {
		t.Fatal(err)
	}
	if got := send(phone, "ios"); got != nobody {
		t.Errorf("to an endpoint that was deleted: %s", got)
	}
	if made, refused := register("ios", "token-1"); made == phone || send(made, "ios") != "sent" {
		t.Errorf("registered after that: %s%s", made, refused)
	}
}

func disable(t *testing.T, ctx context.Context, admin *sns.Client, endpoint string) {
	t.Helper()
	_, err := admin.SetEndpointAttributes(ctx, &sns.SetEndpointAttributesInput{EndpointArn: &endpoint,
		Attributes: map[string]string{"Enabled": "false"}})
	if err != nil {
		t.Fatal(err)
	}
}
