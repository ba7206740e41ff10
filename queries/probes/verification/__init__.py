"""Speaker verification on chosen neurons ([B] §3): trials, cosines of utterances, and the equal error rate.

This package loads NumPy; import it where it is used.
"""

from queries.probes.verification.cosine import cosine_scores
from queries.probes.verification.eer import EqualErrorRate, equal_error_rate
from queries.probes.verification.trial_files import read_trials, write_trials
from queries.probes.verification.trials import Trials, made_trials

__all__ = [
    "EqualErrorRate",
    "Trials",
    "cosine_scores",
    "equal_error_rate",
    "made_trials",
    "read_trials",
    "write_trials",
]
