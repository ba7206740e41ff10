"""``.npz``: a bool vector (D,) per layer, named by the path of the second linear; the description as JSON bytes beside.

The few bytes before the values of an array are compared with what NumPy writes for a vector, not interpreted.
"""

import re
import struct

import numpy as np

from queries.masks.formats.archives import Archive, most_bytes, pack
from queries.masks.formats.bools import checked_bools
from queries.masks.formats.description import BESIDE, describe, read_description, to_json
from queries.masks.formats.safetensors import MOST_HEADER
from queries.masks.formats.strict_json import strict_json
from queries.masks.mask import Mask
from warehouse.errors import MaskError

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '(\|[bu]1)', 'fortran_order': (?:False|True), 'shape': \((\d{1,10}),\), \} *\n", re.ASCII
)


def write(mask: Mask) -> bytes:
    """The file's bytes."""
    arrays = {BESIDE: np.frombuffer(to_json(describe(mask)), dtype=np.uint8)}
    arrays |= {layer.out_module: vector for layer, vector in zip(mask.layers, mask.chosen, strict=True)}
    return pack({f"{name}.npy": _npy(array) for name, array in arrays.items()})


def read(data: bytes) -> Mask:
    """The mask in a file's bytes.

    Raises:
        MaskError: damaged, or no such mask.
    """
    archive = Archive(data)
    if f"{BESIDE}.npy" not in archive.sizes:
        raise MaskError(f"describes no mask (no array {BESIDE}); masks are written by `neurons export`")
    said = _vector(archive.read(f"{BESIDE}.npy", MOST_HEADER), b"|u1")
    described = read_description(strict_json(said.tobytes()))
    expected = {f"{layer.out_module}.npy": layer.n_neurons for layer in described.layers}
    for name in [*expected, *archive.sizes]:
        if name not in archive.sizes or name not in {*expected, f"{BESIDE}.npy"}:
            raise MaskError(f"damaged, its arrays are not those of its layers: {name!r:.200}")
    vectors = []
    for name, n_neurons in expected.items():
        values = _vector(archive.read(name, most_bytes(n_neurons)), b"|b1")
        if len(values) != n_neurons:
            raise MaskError(f"{name!r:.200} has {len(values)} values; its layer has {n_neurons} neurons")
        vectors.append(checked_bools(name, values))
    return described.with_vectors(vectors)


def _npy(array: np.ndarray) -> bytes:
    import io

    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def _vector(data: bytes, kind: bytes) -> np.ndarray:
    """The bytes of a vector of one-byte values."""
    length = struct.unpack_from("<H", data, 8)[0] if len(data) >= 10 else 0
    header = _HEADER.fullmatch(data[10 : 10 + length])
    if not data.startswith(_MAGIC) or header is None or header[1] != kind or int(header[2]) != len(data) - 10 - length:
        raise MaskError(f"damaged, an array is no vector of type {kind.decode()} that fits in its place")
    return np.frombuffer(data, dtype=np.uint8, offset=10 + length)
