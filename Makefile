# Everything runs through marketplace/runtime; this file finds Python 3.11 to 3.13 and names the commands.
# Paths are relative and quoted: the folder's own path may hold spaces.
#
#   PYTHON=...        the Python to use, where none is on the path or another is wanted
#   ARGS="..."        more arguments for pytest: `make test ARGS="tests/clearing -x"` (docs/developing.md)
#   NAME=...          one benchmark (`make bench NAME=clear`); ARGS="..." are its options
#   WEB_PORT=...      the port of `make run`, else a free one
#   TEST_WORKERS=...  test processes, else 4, or none beside pytest's own for one file

PYTHON ?=
ARGS ?=
NAME ?=
export WEB_PORT TEST_WORKERS

CANDIDATES = $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3.13 python3 python)

define RUNTIME
found=; \
for candidate in $(CANDIDATES); do \
  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; \
  then found=$$candidate; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo 'sanpo: no Python 3.11, 3.12 or 3.13 found (tried: $(subst ",,$(CANDIDATES))): install one, or name it with make PYTHON=/path/to/python3' >&2; \
  exit 1; \
fi; \
exec "$$found" marketplace/runtime/bootstrap.py
endef

.PHONY: help setup run demo test faults bench lint shell servers clean

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

setup: ## Make the virtual environment only
	@$(RUNTIME) setup

run: ## Set up, run a trading day, then serve until Ctrl-C
	@$(RUNTIME) run

demo: ## Set up, run a trading day, write var/demo/report.json and end
	@$(RUNTIME) demo

test: ## Run every test; ARGS="tests/kernel/test_money.py", ARGS="-m fast", ARGS="--cov"
	@$(RUNTIME) test $(ARGS)

faults: ## Run the long fault campaign
	@$(RUNTIME) faults $(ARGS)

bench: ## Run the benchmarks into var/bench/
	@$(RUNTIME) bench $(NAME) $(ARGS)

lint: ## Check style, import floors, types, dead code and migrations
	@$(RUNTIME) lint

shell: ## Open Django's shell on the market's servers, as the application's role
	@$(RUNTIME) shell

servers: ## Start PostgreSQL and Redis and leave them running
	@$(RUNTIME) servers

clean: ## Stop what runs and delete var/
	@$(RUNTIME) clean
