"""Random transformers checkpoints of some kilobytes: 32x32 images, five labels."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers

# Not in alphabetical order, and with a label twice, as ImageNet's "crane" is.
LABELS = ("zebra", "crane", "ant", "crane", "mango tree, Mangifera indica")
ARCHITECTURES = ("vit", "resnet", "convnextv2")


def config_of(architecture: str) -> transformers.PretrainedConfig:
    labels = {
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: index for index, label in enumerate(LABELS)},
    }
    match architecture:
        case "vit":
            return transformers.ViTConfig(
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=32,
                image_size=32,
                patch_size=8,
                **labels,
            )
        case "resnet":
            return transformers.ResNetConfig(
                embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", **labels
            )
        case "convnextv2":
            return transformers.ConvNextV2Config(
                num_stages=2, hidden_sizes=[8, 16], depths=[1, 1], image_size=32, **labels
            )
        case _:
            raise ValueError(architecture)


def write(folder: Path, architecture: str, seed: int = 0) -> Path:
    """Write a checkpoint with its processor as transformers itself does."""
    from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = transformers.AutoModelForImageClassification.from_config(config_of(architecture))
        for parameter in network.parameters():  # so large that the answers differ
            torch.nn.init.normal_(parameter, std=0.3)
    network.save_pretrained(folder)
    if architecture == "vit":
        processor = ViTImageProcessorPil(size={"height": 32, "width": 32})
    else:
        processor = ConvNextImageProcessorPil(size={"shortest_edge": 32}, crop_pct=0.875)
    processor.save_pretrained(folder)
    return folder
