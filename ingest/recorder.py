"""The recorder: one pass of a model gives every layer's strongest neurons and means.

A neuron is a coordinate between the two linears of a feed-forward network; it is read where the second linear
receives it, after the activation function [A §2].
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn

from ingest.means import Segments, moments
from ingest.models.axes import as_frames, tensor_of
from ingest.models.base import Site, SpeechModel
from ingest.recording import Pass, Recording, check_finite
from ingest.strongest import Strongest, top_k
from warehouse.errors import ModelError, WarehouseError, first_line
from warehouse.grid import Grid

__all__ = ["Recorder", "Recording", "top_k"]


class NotRunError(ModelError):
    """The model itself failed, at a length that it may not take."""


class Recorder:
    """Listens to a model while it runs; a context manager, outside which the model is as it was.

    Ranks are those of a plain pass over each utterance by itself, at the same number of threads. Utterances that are
    handed over together go through the model together only where that is exact: the first batch of each shape
    (utterances, samples) also runs one by one, and the shape is batched from then on if every bit of every site
    agreed. Which kernels run, and in which order they add, follows from shapes and threads, not from values; most
    shapes agree on CPUs, utterances of a few frames do not, and GPUs often do not.

    Args:
        model: what to record.
        lambda_pct: share of the neurons that count as activated, in percent.
        values: keep the signed values of the strongest neurons.
        means: keep means and standard deviations over frames.
        segment_means: kinds of which to keep means over the frames of each segment: ``block``, ``ffn``.
        dtype: ``bfloat16`` runs the model under autocast: faster, and borderline ranks move, so its batches are not
            checked.
    """

    def __init__(
        self,
        model: SpeechModel,
        lambda_pct: float,
        values: bool = False,
        means: bool = True,
        dtype: Literal["float32", "bfloat16"] = "float32",
        segment_means: Collection[str] = (),
    ) -> None:
        if not 0 < lambda_pct <= 100:
            raise ModelError(f"λ = {lambda_pct}: it is a share of the neurons in percent, above 0 and at most 100")
        if dtype not in ("float32", "bfloat16"):
            raise ModelError(f"dtype {dtype!r}: float32 or bfloat16")
        self.model = model
        self.values = values
        self.means = means
        self.segment_means = segment_means
        self.dtype = dtype
        self._k = [top_k(lambda_pct, site.n_neurons) for site in model.sites]
        self.rows: dict[int, int] = {}
        """Rows of an utterance that each site gave last, by its place; those that stand for padding among them."""
        self._strongest = Strongest()
        self._exact: dict[tuple[int, int, int], bool] = {}
        self._pass: Pass | None = None
        self._listening = ExitStack()

    def __enter__(self) -> Self:
        self.model.module.eval()
        with ExitStack() as stack:
            for place, site in enumerate(self.model.sites):
                module = self._module(site.out_module)
                if site.reads == "input":
                    handle = module.register_forward_pre_hook(self._before(place, site), with_kwargs=True)
                else:
                    handle = module.register_forward_hook(self._after(place, site, module))
                stack.callback(handle.remove)
                if (self.means or "block" in self.segment_means) and site.block_module is not None:
                    block = self._module(site.block_module)
                    stack.callback(block.register_forward_hook(self._after_block(place, site)).remove)
            self._listening = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()

    def record(
        self, waveforms: Sequence[np.ndarray], segments: Sequence[Mapping[Grid, Segments] | None] | None = None
    ) -> list[Recording]:
        """Run the model over utterances of equal length.

        Args:
            waveforms: mono samples (n,) at the model's rate, all of one length.
            segments: of each utterance those on each grid of the model that is not of whole utterances; None where
                their means are not wanted.

        Raises:
            ModelError: lengths differ, an utterance is shorter than a frame, the model's frames are not those of its
                grid or of the segments, or activations are NaN or infinite; names the layer. :class:`NotRunError` when
                the model fails.
        """
        lengths = {len(waveform) for waveform in waveforms}
        if len(lengths) != 1:
            raise ModelError(
                f"a batch of waveforms of {', '.join(map(str, sorted(lengths))) or 'no'} samples: batch equal lengths "
                "only, as padding would change every frame"
            )
        n_samples = lengths.pop()
        labels = [None] * len(waveforms) if segments is None else segments
        if len(waveforms) == 1 or self.dtype != "float32":
            return self._run(waveforms, n_samples, None, labels)
        shape = (len(waveforms), n_samples, torch.get_num_threads())
        if self._exact.get(shape):
            return self._run(waveforms, n_samples, None, labels)
        pairs = list(zip(waveforms, labels, strict=True))
        if shape in self._exact:
            return [self._run([waveform], n_samples, None, [of])[0] for waveform, of in pairs]
        alone: dict[int, list[bytes]] = {}
        recordings = [self._run([waveform], n_samples, alone, [of])[0] for waveform, of in pairs]
        together: dict[int, list[bytes]] = {}
        self._run(waveforms, n_samples, together, [None] * len(waveforms))
        self._exact[shape] = alone == together
        return recordings

    def batches(self, n_utterances: int, n_samples: int) -> bool | None:
        """Whether utterances of a length go through the model together; None = not tried yet."""
        return self._exact.get((n_utterances, n_samples, torch.get_num_threads()))

    def _run(
        self,
        waveforms: Sequence[np.ndarray],
        n_samples: int,
        digests: dict[int, list[bytes]] | None,
        segments: Sequence[Mapping[Grid, Segments] | None],
    ) -> list[Recording]:
        grids = [self.model.grid, *(self.model.grid_of(site) for site in self.model.sites)]
        n_frames, *at_sites = (grid.n_frames(n_samples, self.model.sample_rate) for grid in grids)
        if not all(at_sites):
            longest = max(grid.window_us for grid in self.model.grids)
            raise ModelError(f"{n_samples} samples are shorter than one frame of the model ({longest / 1000:g} ms)")
        self._pass = run = Pass(len(waveforms), n_frames, at_sites, digests, self._segments(segments, n_samples))
        try:
            with torch.inference_mode(), self._autocast():
                self.model.forward(self.model.waveforms(waveforms))
        except WarehouseError:
            raise
        except Exception as error:
            raise NotRunError(
                f"{type(self.model.module).__name__} cannot be run on {n_samples} samples "
                f"({type(error).__name__}: {first_line(error)})"
            ) from error
        finally:
            self._pass = None
        return run.recordings(self.model.sites)

    def _segments(
        self, segments: Sequence[Mapping[Grid, Segments] | None], n_samples: int
    ) -> dict[Grid, list[Segments | None]]:
        """The segments of each utterance on each grid, beside the model; those that are not wanted are None."""
        wanted = self.model.grids if self.segment_means else ()
        on_grids: dict[Grid, list[Segments | None]] = {}
        for grid in (grid for grid in wanted if not grid.is_whole):
            n_frames = grid.n_frames(n_samples, self.model.sample_rate)
            found = [None if of is None else of[grid] for of in segments]
            for of in found:
                if of is not None and len(of.of_frame) != n_frames:
                    raise ModelError(
                        f"{n_samples} samples are {n_frames} frames where the labels have {len(of.of_frame)}: restore "
                        "the audio that was labelled, or give the corpus another name"
                    )
            on_grids[grid] = [None if of is None else of.to(self.model.device) for of in found]
        return on_grids

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.model.device.type, torch.bfloat16) if self.dtype == "bfloat16" else nullcontext()

    def _module(self, path: str) -> nn.Module:
        try:
            return self.model.module.get_submodule(path)
        except AttributeError as error:
            raise ModelError(f"{type(self.model.module).__name__} has no module {path!r}: wrap it again") from error

    def _before(self, place: int, site: Site) -> Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], None]:
        def hook(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if self._pass is not None:
                value = args[0] if args else next(iter(kwargs.values()), None)
                if not isinstance(value, Tensor):
                    raise ModelError(
                        f"{_at(site)} receives a {type(value).__name__}, not a tensor: name another module"
                    )
                self._take(self._pass, place, site, value)

        return hook

    def _after(self, place: int, site: Site, module: nn.Module) -> Callable[[nn.Module, Any, Any], None]:
        if site.axes is None and isinstance(module, nn.modules.conv._ConvNd):
            site = replace(site, axes="bct")

        def hook(module: nn.Module, args: object, output: Any) -> None:
            if self._pass is not None:
                self._take(self._pass, place, site, tensor_of(output, _at(site)))

        return hook

    def _after_block(self, place: int, site: Site) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, args: object, output: Any) -> None:
            if self._pass is not None:
                at = f"block {site.block} ({site.block_module})"
                n_frames = self._pass.n_frames_at[place]
                x, _ = self._frames(self._pass, tensor_of(output, at), at, n_frames, site.block_axes)
                if self.means:
                    self._pass.block[place] = moments(x)
                if "block" in self.segment_means:
                    self._pass.average("block", place, self.model.grid_of(site), x)

        return hook

    def _take(self, run: Pass, place: int, site: Site, tensor: Tensor) -> None:
        at = _at(site)
        if place in run.neurons:
            raise ModelError(
                f"{at} ran twice in one pass: its module is shared, so its frames are not its own; name layers that "
                "run once with --layers"
            )
        x, self.rows[place] = self._frames(run, tensor, at, run.n_frames_at[place], site.axes)
        if x.shape[2] != site.n_neurons:
            raise ModelError(f"{at} has {x.shape[2]} neurons where {site.n_neurons} were announced: wrap it again")
        neurons, finite = self._strongest.find(x.view(-1, site.n_neurons), self._k[place])
        if isinstance(finite, np.ndarray):
            check_finite(site, finite, run.n_frames_at[place])
        run.neurons[place], run.finite[place] = neurons, finite
        if self.values:
            chosen = torch.as_tensor(neurons, device=x.device).view(*x.shape[:2], -1)
            run.values[place] = x.gather(2, chosen).float()
        if self.means:
            run.ffn[place] = moments(x)
        if "ffn" in self.segment_means:
            run.average("ffn", place, self.model.grid_of(site), x)
        if run.digests is not None:
            for utterance in x.cpu():
                raw = utterance.view(torch.uint8).numpy().data
                run.digests.setdefault(place, []).append(hashlib.sha256(raw).digest())

    def _frames(self, run: Pass, tensor: Tensor, at: str, n_frames: int, axes: str | None) -> tuple[Tensor, int]:
        """A module's activations as (batch, frames of the grid, channels), and how many rows it gave of each utterance.

        They are contiguous; no copy if they are that already.
        """
        batch = run.batch
        axes = axes or ("tbc" if self.model.time_first else "btc")
        x = as_frames(tensor, axes, batch, at)
        if x.shape[0] != batch:
            other = "(batch, time, channel)" if self.model.time_first else "(time, batch, channel)"
            raise ModelError(
                f"{at} gives shape {tuple(tensor.shape)} for {batch} waveform(s): is it {other}? state time_first"
            )
        if not 0 <= x.shape[1] - n_frames <= self.model.padding_frames:
            raise ModelError(
                f"{at} gives {x.shape[1]} frames where the grid has {n_frames}: state --hop-ms, --window-ms and "
                "--offset-ms"
            )
        return x[:, :n_frames].contiguous(), x.shape[1]


def _at(site: Site) -> str:
    return f"layer {site.layer} ({site.out_module})"
