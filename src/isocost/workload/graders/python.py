"""Any Python callable of the user's grades."""

import asyncio
import ctypes
import inspect
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from isocost.records import Answer, CallFailed, CapReached, Grade, Grader, InputError, Item
from isocost.workload.errors import GraderError
from isocost.workload.options import resolve


class _Stopped(BaseException):
    """Raised inside a grader that took too long; not an Exception, so that the grader does not swallow it."""


def python(*, target: str, folder: Path, seconds: float = 30.0) -> Grader:
    """A grader that asks the callable "module:function" or "file.py:function" (looked for beside the study file first)."""
    return from_callable(resolve(target, folder, "target"), seconds=seconds, name=target)


def from_callable(function: Callable[[Item, Answer], Any], *, seconds: float = 30.0, name: str = "") -> Grader:
    """A grader from function(item, answer), sync or async, that returns a Grade, a number in [0, 1], True or False.

    Raising, hanging for longer than `seconds` or returning anything else is a GraderError. A sync function runs in a thread of
    its own; a hanging one is stopped at its next bytecode (one that hangs inside C code only loses its listener). An async
    function must not block the event loop.
    """
    if not seconds > 0:
        raise InputError(f"seconds must be above 0, got {seconds}.")
    name = name or getattr(function, "__qualname__", repr(function))

    asynchronous = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

    async def grade(item: Item, answer: Answer) -> Grade:
        try:
            async with asyncio.timeout(seconds) as limit:
                result = await (function(item, answer) if asynchronous else in_thread(lambda: function(item, answer)))
        except CapReached:
            raise
        except (CallFailed, GraderError) as error:
            raise GraderError(f"{name}: {error}", item=item.id, calls=error.calls) from error
        except Exception as error:  # the user's function may raise anything
            if limit.expired():
                raise GraderError(f"{name} took longer than {seconds:g} s. Hint: raise `seconds`.", item=item.id) from error
            raise GraderError(f"{name} raised {type(error).__name__}: {error}", item=item.id) from error
        return _grade(result, name, item)

    return grade


def _grade(result: Any, name: str, item: Item) -> Grade:
    grade = Grade(float(result)) if isinstance(result, bool | int | float) else result
    if not isinstance(grade, Grade):
        raise GraderError(f"{name} must return a Grade or a number, got {result!r}.", item=item.id)
    if not 0 <= grade.score <= 1:
        raise GraderError(f"{name} must score within [0, 1], got {grade.score}.", item=item.id, calls=grade.calls)
    return grade


async def in_thread(function: Callable[[], Any]) -> Any:
    """What function() returns, from a thread of its own, which is told to stop when the waiting is cancelled."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def tell(result: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(result)

    def work() -> None:
        result, fault = None, None
        with suppress(_Stopped, RuntimeError):  # RuntimeError: the loop is closed, nobody listens any more
            try:
                result = function()
            except _Stopped:
                raise
            except BaseException as error:  # noqa: BLE001  # a sys.exit() in a grader must not end the run
                usual = isinstance(error, Exception) and not isinstance(error, StopIteration)
                fault = error if usual else RuntimeError(repr(error))
            loop.call_soon_threadsafe(tell, result, fault)

    # Not the loop's pool: asyncio waits for its threads at the end, and one that hangs would hold up the whole run.
    thread = threading.Thread(target=work, daemon=True, name="isocost-grader")
    thread.start()
    try:
        return await done
    except asyncio.CancelledError:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped))
        raise
