"""Leases: one spending cap shared among workers in other processes, which cannot ask it before each call."""

import asyncio
from dataclasses import dataclass
from typing import NamedTuple

from isocost.records import Cap

PARTS = 4


class Amount(NamedTuple):
    """Tokens and micro-dollars; None is no limit."""

    tokens: int | None
    microdollars: int | None


@dataclass
class _Account:
    """One worker's: what it may spend and has spent since it began, and how many questions it has in progress."""

    granted: list[int]
    spent: list[int]
    busy: int = 0


class Leases:
    """Lends out what is left of a cap, so that all workers together are never allowed to spend more than that.

    Each lease is a part of one worker's fair share of what is free: large at first, down to a single token at the end. What
    an idle worker did not use is free again.
    """

    def __init__(self, cap: Cap, workers: int) -> None:
        self.cap, self.workers = cap, workers
        self._limits = (cap.tokens, cap.microdollars)
        self._before = (cap.spent_tokens, cap.spent_microdollars)
        self._accounts: dict[int, _Account] = {}
        self._changed = asyncio.Event()

    async def take(self, worker: int) -> Amount:
        """How much the worker may have spent in all, before it begins one more question; waits until there is something.

        Raises CapReached when nothing is left and nobody is in the middle of a question, who could give something back.
        """
        account = self._accounts.setdefault(worker, _Account([0, 0], [0, 0]))
        while not self._lend(account):
            if not any(other.busy for other in self._accounts.values()):
                self.cap.check()
            await self._changed.wait()
        account.busy += 1
        return Amount(
            *(None if limit is None else granted for limit, granted in zip(self._limits, account.granted, strict=True))
        )

    def settle(self, worker: int, tokens: int, microdollars: int) -> None:
        """A question came back; the worker has spent so much since it began. An older word may come after a newer one."""
        account = self._accounts[worker]
        account.spent = [max(pair) for pair in zip(account.spent, (tokens, microdollars), strict=True)]
        self._end(account)

    def lose(self, worker: int) -> None:
        """The worker died in a question. What it did with its lease is not known: it counts as spent."""
        account = self._accounts[worker]
        account.spent = [max(pair) for pair in zip(account.granted, account.spent, strict=True)]
        self._end(account)

    def _end(self, account: _Account) -> None:
        account.busy -= 1
        if not account.busy:
            account.granted = list(account.spent)
        self.cap.spent_tokens, self.cap.spent_microdollars = (
            before + sum(each.spent[i] for each in self._accounts.values()) for i, before in enumerate(self._before)
        )
        self._changed.set()
        self._changed = asyncio.Event()

    def _lend(self, account: _Account) -> bool:
        """Raises the account's grant by a lease of each limited quantity, unless it then has none of one of them to spend."""
        granted = list(account.granted)
        for i, limit in enumerate(self._limits):
            if limit is not None:
                out = sum(max(each.granted[i], each.spent[i]) for each in self._accounts.values())
                lease = -(-max(0, limit - self._before[i] - out) // (PARTS * self.workers))
                granted[i] = max(granted[i], account.spent[i] + lease)
                if granted[i] <= account.spent[i]:
                    return False
        account.granted = granted
        return True
