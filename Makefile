# `make help` lists everything. A second run of any set-up step takes no time: the stamps in .venv remember the first.

PORT ?= 8000
DATA ?= ./var
BIN := .venv/bin
WEB := $(shell find src/zhixun/web/static/css src/zhixun/web/static/js src/zhixun/web/translations src/zhixun/features \
	\( -name '*.css' -o -name '*.js' -o -name '*.po' \) 2>/dev/null) src/zhixun/web/build.py
BUILT := src/zhixun/web/static/dist/manifest.json
# Two processes suit the small machines this is meant for; TEST_PROCESSES=8 suits yours better.
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo setup test test-postgres15 tools check lint format bench chaos clean

help: ## what there is to run
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.run $(BUILT) ## everything running with sample data (PORT=8000 DATA=./var)
	@exec $(BIN)/zhixun demo --port $(PORT) --data-dir $(DATA)

setup: .venv/.dev $(BUILT) ## .venv with everything for work on the project

test: setup tools ## all tests
	@echo "Running the tests (two processes; the browser's take longest) …"
	@$(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal

test-postgres15: setup ## the tests of what touches the database, on the oldest PostgreSQL we support
	@scripts/postgres15.sh
	@echo "Running the tests on PostgreSQL 15 …"
	@ZHIXUN_TEST_POSTGRES_BIN=/usr/lib/postgresql/15/bin $(BIN)/pytest -n $(TEST_PROCESSES) --dist worksteal \
		--ignore tests/browser --ignore tests/chaos

tools: setup # what tests need beside Python
	@scripts/tools.sh

check: lint test ## what CI runs: format, lint, imports, types, tests

lint: setup ## format, lint, import contracts, types
	@echo "Checking format, lint, imports and types …"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

format: setup ## lay the code out
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup tools ## every figure we claim, measured here
	@for figure in bench/[a-z]*.py; do echo "== $$figure"; $(BIN)/python -m bench.$$(basename $$figure .py) || exit 1; done

chaos: setup tools ## long runs of faults, races and looks
	@CHAOS_KILLS=$${CHAOS_KILLS:-50} CHAOS_ROUNDS=$${CHAOS_ROUNDS:-20} CHAOS_EXAMPLES=$${CHAOS_EXAMPLES:-100} \
		CHAOS_SCHEDULES=$${CHAOS_SCHEDULES:-2000} CHAOS_LOOKS=$${CHAOS_LOOKS:-4} \
		$(BIN)/pytest tests/chaos tests/journeys/test_race.py tests/journeys/test_races.py tests/features/api/test_description.py \
		tests/features/scheduling/test_offered.py tests/browser/test_every_page.py -v -s --timeout 1800

clean: ## remove .venv and what was built; data folders stay
	@rm -rf .venv src/zhixun/web/static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.run: requirements.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh requirements-dev.lock
	@touch .venv/.run $@

$(BUILT): $(WEB) | .venv/.run
	@$(BIN)/python -m zhixun.web.build
