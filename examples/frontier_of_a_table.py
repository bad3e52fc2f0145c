"""From a table of results you already have to its frontier, in Python; `isocost import` and `isocost frontier` do the same."""

import csv
import random
from pathlib import Path

import numpy as np

from isocost.frontier import draw
from isocost.metrics import item_table, summarise
from isocost.records import Price, open_records
from isocost.records.importing import import_file

rng = random.Random(1)
MODELS = {"tiny": (0.55, 40), "middle": (0.72, 90), "chatty": (0.70, 300), "large": (0.86, 120)}
with Path("results.csv").open("w", newline="", encoding="utf-8") as file:
    table = csv.writer(file)
    table.writerow(["model", "question", "correct", "prompt_tokens", "output_tokens"])
    for question in range(300):
        luck = rng.random()
        for model, (skill, tokens) in MODELS.items():
            right = int(0.6 * luck + 0.4 * rng.random() < skill)
            table.writerow([model, question, right, 100, round(tokens * rng.uniform(0.5, 1.5))])

columns = "item=question,system=model,score=correct,prompt_tokens=prompt_tokens,completion_tokens=output_tokens"
import_file("results.csv", kind="csv", into="records", mapping=columns)

records = open_records("records")
prices = {
    "tiny": Price(input=0.05, output=0.20),
    "middle": Price(input=0.30, output=1.20),
    "chatty": Price(input=0.25, output=1.00),
    "large": Price(input=3.00, output=12.0),
}
for system in summarise(records, prices=prices, metrics=("accuracy", "cost")):
    right, cost = system.metrics["accuracy"], system.metrics["cost"]
    print(f"{system.system:7} {right.value:.3f} [{right.low:.3f}, {right.high:.3f}]  ${1000 * cost.value:.3f} for 1,000")

frontier = draw(item_table(records, ("cost", "accuracy"), prices), rng=np.random.default_rng(0))
print("on the frontier:", ", ".join(frontier.frontier))
for place in frontier.systems:
    print(f"{place.system:7} on it in {place.on_frontier:.0%} of the bootstrap's replicates")
for rise in frontier.rises:
    print(f"{rise.start} -> {rise.end}: {100 * rise.gain:.1f} points for ${1000 * rise.extra:.3f} more for 1,000")
