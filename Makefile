# The commands of a checkout. They need make, Python 3.11 or newer, and a network for the first run.
# PYTHON=... chooses the interpreter. The environment is made once, and made anew when pyproject.toml changes.

PYTHON ?=
VENV ?= .venv
EXTRA ?= dev
OUT ?= out
LAB_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
AGREE_ARGS ?=
ORACLE_ARGS ?=
MUTATE_ARGS ?=
FUZZ_ARGS ?= -max_total_time=60
export PYTHON

run := $(VENV)/bin
setup = @sh tools/venv.sh "$(VENV)" "$(EXTRA)"

.PHONY: help lab test lint format report bench agree oracle mutate fuzz data browser clean

help:
	@echo 'make lab      opens JupyterLab on the first notebook      (LAB_ARGS=... goes to `lexgraph lab`)'
	@echo 'make test     runs every check but the browser tests      (PYTEST_ARGS=... goes to pytest)'
	@echo 'make report   writes reports on the bundled examples into $(OUT)/'
	@echo 'make bench    runs the benchmarks                         (BENCH_ARGS=... goes to benchmarks/run.py)'
	@echo 'make agree    compares the evaluator with an independent one    (AGREE_ARGS="--cases 200000 --seed 7")'
	@echo 'make mutate   mutates AWS policies and reads each mutant         (MUTATE_ARGS="--count 50000 --seed 7")'
	@echo 'make fuzz     fuzzes the readers for a minute, in .venv-fuzz     (FUZZ_ARGS=... goes to libFuzzer)'
	@echo 'make oracle   compares containment with the solver z3     (ORACLE_ARGS="--pairs 1000 --seed 7")'
	@echo 'make browser  tests the notebooks in Chromium, in an environment of its own, .venv-browser'
	@echo 'make lint     runs the style, type and layer checks only'
	@echo 'make format   formats the code and mends what ruff can mend'
	@echo 'make data     builds the bundled data anew from its sources'
	@echo 'make clean    removes reports, caches and built packages, and keeps the environments'
	@echo 'PYTHON=python3.12 make ... chooses the interpreter.'

lab:
	$(setup)
	@"$(run)/lexgraph" lab $(LAB_ARGS)

test: lint
	@echo 'Running the tests, the examples in docstrings and the notebooks.'
	@"$(run)/python" -m pytest -q $(PYTEST_ARGS)

lint:
	$(setup)
	@echo 'Checking style, types and the order of the layers.'
	@"$(run)/ruff" check --quiet --output-format concise
	@"$(run)/ruff" format --check --quiet || { echo 'Some files are not formatted: run `make format`.' >&2; exit 1; }
	@"$(run)/mypy" --no-error-summary
	@"$(run)/lint-imports" --no-logo >"$(VENV)/lint-imports.txt" || { cat "$(VENV)/lint-imports.txt" >&2; exit 1; }

format:
	$(setup)
	@"$(run)/ruff" check --fix --quiet
	@"$(run)/ruff" format --quiet

report:
	$(setup)
	@"$(run)/lexgraph" report data/accounts/support-center.json -o "$(OUT)/support-center"
	@"$(run)/lexgraph" report 'AmazonLex*' -o "$(OUT)/amazon-lex"
	@echo 'The reports are $(OUT)/support-center/index.html and $(OUT)/amazon-lex/index.html.'

bench:
	$(setup)
	@"$(run)/python" benchmarks/run.py $(BENCH_ARGS)

agree:
	$(setup)
	@"$(run)/python" -m tests.agree $(AGREE_ARGS)

mutate:
	$(setup)
	@"$(run)/python" -m tests.mutate $(MUTATE_ARGS)

# What is found to be new stays in $(OUT)/fuzz/corpus, and an input that breaks something in $(OUT)/fuzz.
fuzz:
	@sh tools/venv.sh .venv-fuzz fuzz || { \
		echo 'Fuzzing needs atheris, which has no package for every system and Python: `make mutate` needs none.' >&2; \
		exit 1; }
	@mkdir -p "$(OUT)/fuzz/corpus"
	@.venv-fuzz/bin/python -m tests.fuzz.fuzz_policy -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$(OUT)/fuzz/" $(FUZZ_ARGS) "$(OUT)/fuzz/corpus" tests/fuzz/corpus

oracle:
	$(setup)
	@"$(run)/python" -m tests.against_z3 $(ORACLE_ARGS)

# In this order: checksums.py reads what the others wrote.
data:
	$(setup)
	@"$(run)/python" data/build/build.py
	@"$(run)/python" data/build/examples.py
	@"$(run)/python" data/build/account.py
	@"$(run)/python" data/build/proved.py
	@"$(run)/python" data/build/checksums.py

# The browser tests have an environment of their own: a small one starts its server sooner, and it shows what a person
# gets who installs only JupyterLab beside lexgraph. They start the server with LEXGRAPH_LAB, which is `make lab` there.
browser_lab = $(MAKE) --no-print-directory lab VENV=.venv-browser EXTRA=browser
browser:
	@sh tools/venv.sh .venv-browser browser
	@echo 'Testing the notebooks and widgets in Chromium.'
	@LEXGRAPH_LAB='$(browser_lab)' \
		.venv-browser/bin/python -m pytest -q tests/browser --confcutdir=tests/browser $(PYTEST_ARGS)

clean:
	@rm -rf "$(OUT)" build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name '.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo 'Removed reports, caches and built packages; the environments stay (delete .venv and .venv-browser by hand).'
