.PHONY: demo test check docs clean

demo: ## A real study of a real model on this machine, and its report (about 5 minutes after installation)
	@scripts/setup demo
	@.venv/bin/isocost study examples/quickstart.toml -o runs/quickstart

test: ## Sets up and runs every test
	@scripts/test

check: ## Lint, format and types
	@scripts/check

docs: ## Writes again what is generated
	@scripts/docs

clean:
	rm -rf .venv runs dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
