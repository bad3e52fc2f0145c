"""(workload, system) -> records: concurrency, retries, resumption, caps; engines: here, or on Ray."""

from isocost.run.door import Observer, Tally, Writer, ask
from isocost.run.job import Build, Job, Label, Outcome, Stopped, Team
from isocost.run.progress import Progress

__all__ = ["Build", "Job", "Label", "Observer", "Outcome", "Progress", "Stopped", "Tally", "Team", "Writer", "ask"]
