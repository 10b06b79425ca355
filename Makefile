# Each target sets up what it needs: a virtual environment in .venv, with Node in it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The tests start many processes: each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE
export JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION := 1

.PHONY: demo test schedules drill-all check bench clean

TIER ?= warm-standby
demo: $(READY)  ## the whole story on the embedded AWS; TIER=pilot-light and so on: a tier's own, shorter
	$(BIN)/python examples/demo.py $(TIER)

test: $(READY)  ## the whole suite
	$(BIN)/python -m pytest -n 4

COUNT ?= 100000
schedules: $(READY)  ## more of a recovery's fault schedules than the suite drives: COUNT of them
	RECOVERY_SCHEDULES=$(COUNT) $(BIN)/python -m pytest -s tests/handlers/recovery/test_schedules.py

drill-all: $(READY)  ## every form of the recovery's fault schedules, and a drill on a throw-away launch
	DRILL_ALL=1 $(BIN)/python -m pytest tests/end_to_end/test_recovery.py

check: $(READY)  ## format, lint, types, arrows between the folders, releases
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dr-catalog verify

bench: $(READY)  ## measured ratios
	for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf .venv .embedded-aws cdk.out build dist src/*.egg-info

$(READY): setup.py constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[local,dev]"
	# jsii unpacks its modules once; a short process would never finish.
	$(BIN)/python -c "import aws_cdk, time; time.sleep(4)"
	touch $(READY)
