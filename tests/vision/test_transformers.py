from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file

import zoo
from tests import tiny_checkpoints
from zoo.entries import Generation
from zoo.errors import InputError, MissingDependencyError, WeightsError, ZooError
from zoo.imports import import_attribute
from zoo.vision.catalog import CATALOG, HUB_MODELS
from zoo.vision.transformers import TransformersImageClassifier

ARCHITECTURES = tiny_checkpoints.ARCHITECTURES
CONFIGS = {
    "vision/vit-base": transformers.ViTConfig,
    "vision/resnet-50": transformers.ResNetConfig,
    "vision/convnextv2-tiny": transformers.ConvNextV2Config,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {name: tiny_checkpoints.write(root / name, name) for name in ARCHITECTURES}


@pytest.fixture
def vit(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A copy of the ViT checkpoint that a test may spoil."""
    folder = tmp_path / "vit"
    folder.mkdir()
    for path in folders["vit"].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def photo(seed: int, height: int = 40, width: int = 56) -> NDArray[np.uint8]:
    """Smooth colour noise."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def edit(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


def load(folder: Path) -> TransformersImageClassifier:
    model = zoo.load(folder, device="cpu")
    assert isinstance(model, TransformersImageClassifier)
    return model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_answers_what_transformers_itself_answers(
    folders: dict[str, Path], architecture: str
) -> None:
    folder = folders[architecture]
    images = [photo(seed) for seed in range(4)]
    network = transformers.AutoModelForImageClassification.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.no_grad():
        logits = network(**processor(images=images, return_tensors="pt")).logits
    expected = torch.softmax(logits, dim=-1).numpy()

    answers = load(folder).predict_batch(images)

    found = np.array([answer.probabilities for answer in answers])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.ptp(found, axis=0).max() > 1e-3  # the images are told apart
    assert found.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_alone_is_as_in_a_batch_of_any_size_and_order(
    folders: dict[str, Path], architecture: str
) -> None:
    model = load(folders[architecture])
    images = [photo(seed, 40 + seed, 33) for seed in range(5)]
    alone = np.array([model.predict(image).probabilities for image in images])
    for batch_size in (2, 5):
        batch = model.predict_batch(images[::-1], batch_size=batch_size)
        found = np.array([answer.probabilities for answer in batch])[::-1]
        np.testing.assert_allclose(found, alone, atol=1e-6)


def test_images_that_the_processor_leaves_unequal_are_answered_one_by_one(vit: Path) -> None:
    folder = vit.with_name("resnet")
    tiny_checkpoints.write(folder, "resnet")
    edit(folder / "preprocessor_config.json", do_resize=False)
    model = load(folder)
    images = [photo(0), photo(1, 48, 48), photo(2)]
    alone = [model.predict(image).probabilities for image in images]
    batch = [answer.probabilities for answer in model.predict_batch(images)]
    np.testing.assert_allclose(batch, alone, atol=1e-6)


def test_labels_keep_the_order_of_the_outputs(folders: dict[str, Path]) -> None:
    assert load(folders["vit"]).labels == tiny_checkpoints.LABELS


def test_more_than_ten_labels_are_ordered_by_number_not_by_text(vit: Path) -> None:
    names = {str(index): f"class {index}" for index in (10, 2, 0, 1, *range(3, 10), 11)}
    edit(vit / "config.json", id2label=names, label2id=...)
    arrays = load_file(vit / "model.safetensors")
    arrays["classifier.weight"] = np.zeros((12, 16), np.float32)
    arrays["classifier.bias"] = np.arange(12, dtype=np.float32)
    save_file(arrays, vit / "model.safetensors", metadata={"format": "pt"})
    answer = load(vit).predict(photo(0))
    assert answer.labels == tuple(f"class {index}" for index in range(12))
    assert answer.label == "class 11"


def test_takes_what_people_have(folders: dict[str, Path], tmp_path: Path) -> None:
    model = load(folders["resnet"])
    array = photo(3)
    path = tmp_path / "photo.png"
    Image.fromarray(array).save(path)
    expected = model.predict(array)
    assert model.predict(path) == expected
    assert model.predict(str(path)) == expected
    assert model.predict(path.read_bytes()) == expected
    assert model.predict(Image.fromarray(array)) == expected
    assert model.predict(array / 255) == expected


def test_transparent_pixels_lie_over_white(folders: dict[str, Path]) -> None:
    model = load(folders["vit"])
    clear = Image.new("RGBA", (40, 40), (200, 10, 10, 0))
    assert model.predict(clear) == model.predict(np.full((40, 40, 3), 255, np.uint8))


def test_grey_is_colour_without_colour(folders: dict[str, Path]) -> None:
    model = load(folders["vit"])
    grey = photo(4)[:, :, 0]
    assert model.predict(grey) == model.predict(np.stack([grey] * 3, axis=2))


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([photo(0)], "use predict_batch for several"),
        (np.full((32, 32, 3), np.nan), "NaN or infinite"),
        (np.zeros((32, 32, 4), np.uint8), "HxW or HxWx3"),
        (b"not an image", "no image format"),
        ("/nowhere/photo.png", "does not exist"),
        (7, "int came"),
        (np.zeros((5, 600, 3), np.uint8), "at most 100 times"),
    ],
)
def test_bad_input_is_refused_before_the_network_runs(
    folders: dict[str, Path], x: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load(folders["vit"])
    monkeypatch.setattr(model, "network", None)
    with pytest.raises(InputError, match=words):
        model.predict(x)
    with pytest.raises(InputError, match=f"Input 1: .*{words}"):
        model.predict_batch([photo(0), x])


def test_an_unknown_option_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(InputError, match="no option 'top_k'"):
        load(folders["vit"]).predict(photo(0), top_k=3)


def test_does_not_learn() -> None:
    with pytest.raises(ZooError, match="does not learn from examples"):
        TransformersImageClassifier.fit([])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_save_and_load(folders: dict[str, Path], architecture: str, tmp_path: Path) -> None:
    model = load(folders[architecture])
    folder = tmp_path / "deep" / "copy"
    model.save(folder)
    model.save(folder)  # over itself
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    assert list(folder.parent.iterdir()) == [folder]
    images = [photo(seed) for seed in range(3)]
    again, before = (
        np.array([answer.probabilities for answer in one.predict_batch(images)])
        for one in (load(folder), model)
    )
    np.testing.assert_allclose(again, before, atol=1e-6)


def test_saving_keeps_the_card_and_spares_what_is_not_a_checkpoint(
    folders: dict[str, Path], vit: Path, tmp_path: Path
) -> None:
    (vit / "README.md").write_text("the card")
    load(folders["vit"]).save(vit)
    assert (vit / "README.md").read_text() == "the card"
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "monday.txt").write_text("dear diary")
    with pytest.raises(WeightsError, match="holds something else"):
        load(folders["vit"]).save(tmp_path / "diary")
    assert (tmp_path / "diary" / "monday.txt").read_text() == "dear diary"


def test_loading_and_saving_are_silent(
    vit: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_warning()
    said: list[logging.LogRecord] = []
    ear = logging.Handler()
    monkeypatch.setattr(ear, "emit", said.append)
    monkeypatch.setattr(logging.getLogger("transformers"), "handlers", [ear])
    load(vit).save(tmp_path / "copy")
    edit(vit / "config.json", num_hidden_layers=3)  # of which transformers would warn
    with pytest.raises(WeightsError, match="lacks 16 of the arrays"):
        load(vit)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    assert said == []
    assert transformers_logging.get_verbosity() == logging.WARNING
    assert transformers_logging.is_progress_bar_enabled()


# --- broken and foreign folders ------------------------------------------------------------------


def refused(folder: Path, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        zoo.load(folder)
    assert "\n" not in str(caught.value)


def test_without_processor(vit: Path) -> None:
    (vit / "preprocessor_config.json").unlink()
    refused(vit, r"has no preprocessor_config\.json")


def test_broken_processor(vit: Path) -> None:
    (vit / "preprocessor_config.json").write_text("{")
    refused(vit, "cannot be loaded")


def test_processor_that_prepares_nothing(vit: Path) -> None:
    edit(vit / "preprocessor_config.json", image_mean=[0.5, 0.5])
    refused(vit, "cannot be loaded")


def test_pickle_only(vit: Path) -> None:
    (vit / "model.safetensors").rename(vit / "pytorch_model.bin")
    refused(vit, "no safetensors weights; other formats can run code")


@pytest.mark.parametrize("keep", [0, 7, 200, -100])
def test_truncated_weights(vit: Path, keep: int) -> None:
    path = vit / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    refused(vit, "cannot be loaded")


def test_a_head_that_would_be_random(vit: Path) -> None:
    arrays = load_file(vit / "model.safetensors")
    kept = {name: array for name, array in arrays.items() if not name.startswith("classifier")}
    save_file(kept, vit / "model.safetensors", metadata={"format": "pt"})
    refused(vit, r"lacks 2 of the arrays that ViTForImageClassification needs.*classifier\.bias")


def test_a_head_of_another_size(vit: Path) -> None:
    edit(vit / "config.json", id2label={"0": "a", "1": "b"}, label2id={"a": 0, "b": 1})
    refused(vit, "cannot be loaded")


def test_labels_with_a_gap(vit: Path) -> None:
    labels = {str(index): "x" for index in (0, 1, 2, 3, 5)}
    edit(vit / "config.json", id2label=labels, label2id=...)
    refused(vit, "cannot be loaded")


def test_text_classifier(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        vocab_size=11,
        max_position_embeddings=8,
    )
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path)
    refused(tmp_path, "neither a zoo weights folder nor a transformers checkpoint")
    with pytest.raises(WeightsError, match="holds no image classifier"):
        TransformersImageClassifier.load(tmp_path)
    # Even where the config says otherwise.
    edit(tmp_path / "config.json", architectures=["BertForImageClassification"])
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"image_processor_type": "ViTImageProcessor"})
    )
    refused(tmp_path, "cannot be loaded")


def test_quantised(vit: Path) -> None:
    edit(vit / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    refused(vit, "is quantised")


def test_code_in_the_folder_is_not_run(vit: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    code = f"import pathlib\npathlib.Path({str(trap)!r}).touch()\n"
    (vit / "modeling_trap.py").write_text(code)
    auto_map = {
        "AutoConfig": "modeling_trap.Config",
        "AutoModelForImageClassification": "modeling_trap.Net",
    }
    edit(vit / "config.json", auto_map=auto_map, model_type="trap")
    edit(vit / "preprocessor_config.json", auto_map={"AutoImageProcessor": "modeling_trap.P"})
    refused(vit, "cannot be loaded")
    edit(vit / "config.json", model_type="vit")  # a known type: the library's own class is used
    assert load(vit).predict(photo(0)).labels == tiny_checkpoints.LABELS
    assert not trap.exists()


def test_a_kernel_from_the_hub_is_not_fetched(folders: dict[str, Path], vit: Path) -> None:
    for key in ("attn_implementation", "_attn_implementation"):
        edit(vit / "config.json", **{key: "kernels-community/flash-attn2"})
        answer = load(vit).predict(photo(0))
        expected = load(folders["vit"]).predict(photo(0))
        assert answer.probabilities == pytest.approx(expected.probabilities, abs=1e-6)


# --- devices and packages ------------------------------------------------------------------------


def test_device_that_is_not_here(vit: Path) -> None:
    with pytest.raises(InputError, match="no device 'tpu' here"):
        zoo.load(vit, device="tpu")


def test_missing_package_is_met_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "transformers", None)
    monkeypatch.delitem(sys.modules, "zoo.vision.transformers")
    with pytest.raises(MissingDependencyError, match="pip install transformers"):
        import_attribute("zoo.vision.transformers:TransformersImageClassifier")


# --- the catalog ---------------------------------------------------------------------------------


def test_every_entry_has_its_recomputed_number_of_parameters() -> None:
    assert {entry.name for entry in HUB_MODELS} == set(CONFIGS)
    for entry in HUB_MODELS:
        with torch.device("meta"):
            network = transformers.AutoModelForImageClassification.from_config(
                CONFIGS[entry.name](num_labels=1000)
            )
        assert sum(p.numel() for p in network.parameters()) == entry.parameters, entry.name


def test_entries_are_learned_models_from_the_hub() -> None:
    for entry in HUB_MODELS:
        assert entry.generation is Generation.SOFTWARE_2
        assert entry.weights is not None
        assert entry.weights.startswith("hub:")
        assert import_attribute(entry.entry) is TransformersImageClassifier
        assert all(
            reference.url.startswith("https://arxiv.org/abs/") for reference in entry.references
        )
    assert [adapter.entry for adapter in CATALOG.adapters] == [HUB_MODELS[0].entry]


def test_bytes_of_a_jpeg(folders: dict[str, Path]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(photo(5)).save(buffer, "JPEG")
    model = load(folders["convnextv2"])
    decoded = np.asarray(Image.open(io.BytesIO(buffer.getvalue())))
    assert model.predict(buffer.getvalue()) == model.predict(decoded)
