# The two commands are `make demo` and `make test`. Both install what is missing, once.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin

# A pyenv shim says "not found" for a version that is not the chosen one, so the versions themselves are offered.
export PATH := $(PATH):$(subst $(eval) ,:,$(wildcard $(HOME)/.pyenv/versions/3.1[1-9]*/bin))

.PHONY: demo test quick soak bench proven report docs-images format system clean

demo: .venv/report system
	@$(BIN)/python -m reference.demo

test: .venv/test
	@scripts/system-packages test
	@scripts/newer-prometheus
	@$(BIN)/tox run-parallel --parallel 2

# What needs no server: under a minute.
quick: .venv/test
	@$(BIN)/ruff check -q . && $(BIN)/ruff format -q --check . && $(BIN)/mypy && $(BIN)/lint-imports >/dev/null
	@TRIALS=0.1 $(BIN)/pytest tests --part pure -q -n 2

# Properties with twenty times their examples.
soak: .venv/test
	@scripts/system-packages test
	@TRIALS=20 $(BIN)/pytest $$(grep -rl 'trials(' tests --include='test_*.py') -q -n 2

bench: .venv/bench
	@scripts/system-packages bench
	@$(BIN)/python -m bench

# Servers that others wrote, each asked while it is well, flapping and sick; their metrics, scraped by two versions of Prometheus;
# emitters of logs; with CORPORA=DIR also public logs in DIR/logs, checkouts of rules in DIR/rules and of dashboards in
# DIR/dashboards. What it prints goes to docs/proven-on.md.
proven: .venv/test
	@scripts/system-packages proven
	@scripts/newer-prometheus
	@$(BIN)/python -m proven .proven
	@$(BIN)/python -m proven.probed .proven
	@$(BIN)/python -m proven.exposed .proven $(if $(CORPORA),--dashboards $(CORPORA)/dashboards)
	@$(BIN)/python -m proven.emitters.described .proven
ifdef CORPORA
	@$(BIN)/python -m proven.corpora $(CORPORA)/logs
	@$(BIN)/python -m proven.log_shapes $(CORPORA)/logs
	@$(BIN)/python -m proven.rules_corpora $(wildcard $(CORPORA)/rules/*)
	@$(BIN)/python -m proven.dashboards_corpora $(wildcard $(CORPORA)/dashboards/*)
	@$(BIN)/python -m proven.rules_slices $(wildcard $(CORPORA)/rules/*)
else
	@echo "not run: public logs, rules and dashboards; CORPORA=DIR has them in DIR/logs, DIR/rules and DIR/dashboards (docs/proven-on.md lists them)"
endif

# An Allure report in allure-report/: of the results in RESULTS, or else of a run of the reference, whose exit status it has.
# Older reports are told of in its history (docs/reports.md).
report: .venv/report
ifdef RESULTS
	@rm -rf allure-report
	@scripts/allure generate $(RESULTS) --config $(RESULTS)/allurerc.yaml
else
	@scripts/system-packages
	@status=0; $(BIN)/pytest checks -m "health or alerts or logs or slo" --deployment reference --alluredir allure-results --clean-alluredir || status=$$?; \
	$(MAKE) --no-print-directory report RESULTS=allure-results && exit $$status
endif

# The pictures of docs/, each of a real run, by a browser without a window.
docs-images: .venv/test
	@scripts/system-packages docs-images
	@$(BIN)/python -m scripts.docs_images docs/images

format: .venv/test
	@$(BIN)/ruff check --fix -q .; $(BIN)/ruff format -q .

system:
	@scripts/system-packages

.venv/made:
	@[ -n "$(PYTHON)" ] || { echo "missing: Python 3.11 or newer. On Debian: apt-get install python3 python3-venv. On macOS: brew install python." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "missing: Python's venv. On Debian: apt-get install python3-venv. On macOS: brew install python." >&2; rm -rf .venv; exit 1; }
	@touch $@

.venv/report: .venv/made pyproject.toml constraints.txt
	@scripts/python-packages '.[reference,logs,load,report]'
	@touch $@

.venv/test: .venv/made pyproject.toml constraints.txt
	@scripts/python-packages '.[dev]'
	@touch $@ .venv/report

.venv/bench: .venv/made pyproject.toml constraints.txt
	@scripts/python-packages '.[dev,bench]'
	@touch $@ .venv/test .venv/report

clean:
	@rm -rf .venv .tox .allure runs allure-results allure-report
