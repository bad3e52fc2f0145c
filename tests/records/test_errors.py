"""Errors say where, and travel between processes whole."""

import pickle

import pytest

from isocost.records import Call, CallFailed, InputError, IsocostError, MissingExtra


@pytest.mark.parametrize(
    "error",
    [
        InputError("wrong", file="a.toml", line=3),
        MissingExtra("the page", "pip install it"),
        CallFailed("no answer", kind="timeout", calls=[Call(model="m", prompt_tokens=3)]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_being_pickled(error: IsocostError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_an_input_error_names_file_and_line_before_its_message() -> None:
    assert str(InputError("wrong", file="a.toml", line=3)) == "a.toml:3: wrong"
    assert str(InputError("wrong", file="a.toml")) == "a.toml: wrong"


def test_a_missing_extra_is_an_import_error_that_says_what_to_install() -> None:
    with pytest.raises(ImportError, match="Hint: pip install it"):
        raise MissingExtra("the page", "pip install it")
