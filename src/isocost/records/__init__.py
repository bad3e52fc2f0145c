"""The nouns, the error tree, and their life on disk."""

from isocost.records.budget import Budget, Cap, Price
from isocost.records.calls import Call
from isocost.records.errors import CallFailed, CapReached, InputError, IsocostError, MissingExtra, StoreError
from isocost.records.manifest import Manifest, SystemEntry, read_items, write_items
from isocost.records.nouns import (
    Answer,
    Example,
    Grade,
    Grader,
    Item,
    Message,
    Record,
    Request,
    Source,
    System,
    derive_seed,
    merge,
    text_of,
    total,
)
from isocost.records.store import Records, open_records
from isocost.records.writer import RecordWriter

__all__ = [
    "Answer",
    "Budget",
    "Call",
    "CallFailed",
    "Cap",
    "CapReached",
    "Example",
    "Grade",
    "Grader",
    "InputError",
    "IsocostError",
    "Item",
    "Manifest",
    "Message",
    "MissingExtra",
    "Price",
    "Record",
    "RecordWriter",
    "Records",
    "Request",
    "Source",
    "StoreError",
    "System",
    "SystemEntry",
    "derive_seed",
    "merge",
    "open_records",
    "read_items",
    "text_of",
    "total",
    "write_items",
]
