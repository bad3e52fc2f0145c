"""Searches find what is there: shortest ways, solutions, and the success that theory gives."""

import asyncio
import math
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.systems.strategies.puzzles import Countdown, Grid, Steppers, draw, question, steps_of

from isocost.records import Answer, Budget, Call, InputError, Request, System
from isocost.systems.spec import build
from isocost.systems.strategies import tree_search
from isocost.systems.strategies.pruning import POLICIES, Search, alike, balanced, beam, diverse
from isocost.systems.strategies.steps import Path, following

GRIDS = {
    "open": ["....", "....", "....", "...."],
    "wall": ["..#.", "#.#.", "#...", "###."],
    "ring": [".....", ".###.", "...#.", "##..."],
}


def ask(system: System, request: Request) -> Answer:
    async def whole() -> Answer:
        return await system(request)

    return asyncio.run(whole())


def paths(*scores: float) -> list[Path]:
    return [Path(steps=(f"step {i}",), score=score) for i, score in enumerate(scores)]


@pytest.mark.parametrize("rows", GRIDS.values(), ids=list(GRIDS))
def test_best_first_with_an_admissible_heuristic_finds_a_shortest_way(rows: list[str]) -> None:
    grid = Grid(rows)
    asked = []
    for score in (lambda question, text: -grid.distance(text), lambda question, text: 0.0):
        search = Search(depth=20, expansions=500, step_cost=1.0)
        answer = ask(tree_search(Steppers(grid.moves), "best_first", width=4, score=score, search=search), question("Cross!"))
        assert (answer.value, answer.finish) == (str(grid.shortest()), "complete")
        assert grid.at(answer.text.split("\n")) == grid.goal
        asked.append(answer.details["asked"])
    assert asked[0] < asked[1], "the heuristic spares steps that a blind search takes"


@pytest.mark.parametrize("numbers", [(4, 7, 8, 3), (1, 3, 4, 6), (3, 3, 8, 8)])
@pytest.mark.parametrize("policy", ["beam", "balanced", "best_first", "diverse"])
def test_with_a_perfect_reward_and_all_steps_seen_every_policy_solves_the_puzzle(policy: str, numbers: tuple[int, ...]) -> None:
    world = Countdown(*numbers)
    search = Search(depth=4, keep=1, sharpness=0.01, sharing=0.1)
    system = tree_search(
        Steppers(world.moves), policy, width=36, score=lambda question, text: world.promise(text), search=search
    )
    answer = ask(system, question(f"Make 24 of {numbers}."))
    assert answer.value == "24"
    assert answer.details["steps"] == 4


def biased(p: float, depth: int) -> System:
    """Each step is good with probability p, whatever came before."""

    async def world(request: Request) -> Answer:
        steps = steps_of(request)
        good = draw("step", len(steps), steps, request.seed).random() < p
        said = "good" if good else "bad"
        if len(steps) + 1 == depth:
            said = f"Answer: {'right' if good and 'bad' not in steps else 'wrong'}"
        return Answer(text=said, calls=(Call(model="world", prompt_tokens=1, completion_tokens=1),))

    return world


def flawless(question: str, text: str) -> float:
    return float("bad" not in text and "wrong" not in text)


def survival(p: float, width: int, levels: int) -> float:
    """P(a line of `levels` good steps exists in a whole tree of `width` branches): Galton and Watson's branching process."""
    return 1.0 if levels == 0 else 1 - (1 - p * survival(p, width, levels - 1)) ** width


@pytest.mark.parametrize(
    ("policy", "truth"),
    [
        ("beam", (1 - 0.7**3) ** 4),  # at least one good step of 3 at each of 4 levels: .187; one path alone has .3^4 = .008
        ("balanced", (1 - 0.7**3) ** 4),
        ("best_first", survival(0.3, 3, 4)),  # any good line of the whole tree: .301
    ],
)
def test_success_is_what_theory_says(policy: str, truth: float) -> None:
    search = Search(depth=4, sharpness=1e-3, keep=1, expansions=500)
    system = tree_search(biased(0.3, 4), policy, width=3, score=flawless, search=search)  # type: ignore[arg-type]
    asked = 500
    right = sum(ask(system, question("?", seed)).value == "right" for seed in range(asked))
    assert abs(right - asked * truth) <= 4 * math.sqrt(asked * truth * (1 - truth))


def test_the_hand_computed_shares_of_rebase() -> None:
    """e^(r/.2) for .9, .5, .1: 90.0, 12.2, 1.65; ceil(8 x .867) = 7, ceil(1 x .881) = 1, nothing is left for the third."""
    assert balanced(paths(0.5, 0.9, 0.1), 8, Search(sharpness=0.2)) == [1, 7, 0]
    assert balanced(paths(0.4, 0.4), 6, Search()) == [3, 3]
    assert beam(paths(0.1, 0.9, 0.5, 0.2), 5, Search(keep=2)) == [0, 3, 2, 0]
    assert beam(paths(0.1, 0.9, 0.5, 0.2), 9, Search()) == [0, 3, 3, 3]


@given(
    st.lists(st.floats(0, 1) | st.just(-math.inf), min_size=1, max_size=12),
    st.integers(1, 20),
    st.sampled_from(["beam", "balanced"]),
)
def test_all_of_the_room_is_given_and_the_better_gets_no_less(scores: list[float], room: int, policy: str) -> None:
    counts = POLICIES[policy](paths(*scores), room, Search(sharpness=0.3))
    assert sum(counts) == room
    assert all(counts[i] >= counts[j] for i in range(len(scores)) for j in range(len(scores)) if scores[i] > scores[j])


def test_diverse_keeps_one_of_two_that_say_the_same_and_the_one_that_differs() -> None:
    """Shares .4, .4, .2; 6 nodes at 2.5 / 6 each; 2 clusters at .75 each. All: 0. Without a twin: .017. A twin alone: -.1."""
    these = [
        Path(steps=("Add the two.", "Then halve it."), score=0.5),
        Path(steps=("Add the two.", "then halve it"), score=0.5),
        Path(steps=("Multiply.", "Take the root."), score=0.5),
    ]
    assert sorted(diverse(these, 5, Search(sharing=2.5))[:2]) == [0, 3]
    assert diverse(these, 5, Search(sharing=2.5))[2] == 2


def test_steps_are_alike_when_their_words_are() -> None:
    labels = alike(["Then halve it.", "then HALVE it", "2 + 3", "2 - 3", "", "+"])
    assert labels[0] == labels[1]
    assert len(set(labels)) == 5


def test_sharing_makes_a_search_keep_fewer_beginnings() -> None:
    """Six paths from three first steps: without a price of nodes all stay, with one only those of fewer beginnings do."""
    these = [Path(steps=(f"first {i % 3}", f"{'abcdef'[i]} second"), score=0.5) for i in range(6)]
    free = diverse(these, 12, Search(sharing=0.0))
    dear = diverse(these, 12, Search(sharing=4.0, coverage=0.0))
    assert free == [2] * 6
    assert len({i % 3 for i, count in enumerate(dear) if count}) < 3
    assert sum(dear) == 12


def test_a_budget_of_tokens_ends_the_search_with_the_best_so_far() -> None:
    grid = Grid(GRIDS["wall"])
    search = Search(depth=20, expansions=5000, step_cost=1.0)
    system = tree_search(Steppers(grid.moves), "best_first", width=2, score=lambda q, text: -grid.distance(text), search=search)
    request = Request(prompt=question("Cross!").prompt, seed=1, budget=Budget(tokens=70))
    answer = ask(system, request)
    assert answer.finish == "budget"
    assert answer.text
    assert sum(call.tokens for call in answer.calls) >= 60


def test_a_raw_prompt_is_continued_and_a_chat_is_asked() -> None:
    assert following(Request(prompt="Q: 2 + 2\nA:"), "", "{steps}?").prompt == "Q: 2 + 2\nA:"
    assert following(Request(prompt="Q: 2 + 2\nA:"), "Two.\nTwo more.", "{steps}?").prompt == "Q: 2 + 2\nA: Two.\nTwo more.\n"
    assert following(question("2 + 2?"), "", "So far: {steps}").question == "2 + 2?\n\nSo far: (none)"


def test_a_judge_marks_the_steps_so_far_and_its_calls_count() -> None:
    seen: list[str] = []

    async def judge(request: Request) -> Answer:
        seen.append(request.question)
        return Answer(text="10" if "right" in request.question else "1", calls=(Call(model="judge"),))

    async def world(request: Request) -> Answer:
        said = "Answer: right" if draw(request.seed).random() < 0.5 else "Answer: wrong"
        return Answer(text=said, calls=(Call(model="world"),))

    answer = ask(tree_search(world, "beam", width=6, judge=judge), question("Which?"))
    assert answer.value == "right"
    assert answer.confidence is not None
    assert answer.confidence > 0.5
    assert {call.role for call in answer.calls} >= {"step 1.1", "step 1.1/judge", "step 1.6/judge"}
    assert len(answer.calls) == 12
    assert "Question:\nWhich?" in seen[0]


def test_what_is_asked_wrongly_says_what_was_expected() -> None:
    model = Steppers(lambda steps: ["a"])
    for make, says in [
        (lambda: tree_search(model, "wide"), "policy: expected one of balanced, beam"),  # type: ignore[arg-type]
        (lambda: tree_search(model, width=0), "width: must be at least 1"),
        (lambda: tree_search(model, score="best"), "score: must be 'mean_logprob'"),
        (lambda: Search(sharpness=0), "sharpness: must be above 0"),
        (lambda: Search(depth=0), "depth: must be at least 1"),
        (lambda: Search(keep=-1), "keep: must be at least 0"),
    ]:
        with pytest.raises(InputError, match=says):
            make()
    with pytest.raises(InputError, match="mean_logprob needs"):
        ask(tree_search(model), question("?"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(1, 12), st.sampled_from([0.0, 1.0, 3.0]))
def test_diverse_gives_all_of_its_room_to_what_it_keeps(scores: Sequence[float], room: int, sharing: float) -> None:
    these = [Path(steps=("a" if i % 2 else "b", f"word{i % 3}"), score=score) for i, score in enumerate(scores)]
    assert sum(diverse(these, room, Search(sharing=sharing))) == room


def test_a_study_file_names_policy_judge_and_how_the_tree_is_searched() -> None:
    table = {
        "kind": "tree_search",
        "system": "m",
        "policy": "diverse",
        "judge": "m",
        "width": 2,
        "search": {"depth": 2, "stop": []},
    }
    heard: list[Request] = []

    async def model(request: Request) -> Answer:
        heard.append(request)
        return Answer(text="7", calls=(Call(model="m"),))

    answer = ask(build({"s": table}, models={"m": model})["s"], question("Which?"))
    assert len(answer.calls) == 8
    assert heard[0].stop == ()
    for wrong, says in [
        ({"policy": "deep"}, "systems.s.policy: expected 'balanced' | 'beam' | 'best_first' | 'diverse', got 'deep'"),
        ({"search": {"dept": 2}}, "systems.s.search: expected table"),
        ({"search": {"depth": 0}}, "systems.s.search"),
    ]:
        with pytest.raises(InputError, match=re.escape(says)):
            build({"s": table | wrong}, models={"m": model})
