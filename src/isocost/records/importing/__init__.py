"""Logs and tables of other tools, as records: one file for each kind, one line for each in `importer`."""

from isocost.records.importing.importer import KINDS, ImportOptions, import_file
from isocost.records.importing.landing import ImportReport
from isocost.records.importing.mapping import FIELDS

__all__ = ["FIELDS", "KINDS", "ImportOptions", "ImportReport", "import_file"]
