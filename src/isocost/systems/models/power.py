"""Joules that a meter of this machine really counted; where there is none, nothing is estimated in its place."""

import time
from collections.abc import Callable

RAPL = "/sys/class/powercap/intel-rapl/subsystem"


def joule_counter(folder: str = RAPL, clock: Callable[[], float] = time.perf_counter) -> Callable[[], float] | None:
    """Counts the joules of the processor's packages from now on; None where no meter can be read.

    It reads RAPL through codecarbon (the extra `energy`), which knows its counters' overflow and duplicates. A package's joules are
    all that ran on it: on a machine that does other work too they are an upper bound. codecarbon's own fallback, a constant
    power from a table, is not used: it would be a guess in a measurement's place.
    """
    try:
        from codecarbon.core.cpu import IntelRAPL, is_rapl_available
        from codecarbon.core.units import Time
    except ImportError:
        return None
    if not is_rapl_available(folder):
        return None
    meter = IntelRAPL(rapl_dir=folder)
    meter.start()
    counted, read_at = 0.0, clock()

    def joules() -> float:
        nonlocal counted, read_at
        now = clock()
        details = meter.get_cpu_details(Time(max(now - read_at, 1e-9)))
        counted += 3.6e6 * sum(float(kwh) for name, kwh in details.items() if "Energy" in name)
        read_at = now
        return counted

    return joules
