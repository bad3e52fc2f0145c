"""Another system says how right an answer is."""

import re
import string

from isocost.records import Answer, CallFailed, Grade, Grader, InputError, Item, Message, Request, System, text_of
from isocost.workload.errors import GraderError
from isocost.workload.graders.exact import shown

TEMPLATE = """You grade an answer to a question. Compare it with the reference answer; wording does not matter, content does.

Question:
{question}

Reference answer:
{target}

Answer to grade:
{answer}

End with one line "Score: N", where N is a number from 0 (wrong) to 10 (right)."""
PATTERN = r"score\s*[:=]\s*\**\s*(-?\d+(?:\.\d+)?)"


def judge(*, system: System, template: str = TEMPLATE, pattern: str = PATTERN, best: float = 10.0, seed: int = 0) -> Grader:
    """A grader that asks `system` once an answer; the last match of `pattern` in its reply, divided by `best`, is the score.

    The template may use {question}, {target}, {answer} and {choices}. A reply without a score, or with one outside
    [0, best], and a failed call are GraderErrors; the calls are in the grade, or in the error. It is asked at temperature 0
    with one seed, so that the same answer is judged the same.
    """
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise InputError(f"template: {error}. Hint: a brace that is meant is written twice.") from error
    if strangers := names - {"question", "target", "answer", "choices"}:
        raise InputError(f"template: unknown {{{min(strangers)}}}, expected {{question}}, {{target}}, {{answer}}, {{choices}}.")
    if "answer" not in names:
        raise InputError("template: it must contain {answer}, or the judge cannot see what it judges.")
    if not best > 0:
        raise InputError(f"best must be above 0, got {best}.")
    try:
        score = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise InputError(f"pattern: not a regular expression: {error}.") from error
    if score.groups != 1:
        raise InputError(f"pattern: it must have one group, which holds the number, got {score.groups}.")

    async def grade(item: Item, answer: Answer) -> Grade:
        prompt = template.format(question=_text(item), target=item.target, answer=answer.value, choices="\n".join(item.choices))
        request = Request(prompt=(Message("user", prompt),), temperature=0.0, seed=seed, task=item.task)
        try:
            reply = await system(request)
        except CallFailed as error:
            raise GraderError(f"the judge's call failed: {error}", item=item.id, calls=error.calls) from error
        found = score.findall(reply.text)
        try:
            points = float(found[-1])
        except (IndexError, ValueError) as error:
            raise GraderError(f"the judge gave no score: {shown(reply.text)}", item=item.id, calls=reply.calls) from error
        if not 0 <= points <= best:
            raise GraderError(f"the judge's score {points:g} is not within 0 and {best:g}.", item=item.id, calls=reply.calls)
        return Grade(points / best, reply.text, reply.calls)

    return grade


def _text(item: Item) -> str:
    return item.question if isinstance(item.question, str) else "\n\n".join(map(text_of, item.question))
