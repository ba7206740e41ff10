"""Published checkpoints are read without trust: what is admitted, what is refused, and that nothing ever runs."""

import argparse
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ingest.models import load
from ingest.models.checkpoints import Vocabulary, each_read_once, peek, read_checkpoint
from ingest.models.weights import read_saved, read_state
from warehouse.errors import ModelError

STATE = {"fc1.weight": torch.arange(6.0).reshape(2, 3)}


class RunsCode:
    """What a hostile checkpoint holds."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[Path]]:
        return Path.touch, (self.mark,)


MODULES = ("fairseq", "fairseq.data", "fairseq.data.dictionary")


@pytest.fixture
def dictionary(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class called as fairseq's vocabulary is, to write a file with."""
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    made = type("Dictionary", (), {"__module__": MODULES[-1]})
    sys.modules[MODULES[-1]].Dictionary = made  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("legacy", [False, True])
def test_what_fairseq_and_melhubert_save_is_read(tmp_path: Path, dictionary: type, legacy: bool) -> None:
    file = tmp_path / "hubert.pt"
    vocabulary = dictionary()
    vocabulary.symbols, vocabulary.indices = ["<s>", "a"], {"<s>": 0, "a": 1}
    saved = {
        "model": STATE,
        "cfg": {"model": {"encoder_layers": 2, "conv": "[(1,2,3)]", "dropout": 0.1, "none": None}},
        "args": argparse.Namespace(w2v_args=argparse.Namespace(encoder_layers=2)),
        "task_state": {"dictionaries": [vocabulary]},
        "extra_state": {"metrics": [1, 2.5, "x", (True, None)]},
    }
    torch.save(saved, file, _use_new_zipfile_serialization=not legacy)
    for name in MODULES:
        del sys.modules[name]
    read = read_checkpoint(file)
    assert torch.equal(read["model"]["fc1.weight"], STATE["fc1.weight"])
    assert read["cfg"] == saved["cfg"]
    assert read["args"] == saved["args"]
    (stand_in,) = read["task_state"]["dictionaries"]
    assert type(stand_in) is Vocabulary
    assert vars(stand_in) == {}
    assert "fairseq" not in sys.modules


def test_what_is_admitted_is_admitted_for_one_file_only(tmp_path: Path) -> None:
    torch.save({"model": STATE, "args": argparse.Namespace(a=1)}, tmp_path / "a.pt")
    before = set(torch.serialization.get_safe_globals())
    read_checkpoint(tmp_path / "a.pt")
    assert set(torch.serialization.get_safe_globals()) == before  # in no order
    with pytest.raises(ModelError, match=r"holds argparse\.Namespace and would run code when loaded: save its state"):
        read_state(tmp_path / "a.pt")


def hostile(path: Path, mark: Path) -> None:
    torch.save({"model": STATE, "cfg": RunsCode(mark)}, path)


def hostile_legacy(path: Path, mark: Path) -> None:
    torch.save({"model": STATE, "cfg": RunsCode(mark)}, path, _use_new_zipfile_serialization=False)


def hostile_inside_what_is_admitted(path: Path, mark: Path) -> None:
    torch.save({"model": STATE, "Args": argparse.Namespace(inner=RunsCode(mark))}, path)


def hostile_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps({"model": RunsCode(mark)}, protocol=2))


def hostile_new_pickle(path: Path, mark: Path) -> None:
    path.write_bytes(pickle.dumps({"model": RunsCode(mark)}, protocol=5))


@pytest.mark.parametrize(
    "write", [hostile, hostile_legacy, hostile_inside_what_is_admitted, hostile_pickle, hostile_new_pickle]
)
def test_a_checkpoint_cannot_run_code(tmp_path: Path, write: Callable[[Path, Path], None]) -> None:
    file, mark = tmp_path / "w.pt", tmp_path / "mark"
    write(file, mark)
    for spec in (f"fairseq:{file}", f"melhubert:{file}", str(file)):
        with pytest.raises(ModelError) as caught:
            load(spec)
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not mark.exists()
    with pytest.raises(ModelError):
        read_state(file)
    assert not mark.exists()
    # Loaded with trust, each of these files does it.
    pickle.loads(file.read_bytes()) if "pickle" in write.__name__ else torch.load(file, weights_only=False)
    assert mark.exists()


def test_the_refusal_names_what_a_file_holds_and_what_to_do(tmp_path: Path) -> None:
    hostile(tmp_path / "w.pt", tmp_path / "mark")
    with pytest.raises(ModelError) as caught:
        read_checkpoint(tmp_path / "w.pt")
    message = str(caught.value)
    assert "pathlib.Path.touch" in message or "builtins.getattr" in message
    assert message.endswith(
        "would run code when loaded: save {'model': state_dict, 'cfg': a plain dict} with torch.save"
    )
    hostile_legacy(tmp_path / "old.pt", tmp_path / "mark")
    with pytest.raises(ModelError, match=r"old\.pt holds [\w.]+ and would run code when loaded"):
        read_checkpoint(tmp_path / "old.pt")


def truncated(path: Path) -> None:
    torch.save({"model": {"w": torch.zeros(5000)}, "cfg": {}}, path)
    path.write_bytes(path.read_bytes()[:9_000])


@pytest.mark.parametrize("family", ["fairseq", "melhubert"])
@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda path: None, "no checkpoint at"),
        (lambda path: path.mkdir(), "no checkpoint at"),
        (truncated, "cannot be read as weights.*truncated one; fetch it again"),
        (lambda path: path.write_text("hello"), "cannot be read as weights"),
        (lambda path: path.write_bytes(b""), "cannot be read as weights"),
        (lambda path: torch.save([1, 2], path), "holds a list, no checkpoint: save"),
        (lambda path: torch.save({1: 2}, path), "holds a dict, no checkpoint: save"),
        (lambda path: torch.save({}, path), "holds nothing, not"),
        (lambda path: torch.save(STATE, path), r"holds 'fc1\.weight', not"),
        (lambda path: torch.save({"state_dict": STATE, "epoch": 3}, path), "holds 'epoch', 'state_dict', not"),
    ],
)
def test_bad_files_are_refused_in_one_line(
    tmp_path: Path, family: str, write: Callable[[Path], object], words: str
) -> None:
    file = tmp_path / "w.pt"
    write(file)
    with pytest.raises(ModelError, match=words) as caught:
        load(f"{family}:{file}")
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bare_path_is_looked_into(tmp_path: Path) -> None:
    file = tmp_path / "w.pt"
    assert peek(str(file)) is None
    truncated(file)
    with pytest.raises(ModelError, match="truncated"):
        load(str(file))
    torch.save(STATE, file)
    with pytest.raises(ModelError, match=r"say how to read it, as one of .*fairseq:FILE, melhubert:FILE, .*--weights"):
        load(str(file))
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    assert peek(str(other)) is None


@pytest.mark.parametrize("name", ["w.pt", "w.ckpt", "w.safetensors", "./hubert_base", "folder/w.bin"])
def test_a_path_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        load(name)
    assert str(caught.value) == (
        f"{name}: there is no such file or folder; give the path of one, or the name of a model"
    )


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is a folder without config\.json: give one that save_pretrained wrote$"):
        load(str(tmp_path))


class BuiltWith:
    """Pickled as a call of ``Namespace`` with an argument that it does not take."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[int]]:
        return argparse.Namespace, (1,)


def script(path: Path) -> None:
    torch.jit.script(torch.nn.Linear(2, 2)).save(path)


def no_instruction(path: Path) -> None:
    torch.save({"model": STATE, "args": argparse.Namespace(encoder_layers=2)}, path)
    content = bytearray(path.read_bytes())
    at = content.index(b"encoder_layers")
    content[at - 6 : at] = b"\xff" * 6
    path.write_bytes(content)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("write", "words"),
    [
        (script, r"is TorchScript, a program: .* save its state_dict\(\) with torch\.save$"),
        (no_instruction, "cannot be read as weights: what is pickled in it is damaged; fetch it again$"),
        (
            lambda path: torch.save({"model": STATE, "args": BuiltWith()}, path),
            r"what is pickled in it cannot be put together \(TypeError: Namespace.*\); save \{'model'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_apart(tmp_path: Path, write: Callable[[Path], None], words: str) -> None:
    write(tmp_path / "w.pt")
    with pytest.raises(ModelError, match=words) as caught:
        load(str(tmp_path / "w.pt"))
    assert "run code" not in str(caught.value)
    assert "truncated" not in str(caught.value)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_is_read_once_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool) -> None:
    file, read = tmp_path / "w.pt", []

    def counted(path: Path, remedy: str) -> object:
        read.append(path)
        return read_saved(path, remedy)

    monkeypatch.setattr("ingest.models.checkpoints.read_saved", counted)
    for key, words in (("melhubert", "lacks encoder_embed_dim"), ("other", "say how to read it")):
        torch.save({"model": STATE, "Upstream_Config": {key: {}}}, file, _use_new_zipfile_serialization=not legacy)
        with pytest.raises(ModelError, match=words):
            load(str(file))
        assert read == [file]
        read.clear()
    assert read_checkpoint(file) is not read_checkpoint(file)
    with each_read_once():
        first = read_checkpoint(file)
        assert read_checkpoint(file) is first
        torch.save({"model": {"a": torch.zeros(9)}}, file)
        assert read_checkpoint(file).keys() == {"model"}


def test_unknown_names_are_told_every_kind() -> None:
    with pytest.raises(ModelError) as caught:
        load("qqq")
    for kind in ("torchaudio:hubert_base", "fairseq:FILE", "melhubert:FILE", "mel:tiny", "python:MODULE:FUNCTION"):
        assert kind in str(caught.value)


def test_only_melhubert_takes_the_mean_of_its_input() -> None:
    with pytest.raises(ModelError, match="--mean-std is for MelHuBERT, and 'mel:tiny' is read as mel: leave it out"):
        load("mel:tiny", mean_std="x.npy")
