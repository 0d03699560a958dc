# Piecework. `make` or `make help` lists what there is; long installs are done once and remembered in .stamps/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
CROWD ?= $(or $(PIECEWORK_CROWD_DIR),../shared/data/crowd)

.DEFAULT_GOAL := help
.PHONY: help setup web web-check screenshots demo check format test test-contracts test-python test-fast fuzz-deep invariants-deep prove-gates planted-bugs \
	artifacts replay api-deep bench-gas bench-quality bench-search bench-gateway bench-release bench-web bench-intervals kubo lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .stamps/python .stamps/node .stamps/web ## Install Python and Node packages into this folder and build the web app, once

.stamps/python: requirements.lock pyproject.toml
	@mkdir -p .stamps
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: set PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.stamps/node: package-lock.json package.json
	@mkdir -p .stamps
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Node 20 or later is needed"; exit 1; }
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.stamps/web-packages: frontend/package-lock.json frontend/package.json
	@mkdir -p .stamps
	npm ci --prefix frontend --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

web: .stamps/web ## Build the web app into frontend/dist, which the gateway serves

.stamps/web: .stamps/web-packages frontend/index.html frontend/vite.config.ts $(shell find frontend/src frontend/public -type f ! -name schema.d.ts)
	npm run --prefix frontend --silent build
	@touch $@

# Types of the API, from the description that the gateway gives of itself.
frontend/src/api/schema.d.ts: .stamps/python .stamps/web-packages $(shell find backend -name '*.py')
	npm run --prefix frontend --silent types

screenshots: setup ## Write pictures of the web app at two widths and both themes into out/screenshots
	$(BIN)/python -m tools.screenshots out/screenshots

web-check: ## Format, lint and types of the web app (a part of check)
web-check: .stamps/web-packages frontend/src/api/schema.d.ts
	cd frontend && node_modules/.bin/biome check --error-on-warnings .
	cd frontend && node_modules/.bin/tsc

demo: setup ## Label 300 scanned digits: fund, work, review, pay, audit, on a real chain
	$(BIN)/piecework demo

replay: setup ## Play the real crowd's 8,000 answers in CROWD/rte through the whole system
	$(BIN)/piecework replay $(CROWD)/rte

check: setup ## Format, lint, types, import rules, locks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/forge.py fmt --check
	node_modules/.bin/solhint --max-warnings 0 'contracts/**/*.sol'
	$(BIN)/python tools/check_tree.py
	@$(MAKE) --no-print-directory web-check

format: setup ## Put all files into their format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/forge.py fmt
	cd frontend && node_modules/.bin/biome check --write .

# The contracts' tests are among them: tests/contracts/ runs forge and reads what it did.
test: test-python ## Run every test, the real crowd's replay included

test-contracts: setup ## Run the contract tests in forge alone; FORGE_ARGS="--match-path ..." runs some
	$(BIN)/python tools/forge.py test --no-match-contract 'LawsTest$$' $(FORGE_ARGS)

test-python: setup ## Run the tests in pytest, one process a core (JOBS=0: one in all); TESTS="tests/piecework ..." runs some
	$(BIN)/python -m pytest -q -rfEs -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

test-fast: setup ## Run the tests that take seconds
	$(BIN)/python -m pytest -q -m "not slow"

prove-gates: setup ## Plant one bug for each gate of check and test, and see each gate catch it
	$(BIN)/python tools/prove_gates.py

fuzz-deep: setup ## Run the forge tests with 10,000 runs of each fuzzed one
	FOUNDRY_PROFILE=deep $(BIN)/python tools/forge.py test --no-match-path 'tests/contracts/invariants/*'

planted-bugs: setup ## Plant each known bug into the contracts, and see the check that is named for it fail first
	$(BIN)/python -m tools.planted_bugs

artifacts: setup ## Compile the contracts into piecework/chain/abi/
	$(BIN)/python -m piecework.chain.compile

invariants-deep: setup ## Hold every law of the protocol against a million random calls (half an hour)
	FOUNDRY_PROFILE=deep $(BIN)/python -m pytest -q -s tests/contracts/test_invariants.py

api-deep: setup ## Send 20,000 generated cases and the whole corpus of bad inputs to the API; none may be answered with a 5xx
	PIECEWORK_API_CASES=20000 PIECEWORK_API_CORPUS=whole $(BIN)/python -m pytest -q -o timeout=0 \
		tests/backend/test_api_cases.py tests/backend/test_corpus.py

bench-gas: setup ## Measure gas beside a floor and HUMAN Protocol; writes bench/gas/results.json
	npm ci --prefix bench/gas/peer --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error
	$(BIN)/python -m bench.gas.run --json bench/gas/results.json

bench-search: setup ## Measure searches in a million tasks on both databases beside their floors; writes bench/search/results.json (BENCH_FOLDER=... keeps the databases there)
	$(BIN)/python -m bench.search.run --json bench/search/results.json $(if $(BENCH_FOLDER),--folder $(BENCH_FOLDER))

bench-release: setup ## Measure 50 releases at once, undisturbed and killed at every network write; writes bench/release/results.json
	$(BIN)/python -m bench.release.run --json bench/release/results.json

bench-gateway: setup ## Measure a thousand workers, a real crowd and ten minutes without a pause on both databases; PARTS="--parts soak ..." does less
	$(BIN)/python -m bench.gateway.run --crowd $(CROWD) --json bench/gateway/results.json $(PARTS)

bench-web: setup ## Measure what a worker's steps take of the browser's main thread; writes bench/web/results.json
	$(BIN)/python -m bench.web.run --json bench/web/results.json

PEER_VENV := .cache/bench-quality-venv

# crowd-kit brings half a gigabyte: it lives in an environment of its own.
$(PEER_VENV)/.installed: bench/quality/peer-requirements.lock
	test -x $(PEER_VENV)/bin/python || $(PYTHON) -m venv $(PEER_VENV)
	$(PEER_VENV)/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

bench-quality: setup $(PEER_VENV)/.installed ## Measure labels, money and trust on the crowds in CROWD beside crowd-kit (half an hour)
	PIECEWORK_CROWD_DIR=$(CROWD) OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 \
		$(BIN)/python -m bench.quality.run --json bench/quality/results.json

bench-intervals: setup ## Count how often a report's interval holds the truth; writes bench/quality/intervals.json
	PIECEWORK_CROWD_DIR=$(CROWD) OMP_NUM_THREADS=1 $(BIN)/python -m bench.quality.intervals --json bench/quality/intervals.json

# The newest release whose module Go can build as it stands, without a replacement of one of its modules.
KUBO_VERSION := v0.42.0

kubo: .tools/bin/ipfs ## Build a pinned IPFS daemon into .tools/ with the Go toolchain, for the tests that need one

.tools/bin/ipfs:
	@command -v go >/dev/null || { echo "Go is needed to build Kubo; or set PIECEWORK_KUBO_URL to a daemon of yours"; exit 1; }
	@mkdir -p .tools/bin
	cd "$$(go mod download -json github.com/ipfs/kubo@$(KUBO_VERSION) | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')" && \
		nice go build -trimpath -buildvcs=false -o $(CURDIR)/$@ ./cmd/ipfs

lock: .stamps/python ## Write requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --all-extras \
		--python-version 3.11 pyproject.toml --output-file requirements.lock

clean: ## Remove everything that was installed or built here
	rm -rf $(VENV) node_modules frontend/node_modules frontend/dist .stamps .cache out build *.egg-info
