"""Preparation: the labels and F0 of a corpus on a grid, before any model runs; every model reuses them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple

import numpy as np
import pyarrow as pa

from ingest.audio import Note, read_audio
from ingest.corpora import Corpus, Utterance
from ingest.f0_pool import F0Pool
from ingest.labels_on_grid import label_frames, tile
from ingest.planning import Shard
from ingest.settings import Settings
from warehouse import Commit, CorpusError, Grid, Layout, Snapshot, snapshot
from warehouse.edges import freeze_missing_edges
from warehouse.facts import on_grid
from warehouse.layout import slug
from warehouse.properties import UNLABELLED
from warehouse.schema import table

Rejection = tuple[str, str]
PITCH_LABELS = np.array(["low", "middle", "high", None], dtype=object)  # the authors' 0, 1, 2 and -1
PITCH_HOP_US = 20_000


def prepared(state: Snapshot, shard: Shard) -> set[int]:
    """Utterances of a shard whose labels are in the warehouse, by number."""
    return {
        number
        for m in state.for_shard("labels", shard.name)
        if on_grid(m, shard.grid)
        for number in m.facts["utterance_ids"]
    }


def prepare(
    layout: Layout,
    corpus: Corpus,
    shards: Sequence[Shard],
    sample_rate: int,
    settings: Settings,
    advance: Callable[[float], None],
    note: Note,
) -> list[Rejection]:
    """Commit the frames that a corpus lacks on a grid, then freeze the edges of quantile properties.

    A process does its own shards first and then whatever is still missing, so that several processes share
    the work without waiting for one another.

    Args:
        layout: the warehouse.
        corpus: the corpus.
        shards: its shards on the grid.
        sample_rate: rate at which F0 looks at the audio, Hz.
        settings: settings of the run.
        advance: told the seconds of audio of each utterance that was done.
        note: told what was changed in the audio.

    Returns:
        Utterances that were left out, and why.

    Raises:
        CorpusError: an utterance cannot be used and the settings do not say to skip it.
    """
    by_name = {u.name: u for u in corpus.utterances}
    state = snapshot(layout)
    own = [s for i, s in enumerate(shards) if i % settings.world == settings.rank]
    rest = [s for i, s in enumerate(shards) if i % settings.world != settings.rank]
    todo = [s for s in own + rest if len(prepared(state, s)) < len(s.names)]
    rejected: list[Rejection] = []
    if todo:
        measured = settings.f0 and shards[0].grid != Grid.UTTERANCE
        with F0Pool(shards[0].grid, sample_rate, settings.workers if measured else 0) as pool:
            work = _Preparation(layout, state, by_name, sample_rate, settings, pool, advance, note)
            for shard in todo:
                rejected += work.shard(shard)
    freeze_missing_edges(layout, corpus.name, shards[0].grid)
    return rejected


class _Preparation:
    """What preparing one shard after another shares."""

    def __init__(
        self,
        layout: Layout,
        state: Snapshot,
        by_name: Mapping[str, Utterance],
        sample_rate: int,
        settings: Settings,
        pool: F0Pool,
        advance: Callable[[float], None],
        note: Note,
    ) -> None:
        self.layout = layout
        self.state = state
        self.by_name = by_name
        self.sample_rate = sample_rate
        self.settings = settings
        self.pool = pool
        self.advance = advance
        self.note = note
        self.rejected: list[Rejection] = []

    def shard(self, shard: Shard) -> list[Rejection]:
        """Commit the frames that a shard lacks."""
        done = prepared(self.state, shard)
        places = [i for i, number in enumerate(shard.utterance_ids) if number not in done]
        name = f"labels-{slug(shard.name)}-{'-'.join(map(str, astuple(shard.grid)))}-{len(done)}"
        self.rejected = []
        if (self.layout.manifests / f"{name}.json").exists():  # another process was here meanwhile
            return []
        pieces, numbers = [], []
        for place, f0 in self._tracks(shard, places):
            pieces.append(_frame_rows(shard, place, self._utterance(shard, place), f0))
            numbers.append(shard.utterance_ids[place])
        if pieces:
            facts = {
                "shards": [shard.name],
                "corpus": shard.corpus,
                "utterance_ids": numbers,
                **asdict(shard.grid),
            }
            with Commit(self.layout) as commit:
                commit.add("frames", pa.concat_tables(pieces))
                commit.publish(name, "labels", facts)
        return self.rejected

    def _utterance(self, shard: Shard, place: int) -> Utterance:
        try:
            return self.by_name[shard.names[place]]
        except KeyError:
            raise CorpusError(
                f"{shard.names[place]}: planned for corpus {shard.corpus!r}, but not among its files now; restore "
                "it, or give the corpus another name"
            ) from None

    def _tracks(self, shard: Shard, places: Sequence[int]) -> Iterator[tuple[int, np.ndarray | None]]:
        """F0 of each usable utterance: (place, (T,) Hz with NaN = unvoiced, or None where it is not wanted)."""
        wanted = [p for p in places if _wants_f0(shard.grid, self.settings, self._utterance(shard, p))]
        tracks = dict(self.pool.map(self._waveforms(shard, wanted)))
        unread = {shard.names[p] for p in wanted} - tracks.keys()
        for place in places:
            name = shard.names[place]
            if name not in unread:
                try:
                    self._check(shard, place)
                except CorpusError as error:
                    self._reject(shard, place, error)
                    continue
                yield place, tracks.get(name)

    def _waveforms(self, shard: Shard, places: Sequence[int]) -> Iterator[tuple[str, np.ndarray]]:
        for place in places:
            utterance = self._utterance(shard, place)
            try:
                yield utterance.name, read_audio(utterance.audio, self.sample_rate, self.note)
            except CorpusError as error:
                self._reject(shard, place, error)
            self.advance(utterance.duration_us / 1e6)

    def _check(self, shard: Shard, place: int) -> None:
        name, n_frames = shard.names[place], shard.n_frames[place]
        if n_frames == 0:
            raise CorpusError(f"{name}: shorter than the {shard.grid.window_us / 1000:g} ms of a frame; leave it out")
        utterance = self._utterance(shard, place)
        if utterance.given_pitch is not None and shard.grid != Grid.UTTERANCE:
            there, room = len(utterance.given_pitch), _n_pitch_labels(utterance, shard.grid, n_frames)
            if there > room:
                raise CorpusError(
                    f"{name}: {there} given pitch labels where there is room for {room}; mend the pitch file"
                )

    def _reject(self, shard: Shard, place: int, error: CorpusError) -> None:
        if self.settings.on_error == "stop":
            raise error
        self.rejected.append((shard.names[place], str(error)))


def _frame_rows(shard: Shard, place: int, utterance: Utterance, f0: np.ndarray | None) -> pa.Table:
    grid, n = shard.grid, shard.n_frames[place]
    first = shard.first_frames[place]
    columns: dict[str, object] = {
        "frame_id": np.arange(first, first + n),
        **{name: np.full(n, value) for name, value in asdict(grid).items()},
        "utterance_id": np.full(n, shard.utterance_ids[place]),
        "frame": np.arange(n),
    }
    if grid == Grid.UTTERANCE:
        # It is counted in every reading: there is no run that it could be the last of.
        return table("frames", {**columns, "phone": [UNLABELLED], "is_middle": [True], "is_last_run": [False]})
    tiles = tile(utterance.segments, utterance.duration_us)
    labels = label_frames(tiles, grid, n)
    columns |= {
        "segment": labels.segment,
        "phone": np.array([t.phone for t in tiles], dtype=object)[labels.segment],
        "is_middle": labels.is_middle,
        "is_last_run": labels.is_last_run,
    }
    if f0 is not None:
        columns["f0_hz"] = pa.array(f0, from_pandas=True)  # NaN becomes NULL
    if utterance.given_pitch is not None:
        columns["given_pitch"] = PITCH_LABELS[_padded(utterance, grid, n)]
    return table("frames", columns)


def _wants_f0(grid: Grid, settings: Settings, utterance: Utterance) -> bool:
    """Whether F0 is to be computed: a whole utterance has none, and some corpora bring theirs."""
    return settings.f0 and grid != Grid.UTTERANCE and utterance.given_pitch is None


def _padded(utterance: Utterance, grid: Grid, n_frames: int) -> np.ndarray:
    """Given pitch of every frame, padded on the left to the labels' length as the authors' code does it."""
    pitch = utterance.given_pitch
    assert pitch is not None
    padded = np.r_[np.full(_n_pitch_labels(utterance, grid, n_frames) - len(pitch), -1, dtype=pitch.dtype), pitch]
    return padded[np.arange(n_frames) * grid.hop_us // PITCH_HOP_US]


def _n_pitch_labels(utterance: Utterance, grid: Grid, n_frames: int) -> int:
    """Labels that a given pitch track belongs to: the frame labels, which may be one more than the frames."""
    end_us = utterance.segments[-1].end_us if utterance.frame_labels_hop_us else 0
    return -(-max(end_us, n_frames * grid.hop_us) // PITCH_HOP_US)
