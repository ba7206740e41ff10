"""Three models over the same four frames, small enough to compare by hand."""

from small_studies import Frame, Model, Study

FRAMES = [("F", "AA"), ("F", "S"), ("M", "AA"), ("M", "S")]

RANKED = {
    "before": {1: {"F": [0, 1], "M": [2, 3]}, 2: {"F": [0, 1], "M": [2, 3]}},
    "after": {1: {"F": [0, 2], "M": [3, 4]}, 2: {"F": [0, 1, 2], "M": [3, 4, 5]}, 3: {"F": [5, 6], "M": [5, 6]}},
    "wide": {1: {"F": [0, 1, 2], "M": [3, 4, 5]}, 2: {"F": [5, 6], "M": [5, 6]}},
}
"""model -> layer -> gender -> neurons that are active in each of its frames, whatever the phone."""

WIDTHS = {"before": {1: 7, 2: 7}, "after": {1: 7, 2: 10, 3: 7}, "wide": {1: 10, 2: 7}}


def three_models() -> Study:
    """The models ``after``, ``before`` and ``wide`` at λ = 30: 2 of 7 neurons or 3 of 10 are active."""
    frames = [
        Frame(number, "c", number // 2, number % 2, phone, True, False, gender, gender.lower(), 100.0, number % 2)
        for number, (gender, phone) in enumerate(FRAMES)
    ]
    models = [
        Model(
            name,
            30.0,
            WIDTHS[name],
            {0: 0, 1: 0},
            {(layer, f.id): found[f.gender or ""] for layer, found in ranked.items() for f in frames},
        )
        for name, ranked in RANKED.items()
    ]
    return Study(frames, {"c": {"AA", "S"}}, models)
