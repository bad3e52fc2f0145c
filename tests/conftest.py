"""What tests of several rooms share: where outside data lies, and how examples are written again."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# No test asserts on time: a busy machine, or a first call that compiles, is no failure.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-examples", action="store_true", help="write the examples' outputs again")


@pytest.fixture(scope="session")
def external_data() -> Path:
    """The folder of real data from outside; the test skips where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ISOCOST_EXTERNAL_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no data from outside at {folder}; set ISOCOST_EXTERNAL_DATA")
    return folder
