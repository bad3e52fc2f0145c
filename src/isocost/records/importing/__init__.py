"""Logs and tables of other tools, as records: one file for each kind, one line for each in `importer`."""

from isocost.records.importing.importer import KINDS as KINDS
from isocost.records.importing.importer import ImportOptions, import_file
from isocost.records.importing.landing import ImportReport

__all__ = ["ImportOptions", "ImportReport", "import_file"]
