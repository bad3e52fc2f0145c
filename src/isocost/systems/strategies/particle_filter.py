"""`particle_filter`: several partial answers, drawn anew after each step in proportion to how good the step was."""

import random
from collections.abc import Sequence

from msgspec.structs import replace

from isocost.records import Answer, InputError, Request, System, derive_seed
from isocost.systems.strategies.steps import Path, Scoring, Steps, StepScore, Walk, chosen, weighed

STEPS = Steps()


def particle_filter(
    system: System,
    n: int = 4,
    *,
    judge: System | None = None,
    score: str | StepScore = "mean_logprob",
    steps: Steps = STEPS,
    rng: random.Random | None = None,
) -> System:
    """The majority of `n` partial answers that grow a step at a time and are resampled by their scores after each.

    Particle filtering: Puri et al. 2025, arXiv 2502.01618. With the chance r_t of a step to be accepted as its weight (their
    Bernoulli likelihood), the n particles sample p(path) x r_1 x ... x r_T; details.evidence, the product of the mean weights,
    is an unbiased estimate of that distribution's total, and times an answer's share of what falls to the answer. It departs
    from the paper in weighing by r itself and not by a softmax of it, in systematic resampling, which adds little noise, and in
    giving a particle that has ended, and so has no new step, the weight 1.
    judge, score: as in `tree_search`; a score is a weight, from 0. A step that failed weighs nothing. steps: see `Steps`.
    confidence: the winner's share. rng: draws where a request has no seed.
    """
    if n < 1:
        raise InputError(f"n: must be at least 1 particle, got {n}.")
    scoring = Scoring(judge=judge, score=score)
    chance = rng or random.Random()

    async def answer(request: Request) -> Answer:
        walk = Walk(request, system, scoring, steps)
        particles, evidence, short = [Path()] * n, 1.0, False
        for depth in range(steps.depth):
            running = [place for place, particle in enumerate(particles) if not particle.done]
            short = bool(running) and not walk.tab.open
            if not running or short:
                break
            grown = await walk.grow([particles[place] for place in running], [1] * len(running))
            weights = [1.0] * n
            for place, path in zip(running, grown, strict=False):
                weights[place] = 0.0 if path is None else max(path.score, 0.0)
                particles[place] = path or particles[place]
            if walk.cut:
                short = True
                break
            if any(weights):  # else nothing was said, or nothing is known of any
                evidence *= sum(weights) / n
                seed = derive_seed(request.seed, "resample", depth)
                particles = resampled(particles, weights, (chance if seed is None else random.Random(seed)).random())
        votes = weighed([replace(particle, score=1.0) for particle in particles])  # resampling has paid for the scores
        best = chosen(particles, votes)
        return walk.tab.answer(
            best.answer if best else None,
            what=f"particle filter of {n}",
            short=short,
            confidence=max(votes.values()) / n if votes else None,
            details={"votes": votes, "evidence": evidence},
        )

    return answer


def resampled(particles: Sequence[Path], weights: Sequence[float], start: float) -> list[Path]:
    """As many particles, each floor or ceil of n x its share of the weights times: the places (start + i) / n of their sum.

    Systematic resampling: with `start` uniform in [0, 1) a particle comes n x its share times on average (Carpenter, Clifford
    and Fearnhead 1999).
    """
    n, total = len(particles), sum(weights)
    drawn: list[Path] = []
    reached = 0.0
    for particle, weight in zip(particles, weights, strict=True):
        reached += weight / total * n
        while len(drawn) < n and start + len(drawn) < reached:
            drawn.append(particle)
    last = max(place for place, weight in enumerate(weights) if weight > 0)
    return drawn + [particles[last]] * (n - len(drawn))  # what rounding left over
