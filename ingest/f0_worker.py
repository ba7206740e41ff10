"""A process that measures F0 for its parent: `python -m ingest.f0_worker HOP OFFSET WINDOW` (microseconds).

Waveforms come in on standard input, tracks go out on standard output, raw bytes behind a header. A closed
input is the signal to end, and the kernel closes it when the parent dies, however it dies. It is a program of
its own rather than a `multiprocessing` worker, which would import the user's script again, and torch with it.
"""

import os
import struct
import sys

import numpy as np

from ingest.f0 import f0_on_grid
from warehouse.errors import WarehouseError
from warehouse.grid import Grid

REQUEST = struct.Struct("<qq")  # samples, sample rate; float32 samples follow
REPLY = struct.Struct("<?q")  # whether it went well, bytes; a float32 track or a UTF-8 message follows


def main() -> None:
    """Answer requests until the input ends."""
    grid = Grid(*(int(value) for value in sys.argv[1:]))
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the replies
    while header := requests.read(REQUEST.size):
        n_samples, sample_rate = REQUEST.unpack(header)
        samples = requests.read(4 * n_samples)
        if len(samples) < 4 * n_samples:
            return  # the parent died in the middle of a request
        try:
            payload = f0_on_grid(np.frombuffer(samples, "<f4"), sample_rate, grid).tobytes()
            reply = REPLY.pack(True, len(payload)) + payload
        except WarehouseError as error:
            payload = str(error).encode()
            reply = REPLY.pack(False, len(payload)) + payload
        try:
            replies.write(reply)
            replies.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody listens any more; leave without flushing the rest


if __name__ == "__main__":
    main()
