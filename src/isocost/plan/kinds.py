"""The kinds of plan by name: one file and one line each."""

from importlib import import_module

from isocost.plan.rule import Kind
from isocost.records import InputError
from isocost.records.errors import did_you_mean

KINDS = {
    "fixed": "isocost.plan.fixed:FIXED",
    "mix": "isocost.plan.mix:MIX",
    "route": "isocost.plan.route:ROUTE",
    "cascade": "isocost.plan.cascade:CASCADE",
    "samples": "isocost.plan.samples:SAMPLES",
    "effort": "isocost.plan.effort:EFFORT",
    "stages": "isocost.plan.stages:STAGES",
}


def kind(name: str) -> Kind:
    """The kind of this name; InputError for one that does not exist, with the nearest name."""
    if name not in KINDS:
        raise InputError(f"kind: there is no kind of plan '{name}'.{did_you_mean(name, KINDS)}")
    where, what = KINDS[name].split(":")
    found: Kind = getattr(import_module(where), what)
    return found
