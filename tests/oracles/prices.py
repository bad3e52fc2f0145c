"""Slow obvious twin of the metrics' money: record by record, call by call, by `Price.dollars`."""

from collections.abc import Mapping

from isocost.records import Price, Record


def cost(record: Record, own: Mapping[str, Price], listed: Mapping[str, Price]) -> float | None:
    """The sum over calls of the user's own price, or else the bill, or else the list price; None if any is unknown."""
    whole = 0.0
    for call in record.calls:
        dollars = own[call.model].dollars(call) if call.model in own else call.billed
        if dollars is None and call.model in own:
            dollars = call.billed
        if dollars is None and call.model not in own and call.model in listed:
            dollars = listed[call.model].dollars(call)
        if dollars is None:
            return None
        whole += dollars
    return whole if record.calls else None
