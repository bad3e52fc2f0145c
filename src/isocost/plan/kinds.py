"""The kinds of plan by name: one file and one line each."""

from difflib import get_close_matches
from importlib import import_module

from isocost.plan.rule import Kind
from isocost.records import InputError

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
        near = get_close_matches(name, KINDS, 1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, got '{name}'.{hint}")
    where, what = KINDS[name].split(":")
    found: Kind = getattr(import_module(where), what)
    return found
