"""What is known of a question before it is asked, as numbers: statistics of its text, hashed words, the user's own columns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from isocost.plan.evidence import Evidence, Floats
from isocost.plan.rule import Arrays
from isocost.records import InputError

FEATURES = ("text", "statistics", "length", "columns", "nothing")
BUCKETS = 1 << 14  # for words and pairs of words; a vocabulary is never kept, so a plan holds nobody's words
TOPICS = 60  # directions of the hashed words that are kept
TEXT_WEIGHT = 14.0  # how much a question's direction weighs beside one statistic: chosen once, on RouteLLM's two sets

_WORD, _TERM = re.compile(r"[^\W\d_]+"), re.compile(r"\w\w+")
_NUMBER, _SENTENCE = re.compile(r"\d+(?:[.,]\d+)*"), re.compile(r"[.!?](?:\s|$)")
_RELATION = re.compile(
    r"\b(half|twice|thrice|third|quarter|double|triple|times|percent|dozen|each|every|per|more|less|fewer|remaining|total|if)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(r"\b(not|no|never|except|neither|nor|without|least|none)\b|n't\b", re.IGNORECASE)
_COUNTED = ("?", ",", "\n", "%", "$", "/", ".", '"', "(", ":", "_", "=", "\\", "{", ";")


@dataclass(frozen=True)
class Space:
    """Questions as points: standardised statistics, then topics of their words.

    what: one of FEATURES. columns: the user's columns in it, by name. centre, scale: (d,) of the statistics. weights: (w,) of
    the word buckets in use, topics: (w, k) their directions; both empty where words are not used.
    """

    what: str
    columns: tuple[str, ...]
    centre: Floats
    scale: Floats
    buckets: NDArray[np.int64]
    weights: Floats
    topics: Floats

    @classmethod
    def fit(cls, evidence: Evidence, what: str, rng: np.random.Generator) -> Self:
        """The space that these questions span."""
        columns = tuple(evidence.columns) if what in ("text", "statistics", "columns") else ()
        raw = _raw(evidence, what, columns)
        buckets, weights, topics = _topics(evidence.questions, rng) if what == "text" else _NO_WORDS
        centre, scale = _standard(raw)
        return cls(what, columns, centre, scale, buckets, weights, topics)

    def of(self, evidence: Evidence) -> Floats:
        """(n, d): the questions' coordinates. A column that is not known of a question counts as its mean."""
        missing = [name for name in self.columns if name not in evidence.columns]
        if missing:
            raise InputError(f"the plan was made with the columns {list(self.columns)}; these records have no {missing}.")
        points = np.nan_to_num((_raw(evidence, self.what, self.columns) - self.centre) / self.scale)
        if not len(self.buckets):
            return points
        found = _weighed(_counts(evidence.questions)[:, self.buckets], self.weights) @ self.topics
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.hstack([points, TEXT_WEIGHT * found / np.where(length == 0, 1.0, length)])

    def settings(self) -> dict[str, Any]:
        """What a person reads of it."""
        return {"features": self.what, "columns": list(self.columns)}

    def arrays(self) -> Arrays:
        """The numbers of it."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def restore(cls, settings: Mapping[str, Any], arrays: Arrays) -> Self:
        """The same space again."""
        return cls(settings["features"], tuple(settings["columns"]), *(arrays[name] for name in _ARRAYS))


def check(evidence: Evidence, what: str) -> None:
    """Raises InputError where these questions do not have what a space is to be made of."""
    if what not in FEATURES:
        raise InputError(f"features: expected one of {', '.join(FEATURES)}, got '{what}'.")
    if what in ("text", "statistics", "length") and not any(evidence.questions):
        raise InputError(f"features '{what}' need the questions' texts, and the records have none. Hint: features=columns.")
    if what == "columns" and not evidence.columns:
        raise InputError("features 'columns' need numeric columns beside the questions, and the records have none.")


_ARRAYS = ("centre", "scale", "buckets", "weights", "topics")
_NO_WORDS = np.empty(0, dtype=np.int64), np.empty(0), np.empty((0, 0))


def _standard(raw: Floats) -> tuple[Floats, Floats]:
    """Each column's mean and standard deviation over what is known of it; 1 where it does not vary."""
    known = ~np.isnan(raw)
    counts = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, raw, 0.0).sum(axis=0) / counts
    scale = np.sqrt((np.where(known, raw - centre, 0.0) ** 2).sum(axis=0) / counts)
    return centre, np.where(scale > 1e-9 * np.abs(centre), scale, 1.0)


def _raw(evidence: Evidence, what: str, columns: tuple[str, ...]) -> Floats:
    """(n, d): what is counted of each question, on a logarithmic scale where it can grow without end."""
    readers: dict[str, Callable[[str], tuple[float, ...]]]
    readers = {"text": statistics, "statistics": statistics, "length": length}
    read = readers.get(what)
    counted = [read(text) for text in evidence.questions] if read else [()] * len(evidence.items)
    table = np.asarray(counted, dtype=np.float64).reshape(len(evidence.items), -1)
    return np.column_stack([table, *(evidence.columns[name] for name in columns)])


def length(text: str) -> tuple[float, ...]:
    """The length alone, logarithmic: what the simplest router goes by."""
    return (float(np.log1p(len(text))),)


@lru_cache(1 << 16)
def statistics(text: str) -> tuple[float, ...]:
    """About thirty numbers that any text has: lengths, numbers and their sizes, marks, words of relation and negation."""
    words, numbers = _WORD.findall(text), [_size(number) for number in _NUMBER.findall(text)]
    sentences = len(_SENTENCE.findall(text))
    lower = [word.lower() for word in words]
    asked = text.rsplit("?", 2)[-2] if "?" in text else ""
    counts = [
        len(text),
        len(words),
        len(numbers),
        sentences,
        len(text) / (sentences + 1),
        max(numbers, default=0.0),
        min(numbers, default=0.0),
        sum(number != int(number) for number in numbers),
        sum(mark in "+-*^<>|&" for mark in text),
        sum(word[0].isupper() for word in words),
        sum(not mark.isascii() for mark in text),
        len(_RELATION.findall(text)),
        len(_NEGATION.findall(text)),
        len(asked) - max(asked.rfind("."), 0),
        *(text.count(mark) for mark in _COUNTED),
    ]
    shape = [sum(map(len, words)) / (len(words) + 1), len(set(lower)) / (len(words) + 1)]
    return (*np.log1p(counts).tolist(), *shape)


def _size(number: str) -> float:
    """A number as written: 1,000.5 has a thousands' comma."""
    whole = number.replace(",", "")
    return min(float(whole), 1e15) if whole.count(".") <= 1 else 0.0


@lru_cache(1 << 16)
def _hashed(text: str) -> tuple[NDArray[np.int64], Floats]:
    """The buckets of a text's words and pairs of words, in order, and how often each is met."""
    words = _TERM.findall(text.lower())
    pairs = (f"{one} {other}" for one, other in pairwise(words))
    met = np.unique([crc32(term.encode()) % BUCKETS for term in (*words, *pairs)], return_counts=True)
    return met[0].astype(np.int64), met[1].astype(np.float64)


def _counts(texts: tuple[str, ...]) -> Any:
    """(n, BUCKETS) sparse: how often each bucket's words and pairs of words stand in each text."""
    from scipy.sparse import csr_array

    met = [_hashed(text) for text in ("", *texts)]  # so that there is something to join
    ends = np.cumsum([len(buckets) for buckets, _ in met])
    parts = np.concatenate([counts for _, counts in met]), np.concatenate([buckets for buckets, _ in met]), ends
    return csr_array(parts, shape=(len(texts), BUCKETS))


def _weighed(counts: Any, weights: Floats) -> Any:
    """Logarithmic counts by the buckets' weights, each text of length 1 (TF-IDF)."""
    weighed = counts.copy()
    weighed.data = (1.0 + np.log(weighed.data)) * weights[weighed.indices]
    norm = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed.data /= np.repeat(np.where(norm == 0, 1.0, norm), np.diff(weighed.indptr))
    return weighed


def _topics(texts: tuple[str, ...], rng: np.random.Generator) -> tuple[NDArray[np.int64], Floats, Floats]:
    """The buckets that two or more texts use, their inverse document frequencies, and the directions they vary in most."""
    from scipy.sparse.linalg import svds

    counts = _counts(texts)
    within = np.bincount(counts.indices, minlength=BUCKETS)
    buckets = np.flatnonzero(within >= 2)
    weights = np.log((1 + len(texts)) / (1 + within[buckets])) + 1
    count = min(TOPICS, len(texts) - 1, len(buckets) - 1)
    if count < 1:
        return _NO_WORDS
    _, size, directions = svds(_weighed(counts[:, buckets], weights), count, v0=rng.normal(size=min(len(texts), len(buckets))))
    return buckets, weights, np.ascontiguousarray(directions[size > 1e-9].T)
