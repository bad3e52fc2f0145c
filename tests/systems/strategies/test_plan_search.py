"""Plans make answers differ, a check picks the best, and feedback repairs a program until it passes."""

import asyncio
import re
from collections.abc import Callable

import pytest
from tests.systems.strategies.puzzles import MOVES, Grid, draw, question

from isocost.records import Answer, Budget, Call, InputError, Request, System
from isocost.systems.strategies import Verdict, plan_search, vote
from isocost.systems.strategies.plan_search import subsets

IDEAS = ["It is even.", "It is prime.", "It is small.", "It is square."]


def ask(system: System, request: Request) -> Answer:
    async def whole() -> Answer:
        return await system(request)

    return asyncio.run(whole())


def scripted(says: Callable[[Request], str]) -> System:
    async def model(request: Request) -> Answer:
        said = says(request)
        return Answer(text=said, calls=(Call(model="m", prompt_tokens=5, completion_tokens=len(said.split())),))

    return model


def stuck_in_one_idea(request: Request) -> str:
    """Left alone it has the same wrong idea 9 times in 10; told a thought, it follows that one, and one of them is right."""
    text = request.question
    if "numbered list" in text:
        return "\n".join(f"{i}. {idea}" for i, idea in enumerate(IDEAS, 1))
    if "Describe in a few sentences" in text:
        return "Start from this: " + next(idea for idea in IDEAS if idea in text)
    if "Follow this plan" in text:
        return "right" if "square" in text else f"wrong: {text[-12:]}"
    return "right" if draw(request.seed).random() < 0.1 else "wrong"


def right(question: str, text: str) -> Verdict:
    return Verdict(float(text == "right"), "It is wrong.")


def test_with_different_plans_four_answers_hold_the_right_one_where_repeated_sampling_rarely_does() -> None:
    """One plan of four is right, always: 1; four samples at .1 each: 1 - .9^4 = .344."""
    seeds = range(200)
    model = scripted(stuck_in_one_idea)
    planned = [ask(plan_search(model, 4, check=right), question("Which number?", seed)) for seed in seeds]
    assert all(answer.value == "right" and answer.confidence == 1 for answer in planned)
    repeated = scripted(lambda request: "" if "numbered list" in request.question else stuck_in_one_idea(request))
    found = sum(ask(plan_search(repeated, 4, check=right), question("?", seed)).value == "right" for seed in seeds)
    assert abs(found - 200 * 0.3439) <= 4 * (200 * 0.3439 * 0.6561) ** 0.5


def test_it_asks_for_ideas_once_then_for_a_plan_and_an_answer_each() -> None:
    answer = ask(plan_search(scripted(stuck_in_one_idea), 2), question("?"))
    assert sorted(call.role for call in answer.calls) == ["answer 1", "answer 2", "ideas", "plan 1", "plan 2"]
    assert answer.details["thoughts"] == [["It is even."], ["It is prime."]]


def test_without_a_check_the_most_frequent_answer_wins_with_its_share() -> None:
    numbers = {"1": "a", "2": "b", "3": "b"}
    model = scripted(lambda r: "1. 1\n2. 2\n3. 3" if "numbered list" in r.question else numbers.get(r.question[-1], "2"))
    planner = scripted(
        lambda r: "1. 1\n2. 2\n3. 3" if "numbered" in r.question else re.findall(r"thoughts:\n(\d)", r.question)[0]
    )
    answer = ask(plan_search(model, 3, planner=planner), question("?"))
    assert (answer.value, answer.confidence) == ("b", pytest.approx(2 / 3))


def test_without_ideas_it_is_repeated_sampling_and_shares_the_samples_of_a_vote() -> None:
    seeds: list[int | None] = []

    async def model(request: Request) -> Answer:
        seeds.append(request.seed)
        return Answer(text="no list", calls=(Call(model="m"),))

    ask(plan_search(model, 3), question("?", 5))
    mine, seeds[:] = seeds[1:], []
    ask(vote(model, 3), question("?", 5))
    assert mine == seeds


def test_sets_of_thoughts_are_singles_then_pairs_then_again() -> None:
    assert subsets(["a", "b", "c"], 7, pairs=True) == [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c"), ("a",)]
    assert subsets(["a", "b"], 3, pairs=False) == [("a",), ("b",), ("a",)]
    assert subsets([], 2, pairs=True) == [(), ()]


ROWS = ["....", "##..", "...#", "...."]
GRID = Grid(ROWS)


def travelled(question: str, text: str) -> Verdict:
    """Runs a program of moves: right when it ends at the goal, else how far it came and which move was wrong."""
    x, y = GRID.start
    moves = text.split()
    for place, move in enumerate(moves):
        dx, dy = MOVES[move]
        if (x + dx, y + dy) not in GRID.free:
            return Verdict(place / 10, f"move {place} ({move}) hits a wall")
        x, y = x + dx, y + dy
    return Verdict(float((x, y) == GRID.goal), f"ends at {x}, {y}")


ROUTE = ["right", "right", "down", "down", "left", "down", "right", "right"]


def programmer(request: Request) -> str:
    """Believes that the way is down and right; told which move is wrong, it puts that one right and no other."""
    text = request.question
    found = re.search(r"right yet:\n(.*?)\n\nWhat.*?move (\d+)", text, re.DOTALL)
    if found is None:
        return " ".join("down" if move == "right" and place < 2 else move for place, move in enumerate(ROUTE))
    moves, wrong = found.group(1).split(), int(found.group(2))
    return " ".join([*moves[:wrong], ROUTE[wrong], *moves[wrong + 1 :]])


def test_a_program_is_repaired_by_the_verifiers_feedback_until_it_reaches_the_goal() -> None:
    """Two wrong moves need two repairs: one is not enough, and of five only two are asked for."""
    assert travelled("", " ".join(ROUTE)).score == 1
    for repairs, reached, calls in ((0, False, 2), (1, False, 3), (2, True, 4), (5, True, 4)):
        answer = ask(plan_search(scripted(programmer), 1, check=travelled, repairs=repairs), question("Cross!"))
        assert (travelled("", answer.value).score == 1, len(answer.calls)) == (reached, calls)


def test_a_repair_that_makes_it_worse_is_not_taken() -> None:
    replies = iter(["no list", "good", "bad", "bad"])
    scores = {"good": 0.5, "bad": 0.1}
    model = scripted(lambda request: next(replies))
    answer = ask(plan_search(model, 1, check=lambda question, text: Verdict(scores[text]), repairs=2), question("?"))
    assert (answer.value, answer.confidence, len(answer.calls)) == ("good", 0.5, 4)


def test_out_of_budget_between_repairs_it_gives_the_best_so_far() -> None:
    request = Request(prompt=question("Cross!").prompt, seed=1, budget=Budget(calls=3))
    answer = ask(plan_search(scripted(programmer), 1, check=travelled, repairs=5), request)
    assert answer.finish == "budget"
    assert answer.value.split()[:2] == ["right", "down"]


def test_the_fastest_right_program_wins_when_the_check_scores_speed() -> None:
    """Three algorithms, the fastest one wrong: a check of correctness first and operations second takes the middle one."""
    cost = {"hash": (0, 10), "sort": (1, 40), "loop": (1, 900)}

    def says(request: Request) -> str:
        if "different algorithms" in request.question:
            return "1. hash O(n)\n2. sort O(n log n)\n3. loop O(n^2)"
        return next(name for name in cost if name in request.question)

    def check(question: str, text: str) -> Verdict:
        passes, operations = cost[text]
        return Verdict(passes * (0.5 + 0.5 / operations))

    answer = ask(plan_search(scripted(says), 3, check=check, ideas="algorithms"), question("Find the duplicates."))
    assert answer.value == "sort"
    assert answer.details["thoughts"] == [["hash O(n)"], ["sort O(n log n)"], ["loop O(n^2)"]]


def test_what_is_asked_wrongly_says_what_was_expected() -> None:
    model = scripted(lambda request: "a")
    for make, message in [
        (lambda: plan_search(model, 0), "n: must be at least 1"),
        (lambda: plan_search(model, repairs=-1), "repairs: must be at least 0"),
        (lambda: plan_search(model, repairs=1), "repairs: need a `check`"),
        (lambda: plan_search(model, ideas="dreams"), "ideas: expected one of observations"),  # type: ignore[arg-type]
    ]:
        with pytest.raises(InputError, match=message):
            make()
