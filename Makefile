# Baton
# SPDX-License-Identifier: Apache-2.0
#
# The one entry for people and machines. `make` alone says what there is.

# Everything that is Swift and ours; swift-format checks exactly these.
SWIFT_FILES := Package.swift Sources Tests $(wildcard Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources)
# The binary carries the Swift runtime, so it runs where no toolchain is.
RELEASE := -c release --static-swift-stdlib --product baton
BATON = $(shell swift build $(RELEASE) --show-bin-path)/baton
# These have time limits, most of them on both ends of a socket; beside a thousand others they would wait for a thread longer.
ALONE := TelemetryTests|HTTPServerTests|HTTPClientTests|HTTPStreamTests|ProviderCallsTests|ConnectionProbeTests|ReactorTests|WebhookDeliveryTests|EgressTests|SandboxPortTests|MCPProgramTests|MCPOverHTTPTests|HookRouteTests
# These have time limits as well, in programs that they start and kill, which need the processors themselves.
PROCESSES := StreamCrashTests|ServerScenarioTests|WebhookCrashTests|ApprovalCrashTests|VerificationCrashTests|CanaryTests
# Each of these has an engine with leases, which expire when nobody gets to renew them.
ENGINES := AgentsTests
# These keep threads busy, computing or waiting for programs; beside them others would wait for one for minutes.
BUSY := SimulationTests|CommandsTests
# Seconds per target of `make fuzz`.
SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help demo test build run wasm format lint bench bench-peers fuzz clean bootstrap

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: bootstrap build ## Report on this very repository into demo/report.md
	@scripts/demo "$(BATON)"

# 3 means that this toolchain cannot; the test that needs it then says that it is skipped.
test: bootstrap lint ## Everything that must hold before a change goes in
	@scripts/wasm/build || [ $$? -eq 3 ]
	@scripts/telemetry
	swift build --build-tests
	swift test --skip-build --disable-xctest --filter '$(BUSY)'
	swift test --skip-build --disable-xctest --skip '$(BUSY)|$(ALONE)|$(PROCESSES)|$(ENGINES)'
	swift test --skip-build --disable-xctest --filter '$(ALONE)'
	swift test --skip-build --disable-xctest --filter '$(PROCESSES)'
	swift test --skip-build --disable-xctest --filter '$(ENGINES)'
	@scripts/sdk-check .build/debug/baton
	@scripts/mcp-check .build/debug/baton
	@scripts/price-check .build/debug/baton
	@scripts/cli-agents-check .build/debug/baton
	@scripts/local-model-check .build/debug/baton

build: bootstrap ## Build the baton program (release)
	swift build $(RELEASE)

run: build ## Run it: make run ARGS="run Examples/hello.yaml"
	@"$(BATON)" $(ARGS)

wasm: bootstrap ## Build the graph module for browsers
	@scripts/wasm/build
	@wc -c .build/wasm/graph.wasm | awk '{ print $$2 ": " $$1 " bytes" }'

format: ## Rewrite all Swift files in the one format
	swift format --in-place --recursive $(SWIFT_FILES)

lint: ## Check format and style without changing anything
	swift format lint --strict --recursive $(SWIFT_FILES)

bench: bootstrap ## Measure
	swift build -c release --package-path Benchmarks
	Benchmarks/.build/release/EngineBenchmark $(ARGS)
	Benchmarks/.build/release/ScaleBenchmark
	Benchmarks/.build/release/AgentBenchmark
	Benchmarks/.build/release/SearchBenchmark
	Benchmarks/.build/release/JSONBenchmark
	Benchmarks/.build/release/SchemaBenchmark
	Benchmarks/.build/release/CELBenchmark
	Benchmarks/.build/release/DefinitionBenchmark
	Benchmarks/.build/release/ServingBenchmark

bench-peers: bootstrap ## Measure beside DBOS, LangGraph and Prefect from PyPI
	swift build -c release --package-path Benchmarks --product EngineBenchmark
	@scripts/peers $(ARGS)

fuzz: bootstrap ## Fuzz every parser: make fuzz SECONDS=600
	@scripts/fuzz $(SECONDS)

clean: ## Remove everything that was built or produced
	rm -rf .build demo Benchmarks/.build Fuzz/.build Fuzz/Corpus Fuzz/Artifacts

bootstrap:
	@scripts/bootstrap
