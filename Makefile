# The first Python that is new enough; choose another with make PYTHON=...
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo dist test test-integration test-slow test-browser docs vendor fuzz coverage mutate golden check clean \
	accuracy accuracy-fat calibration quality population study samples bench train left-out lock

help:  ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## Create the environment with the exact versions of requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: setup  ## Measure the six sample scans, and print the table and where the report is
	$(BIN)/footvol run sample_scans out/demo --jobs 2

test: setup  ## Run the quick tests
	$(BIN)/python -m pytest -n 2 --dist loadscope
	@echo "These were the quick tests; make test-integration, test-slow and test-browser run the others."

test-integration: setup  ## Run the tests with real weights, dcm2niix, processes and whole commands
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "integration and not slow"

test-slow: setup  ## Run the tests that take minutes
	$(BIN)/python -m pytest -m slow

test-browser: setup  ## Test the review page in Chromium, which must be installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".[browser]"
	$(BIN)/python -m pytest -m browser tests/browser

docs: setup  ## Build the site of README and docs/ in out/docs; a warning is an error
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".[docs]"
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -c docs . out/docs
	@echo "The first page is out/docs/index.html"

vendor:  ## Fetch NiiVue for the review page again, and check its sha256 (needs npm)
	bash pipeline/review/vendor.sh

fuzz: setup  ## Read 10,500 damaged inputs: each must be refused in a sentence or read right
	$(BIN)/python -m pytest -n 2 -m slow tests/properties/test_fuzz.py

# What a user gets: the wheel that is built from the sdist, in an environment of its own.
INSTALLED := out/installed
dist: setup  ## Build wheel and sdist, and measure a sample scan by the wheel in an empty environment
	rm -rf dist $(INSTALLED) out/dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(PYTHON) -m venv $(INSTALLED)
	$(INSTALLED)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile \
		--constraint requirements.lock dist/footvol-*.whl
	cd out && unset PYTHONPATH && for words in --version info \
		"run ../sample_scans dist --participant-label 01"; do installed/bin/footvol $$words || exit 1; done
	@ls -l dist

coverage: setup  ## Run all but the slow tests, and report lines and branches that none reaches
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow and not browser" --cov --cov-report=term

mutate: setup  ## Put faults into the measuring code one by one: each must turn a test red
	$(BIN)/python -m validation.mutate

golden: setup  ## Measure the sample scans and write the golden table anew
	$(BIN)/python -m validation.golden

check: setup  ## Check style, types, layers, spelling and docstrings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/interrogate --quiet pipeline tests training validation

accuracy: setup  ## Measure unseen feet of kinds left out, and print the tables of errors
	$(BIN)/python -m validation.accuracy

accuracy-fat: setup  ## Measure the fat of unseen digital feet, and print the table of errors
	$(BIN)/python -m validation.fat_accuracy

calibration: setup  ## Measure the errors behind the 95 % intervals, and print their table
	$(BIN)/python -m validation.calibrate

quality: setup  ## Print how often the quality gates are right on unseen digital feet
	$(BIN)/python -m validation.quality_rates

population: setup  ## Compare 200 digital feet with measurements of living ones
	$(BIN)/python -m validation.population

bench: setup  ## Measure time and memory by stage, size, jobs and participants, and print the tables
	$(BIN)/python -m validation.benchmarks

train: setup  ## Train the networks, on a GPU if there is one; resumes where it stopped
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable ".[train]"
	$(BIN)/python -m training.learn_bone_shape
	$(BIN)/python -m training coarse
	$(BIN)/python -m training fine
	$(BIN)/python -m training.curves
	$(BIN)/python -m training.export
	$(BIN)/python -m training.train_boundary
	$(BIN)/python -m training.export

KINDS := tapered filled sparse contoured

left-out: setup  ## Train the boundary networks of each kind of feet left out, after make train
	for kind in $(KINDS); do \
		$(BIN)/python -m training.train_boundary --steps 5000 --examples out/training/borders \
			--folder out/training/without-$$kind --kinds $$(echo $(KINDS) | sed s/$$kind//) && \
		$(BIN)/python -m training.export --folder out/training/without-$$kind \
			--models validation/left_out/without-$$kind || exit 1; \
	done

study: setup  ## Reproduce the published study on digital feet, and write docs/study.md
	$(BIN)/python -m validation.study

samples: setup  ## Make the sample scans again, bit for bit
	rm -rf out/sample_scans
	$(BIN)/python -m validation.make_samples out/sample_scans
	rm -rf sample_scans && mv out/sample_scans sample_scans

lock: setup  ## Write the exact versions in use to requirements.lock
	$(BIN)/python -m pip freeze --exclude-editable > requirements.lock

clean:  ## Remove results, caches and the environment
	rm -rf $(VENV) out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
