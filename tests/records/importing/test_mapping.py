"""The mapping's small language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocost.records import InputError
from isocost.records.importing.mapping import FIELDS, Column, Constant, parse


def test_columns_constants_and_quoted_names() -> None:
    assert parse("item=id, system='gpt, 4=x',score=\"exact,match\",text={system}_response,") == {
        "item": Column("id"),
        "system": Constant("gpt, 4=x"),
        "score": Column("exact,match"),
        "text": Column("{system}_response"),
    }


def test_several_mappings_are_one() -> None:
    assert parse(["item=id", "score=a b"]) == {"item": Column("id"), "score": Column("a b")}


def test_nothing_maps_nothing() -> None:
    assert parse("") == parse([]) == {}


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(st.characters(codec="utf-8", exclude_characters="\"'\n"), min_size=1)))
def test_any_column_can_be_named(columns: dict[str, str]) -> None:
    assert parse([f'{field}="{name}"' for field, name in columns.items()]) == {
        field: Column(name) for field, name in columns.items()
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item", "reads field=column,field=column,..., got 'item'"),
        ("item=", "got 'item='"),
        ("item=a,=b", "got '=b'"),
        ("item=a 'b'", "got"),
        ("itm=a", "did you mean 'item'"),
        ("item=a,item=b", "'item' came twice"),
    ],
)
def test_what_is_wrong_is_shown(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text)
