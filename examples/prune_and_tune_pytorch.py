"""Prune a speech model step by step while it learns to tell speakers apart ([A] §5): plain PyTorch and torchaudio.

The warehouse says which neurons answer to gender; those are protected, the weakest of the others go, and between two
steps the model is trained on what is left. Give the model as it was recorded:

    neurons ingest study.warehouse --audio audio --labels alignments --metadata speakers.csv \
        --model torchaudio:HUBERT_BASE
    python examples/prune_and_tune_pytorch.py study.warehouse --model torchaudio:HUBERT_BASE --out pruned

[A] Lin, Lin, Lee, Tang, Property Neurons in Self-Supervised Speech Transformers, SLT 2024.
"""

import argparse
import csv
import random
from pathlib import Path

import soundfile
import torch
import torchaudio
from torch import Tensor, nn

from ingest import load
from queries import Mask, connect
from queries.editing import check, erased, load_pruned, pruning_schedule, save_pruned
from queries.masks import mask_layers, select, whole_model

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("warehouse")
parser.add_argument("--model", required=True, help="SPEC as for neurons ingest, of a torchaudio model")
parser.add_argument("--weights", help="file with the model's weights")
parser.add_argument("--random-init", type=int, help="seed of random weights")
parser.add_argument("--out", type=Path, default=Path("pruned"), help="folder for what comes out")
parser.add_argument("--protect", default="gender", help="properties whose neurons stay; '' = none")
parser.add_argument("--mask", help="a keep mask that neurons export wrote, instead of --protect")
parser.add_argument("--sigma", type=float, default=0.8, help="σ of the property neurons")
parser.add_argument("--to", type=float, default=0.05, help="share of neurons that is left at the end")
parser.add_argument("--steps", type=int, default=6, help="prunings on the way there")
parser.add_argument("--uniform", action="store_true", help="as many neurons in every layer")
parser.add_argument("--updates", type=int, default=200, help="of the weights, after each pruning")
parser.add_argument("--batch", type=int, default=8, help="utterances in an update")
parser.add_argument("--seconds", type=float, default=2.0, help="of an utterance that an update hears")
parser.add_argument("--lr", type=float, default=1e-4, help="learning rate")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
args = parser.parse_args()
random.seed(args.seed)
torch.manual_seed(args.seed)

# ---- what the warehouse knows: who speaks where, and which neurons answer to what

with connect(args.warehouse) as con:
    rows = con.sql(
        "SELECT path, speaker, gender FROM utterances WHERE speaker IS NOT NULL ORDER BY corpus, utterance"
    ).fetchall()
    if args.mask:
        protected = Mask.load(args.mask, layers=mask_layers(con), kind="keep")
    elif args.protect:
        protected = select(con, [args.protect], kind="keep", p_sigma=args.sigma, allow_empty=True)
    else:
        protected = ~whole_model(con, "keep")  # no neuron at all
print("protected per layer:", {layer: len(neurons) for layer, neurons in protected.neurons().items()})

speakers = sorted({speaker for _, speaker, _ in rows})
seen: dict[str, int] = {}
train_rows, test_rows = [], []
for path, speaker, gender in rows:  # every fourth utterance of a speaker is kept for the test
    seen[speaker] = seen.get(speaker, 0) + 1
    (test_rows if seen[speaker] % 4 == 2 else train_rows).append((path, speakers.index(speaker), gender))

# ---- the model: the recorded encoder, and a head over the mean of its last layer


class SpeakerIdentifier(nn.Module):
    """Encoder, mean over frames, one linear."""

    def __init__(self, encoder: nn.Module, d: int, n_speakers: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(d, n_speakers)

    def forward(self, waves: Tensor) -> Tensor:
        """Scores of the speakers (batch, speakers) for sound (batch, samples)."""
        layers, _ = self.encoder.extract_features(waves)  # one (batch, frames, d) a block
        return self.head(layers[-1].mean(dim=1))  # (batch, speakers)


def build() -> SpeakerIdentifier:
    """The model before it is pruned; load_pruned wants it so, too."""
    speech = load(args.model, weights=args.weights, random_init=args.random_init)
    d = speech.module.get_submodule(protected.layers[-1].out_module).out_features
    return SpeakerIdentifier(speech.module, d, len(speakers))


speech = load(args.model, weights=args.weights, random_init=args.random_init)  # knows how the model wants its sound
model = build().to(args.device)
print("the mask is for this very model, found at", check(model, protected))


def read(path: str) -> Tensor:
    """One utterance (samples,) at the model's rate, normalised if the model wants it."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (samples, channels)
    mono = torch.from_numpy(wave.mean(axis=1))
    mono = torchaudio.functional.resample(mono, rate, speech.sample_rate)
    return speech.waveforms([mono.numpy()])[0]


sounds = {path: read(path) for path, _, _ in rows}  # a small corpus fits into memory; a large one wants a DataLoader


def train() -> None:
    """Some updates, with an optimizer of its own: the parameters that pruning sliced are new ones."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    n = int(args.seconds * speech.sample_rate)
    model.train()
    for _ in range(args.updates):
        chosen = random.sample(train_rows, min(args.batch, len(train_rows)))
        waves = [sounds[path] for path, _, _ in chosen]
        # Equal lengths and no padding: base models normalise over time, so that zeros would change every frame.
        length = min(n, *(len(wave) for wave in waves))
        starts = [random.randint(0, len(wave) - length) for wave in waves]
        x = torch.stack([wave[start : start + length] for wave, start in zip(waves, starts, strict=True)])
        y = torch.tensor([speaker for _, speaker, _ in chosen])  # (batch,)
        loss = nn.functional.cross_entropy(model(x.to(args.device)), y.to(args.device))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@torch.no_grad()
def errors(model: nn.Module) -> dict[str, float]:
    """Percent of the test utterances that are given to somebody else: of all, and by gender."""
    model.eval()
    wrong: dict[str, list[bool]] = {"all": []}
    for path, speaker, gender in test_rows:  # one at a time, whole
        missed = model(sounds[path][None].to(args.device)).argmax(dim=1).item() != speaker
        for group in ("all", gender or "unknown"):
            wrong.setdefault(group, []).append(missed)
    return {group: 100 * sum(missed) / max(len(missed), 1) for group, missed in wrong.items()}


def told(by_group: dict[str, float]) -> str:
    """Errors in one line."""
    return "  ".join(f"{group} {percent:5.1f} %" for group, percent in by_group.items())


# ---- train, look at what the protected neurons are worth, prune and tune

train()
print(f"whole model          errors: {told(errors(model))}")
for name, mask in (("protected", protected), ("random", protected.random_like(args.seed))):
    # ~ of a keep mask keeps all but these: they are erased within this block, and back after it ([A] Table 1).
    with erased(model, ~mask, other_weights=True):
        print(f"{name + ' erased':20s} errors: {told(errors(model))}")

args.out.mkdir(parents=True, exist_ok=True)
with open(args.out / "steps.csv", "w", newline="") as file:
    log = csv.writer(file)
    log.writerow(["step", "density", "neurons", "protected", "parameters", "error"])
    # other_weights: the model was trained since it was recorded; its layers and widths are still compared.
    for step in pruning_schedule(
        model,
        protected.layers,
        to=args.to,
        steps=args.steps,
        protected=protected,
        uniform=args.uniform,
        other_weights=True,
    ):
        train()
        found = errors(model)
        n_parameters = sum(weight.numel() for weight in model.parameters())
        remain = len(step.kept & protected)
        log.writerow([step.step, step.density, step.n_neurons, remain, n_parameters, found["all"]])
        print(f"{step.n_neurons:6d} neurons left   errors: {told(found)}   ({remain} of the protected are there)")

# ---- save, and load into a model that was built as before

save_pruned(model, args.out / "model.safetensors", step.kept)
step.kept.save(args.out / "kept.safetensors")  # which of the recorded neurons remain, for SQL and for other scripts
again = build().to(args.device)
kept = load_pruned(again, args.out / "model.safetensors")
assert kept == step.kept
assert errors(again) == errors(model)
print("neurons left per layer:", {layer: len(neurons) for layer, neurons in kept.neurons().items()})
print("saved in", args.out)
