# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
# Tests start many programs; from compiled files each starts a quarter sooner.
export PYTHONDONTWRITEBYTECODE :=
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet

.PHONY: demo demo-light test check format schemas clean

demo: .venv/.demo
	$(BIN)/cropflow run workflows/detect_crop_classify.yaml --source examples/digits/scenes --out out/demo --overwrite
	$(BIN)/python examples/digits/score.py out/demo/results.jsonl --at-least 0.90
	@echo "Look at out/demo: annotated pictures in images/, crops by class in crops/, one line per picture in results.jsonl"

# The same on ONNX Runtime: neither PyTorch nor Ultralytics is installed.
demo-light: .venv-light/.done
	.venv-light/bin/cropflow run workflows/detect_crop_classify.yaml --source examples/digits/scenes --out out/light --overwrite \
		--model ../models/digits-detect.pt=models/digits-detect.onnx \
		--model ../models/digits-classify.pt=models/digits-classify.onnx
	.venv-light/bin/python examples/digits/score.py out/light/results.jsonl --at-least 0.90

test: check .venv/.editor build/client/.done
	$(BIN)/python -m pytest --numprocesses auto

check: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

schemas: .venv/.dev
	$(BIN)/python -m cropflow.schema schemas
	$(BIN)/python docs/make_tables.py

clean:
	rm -rf .venv .venv-light build out

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cropflow needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv-light/.done: pyproject.toml
	$(PYTHON) -m venv .venv-light
	.venv-light/bin/python -m pip install --disable-pip-version-check --quiet -e ".[onnx]"
	@touch $@

.venv/.demo: .venv/.python pyproject.toml
	@echo "Installing Cropflow with Ultralytics and PyTorch into .venv (a few minutes, several GB) ..."
	$(PIP) -e ".[yolo]"
	@touch $@

# The language server that editors use, for the test that asks it about documents.
.venv/.editor: .venv/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm install --prefix build/editor --no-save --no-audit --no-fund --silent yaml-language-server@2.0.0
	@touch $@

# The client that the server is tested with; its pins would downgrade ours.
build/client/.done: .venv/.python
	$(PYTHON) -m venv build/client
	build/client/bin/python -m pip install --disable-pip-version-check --quiet inference-sdk
	@touch $@

.venv/.dev: .venv/.demo pyproject.toml
	$(PIP) -e ".[yolo,openvino,ocr,video,parquet,server,dev]"
	@touch $@
