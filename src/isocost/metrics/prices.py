"""What models cost: the user's own prices first, then the dated list prices inside `genai-prices`."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from isocost.records import Price

Floats = NDArray[np.float64]
Quantities = Mapping[str, Floats]

# What a price multiplies, by the column that holds it.
QUANTITIES = ("prompt_tokens", "completion_tokens", "cached_tokens", "machine_seconds", "call_seconds")


def resolve(
    models: Iterable[str], overrides: Mapping[str, Price] | None = None, *, when: datetime | None = None
) -> dict[str, Price]:
    """The price of each model: the override, or else the list price on that day (today). A model without a price is missing."""
    own = overrides or {}
    found = {model: own.get(model) or list_price(model, when) for model in sorted(set(models))}
    return {model: price for model, price in found.items() if price is not None}


def list_price(model: str, when: datetime | None = None) -> Price | None:
    """The model's list price per `genai-prices`; None for one it does not know, or not by tokens alone.

    `provider/model` is looked up whole, then by its parts. Where the price rises with the prompt's length, the first tier.
    """
    from genai_prices import Usage, calc_price  # takes about a second

    provider, _, rest = model.partition("/")
    for reference, provider_id in ((model, None), (rest, provider)) if rest else ((model, None),):
        try:
            moment = when or datetime.now(UTC)
            listed = calc_price(Usage(), reference, provider_id=provider_id, genai_request_timestamp=moment)
        except LookupError:
            continue
        prices = listed.model_price
        dollars = {
            name: None if (price := getattr(prices, key)) is None else float(getattr(price, "base", price))
            for name, key in (("input", "input_mtok"), ("output", "output_mtok"), ("cached", "cache_read_mtok"))
        }
        if dollars["input"] is None or dollars["output"] is None or prices.requests_kcount is not None:
            return None
        place = f"genai-prices {version('genai-prices')}: {listed.provider.id}/{listed.model.id}"
        return Price(**dollars, source=place, date=moment.date().isoformat())
    return None


def dollars(price: Price, quantities: Quantities) -> Floats:
    """`Price.dollars` for many answers at once; NaN where a quantity that the price needs is not known."""
    cost = np.zeros(len(quantities["prompt_tokens"]))
    if price.per_hour is not None:
        machine, wall = quantities["machine_seconds"], quantities["call_seconds"]
        cost += np.where(np.isnan(machine), wall, machine) * (price.per_hour / 3600)
    if price.input is not None and price.output is not None:
        prompt, completion = quantities["prompt_tokens"], quantities["completion_tokens"]
        tokens = prompt * price.input + completion * price.output
        if price.cached is not None and price.cached != price.input:
            tokens += np.fmin(np.nan_to_num(quantities["cached_tokens"]), prompt) * (price.cached - price.input)
        cost += tokens / 1e6
    return cost


def bill(model: str, quantities: Quantities, own: Mapping[str, Price], listed: Mapping[str, Price]) -> tuple[Floats, bool]:
    """What answers of one model cost, and whether all of it could be priced.

    The user's own price first; without one, what the upstream itself billed; then the list price.
    """
    billed = quantities["billed"]
    if model in own:
        cost = dollars(own[model], quantities)
        return np.where(np.isnan(cost), billed, cost), True
    open_ = np.isnan(billed)
    if not open_.any():
        return billed, True
    if model in listed:
        return np.where(open_, dollars(listed[model], quantities), billed), True
    return billed, False
