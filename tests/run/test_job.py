"""What a job still needs: exactly the records that are not stored, and what the stored ones spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.run.world import PRICE, items, job

from isocost.records import Call, Cap, InputError, Item, Record
from isocost.run import Job, Label
from isocost.run.job import backlog

CALL = Call(model="m", prompt_tokens=10, completion_tokens=5, key="k", text="4")


def stored(system: str = "one", item: str = "q0", attempt: int = 0, seed: int | None = None, **fields: object) -> Record:
    seed = job().seed_of(item, attempt) if seed is None else seed
    return Record(**{"fingerprint": "f", "calls": (CALL,), "seed": seed} | fields, system=system, item=item, attempt=attempt)


@given(st.sets(st.tuples(st.sampled_from(["one", "vote3", "vote5"]), st.sampled_from(["q0", "q1", "q2"]), st.integers(0, 1))))
def test_what_is_stored_and_what_is_missing_make_the_whole_job(done: set[tuple[str, str, int]]) -> None:
    todo = backlog(job(3, attempts=2), [stored(*identity) for identity in done], Cap())
    missing = {(system, q.item.id, q.attempt) for q in todo.questions for system in q.systems}
    everything = {(s, i, a) for s in ("one", "vote3", "vote5") for i in ("q0", "q1", "q2") for a in (0, 1)}
    assert missing == everything - done
    assert todo.stored == len(done)


def test_questions_come_item_by_item_with_the_systems_in_order() -> None:
    questions = backlog(job(2, attempts=2), [], Cap()).questions
    assert [(q.item.id, q.attempt, q.systems) for q in questions] == [
        (item, attempt, ("one", "vote3", "vote5")) for item in ("q0", "q1") for attempt in (0, 1)
    ]


def test_an_error_is_asked_again_and_brings_its_record() -> None:
    failed = stored(error="no", error_kind="server")
    (question,) = backlog(job(1), [failed], Cap()).questions
    assert question.systems == ("one", "vote3", "vote5")
    assert question.tried == {"one": failed}


def test_an_error_that_was_answered_later_is_done_and_counted_once() -> None:
    cap = Cap()
    todo = backlog(job(1), [stored(error="no", error_kind="server"), stored()], cap)
    assert todo.stored == 1
    assert cap.spent_tokens == 15


def test_stored_calls_come_along_only_for_attempts_with_something_missing() -> None:
    records = [stored(system) for system in ("one", "vote3", "vote5")] + [stored("one", "q1")]
    (question,) = backlog(job(2), records, Cap()).questions
    assert (question.item.id, question.known) == ("q1", (CALL,))


@pytest.mark.parametrize(
    "made", [{"system": "gone", "fingerprint": "old"}, {"system": "gone"}, {"error": "no", "fingerprint": "f"}]
)
def test_calls_are_given_back_only_where_the_settings_are_known_to_be_the_same(made: dict[str, str]) -> None:
    """A model whose settings changed with its system's name must not say what it said before."""
    (question,) = backlog(job(1), [stored(**made)], Cap()).questions
    assert question.known == (() if made.get("system") == "gone" else (CALL,))


def test_the_cap_counts_what_was_spent_without_what_was_shared() -> None:
    shared = Call(model="m", prompt_tokens=10, completion_tokens=5, shared=True)
    cap = Cap()
    records = [stored(), stored("vote3", calls=(CALL, shared), grading=(CALL,)), stored("gone", "elsewhere", error="x")]
    backlog(job(1, prices={"m": PRICE}), records, cap)
    assert (cap.spent_tokens, cap.spent_microdollars) == (4 * 15, 4 * 20)


def test_other_settings_are_refused_by_name_with_a_cure() -> None:
    with pytest.raises(InputError, match=r"system 'one'.*fingerprint 'old', now 'f'.*--fresh.*new name"):
        backlog(job(), [stored(fingerprint="old")], Cap())


def test_another_seed_is_refused() -> None:
    with pytest.raises(InputError, match=r"item 'q0' made with seed 7, .*--fresh"):
        backlog(job(), [stored(seed=7)], Cap())


def test_a_system_that_left_the_study_does_not_matter() -> None:
    assert backlog(job(1), [stored("gone", fingerprint="old", seed=7)], Cap()).stored == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attempts": 0}, "attempts must be at least 1, got 0"),
        ({"concurrency": 0}, "concurrency must be at least 1, got 0"),
        ({"retries": -1}, "retries must be at least 0, got -1"),
        ({"grace": float("nan")}, "grace must be at least 0, got nan"),
        ({"timeout": 0}, "timeout must be more than 0 seconds, got 0"),
        ({"engine": "abacus"}, "engine must be one of here, ray, got 'abacus'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Job(items=items(1), systems={"one": Label()}, **settings)


def test_an_item_id_occurs_once() -> None:
    with pytest.raises(InputError, match="'a' occurs twice"):
        Job(items=(Item(id="a", question="?"), Item(id="a", question="!")), systems={"one": Label()})
