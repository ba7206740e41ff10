"""How many neurons of each layer a mask holds."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from queries.masks.mask import Mask


def summary(mask: "Mask") -> "pl.DataFrame":
    """One row per layer: layer, out_module, neurons, of, share."""
    import polars as pl

    sizes = [int(vector.sum()) for vector in mask.chosen]
    widths = [layer.n_neurons for layer in mask.layers]
    return pl.DataFrame(
        {
            "layer": [layer.layer for layer in mask.layers],
            "out_module": [layer.out_module for layer in mask.layers],
            "neurons": sizes,
            "of": widths,
            "share": [size / width if width else 0.0 for size, width in zip(sizes, widths, strict=True)],
        },
        schema={"layer": pl.Int64, "out_module": pl.String, "neurons": pl.Int64, "of": pl.Int64, "share": pl.Float64},
    )
