"""Tables become systems, and what is wrong in them is said with its place and its cure."""

import asyncio
from typing import Any

import pytest

from isocost.records import Answer, Call, Example, InputError, Price, Request
from isocost.systems.spec import KINDS, build, build_models, describe, fingerprint
from isocost.systems.strategies import vote

EXAMPLES = {"sums": (Example(question="1 + 1", answer="2", steps="One and one."),)}
ASKED = Request(prompt="2 + 2", task="sums", seed=1)


class Model:
    """Says the same to everything."""

    def __init__(self, name: str = "m") -> None:
        self.name, self.asked = name, list[Request]()

    async def __call__(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(text="The answer is 4", calls=(Call(model=self.name),))


def shorter_is_better(question: str, answer: Answer) -> float:
    """What a user's own function looks like."""
    return -len(answer.text)


def test_systems_refer_to_models_to_each_other_to_parts_and_to_tables_within() -> None:
    model = Model()
    systems = build(
        {
            "first": {"kind": "vote", "system": "later", "n": 2},
            "later": {"kind": "few_shot", "system": "m", "steps": True},
            "all": {"kind": "cascade", "systems": ["part", {"kind": "vote", "n": 3, "system": "m"}, "m"], "accept": 1},
        },
        parts={"part": {"kind": "vote", "n": 2, "system": "m", "stop_early": {"window": 2}}},
        models={"m": model},
        examples=EXAMPLES,
    )
    assert list(systems) == ["first", "later", "all"]
    given = asyncio.run(systems["first"](ASKED))  # type: ignore[arg-type]
    assert (given.value, len(given.calls)) == ("4", 2)
    assert "One and one. The answer is 2" in model.asked[0].prompt
    assert len(asyncio.run(systems["all"](ASKED)).calls) == 2  # type: ignore[arg-type]


def test_what_is_named_is_made_once() -> None:
    tables = {"a": {"kind": "vote", "n": 1, "system": "p"}, "p": {"kind": "zero_shot", "system": "m"}}
    systems = build(tables, models={"m": Model()})
    inner = systems["a"].__closure__  # type: ignore[attr-defined]
    assert systems["p"] in [cell.cell_contents for cell in inner]


def test_examples_may_stand_in_the_table_itself() -> None:
    table = {"kind": "few_shot", "system": "m", "examples": [{"question": "one?", "answer": "1"}]}
    model = Model()
    asyncio.run(build({"s": table}, models={"m": model}, examples=EXAMPLES)["s"](ASKED))  # type: ignore[arg-type]
    assert model.asked[0].prompt == "Question: one?\nAnswer: 1\n\nQuestion: 2 + 2\nAnswer:"


def test_a_function_is_named_by_its_module() -> None:
    table = {"kind": "best_of", "n": 1, "system": "m", "score": f"{__name__}:shorter_is_better"}
    given = asyncio.run(build({"s": table}, models={"m": Model()})["s"](ASKED))  # type: ignore[arg-type]
    assert given.details["scores"] == [-len("The answer is 4")]


def test_models_are_called_by_their_tables_names_unless_they_say_otherwise() -> None:
    price = {"input": 1.0, "output": 2.0, "source": "made up"}
    models = build_models({"a": {"kind": "synthetic", "price": price}, "b": {"kind": "synthetic", "name": "bee"}})
    assert [model.name for model in models.values()] == ["a", "bee"]
    assert models["a"].price == Price(input=1.0, output=2.0, source="made up")


VOTE = {"kind": "vote", "n": 3, "system": "smol"}
WRONG: list[tuple[Any, str]] = [
    ({"kind": "vot"}, "systems.s.kind: expected the kind of a strategy, got 'vot'. Hint: did you mean 'vote'? Known: "),
    ({"n": 3}, "systems.s.kind: expected the kind of a strategy, got None"),
    ("smol", "systems.s: expected a table with a `kind`, got 'smol'"),
    ({"kind": "synthetic"}, "systems.s.kind: 'synthetic' is a model. Hint: write it as [models.NAME]"),
    (VOTE | {"n": "3"}, "systems.s.n: expected int, got '3'."),
    (VOTE | {"n": 3.5}, "systems.s.n: expected int, got 3.5."),
    (VOTE | {"n": True}, "systems.s.n: expected int, got True."),
    (VOTE | {"n": 0}, "systems.s.n: must be at least 1 sample, got 0."),
    (VOTE | {"m": 3}, "systems.s.m: vote has no such option. Known: n, stop_early, system, temperature, weights."),
    (VOTE | {"temprature": 1}, "systems.s.temprature: vote has no such option. Hint: did you mean 'temperature'?"),
    ({"kind": "vote", "system": "smol"}, "systems.s: vote needs `n` (int)."),
    (VOTE | {"stop_early": {"window": 1}}, "systems.s.stop_early: a window must be at least 2 votes, got 1."),
    (VOTE | {"stop_early": "later"}, "systems.s.stop_early: must be one of decided, posterior, window"),
    (
        VOTE | {"system": "smoll"},
        "systems.s.system: there is no model, system or part called 'smoll'. Hint: did you mean 'smol'?",
    ),
    (VOTE | {"system": 5}, "systems.s.system: expected the name of a model or system, or a table with a `kind`, got 5."),
    (VOTE | {"system": "s"}, "systems.s.system: refers back to itself: s -> s."),
    (VOTE | {"system": "t"}, "systems.t.systems[1]: refers back to itself: s -> t -> s."),
    (VOTE | {"system": VOTE | {"n": -1}}, "systems.s.system.n: must be at least 1 sample, got -1."),
    ({"kind": "cascade", "systems": "smol"}, "systems.s.systems: expected a list of systems, got 'smol'."),
    ({"kind": "cascade", "systems": []}, "systems.s.systems: a cascade needs at least 1 system"),
    ({"kind": "few_shot", "system": "smol", "format": "plane"}, "systems.s.format: expected 'plain' | 'chat', got 'plane'."),
    ({"kind": "few_shot", "system": "smol", "examples": [{"question": "q"}]}, "systems.s.examples: expected table | list, got"),
    ({"kind": "best_of", "n": 2, "system": "smol", "score": "no.such:thing"}, "'no.such:thing' cannot be imported"),
]


@pytest.mark.parametrize(("table", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_a_mistake_is_said_with_its_place_and_its_cure(table: Any, message: str) -> None:
    tables = {"s": table, "t": {"kind": "cascade", "systems": ["smol", "s"]}}
    with pytest.raises(InputError) as error:
        build(tables, models={"smol": Model()}, examples=EXAMPLES)
    assert message in str(error.value)


def test_a_model_s_mistake_is_said_likewise() -> None:
    for table, message in (
        ({"kind": "vote"}, "models.x.kind: 'vote' is a strategy. Hint: write it as [systems.NAME]."),
        ({"kind": "synthetic", "seed": "one"}, "models.x.seed: expected int, got 'one'."),
        ({"kind": "synthetic", "concurrency": 0}, "models.x.concurrency"),
        ({"kind": "synthetic", "price": {"input": -1, "output": 1}}, "models.x.price"),
    ):
        with pytest.raises(InputError) as error:
            build_models({"x": table})
        assert message in str(error.value)


def test_a_name_stands_for_one_thing() -> None:
    with pytest.raises(InputError, match=r"systems.m: the name is taken by models.m"):
        build({"m": VOTE}, models={"m": Model()})
    with pytest.raises(InputError, match=r"systems.p: the name is taken by parts.p"):
        build({"p": VOTE}, parts={"p": VOTE}, models={"smol": Model()})


MODELS = {"m": {"kind": "synthetic", "abilities": 1.0}}


def print_of(table: dict[str, Any], models: dict[str, Any] | None = None, **more: Any) -> str:
    return fingerprint("s", {"s": table}, models=models or MODELS, **more)


def test_a_fingerprint_changes_with_what_decides_the_answers() -> None:
    base = {"kind": "vote", "n": 3, "system": {"kind": "few_shot", "system": "m"}}
    different = [
        print_of(base, examples=EXAMPLES),
        print_of(base, examples={"sums": EXAMPLES["sums"] * 2}),
        print_of(base | {"n": 5}, examples=EXAMPLES),
        print_of(base | {"system": "m"}),
        print_of(base, {"m": {"kind": "synthetic", "abilities": 2.0}}, examples=EXAMPLES),
    ]
    assert len(set(different)) == len(different)


def test_a_fingerprint_does_not_change_with_prices_speed_defaults_or_the_way_it_is_written() -> None:
    base = {"kind": "vote", "n": 3, "system": "m"}
    price = {"input": 1.0, "output": 1.0}
    same = [
        print_of(base),
        print_of({"system": "m", "kind": "vote", "n": 3, "temperature": 0.7}),
        print_of(base, {"m": MODELS["m"] | {"price": price, "concurrency": 2}}),
        print_of(base, MODELS | {"other": {"kind": "synthetic"}}),
        fingerprint("s", {"s": base | {"system": "p"}}, parts={"p": {"kind": "zero_shot", "system": "m"}}, models=MODELS),
    ]
    assert len(set(same[:4])) == 1
    assert same[4] != same[0]
    written_within = base | {"system": {"kind": "zero_shot", "system": "m"}}
    assert same[4] == print_of(written_within)


def test_every_kind_describes_itself() -> None:
    kinds = {each.name: each for each in describe()}
    assert set(kinds) == set(KINDS)
    for each in kinds.values():
        assert each.summary.endswith(".")
        assert all(parameter.type for parameter in each.parameters.values())
    n = kinds["vote"].parameters["n"]
    assert (n.type, n.required, kinds["vote"].parameters["temperature"].default) == ("int", True, 0.7)
    assert kinds["vote"].target is vote
    assert [each.is_model for each in describe()] == sorted((each.is_model for each in kinds.values()), reverse=True)


def test_every_kind_has_a_fingerprint_of_plain_data() -> None:
    """No default of a model's settings is an object that could not be hashed."""
    models = {
        "a": {"kind": "endpoint", "model": "gpt", "base_url": "http://127.0.0.1/v1"},
        "b": {"kind": "embedded", "path": "x.gguf"},
        "c": {"kind": "replay", "records": "out"},
        "d": {"kind": "synthetic"},
    }
    table = {"kind": "cascade", "systems": list(models)}
    assert len(print_of(table, models)) == 16
