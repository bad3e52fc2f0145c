"""The models: what the base adds to a call, and how many tokens a second the embedded model makes of a study.

    python bench/models.py overhead
    python bench/models.py embedded [--items 12] [--samples 9] [--parallel 8] [--threads N]

The second asks few-shot sums with worked steps, several seeded samples each, all at once, as a vote does. Tokens for each
CPU second are the figure to compare on a machine that does other things too.
"""

import argparse
import asyncio
import os
import random
import time

from isocost.records import Request
from isocost.systems.models import Embedded, Synthetic
from isocost.systems.models.synthetic import items


def overhead(calls: int = 20_000) -> None:
    """CPU microseconds a call: of the synthetic model alone, and through the whole story with its memo."""
    requests = [item.request(seed=seed) for seed, item in enumerate(items(calls))]
    model = Synthetic(abilities=0.0)

    async def alone() -> None:
        for request in requests:
            await model.ask(request, None)  # type: ignore[arg-type]  # a draft is only for what sleeps

    async def whole() -> None:
        for request in requests:
            await model(request)

    for name, story in {"asked alone": alone, "whole story": whole, "known": whole}.items():
        began = time.process_time()
        asyncio.run(story())
        each = (time.process_time() - began) / calls
        print(f"{name}: {each * 1e6:.1f} us a call, {1 / each:,.0f} calls a CPU second")


def steps(a: int, b: int, c: int) -> str:
    return f"First {a} + {b} = {a + b}. Then {a + b} + {c} = {a + b + c}. The answer is {a + b + c}.\n\n"


def question(numbers: list[int]) -> str:
    a, b, c = numbers
    return f"Question: State the final answer to the following arithmetic problem: {a} + {b} + {c} =\nAnswer:"


async def embedded(options: argparse.Namespace) -> None:
    rng = random.Random(1)
    draw = lambda: [rng.randint(1, 9) for _ in range(3)]  # noqa: E731
    shown = "".join(f"{question(numbers)} {steps(*numbers)}" for numbers in (draw() for _ in range(4)))
    prompts = [shown + question(draw()) for _ in range(options.items)]
    requests = [
        Request(prompt=prompt, seed=seed, temperature=0.7, max_tokens=64, stop=("\n",))
        for prompt in prompts
        for seed in range(options.samples)
    ]
    async with Embedded(parallel=options.parallel, threads=options.threads) as model:
        await model(Request(prompt="Hello", max_tokens=1))  # loads it
        wall, cpu = time.perf_counter(), time.process_time()
        answers = await asyncio.gather(*map(model, requests))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    calls = [answer.calls[-1] for answer in answers]
    said = sum(call.completion_tokens or 0 for call in calls)
    read = sum((call.prompt_tokens or 0) - (call.cached_tokens or 0) for call in calls)
    reused = sum(call.cached_tokens or 0 for call in calls)
    shares = sum(call.machine_seconds or 0 for call in calls), sum(call.cpu_seconds or 0 for call in calls)
    print(f"{len(calls)} calls: {said} tokens said, {read} read, {reused} reused; {wall:.1f} s, {cpu:.1f} CPU s")
    print(f"{said / wall:.0f} said a second, {said / cpu:.0f} said and {(said + read) / cpu:.0f} worked on for each CPU second")
    print(f"shares add up to {shares[0]:.1f} s and {shares[1]:.1f} CPU s; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["overhead", "embedded"])
    parser.add_argument("--items", type=int, default=12)
    parser.add_argument("--samples", type=int, default=9)
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--threads", type=int, default=None)
    options = parser.parse_args()
    if options.what == "overhead":
        overhead()
    else:
        asyncio.run(embedded(options))
