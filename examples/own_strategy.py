"""A strategy of your own is a System that wraps Systems: try it on a model of known truth before you pay for it."""

import asyncio

from isocost.records import Answer, Request, System, merge
from isocost.systems.models.synthetic import Synthetic, items
from isocost.systems.strategies import vote, zero_shot


def ask_the_large_one_when_they_differ(small: System, large: System) -> System:
    """Two samples of the small model; where they differ, the large one decides."""
    pair = vote(small, 2)

    async def answer(request: Request) -> Answer:
        cheap = await pair(request)
        if cheap.confidence == 1:
            return cheap
        dear = await large(request)
        return merge([cheap, dear], text=dear.text, final=dear.final)

    return answer


async def main() -> None:
    """Asks 2,000 questions of three systems, and prints what each achieved and paid."""
    small = zero_shot(Synthetic("small", abilities=0.0, seed=1))
    large = zero_shot(Synthetic("large", abilities=2.0, seed=1))
    systems = {"small": small, "large": large, "mine": ask_the_large_one_when_they_differ(small, large)}
    questions = items(2000, seed=7)
    truth = sum(Synthetic("large", abilities=2.0).probability(item) for item in questions) / len(questions)
    print(f"large, in closed form: {truth:.1%} right")
    for name, system in systems.items():
        answers = [await system(item.request(seed=index)) for index, item in enumerate(questions)]
        right = sum(answer.value == item.target for answer, item in zip(answers, questions, strict=True))
        asked = [call.model for answer in answers for call in answer.calls]
        per_question = {model: asked.count(model) / len(questions) for model in ("small", "large")}
        calls = ", ".join(f"{count:.2f} calls of {model}" for model, count in per_question.items() if count)
        print(f"{name}: {right / len(questions):.1%} right, with {calls}")


asyncio.run(main())
