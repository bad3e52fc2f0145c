"""The flat view of one record, spelled out: the slow twin of `records.frames`."""

from typing import Any

from isocost.records import Record, total

OWN = """system item attempt task group seed text final finish confidence score reason error error_kind seconds started
    source fingerprint"""
SUMMED = "prompt_tokens completion_tokens cached_tokens reasoning_tokens machine_seconds cpu_seconds joules billed"


def flat(record: Record) -> dict[str, Any]:
    calls = record.calls
    models = {call.model for call in calls}
    return {
        **{name: getattr(record, name) for name in OWN.split()},
        "model": models.pop() if len(models) == 1 else None,
        "n_calls": len(calls),
        "n_shared": sum(call.shared for call in calls),
        "n_failed": sum(call.error is not None for call in calls),
        "call_seconds": total(call.seconds for call in calls),
        "first_token_seconds": calls[0].first_token_seconds if calls else None,
        **{name: total(getattr(call, name) for call in calls) for name in SUMMED.split()},
    }
