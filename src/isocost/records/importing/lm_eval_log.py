"""Sample logs of lm-evaluation-harness (`--log_samples`): samples_TASK_TIME.jsonl, and results_TIME.json beside them."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from isocost.records.calls import Call
from isocost.records.errors import InputError
from isocost.records.importing.landing import Harvest
from isocost.records.importing.logs import Found, Wishes, gather
from isocost.records.importing.tables import json_lines
from isocost.records.nouns import Item, Record, Source

SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl")


class _Run(NamedTuple):
    system: str
    model: str
    settings: dict[str, Any]
    started: float | None


def harvest(file: Path, wishes: Wishes, source: Source) -> Harvest:
    """The samples of one task, or of all tasks of a run's folder; the harness counts no tokens, so none are known."""
    files = sorted(file.glob("samples_*.jsonl")) if file.is_dir() else [file]
    if not files:
        raise InputError("expected samples_*.jsonl in it. Hint: run lm-eval with --log_samples.", file=file)
    run = _run(files[0], wishes)
    found = (one for samples in files for one in _samples(samples, wishes, (run, source)))
    return gather(file, found, {run.system: run.settings})


def _samples(file: Path, wishes: Wishes, context: tuple[_Run, Source]) -> Iterator[Found]:
    named = SAMPLES.fullmatch(file.name)
    task = wishes.task or (named["task"] if named else file.stem)
    rows = json_lines(file, nan=True)
    for number, row in rows:
        if lacking := {"doc_id", "resps", "metrics"} - set(row if isinstance(row, dict) else ()):
            raise InputError(
                f"expected a sample of lm-eval, it has no {', '.join(sorted(lacking))}. Hint: is it a samples_*.jsonl?",
                file=file,
                line=number,
            )
    metric, filtered = _score_name(file, [row for _, row in rows], wishes.score)
    for number, row in rows:
        if row.get("filter") == filtered:
            yield _found(number, row, (task, metric), context)


def _found(number: int, row: dict[str, Any], names: tuple[str, str], context: tuple[_Run, Source]) -> Found:
    (task, metric), (run, source) = names, context
    text = row["resps"][0][0] if row["resps"] and row["resps"][0] else None
    text = text if isinstance(text, str) else None  # a multiple choice has likelihoods only
    final = (row.get("filtered_resps") or [None])[0]
    record = Record(
        system=run.system,
        item=f"{task}/{row['doc_id']}",
        task=task,
        text=text,
        final=final if isinstance(final, str) and final != text else None,
        score=float(row[metric]),
        calls=(Call(model=run.model),),
        started=run.started,
        source=source,
        extra={name: row[name] for name in row["metrics"] if name != metric and name in row},
    )
    asked: dict[str, Any] = next(iter(row.get("arguments", {}).values()), {}) if isinstance(row.get("arguments"), dict) else {}
    question = asked.get("arg_0") or msgspec.json.encode(row.get("doc")).decode()
    return Found(number, record, Item(id=record.item, question=str(question), target=row.get("target"), task=task))


def _score_name(file: Path, rows: Sequence[dict[str, Any]], wish: str | None) -> tuple[str, str | None]:
    """Metric and filter: as wished (`METRIC` or `METRIC,FILTER`), or the first metric that stays within 0 and 1."""
    filters = list(dict.fromkeys(row.get("filter") for row in rows))
    metrics = list(dict.fromkeys(name for row in rows for name in row["metrics"]))
    bounded = [name for name in metrics if all(_is_score(row.get(name)) for row in rows)]
    metric, _, chosen = wish.partition(",") if wish else (bounded[0] if bounded else "", "", "")
    if metric not in bounded or (chosen and chosen not in filters):
        raise InputError(
            f"expected a metric within 0 and 1 to be the score, got '{wish or 'none'}'; there are "
            f"{', '.join(bounded) or 'none'} (of {', '.join(metrics) or 'none'}), filters {', '.join(map(str, filters))}. "
            'Hint: score=METRIC, or score="METRIC,FILTER".',
            file=file,
            line=1,
        )
    return metric, chosen or filters[0]


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _run(samples: Path, wishes: Wishes) -> _Run:
    """Who answered: from the results beside the samples, or else the folder's name."""
    named = SAMPLES.fullmatch(samples.name)
    results = samples.with_name(f"results_{named['time']}.json") if named else samples
    if not named or not results.exists():
        name = wishes.system or samples.resolve().parent.name
        return _Run(name, name, {}, None)
    try:
        run = json.loads(results.read_bytes())  # not msgspec: the harness writes NaN
    except ValueError as error:
        raise InputError(f"expected the results of lm-eval: {error}. Hint: is the file whole?", file=results) from None
    config = run.get("config") or {}
    arguments = config.get("model_args")
    told = (
        arguments
        if isinstance(arguments, dict)
        else dict(part.split("=", 1) for part in str(arguments or "").split(",") if "=" in part)
    )
    model = str(told.get("pretrained") or told.get("model") or config.get("model") or run.get("model_name") or "unknown")
    settings: dict[str, Any] = {name: run[name] for name in ("config", "lm_eval_version", "n-shot") if name in run}
    started = run.get("date")
    return _Run(wishes.system or model, model, settings, started if isinstance(started, int | float) else None)
