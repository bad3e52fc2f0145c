"""One name for every form: choose hands several budgets, a least value and groups to those who know."""

import pytest

from isocost.allocate import GroupsChoice, SeveralChoice, choose

VALUE, COST = [[0.0, 6.0, 8.0], [0.0, 5.0, 6.0]], [[0.0, 2.0, 4.0], [0.0, 2.0, 4.0]]


def test_each_form_is_reached_by_its_arguments():
    """Budgets (r,), at_least, groups."""
    both = [[[c, 2 * c] for c in row] for row in COST]
    several = choose(VALUE, both, [4.0, 8.0], exact=True)
    assert isinstance(several, SeveralChoice)
    assert several.value == 11
    assert choose(VALUE, COST, at_least=11).cost == 4
    grouped = choose(VALUE, COST, [4.0, 0.0], groups=[0, 1])
    assert isinstance(grouped, GroupsChoice)
    assert grouped.level.tolist() == [2, 0]


@pytest.mark.parametrize("asked", [{}, {"budget": 1.0, "at_least": 1.0}, {"at_least": 1.0, "groups": [0, 1]}])
def test_what_does_not_go_together_is_refused(asked):
    """Neither or both of budget and at_least; at_least by group."""
    with pytest.raises(ValueError, match="budget"):
        choose(VALUE, COST, **asked)
