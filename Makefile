# The harness's own commands. Each sets up .venv by itself when it has to; PYTHON=/path/to/python3 chooses the Python.
.DEFAULT_GOAL := help
.PHONY: help run test soak coverage lint lock dist docs bench bench-peers clean style types layers runtime development

# Tests and benches start hundreds of processes, and each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

HARNESS := .venv/bin/harness
PYTEST  := .venv/bin/pytest

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

run: runtime ## run the scenarios on the sandbox (ARGS="-k merge --explain" adds options)
	@$(HARNESS) run $(ARGS)

test: development ## run all tests, offline (ARGS="-k merge -x" adds options)
	@$(PYTEST) -n 4 --dist worksteal $(ARGS)

soak: development ## the large counts (kills, repeats, races, fuzz); writes a dated result into results/
	@HARNESS_SOAK=1 $(PYTEST) harness/tests -m soak $(ARGS)

coverage: development ## run all tests and tell which lines none of them reaches
	@.venv/bin/coverage erase
	@.venv/bin/coverage run -m pytest -q $(ARGS)
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report

lint: style types layers ## style, types, architecture (with make -k all three, whatever the first says)

style: development
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .

types: development
	@.venv/bin/mypy

layers: development
	@.venv/bin/lint-imports --no-logo

bench: development ## print the figures the project promises, measured here and now
	@.venv/bin/python bench/figures.py $(ARGS)

bench-peers: development ## install what the benches compare with, in .harness/bench, and compare (minutes, quiet machine)
	@.venv/bin/python bench/peers.py
	@for each in sandbox_peers growth gateway_cost rehearsal_load cassette_peers pytest_peers; do \
		echo "== $$each"; set -- $$each; name=$$1; shift; .venv/bin/python bench/$$name.py "$$@"; done

docs: development ## write the pages and the picture that are made from the code, and build the site
	@.venv/bin/python docs/additions.py
	@.venv/bin/python docs/assumed.py
	@.venv/bin/python docs/supported.py
	@.venv/bin/python docs/contact_fields.py
	@.venv/bin/python docs/zoo.py
	@.venv/bin/python docs/zoo_first_contact.py
	@.venv/bin/python docs/mutation.py
	@.venv/bin/python docs/schemas.py
	@.venv/bin/python docs/reference/recorded.py
	@$(HARNESS) run --report .harness/report >/dev/null && cp .harness/report/run.svg docs/run.svg
	@.venv/bin/python docs/build_site.py

COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet

lock: ## renew both locks from pyproject.toml (needs uv; ARGS="--upgrade" takes newer versions)
	@command -v uv >/dev/null || { echo "error: uv is not installed. remedy: pip install uv" >&2; exit 2; }
	@$(COMPILE) --group build --output-file requirements.lock $(ARGS) >/dev/null
	@$(COMPILE) --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock $(ARGS) >/dev/null
	@! grep -nE '://|^ *-|@ ' requirements.lock requirements-dev.lock | grep -v -- '--hash=sha256:' \
		|| { echo "error: a lock names an address; locks hold names, versions and hashes only" >&2; exit 2; }

dist: development ## build wheel and sdist, check them, and try the wheel in empty environments
	@.venv/bin/python .ci/dist.py

clean: ## remove .venv and all caches
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@.ci/setup requirements.lock

development:
	@.ci/setup requirements-dev.lock
