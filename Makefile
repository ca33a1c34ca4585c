# Evergrant. `make` alone lists what can be made.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unreleased)
PREFIX  ?= /usr/local
DESTDIR ?=

# Tools are pinned, built once from the module proxy, and kept out of go.mod, so that
# their dependencies never touch the program's.
GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION  := v0.12.0
GOLANGCI := .bin/golangci-lint-$(GOLANGCI_VERSION)
GOFUMPT  := .bin/gofumpt-$(GOFUMPT_VERSION)

# How long `make fuzz` works on each target, and which test packages and benchmarks to run.
FUZZTIME ?= 30s
PKG      ?= ./...
BENCH    ?= .
BENCHTIME ?= 1s

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## show the main job: a pretend Meta, a database, one round of convert and auto-refresh
	@$(GO) run ./cmd/evergrant demo

.PHONY: build
build: ## build the static binary ./evergrant
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o evergrant ./cmd/evergrant

.PHONY: install
install: build ## install it into $(DESTDIR)$(PREFIX)/bin
	@install -D -m 0755 evergrant '$(DESTDIR)$(PREFIX)/bin/evergrant'

.PHONY: test
test: ## run all tests with the race detector, on SQLite and PostgreSQL; installs what they need
	@.ci/needs
	@$(GO) test -race -count=1 -timeout 25m $(PKG) 2>&1 | sed '/\[no test files\]$$/d'

.PHONY: check
check: test lint fuzz-short ## what CI runs: test, lint and a short fuzz

.PHONY: lint
lint: $(GOLANGCI) $(GOFUMPT) ## formatting, vet and linters
	@unformatted=$$($(GOFUMPT) -l .); \
	if [ -n "$$unformatted" ]; then \
		echo "gofumpt would change these files; run 'make format':" >&2; echo "$$unformatted" >&2; exit 1; \
	fi
	@$(GO) vet ./...
	@$(GOLANGCI) run --show-stats=false ./...

.PHONY: format
format: $(GOFUMPT) ## format the code
	@$(GOFUMPT) -w .

.PHONY: bench
bench: ## run the benchmarks (BENCH=regexp, PKG=./sqlstore, BENCHTIME=1s)
	@$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem -timeout 60m $(PKG) 2>&1 | sed '/\[no test files\]$$/d'

# go test fuzzes one target of one package at a time. When its time is up in the middle
# of something it now and then reports "context deadline exceeded" without a failing
# input; that one is tried again, once.
.PHONY: fuzz
fuzz: ## fuzz every target for FUZZTIME (30s) each; says nothing but what it finds
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's/:func /:/' | sort | \
	while IFS=: read -r file target; do \
		run() { $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null >.fuzz.out 2>&1; }; \
		run || { ! grep -q 'Failing input written' .fuzz.out && grep -q 'context deadline exceeded' .fuzz.out && run; } || \
			{ echo "fuzz: $$target in $$file" >&2; cat .fuzz.out >&2; exit 1; }; \
	done
	@rm -f .fuzz.out

.PHONY: fuzz-short
fuzz-short:
	@$(MAKE) fuzz FUZZTIME=5s

.PHONY: cover
cover: ## test coverage by package, and coverage.html to read it line by line
	@$(GO) test -coverprofile coverage.out -coverpkg ./... $(PKG) >/dev/null
	@$(GO) tool cover -html coverage.out -o coverage.html
	@$(GO) tool cover -func coverage.out | tail -n 1

.PHONY: clean
clean: ## remove what make has built
	@rm -rf evergrant .bin coverage.out coverage.html .fuzz.out

.bin/golangci-lint-$(GOLANGCI_VERSION):
	@$(call tool,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION),golangci-lint,$@)

.bin/gofumpt-$(GOFUMPT_VERSION):
	@$(call tool,mvdan.cc/gofumpt@$(GOFUMPT_VERSION),gofumpt,$@)

# $(call tool,module@version,binary,file): build quietly; show the output only on failure.
define tool
mkdir -p .bin; \
GOFLAGS= CGO_ENABLED=0 GOBIN='$(CURDIR)/.bin' $(GO) install $(1) >.bin/install.log 2>&1 || { cat .bin/install.log >&2; exit 1; }; \
mv .bin/$(2) $(3); rm -f .bin/install.log
endef
