# 窓守 Madomori. `make` alone lists what can be made.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON_IN := .venv/bin/python
# Where it is set, every program compiles all it reads anew at each start: half of the starts of hub and box.
export PYTHONDONTWRITEBYTECODE =
# For pytest, for example: make test PYTEST_ARGS="-k alarm -x"
PYTEST_ARGS ?=
# For .ci/lock: make lock LOCK_ARGS=--upgrade
LOCK_ARGS ?=

.PHONY: help prepare test test-camera lint check demo demo-check bench faults generate notices format lock lock-check clean

help: ## この一覧 / this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prepare: ## 動かすのに要るものを入れる / install what running it needs
	@.ci/prepare

.PHONY: prepare-test
prepare-test:
	@.ci/prepare --test

demo: prepare ## 試しに動かす（ハブ 1 台、模擬の箱 2 台）/ a hub and two simulated boxes on this machine
	@$(PYTHON_IN) tests/end_to_end/demo.py

demo-check: prepare ## 画面なしで試し、約束を確かめる / the same, headless; fails when a promise is broken
	@$(PYTHON_IN) tests/end_to_end/demo.py --check

# First what counts and compares, and what is as slow as the machine lets it be (browsers); then, away from these, what
# runs in real time (cameras, sound, whole programs), fewer at once. A file at a time, so that programs on stage are
# started once. No test at all in one of the two is no failure.
PYTEST := $(PYTHON_IN) -m pytest --dist loadfile --no-loadscope-reorder
USUAL := not long_faults and not hardware
test: prepare-test lint ## 検査と全ての試験 / checks and all tests
	$(PYTEST) -n 3 -m "$(USUAL) and not in_time" $(PYTEST_ARGS) || [ $$? = 5 ]
	$(PYTEST) -n 2 -m "$(USUAL) and in_time" $(PYTEST_ARGS) || [ $$? = 5 ]

test-camera: prepare ## 本物の picamera2 で試す / the camera on the genuine picamera2 (builds it once, minutes)
	@$(PYTHON_IN) tests/camera/run.py $(PYTEST_ARGS)

lint:
	$(PYTHON_IN) -m ruff check .
	$(PYTHON_IN) -m ruff format --check .
	$(PYTHON_IN) -m mypy
	.venv/bin/lint-imports --no-logo

check: prepare-test lint ## 書き方、型、壁、写しの一致 / lint, types, walls, generated and copied files
	$(PYTHON_IN) -m pytest -m check $(PYTEST_ARGS)

bench: prepare ## 測る（比で示す）/ measure; figures are ratios
	@$(PYTHON_IN) tests/bench/run.py

# FAULTS=short: the fault runs that are part of `make test`, by themselves, in minutes.
FAULTS ?= long
FAULT_RUNS := $(if $(filter short,$(FAULTS)),tests/faults -n 2 --dist loadfile,tests -m long_faults --timeout=3600)
faults: prepare-test ## 長い故障試験（FAULTS=short は短い分）/ the long fault runs (FAULTS=short: the short ones)
	$(PYTHON_IN) -m pytest $(FAULT_RUNS) $(PYTEST_ARGS)

# MODULES: which ones, for example hub/domain/incident.py; nothing: all of [tool.mutation.modules] in pyproject.toml.
MODULES ?=
.PHONY: mutate
mutate: prepare-test ## 規則に小さな欠陥を入れ、試験が気づくか測る / put faults into the rules: do the tests notice?
	@$(PYTHON_IN) tests/mutation/run.py $(MODULES)

generate: prepare ## 生成するファイルを作り直す / remake the generated files
	@$(PYTHON_IN) tests/generated.py --write

# A Python with pyopenjtalk in it (device/notices/generate.py); the box needs neither.
NOTICES_PYTHON ?= python3
notices: ## 音声のお知らせを作り直す / remake the spoken notices
	OPEN_JTALK_DICT_DIR=$${OPEN_JTALK_DICT_DIR:-/var/lib/mecab/dic/open-jtalk/naist-jdic} \
	  $(NOTICES_PYTHON) device/notices/generate.py

format: prepare ## 書き方をそろえる / tidy the source
	$(PYTHON_IN) -m ruff check --fix .
	$(PYTHON_IN) -m ruff format .

lock: ## requirements/ を作り直す（uv が要る）/ remake the locks (needs uv)
	@.ci/lock $(LOCK_ARGS)

lock-check: ## 鍵と ARM の対応を確かめる / locks match, ARM wheels exist (needs uv)
	@.ci/lock --check

clean: ## 作ったものを消す（サイトの記録は消さない）/ remove what was built; never a site's data
	rm -rf .venv .bootstrap build dist htmlcov .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache .hypothesis test-results
	find contract device hub tests -name __pycache__ -type d -prune -exec rm -rf {} +
