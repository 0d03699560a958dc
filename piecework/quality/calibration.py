"""Confidence that can be believed: answers to one task share its difficulty, so ten of them say less than ten.

With intra-task correlation rho, n answers weigh as much as n / (1 + (n - 1) rho) independent ones (the design effect
of Kish, "Survey Sampling", 1965). Rho is estimated from answers alone: the value under which answers that were held
back are least surprising. Errors that all workers share leave no trace in the answers; `SHARED_ERROR` is the
allowance for them, one constant for all crowds.
"""

from __future__ import annotations

import numpy as np

from piecework.quality.answers import Bools, Floats, Ints
from piecework.quality.confusion import softmax_columns

RHO_GRID = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9)
SHARED_ERROR = 0.15


def tempered_posterior(support: Floats, log_prevalence: Floats, answered: Ints, rho: float) -> Floats:
    """Posterior (tasks, labels) with the support of `answered` (tasks,) answers discounted for correlation `rho`."""
    weight = 1.0 / (1.0 + np.maximum(answered - 1, 0) * rho)
    return softmax_columns(support.T * weight + log_prevalence[:, None]).T


def allowed_correlation(rho: float, shared_error: float = SHARED_ERROR) -> float:
    """The correlation to use when the answers show `rho`."""
    return rho + (1.0 - rho) * shared_error


def expected_calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float:
    """Mean gap between confidence and share right over `bins` equal bins of confidence, weighted by their tasks.

    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """
    if confidence.size == 0:
        return 0.0
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weights=confidence - right, minlength=bins)
    return float(np.abs(gap).sum() / confidence.size)
