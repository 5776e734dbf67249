# Each command works from nothing: it makes the environment first, and again when the lock changes.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
AUDIT := .venv-audit/bin

.PHONY: demo test bench test-compose fuzz leaks faults replicas soak check lint types graph contracts env-example lock audit audit-secrets audit-sbom audit-vulnerabilities

demo: .venv/ready
	exec $(BIN)/roundtable demo

# Each worker has a Kafka and a MongoDB of its own, and waits for them for a third of its time: one more than two cores is quickest.
# ONLY=engines leaves out what asks neither.
test: .venv/ready
	$(BIN)/pytest --numprocesses $(or $(WORKERS),3) --dist loadfile --no-loadscope-reorder $(if $(ONLY),-m "$(ONLY) and not compose and not faults")

# Each figure beside its ceiling, into benchmarks/RESULTS.md; QUICK=1 is smaller, takes three minutes and writes nothing.
bench: .venv/ready
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

# The product as operators run it: needs a Docker engine, some 20 minutes and 6 GB.
test-compose: .venv/ready
	$(BIN)/pytest -m compose tests/compose

# More requests to the running services than `make test` makes: so many to each of their operations. Some two minutes.
fuzz: .venv/ready
	FUZZ_EXAMPLES=$(or $(EXAMPLES),40) $(BIN)/pytest tests/journeys/test_fuzz.py --timeout 1800

# Somebody asks everything of every path, ten thousand times, in worlds made by chance: CASES=… for more or fewer. Some four minutes.
leaks: .venv/ready
	CASES=$(or $(CASES),10000) $(BIN)/pytest tests/leaks --numprocesses $(or $(WORKERS),2) --dist worksteal --timeout 1800

# Every row of the fault matrix, each with its control, and the table of what came of it: some 40 minutes. FAULTS_AWAY_SECONDS=30
# keeps Kafka away for less than its two minutes.
faults: .venv/ready
	$(BIN)/pytest -m "faults or not faults" tests/faults --timeout 420 --ignore tests/faults/test_soak.py --ignore tests/faults/test_replicas.py --log-cli-level INFO

# Two processes of every service, one of them killed each minute, under 100 writes a second.
replicas: .venv/ready
	MINUTES=$(or $(MINUTES),10) RATE=$(or $(RATE),100) $(BIN)/pytest -s -m faults tests/faults/test_replicas.py --timeout 0

# Random faults for so many minutes: `SEED=7 make soak MINUTES=5` makes the same ones in the same order.
soak: .venv/ready
	MINUTES=$(or $(MINUTES),5) SEED=$(SEED) $(BIN)/pytest -s -m faults tests/faults/test_soak.py --timeout 0

check: .venv/ready lint types
	$(BIN)/lint-imports
	$(BIN)/python -m contracts.schemas --check
	$(BIN)/python -m contracts.examples --check
	$(BIN)/python -m contracts.asyncapi --check
	$(BIN)/python -m contracts.compatibility
	$(BIN)/python -m roundtable.documents --check

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready
	$(BIN)/mypy

# What is generated: schemas, examples, AsyncAPI; the list of settings, the graph of imports, the table of metrics.
contracts: .venv/ready
	$(BIN)/python -m contracts.schemas
	$(BIN)/python -m contracts.examples
	$(BIN)/python -m contracts.asyncapi

graph: .venv/ready
	$(BIN)/python -m roundtable.documents

# Secrets in the files and their history, a list of what the image holds (dist/sbom.json, CycloneDX), and known vulnerabilities of what
# is locked. The last asks the package index about each package; OSV_URL names another service, which may be your own.
audit: audit-secrets audit-sbom audit-vulnerabilities

audit-secrets: .venv-audit/ready
	$(AUDIT)/python -m audit.secrets

audit-sbom: .venv-audit/ready
	mkdir -p dist
	set -o pipefail; $(PYTHON) deploy/locked.py | $(AUDIT)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --output-file dist/sbom.json -

audit-vulnerabilities: .venv-audit/ready
	@$(AUDIT)/pip-audit --strict --disable-pip --progress-spinner off --requirement requirements.lock \
		$(if $(OSV_URL),--vulnerability-service osv --osv-url $(OSV_URL)) \
		|| { echo "Not audited: there are vulnerabilities above, or the service that knows them could not be asked about every package." >&2; exit 1; }

lock: .venv/ready
	$(BIN)/uv pip compile --custom-compile-command 'make lock' --universal --generate-hashes --all-extras --quiet pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --custom-compile-command 'make lock' --universal --generate-hashes --python-version 3.11 --quiet audit/requirements.in --output-file audit/requirements.lock

.venv-audit/ready: audit/requirements.lock
	$(PYTHON) -m venv .venv-audit
	$(AUDIT)/pip install --quiet --disable-pip-version-check --require-hashes --requirement audit/requirements.lock
	touch $@

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@
