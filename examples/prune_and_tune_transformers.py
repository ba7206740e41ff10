"""Prune a transformers model step by step while it learns to tell speakers apart ([A] §5), and save it as ever.

The budget is the same in every layer, so that one `intermediate_size` says it: what comes out is a folder that
`from_pretrained` loads, with no trace of this package. The folder is the one that was recorded:

    neurons ingest study.warehouse --audio audio --labels alignments --metadata speakers.csv \
        --model transformers:hubert-base-ls960
    python examples/prune_and_tune_transformers.py study.warehouse hubert-base-ls960 --out pruned

[A] Lin, Lin, Lee, Tang, Property Neurons in Self-Supervised Speech Transformers, SLT 2024.
"""

import argparse
import random
from pathlib import Path

import soundfile
import torch
import torchaudio
from torch import Tensor
from transformers import AutoModelForAudioClassification

from queries import connect
from queries.editing import check, pruning_schedule
from queries.masks import mask_layers, select

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("warehouse")
parser.add_argument("model", help="folder or hub name of HuBERT, wav2vec 2.0, WavLM …, as it was recorded")
parser.add_argument("--name", help="of the model in the warehouse; needed where there are several")
parser.add_argument("--out", type=Path, default=Path("pruned"), help="folder for the pruned model")
parser.add_argument("--protect", default="gender", help="properties whose neurons stay; '' = none")
parser.add_argument("--sigma", type=float, default=0.8, help="σ of the property neurons")
parser.add_argument("--to", type=float, default=0.05, help="share of neurons that is left at the end")
parser.add_argument("--steps", type=int, default=6, help="prunings on the way there")
parser.add_argument("--updates", type=int, default=200, help="of the weights, after each pruning")
parser.add_argument("--batch", type=int, default=8, help="utterances in an update")
parser.add_argument("--seconds", type=float, default=2.0, help="of an utterance that an update hears")
parser.add_argument("--lr", type=float, default=1e-4, help="learning rate")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
args = parser.parse_args()
random.seed(args.seed)
torch.manual_seed(args.seed)

# ---- what the warehouse knows

with connect(args.warehouse) as con:
    rows = con.sql(
        "SELECT path, speaker FROM utterances WHERE speaker IS NOT NULL ORDER BY corpus, utterance"
    ).fetchall()
    layers = mask_layers(con, args.name)
    protected = None
    if args.protect:
        protected = select(con, [args.protect], kind="keep", model=args.name, p_sigma=args.sigma, allow_empty=True)
        print("protected per layer:", {layer: len(neurons) for layer, neurons in protected.neurons().items()})
    (normalize, sample_rate), *_ = con.sql(
        "SELECT normalize, sample_rate FROM models WHERE $name IS NULL OR model = $name", {"name": args.name}
    ).fetchall()

speakers = sorted({speaker for _, speaker in rows})
seen: dict[str, int] = {}
train_rows, test_rows = [], []
for path, speaker in rows:  # every fourth utterance of a speaker is kept for the test
    seen[speaker] = seen.get(speaker, 0) + 1
    (test_rows if seen[speaker] % 4 == 2 else train_rows).append((path, speakers.index(speaker)))

# ---- the model: transformers' own classifier, a mean over frames and two linears above the recorded encoder

model = AutoModelForAudioClassification.from_pretrained(
    args.model,
    num_labels=len(speakers),
    label2id={speaker: i for i, speaker in enumerate(speakers)},
    id2label=dict(enumerate(speakers)),
).to(args.device)
model.config.apply_spec_augment = False  # its masks may be longer than what an update hears
if protected is not None:
    print("the mask is for this very encoder, found at", check(model, protected))


def read(path: str) -> Tensor:
    """One utterance (samples,), as the recorded model was given it."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)  # (samples, channels)
    mono = torchaudio.functional.resample(torch.from_numpy(wave.mean(axis=1)), rate, sample_rate)
    return (mono - mono.mean()) / torch.sqrt(mono.var(correction=0) + 1e-7) if normalize else mono


sounds = {path: read(path) for path, _ in rows}  # a small corpus fits into memory; a large one wants a Dataset


def train() -> None:
    """Some updates, with an optimizer of its own: the parameters that pruning sliced are new ones."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    n = int(args.seconds * sample_rate)
    model.train()
    for _ in range(args.updates):
        chosen = random.sample(train_rows, min(args.batch, len(train_rows)))
        waves = [sounds[path] for path, _ in chosen]
        # Equal lengths and no padding: base models normalise over time, so that zeros would change every frame.
        length = min(n, *(len(wave) for wave in waves))
        starts = [random.randint(0, len(wave) - length) for wave in waves]
        x = torch.stack([wave[start : start + length] for wave, start in zip(waves, starts, strict=True)])
        y = torch.tensor([speaker for _, speaker in chosen])  # (batch,)
        loss = model(x.to(args.device), labels=y.to(args.device)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


@torch.no_grad()
def answers(model: torch.nn.Module) -> Tensor:
    """Scores of all speakers (utterances, speakers), for each test utterance by itself and whole."""
    model.eval()
    return torch.cat([model(sounds[path][None].to(args.device)).logits for path, _ in test_rows])


def error(scores: Tensor) -> float:
    """Percent of the test utterances that are given to somebody else."""
    wrong = [row.argmax().item() != speaker for row, (_, speaker) in zip(scores, test_rows, strict=True)]
    return 100 * sum(wrong) / max(len(wrong), 1)


# ---- prune and tune

train()
print(f"whole model: error {error(answers(model)):.1f} %, {model.num_parameters():,} parameters")
# other_weights: the model was trained since it was recorded; its layers and widths are still compared.
for step in pruning_schedule(
    model, layers, to=args.to, steps=args.steps, protected=protected, uniform=True, other_weights=True
):
    train()
    width = model.config.intermediate_size  # pruning keeps it up to date
    found = f"error {error(answers(model)):.1f} %, {model.num_parameters():,} parameters"
    print(f"step {step.step}, {width} neurons a layer: {found}")

# ---- save, and load as any model of transformers

model.save_pretrained(args.out)
step.kept.save(args.out / "kept.safetensors")  # which of the recorded neurons remain
again = AutoModelForAudioClassification.from_pretrained(args.out).to(args.device)
assert torch.equal(answers(again), answers(model))
print("saved in", args.out)
