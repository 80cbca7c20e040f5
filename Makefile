# Everything runs in .venv, made here; the only need is Python 3.11 to 3.13 with venv, and a package index.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
TRAIN = $(BIN)/vidcolor train frame --images $(TRAIN_PHOTOS) --val-images $(PHOTOS)
COURSE := 00_data_prep 01_baseline 02_loss_design 03_train_alexnet 03_train_vgg16 04_results 05_beyond_the_report
FULL_RUNS := alexnet_beta0.8 vgg16_beta1.0 vgg16_beta0.8 vgg16_random_beta0.8 vgg16_chroma_beta0.8
SHOWN := video-bike_packing_mp4 photo-05912
SCALE ?= cpu
BACKEND := $(or $(KERAS_BACKEND),tensorflow)
GPU_SCALE ?= gpu
GPU_CLIPS ?= out/full/clips
RECORD ?= data/results/course_$(BACKEND).json
CLIP ?= bikes
PHOTOS ?= ../shared/data/val_images.tar
CLIPS ?= ../shared/data/hiking
TRAIN_PHOTOS ?= ../shared/data/train_images.tar
VIDEOS ?= ../shared/data/clips
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' Makefile)

help:  ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

$(VENV)/installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "vidcolor needs Python 3.11, 3.12 or 3.13: install one, or make PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/installed-backends: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,backends]'
	@touch $@

$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

$(VENV)/installed-app: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,app]'
	@touch $@

$(VENV)/installed-browser: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,browser]'
	@touch $@

$(VENV)/installed-lab: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev,lab]'
	@touch $@

setup: $(VENV)/installed  ## Make .venv and install into it

demo: setup  ## Colorize a real clip into out/demo and score it
	$(BIN)/vidcolor demo --clip $(CLIP) --output out/demo

test: setup  ## Run ruff, mypy, the tests and the notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --ignore tests/test_notebooks.py
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout 900 $(COURSE:%=notebooks/%.ipynb)
	$(BIN)/python -m pytest tests/test_notebooks.py

coverage: setup  ## Run the tests and show the lines of the package that none of them reaches
	$(BIN)/python -m pytest --cov --ignore tests/test_notebooks.py

test-backends: $(VENV)/installed-backends  ## Run the tests that need PyTorch and JAX
	$(BIN)/python -m pytest -m backends

test-devices: $(VENV)/installed-backends  ## Train on two virtual devices and on one, and compare; some minutes
	$(BIN)/python -m pytest -m devices

test-browser: $(VENV)/installed-browser  ## Run the tests in Chromium, which must be there; pictures in out/browser
	$(BIN)/python -m pytest -m browser tests/browser

evaluate: setup  ## Score the shipped weights on PHOTOS and CLIPS, record it in data/results
	$(BIN)/vidcolor evaluate --photos $(PHOTOS) --clips $(CLIPS) --output data/results/frame.json

fuzz: setup  ## Run the command line on damaged files, record what comes of it in data/results
	$(BIN)/vidcolor fuzz --output data/results/fuzz.json --keep out/fuzz $(if $(wildcard $(VIDEOS)),--clips $(VIDEOS))

containers: setup  ## Check that every container and codec keeps frames, length and sound, record it in data/results
	$(BIN)/vidcolor containers --output data/results/containers.json $(if $(wildcard $(VIDEOS)),--clips $(VIDEOS))

endurance: setup  ## Kill the colorizer at random moments, and a worker of three, record it in data/results
	$(BIN)/vidcolor endurance --output data/results/resume.json

compare-objectives: setup  ## Train with each objective at equal budget, score them, record it in data/results
	for name in regression mixture classes; do \
		$(TRAIN) --objective $$name --epochs 3 --side 96 --learning-rate 2e-3 --min-crop 0.7 --ema 0 \
			--output runs/objectives/$$name && \
		$(BIN)/vidcolor export runs/objectives/$$name --output runs/objectives/$$name/frame.safetensors && \
		$(BIN)/vidcolor evaluate --weights runs/objectives/$$name/frame.safetensors --photos $(PHOTOS) \
			--single-frames $(VIDEOS) --output data/results/objective_$$name.json || exit 1; done

train-frame: compare-objectives  ## Train the two networks that ship, and export their weights
	$(TRAIN) --output runs/regression-1 --epochs 16 --encoder-rate 1 --wear 1
	$(TRAIN) --output runs/regression-2 --start-from runs/regression-1/frame.weights.h5 \
		--epochs 4 --learning-rate 3e-4 --encoder-rate 1 --min-crop 0.75 --seed 1
	$(BIN)/vidcolor export runs/regression-2 --output vidcolor_utils/weights/frame.safetensors
	$(TRAIN) --objective mixture --output runs/mixture-2 --start-from runs/objectives/mixture/frame.weights.h5 \
		--epochs 10 --learning-rate 1.5e-3 --min-crop 0.7 --ema 0 --seed 1
	$(TRAIN) --objective mixture --output runs/mixture-3 --start-from runs/mixture-2/frame.weights.h5 \
		--epochs 2 --learning-rate 4e-4 --side 96 --side 128 --side 160 --min-crop 0.85 --wear 0.2 --ema 0 --seed 2
	$(BIN)/vidcolor export runs/mixture-3 --output runs/mixture-3/frame_mixture.safetensors
	cp runs/mixture-3/frame_mixture.onnx* vidcolor_utils/weights/

ablate: setup  ## Score the parts of the steady colours on CLIPS, record it in data/results
	$(BIN)/vidcolor ablate --clips $(CLIPS) --output data/results/temporal.json

train-full: setup  ## Train the report's networks at full SCALE (cpu or gpu), record them; goes on where it was stopped
	cd notebooks && ../$(BIN)/papermill 00_data_prep.ipynb ../out/full/00_data_prep.ipynb -f ../params/clips_$(SCALE).yaml
	cd notebooks && for run in $(FULL_RUNS); do name=03_train_$${run%%_*}; \
		../$(BIN)/papermill $$name.ipynb ../out/full/03_train_$$run.ipynb \
			-f ../params/scale_$(SCALE).yaml -f ../params/$$run.yaml || exit 1; done
	$(BIN)/vidcolor report full --clips out/full/clips --runs out/full/runs --output data/results/report $(SHOWN:%=--show %)
	$(BIN)/vidcolor report compare --clips out/full/clips --runs out/full/runs --videos $(VIDEOS) --pairs $(CLIPS) \
		--output data/results/report/compare.json

# Each backend has its own runs; the clips are the same for all. RECORD elsewhere is for rehearsals.
course-gpu: setup  ## Train at full scale on an accelerator, under KERAS_BACKEND, and record the speed
	mkdir -p out/full out/$(BACKEND)
	cd notebooks && ../$(BIN)/papermill 00_data_prep.ipynb ../out/full/00_data_prep.ipynb \
		-f ../params/clips_$(GPU_SCALE).yaml
	cd notebooks && for run in $(FULL_RUNS); do name=03_train_$${run%%_*}; \
		KERAS_BACKEND=$(BACKEND) ../$(BIN)/papermill $$name.ipynb ../out/$(BACKEND)/03_train_$$run.ipynb \
			-f ../params/scale_$(GPU_SCALE).yaml -f ../params/$$run.yaml -p out_dir ../out/$(BACKEND) || exit 1; done
	KERAS_BACKEND=$(BACKEND) $(BIN)/vidcolor report speed --clips $(GPU_CLIPS) --runs out/$(BACKEND)/runs \
		--output $(RECORD)

study: setup  ## Train them at reduced scale, three seeds each, for the verdicts of 04; needs the clips of train-full
	$(BIN)/vidcolor report study --clips out/full/clips --runs out/study --output data/results/report/study.json

bench: $(VENV)/installed-bench  ## Time everything in one run, record it in data/results and in the tables of the pages
	$(BIN)/vidcolor bench --output data/results/bench.json --pages .

# notebooks/voila.json holds its settings: this machine only, with a token; no limit on what is handed out; kernels end
# with their page, which Voila 0.5 asks for without the token against cross-site requests, or when they are idle.
app: $(VENV)/installed-app  ## Open the page that colorizes a film, on this machine only
	cd notebooks && ../$(BIN)/python -m voila 06_colorize_your_film.ipynb

lab: $(VENV)/installed-lab  ## Open the course in JupyterLab
	cd notebooks && ../$(BIN)/jupyter lab

course: setup  ## Run the notebooks in order with their defaults, into out/course
	@mkdir -p out/course
	@cd notebooks && for name in $(COURSE); do echo "== $$name"; \
		../$(BIN)/papermill $$name.ipynb ../out/course/$$name.ipynb --progress-bar || exit 1; done

hooks: setup  ## Check the text of the code on every commit
	$(BIN)/pre-commit install

format: setup  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove what was made, but not runs/ or data/
	rm -rf $(VENV) out *.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage
