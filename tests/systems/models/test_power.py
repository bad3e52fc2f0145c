"""A meter counts what its counters say, and where there is none nothing is made up."""

from pathlib import Path

import pytest

from isocost.systems.models.power import joule_counter

pytest.importorskip("codecarbon.core.cpu", reason="codecarbon is not installed (the extra `energy`)")


def test_no_counters_no_joules(tmp_path: Path) -> None:
    assert joule_counter(str(tmp_path / "none")) is None


def test_joules_are_the_growth_of_the_packages_counters_over_their_overflow(tmp_path: Path) -> None:
    """Two packages in microjoules, one of which overflows its range."""
    for number, start in enumerate((1_000_000, 262_000_000)):
        zone = tmp_path / "rapl" / f"intel-rapl:{number}"
        zone.mkdir(parents=True)
        (zone / "name").write_text(f"package-{number}\n")
        (zone / "max_energy_range_uj").write_text("262143328850\n")
        (zone / "energy_uj").write_text(f"{start}\n")
    joules = joule_counter(str(tmp_path / "rapl"))
    assert joules is not None
    assert joules() == pytest.approx(0, abs=1e-9)
    (tmp_path / "rapl" / "intel-rapl:0" / "energy_uj").write_text("3500000\n")
    (tmp_path / "rapl" / "intel-rapl:1" / "energy_uj").write_text("263000000\n")
    assert joules() == pytest.approx(2.5 + 1.0)
    assert joules() == pytest.approx(3.5)
