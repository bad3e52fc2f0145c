"""How a system is asked to go on with a text of its own: `continuation`, and `Writing`, a text written in several calls.

A raw prompt is continued by appending the text to it. A chat is continued by its last message: an assistant's message at the
end asks a model to go on with it. The embedded runtime and servers of llama.cpp do, as do Anthropic's and Mistral's addresses;
vLLM and SGLang do with `extra = {continue_final_message = true, add_generation_prompt = false}`. Others, OpenAI's among them,
take the message as finished and answer anew. The texts are then joined all the same, what is said again from the beginning
is cut off, every call is accounted for and every limit holds, but the saving is lost: for those, let a piece be as long as a
whole answer. An address may also refuse it (llama.cpp does for templates that think): a failed call like any other.

A continuation reads prompt and text again: they count as prompt tokens each time (as cached ones, where the runtime keeps
them). Styles that write the prompt belong around a strategy that continues: `few_shot(elastic(model))`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from isocost.records import Answer, Budget, Message, Request, System, derive_seed, text_of
from isocost.records.nouns import Finish
from isocost.systems.strategies.tab import Tab

NO_ACCIDENT = 20  # characters: who says so many again from the beginning does not go on, but repeats


def continuation(request: Request, written: str) -> Request:
    """The request to go on after `written`, which the answer does not repeat.

    White space at the end is left off: chat templates drop it, some addresses refuse it, and a model begins words with it.
    """
    text = written.rstrip()
    if not text:
        return request
    if isinstance(request.prompt, str):
        return replace(request, prompt=request.prompt + text)
    *before, last = request.prompt
    if last.role != "assistant":
        return replace(request, prompt=(*request.prompt, Message("assistant", text)))
    return replace(request, prompt=(*before, Message("assistant", text_of(last) + text)))


def unrepeated(written: str, said: str) -> str:
    """What is new in a chat's `said`: an address may give the whole message back, and a model may begin again from the start.

    A text that goes round in circles goes on with a space, and so is none of these.
    """
    for begun in (written.rstrip(), written.strip()):
        if len(begun) >= NO_ACCIDENT and said.startswith(begun):
            return said[len(begun) :]
    return said


def joined(written: str, said: str) -> str:
    """The text with what comes next; the white space between them is the continuation's, where it has any."""
    return (written.rstrip() if said[:1].isspace() else written) + said


class Writing:
    """A text that a system writes in several calls, each going on where the last one ended.

    said: what the system wrote. shown: the same with what a strategy put in between. tokens: how many the system has
    written. finish: of the last call; None when it failed or was cut off. repeats: whether it said only what stood
    there before, as a system does that cannot go on: it needs room for all of its text, and will be joined then.
    """

    def __init__(self, tab: Tab, system: System, request: Request) -> None:
        self._tab, self._system, self._request = tab, system, request
        self._asked = 0
        self.said = self.shown = ""
        self.tokens = 0
        self.finish: Finish | None = None
        self.repeats = False

    @property
    def ended(self) -> bool:
        """Whether the text has come to its own end."""
        return self.finish == "complete"

    def add(self, text: str, *, before: int = 0) -> None:
        """Puts a text in, before so many characters at the end, as if the system had written it."""
        place = len(self.shown) - before
        self.shown = self.shown[:place] + text + self.shown[place:]

    async def more(
        self, role: str, max_tokens: int | None, *, stop: Sequence[str] = (), within: Budget | None = None
    ) -> str | None:
        """The next piece, of so many tokens at the most; None when the call failed or was cut off.

        The first piece has the request's own seed, piece i that of its part i. within: see `Tab.ask`.
        """
        asked = continuation(self._request, self.shown)
        seed = derive_seed(asked.seed, self._asked) if self._asked else asked.seed
        self._asked += 1
        asked = replace(asked, seed=seed, max_tokens=max_tokens, stop=(*asked.stop, *stop))
        given = await self._tab.ask(self._system, asked, role, within=within)
        self.finish = None if given is None else given.finish
        if given is None:
            return None
        piece = given.text if isinstance(asked.prompt, str) else unrepeated(self.shown, given.text)
        self.repeats = not piece and bool(given.text)
        self.said, self.shown = joined(self.said, piece), joined(self.shown, piece)
        written = tokens_of(given)  # of a system that samples, of all its samples
        self.tokens += written if max_tokens is None else min(written, max_tokens)
        return piece


def tokens_of(given: Answer) -> int:
    """The completion tokens of an answer's calls; its words, where they are not known."""
    counts = [call.completion_tokens for call in given.calls if call.error is None]
    known = [count for count in counts if count is not None]
    return sum(known) if counts and len(known) == len(counts) else len(given.text.split())
