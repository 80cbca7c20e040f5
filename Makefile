# Everything runs in .venv, made here; the only need is Python 3.11 to 3.13 with venv, and a package index.
SHELL := /bin/sh
# Or else each of the hundreds of processes of a test run compiles TensorFlow, Keras and the rest anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
COURSE := 00_data_prep 01_baseline 02_loss_design 03_train_alexnet 03_train_vgg16 04_results 04b_memory 04c_your_runs \
	05_beyond_the_report 07_copying_colours 08_propagation 09_feedback 10_exemplar 11_unpaired 12_more_data \
	13_who_judges 14_why_store_colour 15_key_frames
FULL_RUNS := alexnet_beta0.8 vgg16_beta1.0 vgg16_beta0.8 vgg16_random_beta0.8 vgg16_chroma_beta0.8
SHOWN := video-bike_packing_mp4 photo-05912
SCALE ?= cpu
BACKEND := $(or $(KERAS_BACKEND),tensorflow)
GPU_SCALE ?= gpu
GPU_CLIPS ?= out/full/clips
RECORD ?= data/results/course_$(BACKEND).json
CLIP ?=
PHOTOS ?= ../shared/data/val_images.tar
CLIPS ?= ../shared/data/hiking
OLD_FILM ?= ../shared/data/old_film/Shepard_Calais_1906_FrenchGP.ogv
TRAIN_PHOTOS ?= ../shared/data/train_images.tar
VIDEOS ?= ../shared/data/clips
FILMS ?= ../shared/data/davis
MORE_PHOTOS ?= $(TRAIN_PHOTOS) ../shared/data/train_more.tar
UNSEEN ?= $(PHOTOS) ../shared/data/val_more.tar
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)

.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\# .*/\1/p' Makefile)

help:  ## Show what there is to make
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 16

# Three doors: the tool alone, the course, and everything to develop with. --no-compile: Python compiles what it imports.
PIP := $(BIN)/python -m pip install --quiet --no-compile

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "vidcolor needs Python 3.11, 3.12 or 3.13: install one, or make PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip || echo "installing with the older pip that came with Python, which takes twice as long"
	@touch $@

$(VENV)/installed-tool: $(VENV)/made pyproject.toml
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-course: $(VENV)/made requirements.txt pyproject.toml
	$(PIP) --requirement requirements.txt
	@touch $@

$(VENV)/installed-app: $(VENV)/made pyproject.toml
	$(PIP) --editable '.[app]'
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml
	$(PIP) --editable '.[dev]'
	@touch $@

$(VENV)/installed-%: $(VENV)/installed
	$(PIP) --editable '.[dev,$*]'
	@touch $@

setup: $(VENV)/installed  ## Make .venv and install into it all that this project is developed with

demo: $(VENV)/installed-tool  ## Colorize a real clip into out/demo and score it
	$(BIN)/vidcolor demo $(CLIP:%=--clip %) --output out/demo

# One after the other: each has a process for every core, and twice as many are in each other's way.
test: setup  ## Run the checks, the tests and the notebooks, on all cores
	$(MAKE) --jobs=2 check compiled
	$(MAKE) test-units
	$(MAKE) test-notebooks

test-all: test test-course test-backends test-devices test-install test-release test-bench test-browser  ## Run every test there is; the last ones need Chromium

# Each process that imports a package anew compiles it: once, before a handful of them begin.
LARGE := vidcolor_utils, tensorflow, keras, onnxruntime, cv2, av, skimage.metrics, scipy.stats, scenedetect, PIL.Image, matplotlib.pyplot, \
	nbformat, jupyter_client, ipykernel, papermill, distributed, ipywidgets, anywidget, pytest, xdist
compiled: setup
	@TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python -c "import $(LARGE)"

check: setup  ## Run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# As many processes as cores, at most 4: each holds a Keras backend, and computes in one thread.
ONE_THREAD := OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
PYTEST := $(ONE_THREAD) PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/python -m pytest -p tests -p xdist --numprocesses=logical --maxprocesses=4
NBVAL := $(PYTEST) -p nbval.plugin -p tests.helpers.nearly -p tests.helpers.kernels --dist=loadfile --nbval-lax --nbval-current-env --nbval-cell-timeout=900

test-units: setup  ## Run the tests, but for those of what the notebooks leave
	$(PYTEST) --dist=worksteal --ignore=tests/pages/test_notebooks.py

run-chapters = $(if $(1),$(NBVAL) $(patsubst %,notebooks/$(SIZE)%.ipynb,$(1)))

# 00 prepares the clips of the others; 04 and 04c show what the 03s trained.
SIZE := small_
test-notebooks: setup  ## Run the chapters at small size, compare outputs with the committed ones, test what they leave
	$(BIN)/python -m tests.helpers.small $(COURSE)
	$(NBVAL) notebooks/$(SIZE)00_data_prep.ipynb
	$(call run-chapters,$(filter-out 00_% 04%,$(COURSE)))
	$(call run-chapters,$(filter 04%,$(COURSE)))
	$(PYTEST) --numprocesses=0 tests/pages/test_notebooks.py

test-course: setup  ## The same with the chapters as they are
	$(MAKE) test-notebooks SIZE=

test-install: setup  ## Try both doors in empty environments and fresh clones, as the README prints them
	$(BIN)/python -m pytest -m install tests/install

coverage: setup  ## Show the lines of the package that `make test-units` does not reach; training in PyTorch is among them
	$(BIN)/python -m pytest --cov --ignore tests/pages/test_notebooks.py

test-backends: $(VENV)/installed-backends  ## Run the tests that need PyTorch and JAX
	$(PYTEST) -m backends $$(grep -rl --include='test_*.py' mark.backends tests)

test-devices: $(VENV)/installed-backends  ## Train on two virtual devices and on one, and compare; some minutes
	$(BIN)/python -m pytest -m devices

test-release: setup  ## Colour a film of every kind and judge it; some minutes
	$(BIN)/python -m pytest -m release tests/release

test-bench: $(VENV)/installed-bench  ## Run the tests that need the runtimes that `make bench` compares
	$(BIN)/python -m pytest tests/records/test_runtimes.py

test-browser: $(VENV)/installed-browser  ## Run the tests in Chromium, which must be there, and of Voila; pictures in out/browser
	$(BIN)/python -m pytest -m browser tests/browser
	$(BIN)/python -m pytest tests/app/test_voila_server.py

evaluate: setup  ## Score the shipped weights on photographs (UNSEEN), CLIPS and FILMS, record it in data/results
	$(BIN)/vidcolor evaluate $(UNSEEN:%=--photos %) --clips $(CLIPS) --films $(FILMS) --output data/results/frame.json

fuzz: setup  ## Run the command line on damaged files, record what comes of it in data/results
	$(BIN)/python -m records fuzz --output data/results/fuzz.json --keep out/fuzz $(if $(wildcard $(VIDEOS)),--clips $(VIDEOS))

containers: setup  ## Check that every container and codec keeps frames, length and sound, record it in data/results
	$(BIN)/python -m records containers --output data/results/containers.json $(if $(wildcard $(VIDEOS)),--clips $(VIDEOS))

failing: setup  ## Have every call of a run fail once, record it in data/results
	$(BIN)/python -m records failing --output data/results/failing.json

endurance: setup  ## Kill the colorizer at random moments, and a worker of three, record it in data/results
	$(BIN)/python -m records endurance --output data/results/resume.json

train-frame: $(VENV)/installed-train  ## Train the networks that ship, and export their weights; goes on where it was stopped
	$(BIN)/vidcolor train frame $(MORE_PHOTOS:%=--images %) $(UNSEEN:%=--val-images %) --output runs/frame
	$(BIN)/vidcolor export runs/frame --output vidcolor_utils/weights/frame.safetensors

train-keys: $(VENV)/installed-train  ## Train the network that cleans key frames' colours, from MORE_PHOTOS and VIDEOS
	$(BIN)/vidcolor train keys $(MORE_PHOTOS:%=--images %) \
		$(patsubst %,--film %,$(filter-out %_gray.mp4,$(sort $(wildcard $(VIDEOS)/*)))) \
		--output vidcolor_utils/weights/key_colors.onnx > data/results/key_training.part
	mv data/results/key_training.part data/results/key_training.json

pictures: setup  ## Make the pictures of the README from CLIPS, FILMS and OLD_FILM
	$(BIN)/python -m records pictures --hiking $(CLIPS) --old-film $(OLD_FILM) --films $(FILMS) --output docs

ablate: setup  ## Score the parts of the steady colours on CLIPS, record it in data/results
	$(BIN)/python -m records ablate --clips $(CLIPS) --output data/results/temporal.json

keyframes: setup  ## Score films coloured from key frames on FILMS and CLIPS, record it in data/results
	$(BIN)/python -m records keyframes --davis $(FILMS) --hiking $(CLIPS) --output data/results/keyframes.json

spread: setup  ## Score what the colours of FILMS, and of photographs (UNSEEN), gain by a usual spread, record it in data/results
	$(BIN)/python -m records spread --films $(FILMS) --clips $(CLIPS) $(UNSEEN:%=--photos %) --output data/results/spread.json

related: setup  ## Train every system that the report cites, three seeds with controls, and record it; goes on where it was stopped
	mkdir -p data/results/related
	@left=; for name in pointer propagation exemplar colas colornn unpaired more_data; do \
		case $$name in \
			more_data) set -- more-data $(MORE_PHOTOS:%=--photos %) $(UNSEEN:%=--unseen %);; \
			*) set -- related $$name --videos $(VIDEOS) --pairs $(CLIPS);; esac; \
		echo "== $$name"; $(BIN)/python -m records "$$@" --output data/results/related/$$name.json; code=$$?; \
		test $$code -ne 130 || exit 130; test $$code -eq 0 || left="$$left $$name"; done; \
	test -z "$$left" || { echo "not recorded:$$left" >&2; exit 1; }

FULL_RECORD := --clips out/full/clips --runs out/full/runs --output data/results/report $(SHOWN:%=--show %)
train-full: setup  ## Train the report's networks at full SCALE (cpu or gpu), record them; goes on; a record of other colours must be removed first
	mkdir -p out/full
	cd notebooks && ../$(BIN)/papermill 00_data_prep.ipynb ../out/full/00_data_prep.ipynb -f ../params/clips_$(SCALE).yaml
	$(BIN)/python -m records full-runs $(FULL_RECORD) --check
	cd notebooks && for run in $(FULL_RUNS); do name=03_train_$${run%%_*}; \
		../$(BIN)/papermill $$name.ipynb ../out/full/03_train_$$run.ipynb \
			-f ../params/scale_$(SCALE).yaml -f ../params/$$run.yaml || exit 1; done
	$(BIN)/python -m records full-runs $(FULL_RECORD)
	$(BIN)/python -m records compare --clips out/full/clips --runs out/full/runs --videos $(VIDEOS) --pairs $(CLIPS) \
		--output data/results/report/compare.json

# Each backend has its own runs, so has a rehearsal, on a processor; RECORD must then be elsewhere.
# A GPU has an environment of its own: TensorFlow's two builds hold the same files.
GPU_EXTRA := $(if $(filter tensorflow,$(BACKEND)),gpu,gpu-$(BACKEND))
GPU_VENV := $(if $(filter gpu,$(GPU_SCALE)),$(VENV)-gpu,$(VENV))
REHEARSED := $(VENV)/installed$(if $(filter-out tensorflow,$(BACKEND)),-backends)
GPU_READY := $(if $(filter gpu,$(GPU_SCALE)),$(VENV)-gpu/$(GPU_EXTRA),$(REHEARSED))
GPU_OUT := out/$(if $(filter-out gpu,$(GPU_SCALE)),$(GPU_SCALE)/)$(BACKEND)
ON_GPU = KERAS_BACKEND=$(BACKEND) ../$(GPU_VENV)/bin

$(VENV)-gpu/%:
	test -d $(VENV)-gpu || $(PYTHON) -m venv $(VENV)-gpu
	$(VENV)-gpu/bin/python -m pip install --quiet --editable '.[course,$*]'
	@touch $@

course-gpu: $(GPU_READY)  ## Train at full scale on an accelerator, under KERAS_BACKEND, and record the speed
	mkdir -p $(GPU_OUT)
	cd notebooks && $(ON_GPU)/papermill 00_data_prep.ipynb ../$(GPU_OUT)/00_data_prep.ipynb \
		-f ../params/clips_$(GPU_SCALE).yaml
	cd notebooks && for run in $(FULL_RUNS); do name=03_train_$${run%%_*}; \
		$(ON_GPU)/papermill $$name.ipynb ../$(GPU_OUT)/03_train_$$run.ipynb \
			-f ../params/scale_$(GPU_SCALE).yaml -f ../params/$$run.yaml -p out_dir ../$(GPU_OUT) || exit 1; done
	KERAS_BACKEND=$(BACKEND) $(GPU_VENV)/bin/python -m records speed --clips $(GPU_CLIPS) --runs $(GPU_OUT)/runs \
		--output $(RECORD)

study: setup  ## Train them at reduced scale, three seeds each, for the verdicts of 04; needs the clips of train-full
	$(BIN)/python -m records study --clips out/full/clips --runs out/study --output data/results/report/study.json

exercises: setup  ## Write the twins of the notebooks to work in, without outputs and solutions
	$(BIN)/python -m records twins notebooks --output exercises

openings: setup  ## Write the pictures that chapters open with, from their outputs
	$(BIN)/python -m records openings notebooks --output docs/openings

solutions: setup  ## Run the chapters with the solutions in place of the answers, and check that they are right
	$(BIN)/python -m records solutions $(COURSE:%=notebooks/%.ipynb)

first-run: setup  ## Train the default runs of the 03 notebooks with three seeds, record them
	cd notebooks && ../$(BIN)/python -c "from vidcolor_utils.course.clips import open_clips; open_clips('../out/course/clips')"
	$(BIN)/python -m records first-run --clips out/course/clips --runs out/first_run --output data/results/first_run

losses: setup  ## Train the small networks of 02 with three seeds each, record them; goes on where it was stopped
	cd notebooks && ../$(BIN)/python -c "from vidcolor_utils.course.clips import open_clips; open_clips('../out/course/clips')"
	$(BIN)/python -m records losses --clips out/course/clips --work out/losses --output data/results/losses

figure-3: setup  ## Train the report's networks on pieces of two films of VIDEOS, record them; half an hour; a record of other colours must be removed first
	$(BIN)/python -m records figure-3 --videos $(VIDEOS) --work out/figure_3 --output data/results/report/figure_3

kept: setup  ## Colorize the report's sample clips, and keep small films of them for the course
	$(BIN)/python -m records kept --hiking $(CLIPS) --output data/results/hiking

bench: $(VENV)/installed-bench  ## Time everything in one run, record it in data/results, in the tables of the pages and the chart
	$(BIN)/python -m records bench --output data/results/bench.json --pages .

profile: setup  ## Show what each stage of colorizing takes of a frame, at four sizes, record it in data/results
	$(BIN)/python -m records profile --output data/results/profile.json

app: $(VENV)/installed-app  ## Open the page that colorizes a film, on this machine only
	$(BIN)/vidcolor-app

# notebooks/.jupyter leaves out the extension that asks whether to fetch news.
lab: $(VENV)/installed-course  ## Open the course in JupyterLab
	cd notebooks && JUPYTER_CONFIG_PATH=.jupyter ../$(BIN)/jupyter lab 00_data_prep.ipynb

# 00 prepares the clips of the others, 04c shows what the 03s trained. Each in one thread: as many at a time as JOBS.
JOBS ?= 2
run-course = cd notebooks && printf '%s\n' $(1) | $(ONE_THREAD) xargs -P $(JOBS) -I NAME sh -c \
	'echo "== NAME"; ../$(BIN)/papermill NAME.ipynb ../out/course/NAME.ipynb --no-progress-bar --log-level ERROR || exit 255'
course: $(VENV)/installed-course  ## Run the notebooks with their defaults, into out/course, two at a time
	@mkdir -p out/course
	@$(call run-course,$(filter 00_%,$(COURSE)))
	@$(call run-course,$(filter-out 00_% 04%,$(COURSE)))
	@$(call run-course,$(filter 04%,$(COURSE)))

hooks: setup  ## Check the text of the code on every commit
	$(BIN)/pre-commit install

format: setup  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove environments, caches and small outputs; what was trained, in out/, runs/ and data/, stays
	rm -rf $(VENV) $(VENV)-gpu build *.egg-info .pytest_cache .ruff_cache .mypy_cache .coverage \
		out/demo out/browser out/fuzz out/small notebooks/small_*.ipynb
