# Kanal. `make` prints what can be made.
SHELL := /bin/bash
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null)
LDFLAGS := -s -w -X github.com/kanalhq/kanal/internal/app.version=$(VERSION)
export CGO_ENABLED ?= 0

.PHONY: help run test dev check bench soak build web install new-channel golden fuzz screens clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: build ## build everything and start Kanal with demo data and simulated providers; it says where to look
	@./bin/kanal demo

test: install ## install what is missing where it can, and run every test on SQLite and PostgreSQL, in the browser and with real mail servers
	@scripts/test

dev: web/node_modules/.installed ## server and workspace with reload, seeded with the demo company
	@scripts/dev

check: web/node_modules/.installed ## what a commit must pass quickly: format, vet, rules of the house, tests on SQLite, types, lint, sizes
	@test -z "$$(gofmt -l cmd internal web/*.go e2e 2>/dev/null)" || { gofmt -l cmd internal web/*.go e2e; echo 'gofmt these files'; exit 1; }
	go vet ./...
	go test -short ./...
	npm --prefix web run check

bench: build ## kanal bench and the Go benchmarks, as ratios within one run
	./bin/kanal bench intake
	go test -run '^$$' -bench . -benchtime 1s ./internal/...

soak: build ## the long runs: a million tickets, a million messages, ten CPU-minutes of fuzzing
	KANAL_LONG=1 go test -run '^$$' -bench 'Million' -benchtime 200x -timeout 60m ./internal/...
	scripts/fuzz 120s

fuzz: ## every fuzz target for a minute
	scripts/fuzz 60s

build: web/dist/index.html ## build bin/kanal with the workspace inside
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/kanal ./cmd/kanal

web: web/dist/index.html ## build the workspace

WEB_SOURCES := $(shell find web -type f \( -name '*.ts' -o -name '*.tsx' -o -name '*.css' -o -name '*.html' -o -name '*.json' -o -name '*.mjs' \) -not -path '*/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)

web/dist/index.html: $(WEB_SOURCES) | web/node_modules/.installed
	npm --prefix web run build
	@touch $@

web/node_modules/.installed: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

install: ## install the programs the tests talk to (PostgreSQL, Dovecot, swaks, Chromium) where this machine allows it
	@scripts/install

new-channel: ## start a channel from the living template: make new-channel NAME=telegram
	@scripts/new-channel "$(NAME)"

golden: ## rewrite golden files; read the diff like code
	go test ./internal/... -run 'Golden|Corpus|Table|Schema' -update

screens: build ## take the screenshots of docs/screens
	scripts/screens

clean: ## remove what was built
	rm -rf bin web/dist/assets web/dist/index.html demo
