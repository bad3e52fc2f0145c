"""The nouns, the error tree, and their life on disk."""

from isocost.records.budget import Budget, Cap, Price
from isocost.records.calls import Call
from isocost.records.errors import CallFailed, CapReached, InputError, IsocostError, MissingExtra, StoreError
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
    "Message",
    "MissingExtra",
    "Price",
    "Record",
    "Request",
    "Source",
    "StoreError",
    "System",
    "derive_seed",
    "merge",
    "text_of",
    "total",
]
