"""Masked prediction of k-means targets, as MelHuBERT learns: the encoder that the other studies start from."""

import json
import os
from pathlib import Path

import altair as alt
import numpy as np
import polars as pl
import torch
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor, nn

from benchmarks.replication.augment import augmented
from benchmarks.replication.recording import WAREHOUSE, record, record_all
from benchmarks.replication.report import Page
from benchmarks.replication.settings import PRETRAINED, PRETRAINING, SOME_PRETRAINING, SPARSITY, Options
from benchmarks.replication.speech import Speech, load_speech
from benchmarks.replication.tune import sparse_activations
from ingest.models.mel import TINY, save_mel_encoder
from ingest.models.mel_encoder import MelEncoder, MelEncoderConfig, standardized
from queries import connect
from queries.neurons_per_layer import neurons_per_layer

CONFIG = MelEncoderConfig(activation="relu", dropout=0.0)
CLUSTERS, FRAMES, BATCH = 200, 100, 32
SPAN, HIDDEN = 10, 0.065
"""Frames of a hidden span, and the chance that one starts at a frame: about half of the frames are hidden, as in
HuBERT."""


def targets(speech: Speech, seed: int) -> Tensor:
    """Cluster of every frame (frames,): k-means on two stacked log-mel frames, standardised per utterance."""
    stacked = torch.cat(
        [
            standardized(speech.mel[a:b].reshape(1, -1, speech.mel.shape[2])).reshape(b - a, -1)
            for a, b in zip(speech.starts[:-1], speech.starts[1:], strict=True)
        ]
    ).numpy()
    seen = np.repeat(speech.train_part, speech.lengths)
    means = MiniBatchKMeans(CLUSTERS, batch_size=4096, n_init=3, max_iter=30, random_state=seed).fit(stacked[seen])
    return torch.from_numpy(means.predict(stacked)).long()


def pretrain(
    speech: Speech, folder: Path, *, steps: int, keep: tuple[int, ...], sparsity: float, seed: int = 0, every: int = 250
) -> None:
    """Pretrain on the ``train`` folder's audio, and leave the encoder after each of ``keep`` steps in ``folder``.

    Interrupted, it goes on from the last of its checkpoints, ``every`` steps apart, to the very same weights.
    """
    torch.manual_seed(seed)
    encoder = MelEncoder(CONFIG)
    head = nn.Linear(CONFIG.width, CLUSTERS)
    module = nn.ModuleList([encoder, head])
    peak = 1.5e-3
    optimizer = torch.optim.AdamW(module.parameters(), peak, betas=(0.9, 0.98), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peak, steps, pct_start=0.1)
    done = _resume(folder, module, optimizer, schedule)
    if done >= steps:
        return
    wanted = targets(speech, seed)
    utterances = np.flatnonzero(speech.train_part)
    weight = speech.lengths[utterances] / speech.lengths[utterances].sum()
    module.train()
    past = folder / "history.json"
    history = json.loads(past.read_text()) if past.exists() else {}
    mean_loss, right = np.log(CLUSTERS), 0.0
    with sparse_activations(encoder) as activity:
        for step in range(done, steps):
            draw = np.random.default_rng((seed, step))
            random = torch.Generator().manual_seed(seed * 1_000_003 + step)
            at = speech.crops(draw.choice(utterances, BATCH, p=weight), FRAMES, draw)
            hidden = _hidden(draw)
            with torch.autocast("cpu", torch.bfloat16):
                frames = encoder.encode(augmented(speech.mel_of(at), random), hidden=hidden)
                scores = head(frames[hidden]).float()
            truth = wanted[torch.from_numpy(at)][hidden]
            loss = nn.functional.cross_entropy(scores, truth)
            (loss + sparsity * min(1.0, step / 500) * activity()).backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
            mean_loss = 0.98 * mean_loss + 0.02 * loss.item()
            right = 0.98 * right + 0.02 * (scores.argmax(1) == truth).float().mean().item()
            if (step + 1) % every == 0 or step + 1 in keep:
                print(f"pretraining, step {step + 1}: loss {mean_loss:.3f}, right {right:.1%}", flush=True)
                history[str(step + 1)] = {"loss": mean_loss, "right": right, "activity": activity().item()}
                state = {"module": module.state_dict(), "optimizer": optimizer.state_dict()}
                past.write_text(json.dumps(history))
                _save({**state, "schedule": schedule.state_dict(), "step": step + 1}, folder / "checkpoint.pt")
                if step + 1 in keep:
                    _save(encoder.state_dict(), encoder_file(folder, step + 1))


def encoder_file(folder: Path, steps: int) -> Path:
    """Where the encoder after so many steps lies."""
    return folder / f"encoder-{steps}.pt"


def load_encoder(folder: Path, steps: int) -> MelEncoder:
    """The encoder after so many steps; after none, seeded random weights."""
    torch.manual_seed(0)
    encoder = MelEncoder(CONFIG)
    if steps:
        encoder.load_state_dict(torch.load(encoder_file(folder, steps), weights_only=True))
    return encoder


def _hidden(draw: np.random.Generator) -> Tensor:
    starts = draw.random((BATCH, FRAMES)) < HIDDEN
    starts[:, draw.integers(0, FRAMES - SPAN)] = True  # no batch without hidden frames
    hidden = np.zeros_like(starts)
    for shift in range(SPAN):
        hidden[:, shift:] |= starts[:, : FRAMES - shift]
    return torch.from_numpy(hidden)


def _resume(folder: Path, module: nn.Module, optimizer: torch.optim.Optimizer, schedule: object) -> int:
    path = folder / "checkpoint.pt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        return 0
    state = torch.load(path, weights_only=True)
    module.load_state_dict(state["module"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])  # type: ignore[attr-defined]
    return state["step"]


def _save(state: object, path: Path) -> None:
    aside = path.with_suffix(".partial")
    torch.save(state, aside)
    os.replace(aside, path)


def prepare(options: Options) -> None:
    """The warehouse with labels and F0, and the pretrained encoder recorded in it: what all studies start from."""
    options.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    warehouse = record_all(MelEncoder(CONFIG), "untrained", options.speech, options.work)
    folder = options.work / "pretrain"
    pretrain(
        load_speech(warehouse, options.work),
        folder,
        steps=PRETRAINING,
        keep=(SOME_PRETRAINING, PRETRAINING),
        sparsity=SPARSITY,
    )
    record(load_encoder(folder, PRETRAINING), PRETRAINED, options.speech, options.work)


def study(options: Options) -> Page:
    """The course of the pretraining, and how many neurons of the encoder are of a property, before and after it."""
    history = json.loads((options.work / "pretrain" / "history.json").read_text())
    rows = [[step, f"{at['loss']:.2f}", f"{at['right']:.1%}", f"{at['activity']:.1f}"] for step, at in history.items()]
    with connect(options.work / WAREHOUSE, comments=False) as con:
        sizes = [
            [found.property, *(str(sum(found.property_neurons.values())) for found in pair)]
            for found, *pair in (
                (a, a, b)
                for a, b in zip(
                    neurons_per_layer(con, PROPERTIES, p_model="untrained", p_corpus="sets"),
                    neurons_per_layer(con, PROPERTIES, p_model=PRETRAINED, p_corpus="sets"),
                    strict=True,
                )
            )
        ]
    data = pl.DataFrame([{"step": int(step), "frames predicted right": at["right"]} for step, at in history.items()])
    chart = (
        alt.Chart(data)
        .mark_line(point=True)
        .encode(alt.X("step:Q"), alt.Y("frames predicted right:Q", axis=alt.Axis(format="%")))
    )
    save_mel_encoder(load_encoder(options.work / "pretrain", PRETRAINING), TINY, NOTES)
    return Page(
        "pretrain",
        "Pretraining a small log-mel encoder",
        [
            f"An encoder of {CONFIG.blocks} blocks, width {CONFIG.width}, {CONFIG.neurons} {CONFIG.activation} neurons "
            f"a block, learns to predict hidden frames' clusters (k-means, {CLUSTERS} of them, on two stacked "
            "frames of "
            "40 log-mel energies) from the audio of 40 speakers (0.76 h), each crop through a random channel, in spans "
            f"of {SPAN} frames that hide about half of them. A penalty of {SPARSITY:g} on Σ|activation| keeps neurons "
            "rare. The command leaves the weights in `ingest/models/mel_tiny.safetensors` (half precision): `mel:tiny` "
            "loads them, and `neurons demo` records them.",
        ],
        [
            (
                "Loss and hidden frames predicted right (running means; chance is 0.5%):",
                ("step", "loss", "right", "activity"),
                rows,
            ),
            ("Property neurons (σ = 0.8, all layers):", ("property", "random weights", "pretrained"), sizes),
        ],
        chart.properties(width=480, height=260).configure(background="white"),
        {"settings": {"steps": PRETRAINING, "clusters": CLUSTERS, "sparsity": SPARSITY}, "history": history},
    )


PROPERTIES = ("phone_class", "gender", "pitch")
NOTES = {
    "made_by": "python -m benchmarks.replication pretrain",
    "audio": "speechocean762 (Zhang et al. 2021), 40 speakers, 0.76 h",
}
