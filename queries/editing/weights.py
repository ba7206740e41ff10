"""Whether a model has the weights that a mask was made for."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from warehouse import checksum
from warehouse.errors import MaskError


def weights_checksum(module: nn.Module) -> str:
    """Digest of all weights of a module, as the warehouse records it in ``models.checksum``."""
    return checksum.state_checksum(module.state_dict(), _stored)


def same_weights(module: nn.Module, provenance: Mapping[str, str], name: str) -> None:
    """Check that a module has the weights that a mask's provenance tells of, where it tells of any.

    Args:
        module: the part of a model that was recorded.
        provenance: of the mask; ``checksum`` counts, ``model`` is for the message.
        name: of the whole model, for the message.

    Raises:
        MaskError: other weights.
    """
    wanted = provenance.get("checksum")
    if not wanted:
        return
    found = weights_checksum(module)
    if found != wanted:
        raise MaskError(
            f"the mask was made for model {provenance.get('model', 'unknown')} (checksum {wanted[:12]}…), and this "
            f"{name} has other weights (checksum {found[:12]}…); load the weights that were recorded, or pass "
            "other_weights=True for a model that was trained on since"
        )


def _stored(value: object) -> checksum.Stored | None:
    if not isinstance(value, Tensor):
        return None
    raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return checksum.Stored(str(value.dtype), tuple(value.shape), raw.data)
