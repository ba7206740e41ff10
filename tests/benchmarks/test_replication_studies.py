"""The studies from end to end, on eight synthetic voices and with two steps of everything: that they run, not what
they find.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch

from ingest.models.mel_encoder import MelEncoder

pytest.importorskip("espeakng_loader", reason="the extra [demo] is not installed")

from benchmarks.replication import compare, figure_6, figure_9, one_speaker, pretrain, report, settings, table_1
from benchmarks.replication.speech import Speech

SEEDS = 2


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four voices in each of the folders ``train`` and ``eval``."""
    from ingest.corpora.spoken import speak_corpus

    folder = tmp_path_factory.mktemp("speech")
    spoken = speak_corpus(folder / "all", n_sentences=5)
    rows = list(csv.DictReader(spoken.utterances.open()))
    speakers = sorted({row["speaker"] for row in rows})
    for part, chosen in (("train", speakers[::2]), ("eval", speakers[1::2])):
        for speaker in chosen:
            for kind in ("audio", "alignments"):
                shutil.copytree(folder / "all" / kind / speaker, folder / part / kind / speaker)
        with open(folder / part / "utterances.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(row for row in rows if row["speaker"] in chosen)
    shutil.rmtree(folder / "all")
    return folder


@pytest.mark.slow
def test_every_study_leaves_its_page(voices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in settings.STEPS:
        monkeypatch.setitem(settings.STEPS, task, 2)
    monkeypatch.setattr(compare, "RESAMPLES", 20)
    monkeypatch.setattr(figure_6, "BRIEF_STEPS", 1)
    monkeypatch.setattr(figure_9, "BETWEEN_STEPS", 1)
    monkeypatch.setattr(pretrain, "CLUSTERS", 8)
    monkeypatch.setattr(pretrain, "PRETRAINING", 2)
    monkeypatch.setattr(pretrain, "SOME_PRETRAINING", 1)
    monkeypatch.setattr(pretrain, "TINY", tmp_path / "tiny.safetensors")
    docs = tmp_path / "docs"
    work = tmp_path / "work"
    options = settings.Options(voices, work, SEEDS, 1)
    pretrain.prepare(options)
    report.write(pretrain.study(options), "pretrain", docs)
    assert (tmp_path / "tiny.safetensors").stat().st_size < 10_000_000
    for steps in (settings.SOME_PRETRAINING, settings.PRETRAINING):  # stand-ins for what thousands of steps leave
        torch.save(MelEncoder(pretrain.CONFIG).state_dict(), pretrain.encoder_file(work / "pretrain", steps))
    for study in (table_1, figure_6, figure_9, one_speaker, compare):
        report.write(study.study(options), study.__name__, docs)
    table_1.study(options)  # from what is there
    found = {path.name for path in docs.iterdir()}
    studies = ("pretrain", "table_1", "figure_6", "figure_9", "one_speaker", "compare")
    assert found == {f"{study}.{kind}" for study in studies for kind in ("md", "json", "png")}
    numbers = json.loads((docs / "table_1.json").read_text())
    assert len(numbers["units"]) == 2 * SEEDS + 1
    assert numbers["versions"]["torch"] == torch.__version__.partition("+")[0]


@pytest.mark.slow
def test_pretraining_that_was_killed_goes_on_to_the_same_weights(
    speech: Speech, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrain, "CLUSTERS", 8)

    def learn(folder: str) -> None:
        pretrain.pretrain(speech, tmp_path / folder, steps=4, keep=(4,), sparsity=1e-4, every=2)

    learn("whole")
    with monkeypatch.context() as killed:
        calls = iter(range(3))
        hear = pretrain.augmented
        killed.setattr(pretrain, "augmented", lambda *given: (next(calls), hear(*given))[1])
        with pytest.raises(StopIteration):
            learn("parts")
    assert not pretrain.encoder_file(tmp_path / "parts", 4).exists()
    learn("parts")
    whole, parts = (torch.load(tmp_path / folder / "encoder-4.pt", weights_only=True) for folder in ("whole", "parts"))
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
