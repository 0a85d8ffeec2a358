# Two commands do everything: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
# Where an environment has its programs: elsewhere on Windows.
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
ENVIRONMENT := .venv/.installed
NODE_MODULES := js/node_modules/.installed
FRONT_END := seqdream_widget/static/widget.js
export JUPYTER_PLATFORM_DIRS := 1

.PHONY: demo docs links test build wheel environment lint types test-python test-js exactness test-crash test-sweep-crash test-browser test-kernels bench-streaming bench-editor bench-engine bench-plausibility bench-planted bench-lab bench-seat bench-sweep soak pictures moving-picture screenshots clean
.DELETE_ON_ERROR:

demo: build  ## JupyterLab on the quickstart; NO_BROWSER=1 only serves it and prints the address
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/01_quickstart.ipynb $(if $(NO_BROWSER),--no-browser) $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

test: build chromium lint types test-js test-python test-browser  ## everything that must hold before a change lands

build: $(ENVIRONMENT) $(FRONT_END)  ## environment and front end

$(ENVIRONMENT): pyproject.toml constraints.txt
	$(BIN)/python --version > /dev/null 2>&1 || $(PYTHON) -m venv .venv
	SKIP_JUPYTER_BUILDER=1 $(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

$(NODE_MODULES): js/package.json js/package-lock.json
	cd js && npm ci --no-audit --no-fund
	touch $@

$(FRONT_END): $(NODE_MODULES) $(shell find js/src js/scripts -type f)
	cd js && npm run build
	touch $@

wheel: $(FRONT_END)  ## dist/seqdream_widget-….whl, to install where there is no Node
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist .

.PHONY: chromium
chromium:
	tests/browser/ensure-chromium

lint: build
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd js && npm run lint

types: build
	js/node_modules/.bin/pyright -p .
	cd js && npm run typecheck

test-js: build
	cd js && npm test && npm run size

# A core for each of two workers; first what takes long, so that both end at about the same time.
SLOW := tests/notebooks tests/packaging
test-python: export OMP_NUM_THREADS := 1
test-python: build  ## engine, kernel side of the widget, docstrings, notebooks, packaging
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --doctest-modules $(SLOW) tests/unit tests/kernel/test_installed.py seqdream_widget

exactness: build  ## what tests/unit/test_exactness.py says, for every optimizer of torch
	EXACTNESS=1 $(BIN)/python -m pytest tests/unit/test_exactness.py

test-crash: build  ## kill -9 at fifty moments of a run with edits
	KILLS=50 $(BIN)/python -m pytest tests/unit/test_crash.py

test-sweep-crash: build  ## kill -9 at ten moments of a sweep
	KILLS=10 $(BIN)/python -m pytest tests/unit/test_sweep_crash.py

test-browser: build chromium  ## real JupyterLab, real Chromium, real kernel
	$(BIN)/python -m pytest tests/browser

test-kernels: build  ## real kernels of three ipykernels, each in an environment of its own in .kernels
	$(BIN)/python -m pytest tests/kernel

bench-streaming: build chromium  ## what streaming costs, beside a bare loop and bqplot
	$(BIN)/python -m benchmarks.streaming

bench-editor: build chromium  ## how the editor feels: pointer to pixel, drag to acknowledgement, long sequences
	$(BIN)/python -m benchmarks.editor

bench-lab: build chromium  ## steps/s with the whole Lab open, beside the widget alone
	$(BIN)/python -m benchmarks.lab

bench-seat: build chromium  ## what a seat in a workshop costs: memory and processor
	$(BIN)/python -m benchmarks.seat

STEPS ?= 1000000
soak: build  ## so many steps in a real kernel, steered all along: memory, pace, nothing left behind
	$(BIN)/python -m benchmarks.soak --steps $(STEPS)

pictures: build  ## docs/images/dreams, without and with each regularizer
	$(BIN)/python -m docs.pictures

docs: build  ## the documentation site, in docs/_build/html; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -j auto -b html docs docs/_build/html

links: build  ## every link of the documentation that leaves it, asked for; needs a network. The list is docs/_build/links/output.txt
	$(BIN)/python -m sphinx -q --keep-going -b linkcheck docs docs/_build/links

UCR ?= ../shared/data
bench-engine: build  ## what a step costs beside a loop by hand
	$(BIN)/python -m benchmarks.engine --root $(UCR)

bench-plausibility: build  ## how often the presets arrive; trains the networks first
	$(BIN)/python -m benchmarks.plausibility --root $(UCR) --out docs/rates.md

bench-planted: build  ## whether dreams find what was planted
	$(BIN)/python -m benchmarks.planted

bench-sweep: build  ## what many dreams cost, beside single runs and on a cluster; how stable they are
	$(BIN)/python -m benchmarks.sweep

moving-picture: build chromium  ## docs/images/steered.webp, a dream being steered in a real JupyterLab
	$(BIN)/python -m tests.browser.moving_picture

screenshots: build chromium  ## docs/images, from a real JupyterLab in light and dark
	$(BIN)/python -m tests.browser.screenshots

clean:
	rm -rf .venv .kernels js/node_modules seqdream_widget/static dist
