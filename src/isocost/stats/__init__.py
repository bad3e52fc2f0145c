"""Arrays in, arrays out: intervals that say their n and their method. NaN is a missing value everywhere."""

from isocost.stats.means import clustered_mean, mean_of_sums, ratio_of_sums
from isocost.stats.pairs import Difference, holm, mcnemar, paired_difference
from isocost.stats.proportions import Interval, clopper_pearson, clustered_wilson, wilson
from isocost.stats.quantiles import quantile_interval
from isocost.stats.resample import Bootstrapped, bootstrap, bootstrap_means
from isocost.stats.sequential import anytime_mean, anytime_share, drift_evidence, evidence

__all__ = [
    "Bootstrapped",
    "Difference",
    "Interval",
    "anytime_mean",
    "anytime_share",
    "bootstrap",
    "bootstrap_means",
    "clopper_pearson",
    "clustered_mean",
    "clustered_wilson",
    "drift_evidence",
    "evidence",
    "holm",
    "mcnemar",
    "mean_of_sums",
    "paired_difference",
    "quantile_interval",
    "ratio_of_sums",
    "wilson",
]
