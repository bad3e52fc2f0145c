"""A study: real questions, several systems, one frontier. The one place where the whole story is told."""
