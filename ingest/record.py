"""Recording: run a model over a shard, count, and commit facts and counts together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TypeVar

import numpy as np

from ingest.audio import Note, n_samples_at, read_audio
from ingest.corpora import Utterance
from ingest.means import Segments, segments_of
from ingest.planning import Shard
from ingest.prepare import Rejection, prepared
from ingest.recorder import Recorder, Recording
from ingest.rows import activation_rows, recording_rows, segment_mean_rows, utterance_mean_rows
from ingest.settings import Settings
from warehouse import Commit, CorpusError, Grid, ModelError, Snapshot, snapshot
from warehouse.counting import FrameLabels, activation_counts, frame_counts, label_frames
from warehouse.edges import countable
from warehouse.facts import frame_rows, shard_facts
from warehouse.layout import slug
from warehouse.properties import Property

T = TypeVar("T")


def recorded(state: Snapshot, model: str, shard: Shard) -> set[int]:
    """Utterances of a shard that a model has seen, by number."""
    return {
        number
        for m in state.for_shard("shard", shard.name)
        if m.facts["model"] == model
        for number in m.facts["utterance_ids"]
    }


@dataclass
class Recorded:
    """Recordings of a shard's utterances, in the order of their frames."""

    places: list[int] = field(default_factory=list)
    recordings: list[Recording] = field(default_factory=list)


class ShardRecorder:
    """Runs one model over shards of one corpus and commits each.

    Works on one snapshot, in which the labels of all its shards are prepared: what a shard costs does not depend
    on how much is committed already.
    """

    def __init__(
        self,
        state: Snapshot,
        model_name: str,
        recorder: Recorder,
        utterances: Mapping[str, Utterance],
        settings: Settings,
        advance: Callable[[float], None],
        note: Note,
    ) -> None:
        self.state = state
        self.model_name = model_name
        self.recorder = recorder
        self.model = recorder.model
        self.utterances = utterances
        self.settings = settings
        self.advance = advance
        self.note = note

    def record(self, on_grids: Sequence[Shard]) -> list[Rejection]:
        """Record what a shard lacks and commit it.

        Args:
            on_grids: the shard on each grid of the model, in the order of its grids.

        Returns:
            Utterances that were left out, and why.

        Raises:
            CorpusError: an utterance cannot be used and the settings do not say to skip it.
            ModelError: the model's frames are not those of the grid, or its activations are not finite.
        """
        shard = on_grids[0]
        usable = set.intersection(*(prepared(self.state, on_grid) for on_grid in on_grids))
        done = recorded(self.state, self.model_name, shard)
        places = [i for i, n in enumerate(shard.utterance_ids) if n in usable and n not in done]
        rejected: list[Rejection] = []
        found = self._run(on_grids, places, rejected)
        if found.places:
            self._while_files_last(lambda: self._commit(on_grids, len(done), found))
        return rejected

    def _while_files_last(self, read: Callable[[], T]) -> T:
        """Read once more, in a newer snapshot, where files of this one were compacted and swept meanwhile."""
        try:
            return read()
        except FileNotFoundError:
            self.state = snapshot(self.state.layout)
            return read()

    def _run(self, on_grids: Sequence[Shard], places: Sequence[int], rejected: list[Rejection]) -> Recorded:
        shard = on_grids[0]
        taken: dict[int, Recording] = {}
        segments = self._while_files_last(lambda: self._segments(on_grids, places))
        for batch in self._batches(shard, places, rejected):
            for place, recording in self._recordings(batch, segments):
                if place in places:
                    name = shard.names[place]
                    try:
                        taken[place] = self._checked(on_grids, place, recording)
                    except ModelError as error:
                        self._reject(rejected, name, ModelError(f"{name}: {error}"))
                    self.advance(self.utterances[name].duration_us / 1e6)
        return Recorded(sorted(taken), [taken[place] for place in sorted(taken)])

    def _segments(self, on_grids: Sequence[Shard], places: Sequence[int]) -> dict[int, dict[Grid, Segments]]:
        """The segments of utterances, by their place, on each grid that has frames; none where nobody asks for them."""
        found: dict[int, dict[Grid, Segments]] = {place: {} for place in places}
        for shard in on_grids if self.settings.segment_means else ():
            if not shard.grid.is_whole:
                numbers = [shard.utterance_ids[place] for place in places]
                of_utterance = segments_of(frame_rows(self.state, [shard.name], shard.grid, numbers))
                for place, number in zip(places, numbers, strict=True):
                    found[place][shard.grid] = of_utterance[number]
        return found

    def _recordings(
        self, batch: list[tuple[int, np.ndarray]], segments: Mapping[int, Mapping[Grid, Segments]]
    ) -> Iterator[tuple[int, Recording | ModelError]]:
        """What the model gives for each utterance of a batch, or what is wrong with it."""
        try:
            recordings = self.recorder.record(
                [waveform for _, waveform in batch], [segments.get(place) for place, _ in batch]
            )
            yield from ((place, recording) for (place, _), recording in zip(batch, recordings, strict=True))
        except ModelError as error:
            if len(batch) == 1:
                yield batch[0][0], error
            else:  # each by itself says which it is
                for one in batch:
                    yield from self._recordings([one], segments)

    def _batches(
        self, shard: Shard, places: Sequence[int], rejected: list[Rejection]
    ) -> Iterator[list[tuple[int, np.ndarray]]]:
        """Utterances that go through the model together: equal lengths only, padding changes every frame.

        Which ones travel together follows from the shard alone: those that are committed already go along.
        """
        for group in self._groups(shard):
            batch = []
            for place in group if not set(places).isdisjoint(group) else ():
                try:
                    audio = self._utterance(shard, place).audio
                    batch.append((place, read_audio(audio, self.model.sample_rate, self.note)))
                except CorpusError as error:
                    if place in places:
                        self._reject(rejected, shard.names[place], error)
            if batch:
                yield batch

    def _groups(self, shard: Shard) -> Iterator[list[int]]:
        """Places of utterances of equal length, at most ``batch`` together, the longest first.

        In that order the memory that a pass wants is there from the pass before, and torch sets its convolutions up
        once for all utterances of a length: a tenth less time than in the order of the corpus.
        """
        by_length: dict[int, list[int]] = {}
        for place, name in enumerate(shard.names):
            known = self.utterances.get(name)
            length = n_samples_at(known.n_samples, known.sample_rate, self.model.sample_rate) if known else 0
            by_length.setdefault(length, []).append(place)
        for _, group in sorted(by_length.items(), reverse=True):
            for start in range(0, len(group), self.settings.batch):
                yield group[start : start + self.settings.batch]

    def _utterance(self, shard: Shard, place: int) -> Utterance:
        name = shard.names[place]
        if name not in self.utterances:
            raise CorpusError(
                f"{name}: planned for corpus {shard.corpus!r}, but not among its files now; restore it, or give the "
                "corpus another name"
            )
        return self.utterances[name]

    def _checked(self, on_grids: Sequence[Shard], place: int, recording: Recording | ModelError) -> Recording:
        if isinstance(recording, ModelError):
            raise recording
        expected = {shard.grid: shard.n_frames[place] for shard in on_grids}
        for site, neurons in zip(self.model.sites, recording.neurons, strict=True):
            if len(neurons) != expected[self.model.grid_of(site)]:
                raise ModelError(
                    f"the model gives {len(neurons)} frames where its grid has {expected[self.model.grid_of(site)]}; "
                    "state the grid with --hop-ms, --offset-ms and --window-ms"
                )
        return recording

    def _reject(self, rejected: list[Rejection], name: str, error: CorpusError | ModelError) -> None:
        if self.settings.on_error == "stop":
            raise error
        rejected.append((name, str(error)))

    def _commit(self, on_grids: Sequence[Shard], n_done: int, found: Recorded) -> None:
        shard = on_grids[0]
        numbers = [shard.utterance_ids[place] for place in found.places]
        properties = self._countable(on_grids)
        frames: dict[Grid, np.ndarray] = {}
        labels: dict[Grid, FrameLabels] = {}
        segments: dict[Grid, dict[int, Segments]] = {}
        for grid in self.model.grids:
            rows = frame_rows(self.state, [shard.name], grid, numbers)
            frames[grid] = rows["frame_id"].to_numpy()
            labels[grid] = label_frames(shard_facts(self.state, shard.corpus, rows), properties)
            if self.settings.segment_means and not grid.is_whole:
                segments[grid] = segments_of(rows)
        grids = [self.model.grid_of(site) for site in self.model.sites]
        neurons = [
            np.concatenate([recording.neurons[layer] for recording in found.recordings])
            for layer in range(len(self.model.sites))
        ]
        widths = [site.n_neurons for site in self.model.sites]
        facts = {
            "model": self.model_name,
            "corpus": shard.corpus,
            "shards": [shard.name],
            "utterance_ids": numbers,
            "n_frames": len(frames[self.model.grid]),
            **asdict(self.model.grid),
            "counted": [prop.name for prop in properties],
        }
        model, recordings = self.model_name, found.recordings
        values = [recording.values for recording in recordings if recording.values]
        with Commit(self.state.layout) as commit:
            commit.add("recordings", recording_rows(model, shard, numbers, recordings))
            commit.add("activations", activation_rows(model, [frames[grid] for grid in grids], neurons, values))
            if self.settings.means:
                commit.add("utterance_means", utterance_mean_rows(model, numbers, recordings))
            commit.add("segment_means", segment_mean_rows(model, grids, segments, numbers, recordings))
            for grid, of_grid in labels.items():
                commit.add("frame_counts", frame_counts(of_grid, grid, self.model_name, shard.corpus))
            of_layers = [labels[grid] for grid in grids]
            counts = activation_counts(of_layers, neurons, widths, self.model_name, shard.corpus)
            commit.add("activation_counts", counts)
            # Two processes that start from the same state take the same name, and only one of them commits.
            name = f"shard-{slug(self.model_name)}-{slug(shard.name)}-{n_done}"
            commit.publish(name, "shard", facts)

    def _countable(self, on_grids: Sequence[Shard]) -> list[Property]:
        """Properties that can be counted on every grid of the model."""
        found, *others = (countable(self.state, shard.corpus, shard.grid) for shard in on_grids)
        return [prop for name, prop in found.items() if all(name in other for other in others)]
