# What a developer does here. Needs Go; everything else is fetched, pinned, into .tools/ (ignored).
GO ?= go
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

GOLANGCI_VERSION := v2.15.0
GOLANGCI := .tools/golangci-lint-$(GOLANGCI_VERSION)

# Where money is decided, statements must be covered. What only serves tests is left out: most of checkouttest is what it
# says when a store breaks a promise, and runs only then.
COVERED = $$($(GO) list ./checkout/... ./payments/... | grep -Ev '/(checkouttest|dynamotest)$$' | paste -s -d , -)
MINIMUM_COVERAGE := 90

.PHONY: run test vet unit provider lint build bench cover

## run: the whole shop on this machine, on http://127.0.0.1:3000
run:
	$(GO) run ./functions/local

## test: everything that decides whether a change may land
test: vet unit provider
	.ci/coverage cover.out $(MINIMUM_COVERAGE)

# Vetted in the ways in which `sam build` and the tests compile: what that leaves in Go's cache, they need too.
vet:
	CGO_ENABLED=0 GOFLAGS=-trimpath $(GO) vet ./...
	cd payments/stripegateway/lint && $(GO) vet -race ./...
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "not gofmt'ed:"; echo "$$unformatted"; exit 1; fi

# The stories run on both stores: first on DynamoDB Local, instrumented as in the second run, so that Go compiles once for both.
# Everything has been vetted already. Three packages at a time: the longest wait for DynamoDB Local and for the functions' processes.
unit:
	KASSA_TEST_DYNAMODB=1 $(GO) test -vet=off -race -timeout 9m -coverprofile cover.out -coverpkg "$(COVERED)" ./functions/local | sed -E 's/[[:space:]]*coverage: .*//'
	$(GO) test -vet=off -race -timeout 9m -p 3 -coverprofile cover.out -coverpkg "$(COVERED)" ./... | sed -E 's/[[:space:]]*coverage: .*//'

# Stripe's own description of its API judges what we send. A module of its own: nothing we ship depends on it.
provider:
	cd payments/stripegateway/lint && $(GO) test -race ./...

## lint: golangci-lint with the linters of .golangci.yml, and a tidy go.mod, in both modules
lint: $(GOLANGCI)
	$(GOLANGCI) run ./...
	$(GO) mod tidy -diff
	cd payments/stripegateway/lint && $(CURDIR)/$(GOLANGCI) run ./... && $(GO) mod tidy -diff

$(GOLANGCI):
	GOBIN=$(CURDIR)/.tools/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/bin/golangci-lint $@

## build: every command, into bin/
build:
	$(GO) build -trimpath -o bin/ ./...

## bench: the benchmarks, with allocations
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

## cover: what the tests of checkout and payments miss, in the browser
cover: unit
	$(GO) tool cover -html cover.out

# What `sam build` runs: a target for each function of template.yaml, which leaves the binary that ships in ARTIFACTS_DIR. SAM
# doesn't say for which architecture: whoever changes the template's parameter of that name sets ARCHITECTURE too.
ARCHITECTURE ?= arm64
GOARCH_arm64 := arm64
GOARCH_x86_64 := amd64
FUNCTIONS := Cart Checkout Webhook Outbox Sweep Reconcile Admin Feedback

.PHONY: $(FUNCTIONS:%=build-%Function)
$(FUNCTIONS:%=build-%Function): build-%Function:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(or $(GOARCH_$(ARCHITECTURE)),$(error ARCHITECTURE is $(ARCHITECTURE): want arm64 or x86_64)) \
	$(GO) build -trimpath -tags lambda.norpc -ldflags '-s -w -buildid=' -o "$(ARTIFACTS_DIR)/bootstrap" \
		./functions/$(shell echo $* | tr '[:upper:]' '[:lower:]')

.PHONY: soak
## soak: load, contention and bad weather on DynamoDB Local for some minutes; prints what docs/soak.md holds
soak:
	$(GO) test -tags soak -run '^TestSoak' -v -count=1 -timeout 30m -p 1 ./functions/local ./checkout/dynamostore

.PHONY: simulate exam
## simulate: people who shop in some thousand towns while calls fail, the shop is killed and time passes; docs/simulation.md
simulate:
	$(GO) test -count=1 -timeout 60m ./functions/local -run '^TestSimulation$$' -simulations 2000 -killed 300

## exam: what the tests of every change try a few of, at length: prices by two reckoners, lives of orders and payments, deaths at each call
exam:
	$(GO) test -count=1 -timeout 60m ./checkout/pricing -run AgreeWithTheReckoner -long
	$(GO) test -count=1 -timeout 60m ./checkout -run '^TestRandom' -orderwalks 20000 -sessionwalks 20000
	$(GO) test -tags soak -count=1 -timeout 60m ./functions/internal/lambdatest -run 'Frozen|Deadline|Death'
