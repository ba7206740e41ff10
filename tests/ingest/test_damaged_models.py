"""Folders of transformers that are damaged, or of another model: refused in one line that names the remedy."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ingest.models import load
from warehouse.errors import ModelError

transformers = pytest.importorskip("transformers", reason="the extra neuron-warehouse[transformers] is not installed")
safetensors = pytest.importorskip("safetensors.torch")

Damage = Callable[[Path], object]


def hubert(folder: Path) -> None:
    config = transformers.HubertConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=200,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
    )
    transformers.HubertModel(config).save_pretrained(folder)


def whisper(folder: Path, kind: str = "Model") -> None:
    config = transformers.WhisperConfig(
        d_model=32,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=100,
        decoder_ffn_dim=64,
        num_mel_bins=16,
        max_source_positions=50,
        vocab_size=60,
        pad_token_id=1,
        bos_token_id=2,
        eos_token_id=3,
    )
    getattr(transformers, f"Whisper{kind}")(config).save_pretrained(folder)


def bert(folder: Path) -> None:
    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=40, vocab_size=20
    )
    transformers.BertModel(config).save_pretrained(folder)


def whisper_decoder(folder: Path) -> None:
    whisper(folder, "ForCausalLM")


def speech_to_text(folder: Path) -> None:
    sizes = {f"{side}_{key}": n for side in ("encoder", "decoder") for key, n in (("layers", 1), ("ffn_dim", 40))}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = transformers.Speech2TextConfig(d_model=32, vocab_size=30, **sizes, **heads)
    transformers.Speech2TextModel(config).save_pretrained(folder)


def cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-500])


def without(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def writing(name: str, text: str) -> Damage:
    return lambda folder: (folder / name).write_text(text)


def setting(**values: object) -> Damage:
    def damage(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return damage


def without_weights(part: str) -> Damage:
    def damage(folder: Path) -> None:
        file = folder / "model.safetensors"
        state = {k: v for k, v in safetensors.load_file(file).items() if not k.startswith(part)}
        safetensors.save_file(state, file, metadata={"format": "pt"})

    return damage


def nothing(folder: Path) -> None:
    pass


PREPROCESSOR = "preprocessor_config.json"


@pytest.mark.parametrize(
    ("make", "damage", "words"),
    [
        (hubert, cut, "cannot be read .*: fetch its weights again, or state --weights FILE"),
        (whisper, cut, "cannot be read .*: fetch its weights again"),
        (hubert, writing("model.safetensors", ""), "cannot be read .*: fetch its weights again"),
        (hubert, without("model.safetensors"), r"no file named model\.safetensors.*: fetch its weights again"),
        (hubert, without("config.json"), "no config.json is there; give the folder that save_pretrained wrote"),
        (hubert, writing("config.json", "{"), "not a valid JSON file.*fetch its config.json again"),
        (hubert, setting(model_type="nonsense"), "cannot be read .*nonsense"),
        (hubert, setting(num_attention_heads=5), "must be divisible .*: mend its config.json"),
        (hubert, setting(conv_kernel=[1, 2]), "cannot be read .*config.json"),
        (hubert, setting(intermediate_size=100), "cannot be read|lacks weights"),
        (
            hubert,
            without_weights("encoder.layers.1."),
            r"lacks weights of HubertModel: encoder\.layers\.1\..* \d+ more",
        ),
        (whisper, without_weights("encoder."), r"lacks weights of WhisperModel: encoder\..* and \d+ more; fetch its"),
        (
            whisper,
            setting(encoder_layers=0),
            "cannot be read|lacks|no feed-forward networks in encoder of WhisperModel",
        ),
        (hubert, writing(PREPROCESSOR, "{"), "cannot be read .*: mend its preprocessor_config.json"),
        (hubert, writing(PREPROCESSOR, "[1]"), "holds no settings of a feature extractor"),
        (hubert, writing(PREPROCESSOR, '{"sampling_rate": "fast"}'), "mend its preprocessor_config.json"),
        (whisper, writing(PREPROCESSOR, '{"feature_size": "many"}'), "mend its preprocessor_config.json"),
        (whisper, writing(PREPROCESSOR, '{"feature_size": 1}'), "makes 1 values a frame where the encoder wants 16"),
        (bert, nothing, "a BertModel, which takes input_ids and has no encoder of speech .*python:module:function"),
        (whisper_decoder, nothing, "a WhisperForCausalLM, which takes input_ids .*: give one of HuBERT, .* or Whisper"),
        (speech_to_text, nothing, "a Speech2TextModel, which takes input_features .*python:module:function"),
        (bert, cut, "a BertModel, which takes input_ids"),
    ],
)
def test_a_damaged_or_foreign_folder(tmp_path: Path, make: Damage, damage: Damage, words: str) -> None:
    make(tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=words) as caught:
        load(f"transformers:{tmp_path}")
    assert "\n" not in str(caught.value)
    if "no feed-forward" not in str(caught.value):
        assert str(tmp_path) in str(caught.value)


class Answering(io.StringIO):
    """A terminal at which somebody would say yes, and which knows whether they were asked."""

    asked = False

    def readline(self, *_: object) -> str:
        self.asked = True
        return "y\n"


CODE = """
from pathlib import Path
(Path(__file__).parent / "ran").touch()
Path({mark!r}).touch()
from transformers import HubertModel as Model, PreTrainedConfig
class Config(PreTrainedConfig): model_type = "own"
"""


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answering:
    terminal = Answering()
    monkeypatch.setattr("sys.stdin", terminal)
    return terminal


@pytest.mark.parametrize("scheme", ["transformers:", ""])
@pytest.mark.parametrize("random_init", [None, 1])
def test_code_in_a_folder_is_never_run(
    tmp_path: Path, answers: Answering, monkeypatch: pytest.MonkeyPatch, scheme: str, random_init: int | None
) -> None:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder, mark = tmp_path / "evil", tmp_path / "ran"
    folder.mkdir()
    (folder / "conf.py").write_text(CODE.format(mark=str(mark)))
    own = {"AutoConfig": "conf.Config", "AutoModel": "conf.Model"}
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "architectures": ["Model"], "auto_map": own}))
    with pytest.raises(ModelError) as caught:
        load(f"{scheme}{folder}", random_init=random_init)
    assert str(caught.value) == (
        f"transformers:{folder} wants to run code of its own, which is never done: load it in a function of your own "
        "and name it python:module:function"
    )
    assert not answers.asked
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil"]
    assert not (folder / "ran").exists()


def test_a_known_model_is_loaded_without_the_code_beside_it(tmp_path: Path, answers: Answering) -> None:
    hubert(tmp_path)
    first = load(f"transformers:{tmp_path}")
    (tmp_path / "conf.py").write_text(CODE.format(mark=str(tmp_path / "ran")))
    setting(architectures=["Own"], auto_map={"AutoConfig": "conf.Config", "AutoModel": "conf.Model"})(tmp_path)
    assert load(f"transformers:{tmp_path}").checksum == first.checksum
    assert not answers.asked
    assert not (tmp_path / "ran").exists()


def test_what_a_checkpoint_lacks_is_drawn_alike(tmp_path: Path) -> None:
    """Heads are not run, but are part of the checksum, by which an interrupted run finds its model again."""
    hubert(tmp_path)
    setting(architectures=["HubertForCTC"], vocab_size=12)(tmp_path)
    first = load(f"transformers:{tmp_path}")
    torch.rand(3)
    assert type(first.module).__name__ == "HubertForCTC"
    assert load(f"transformers:{tmp_path}").checksum == first.checksum


@pytest.mark.parametrize("name", ["os", "AutoTokenizer", "HubertConfig", ""])
def test_a_class_that_is_no_model_is_not_used(tmp_path: Path, name: str) -> None:
    hubert(tmp_path)
    setting(architectures=[name])(tmp_path)
    assert type(load(f"transformers:{tmp_path}").module).__name__ == "HubertModel"
