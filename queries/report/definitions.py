"""How to read a report: what is counted, in a few sentences, with the sources."""

from queries.report.parts import Section
from queries.report.scope import Scope

_READINGS = {
    "all": "Every frame counts.",
    "middle": "The middle frame of every run of equal phones counts, and no other.",
    "reference": (
        "The middle frame of every run of equal phones counts, but for the last run of an utterance; shares are of the "
        "declared phones, those never heard included. So do the authors of the method read them."
    ),
}


def definitions(scope: Scope) -> Section:
    """The section on what the words mean."""
    given = scope.parameters
    sigma = float(given.get("p_sigma", 0.8))
    baseline = f"{given['p_baseline']}" if "p_baseline" in given else "chance, k/D of the layer"
    clear = f"the Wilson lower bound of p at z = {given['p_z']} exceeds" if given.get("p_z") else "p exceeds"
    text = [
        "A neuron is one of the D coordinates between the two linears of a feed-forward network; its activation value "
        "is the magnitude behind the activation function. A frame activates the k neurons of a layer whose values are "
        "largest ([A] §2, §3.1).",
        "`p`: of the frames of a phone in a group, the share that activates the neuron ([A] §3.2, eq. 3). "
        f"{_READINGS[str(given.get('p_frames', 'all'))]} Silence and noise never count.",
        f"`S_k`, the activation pattern of phone k: the neurons for which {clear} {baseline} ([A] §3.2).",
        f"`N_i`, candidates of group i: neurons in S_k for at least {sigma:.4g} (σ) of the group's phones ([A] §4.1).",
        "`G_i`, group neurons: N_i without the candidates of any other group ([A] eq. 4). Property neurons are the "
        "group neurons of all groups together ([A] eq. 5).",
        f"Intervals of p (`p_low`, `p_high`) are Wilson's at z = {float(given.get('p_z') or 1.96):.4g}: were the "
        "frames independent, about nineteen of twenty intervals at 1.96 would hold the true p. Frames of one speaker "
        "are alike, so the true uncertainty is larger; draws of speakers, where they were asked for, tell how much.",
        "[A] is Lin, Lin, Lee and Tang, Property Neurons in Self-Supervised Speech Transformers, SLT 2024, arXiv "
        "2409.05910.",
        "Beneath every table and picture stands what made it. SQL runs as it is in `neurons sql WAREHOUSE`; Python "
        "runs on an open connection, `from queries import connect` and `con = connect(WAREHOUSE)`.",
    ]
    return Section("How to read it", tuple(text))
