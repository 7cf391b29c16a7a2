"""What the vision domain brings: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Adapter, Catalog, Generation, ModelInfo, Recipe, Reference
from zoo.vision.data_sets import DATA_SETS

_TASK = "image-classification"

# --- models of our own ---------------------------------------------------------------------------

_HOG = Reference(
    "Dalal and Triggs, “Histograms of Oriented Gradients for Human Detection”, CVPR 2005",
    "https://doi.org/10.1109/CVPR.2005.177",
)
_SVM = Reference(
    "Cortes and Vapnik, “Support-Vector Networks”, Machine Learning 20, 1995",
    "https://doi.org/10.1007/BF00994018",
)
_NYSTROEM = Reference(
    "Williams and Seeger, “Using the Nyström Method to Speed Up Kernel Machines”, NIPS 2000",
    "https://papers.nips.cc/paper/1866",
)
_COATES = (
    Reference(
        "Coates, Ng and Lee, “An Analysis of Single-Layer Networks in Unsupervised Feature "
        "Learning”, AISTATS 2011",
        "https://proceedings.mlr.press/v15/coates11a.html",
    ),
    Reference(
        "Coates and Ng, “The Importance of Encoding Versus Training with Sparse Coding and Vector "
        "Quantization”, ICML 2011",
        "https://icml.cc/2011/papers/485_icmlpaper.pdf",
    ),
)
_RESNET = (
    Reference(
        "He, Zhang, Ren and Sun, “Deep Residual Learning for Image Recognition”, CVPR 2016",
        "https://arxiv.org/abs/1512.03385",
    ),
    Reference(
        "Jordan, “94% on CIFAR-10 in 3.29 Seconds on a Single GPU”, 2024",
        "https://arxiv.org/abs/2404.00498",
    ),
)
_DIGIT_LIMITS = (
    "Expects one digit, white on black, that fills the picture as MNIST's do; anything else is "
    "answered with a digit all the same. Pictures of another size are resampled to 28x28."
)
_CIFAR10_LIMITS = (
    "Knows ten classes and answers with one of them whatever the picture shows. Pictures are "
    "resampled to 32x32 without keeping their proportions. Trained and measured on CIFAR-10 "
    "re-encoded as JPEG of quality 75, so its figures do not compare with published ones."
)

OWN_MODELS = (
    ModelInfo(
        name="vision/hog-svm-mnist",
        summary="Histograms of oriented gradients and a kernel support vector machine, for digits.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.vision.hog_svm:HogSvmClassifier",
        weights="zoo:pretrained/vision/hog-svm-mnist",
        license="cc-by-sa-3.0",
        parameters=1_286_170,
        references=(_HOG, _SVM, _NYSTROEM),
        data=("mnist-5k", "mnist"),
        recipe=Recipe(
            data="mnist",
            exclude=("mnist-5k",),
            options={
                "size": (28, 28),
                "mode": "L",
                "cells": (4, 7),
                "orientations": 12,
                "components": 150,
                "landmarks": 6000,
                "gamma": (1.0, 2.0, 4.0),
                "C": (3.0, 10.0, 30.0),
            },
        ),
        limits=_DIGIT_LIMITS,
    ),
    ModelInfo(
        name="vision/hog-svm-cifar10",
        summary="Histograms of oriented gradients, colour statistics and a kernel support "
        "vector machine, for small photographs.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.vision.hog_svm:HogSvmClassifier",
        weights="zoo:pretrained/vision/hog-svm-cifar10",
        license="apache-2.0",
        parameters=1_418_890,
        references=(_HOG, _SVM, _NYSTROEM),
        data=("cifar10",),
        recipe=Recipe(
            data="cifar10",
            options={
                "size": (32, 32),
                "mode": "RGB",
                "cells": (4, 8),
                "orientations": 12,
                "components": 200,
                "landmarks": 4000,
                "gamma": (2.0,),
                "C": (1.0, 3.0),
                "mirror": True,
            },
        ),
        limits=_CIFAR10_LIMITS,
    ),
    ModelInfo(
        name="vision/kmeans-svm-cifar10",
        summary="A dictionary of whitened patches found by k-means, soft-threshold encoding and "
        "a linear support vector machine, for small photographs.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.vision.kmeans_svm:KMeansSvmClassifier",
        weights="zoo:pretrained/vision/kmeans-svm-cifar10",
        license="apache-2.0",
        parameters=302410,
        references=_COATES,
        data=("cifar10",),
        recipe=Recipe(
            data="cifar10",
            options={
                "size": (32, 32),
                "mode": "RGB",
                "atoms": 1600,
                "side": 6,
                "grid": 2,
                "whitening": 0.3,
                "threshold": (0.35,),
                "C": (3e-4, 1e-3),
                "mirror": True,
            },
        ),
        published="79.4 % with 1,600 atoms and 81.5 % with 6,000 (Coates and Ng 2011), on CIFAR-10 "
        "as it was published; this model has 1,600, and its pictures went through JPEG. "
        "The C that validation chose is the largest that was tried, so a little more may be had.",
        limits=_CIFAR10_LIMITS,
    ),
    ModelInfo(
        name="vision/resnet-mnist",
        summary="A small residual network for digits, trained from scratch.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.vision.resnet:ResNetClassifier",
        weights="zoo:pretrained/vision/resnet-mnist",
        license="cc-by-sa-3.0",
        parameters=486_530,
        references=_RESNET,
        baseline="vision/hog-svm-mnist",
        data=("mnist-5k", "mnist"),
        recipe=Recipe(
            data="mnist",
            exclude=("mnist-5k",),
            options={
                "size": (28, 28),
                "mode": "L",
                "patch": 3,
                "widths": (32, 64, 128),
                "views": {"shift": 1},
                "epochs": 20,
                "batch_size": 256,
                "learning_rate": 0.4,
                "weight_decay": 1e-3,
                "label_smoothing": 0.1,
                "averaging_epochs": 1.0,
                "translation": 2,
                "rotation": 12.0,
                "shear": 0.15,
                "scale": 0.1,
                "elastic": 0.7,
                "precision": "bfloat16",
            },
        ),
        limits=_DIGIT_LIMITS,
    ),
    ModelInfo(
        name="vision/resnet-cifar10",
        summary="A small residual network for small photographs, trained from scratch.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.vision.resnet:ResNetClassifier",
        weights="zoo:pretrained/vision/resnet-cifar10",
        license="apache-2.0",
        parameters=1_868_874,
        references=_RESNET,
        baseline="vision/kmeans-svm-cifar10",
        data=("cifar10",),
        recipe=Recipe(
            data="cifar10",
            options={
                "size": (32, 32),
                "mode": "RGB",
                "widths": (64, 128, 208),
                "blocks": (2, 2, 1),
                "reduction": 8,
                "views": {"mirror": True, "shift": 1},
                "epochs": 100,
                "restart_epochs": 50,
                "batch_size": 256,
                "learning_rate": 0.3,
                "weight_decay": 5e-4,
                "label_smoothing": 0.1,
                "averaging_epochs": 1.0,
                "mirror": True,
                "translation": 4,
                "cutout": 8,
                "cutmix": 0.5,
                "colour": 0.2,
                "precision": "bfloat16",
            },
        ),
        published="94 to 96 % for networks of this family on CIFAR-10 as it was published "
        "(Jordan 2024); this model stays below that, on pictures that went through JPEG.",
        limits=_CIFAR10_LIMITS,
    ),
)

# --- models from the Hub -------------------------------------------------------------------------

_IMAGENET_LIMITS = (
    "Knows the 1,000 classes of ImageNet-1k and answers with one of them whatever the picture "
    "shows; a few of its labels stand for two classes each. Its weights are fetched from the Hub "
    "when it is first loaded, and no data set of this catalog has its classes, so it is not "
    "measured here."
)

HUB_MODELS = (
    ModelInfo(
        name="vision/vit-base",
        summary="A vision transformer on patches of 16x16 pixels, for photographs (ImageNet-1k).",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.vision.transformers:TransformersImageClassifier",
        weights="hub:google/vit-base-patch16-224",
        license="apache-2.0",
        parameters=86_567_656,
        references=(
            Reference(
                "Dosovitskiy et al., “An Image is Worth 16x16 Words: Transformers for Image "
                "Recognition at Scale”, ICLR 2021",
                "https://arxiv.org/abs/2010.11929",
            ),
        ),
        baseline="vision/kmeans-svm-cifar10",
        limits=_IMAGENET_LIMITS,
    ),
    ModelInfo(
        name="vision/resnet-50",
        summary="A residual network of 50 layers, for photographs (ImageNet-1k).",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.vision.transformers:TransformersImageClassifier",
        weights="hub:microsoft/resnet-50",
        license="apache-2.0",
        parameters=25_557_032,
        references=(
            Reference(
                "He, Zhang, Ren and Sun, “Deep Residual Learning for Image Recognition”, CVPR 2016",
                "https://arxiv.org/abs/1512.03385",
            ),
        ),
        baseline="vision/kmeans-svm-cifar10",
        limits=_IMAGENET_LIMITS,
    ),
    ModelInfo(
        name="vision/convnextv2-tiny",
        summary="A modern convolutional network, for photographs (ImageNet-1k).",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.vision.transformers:TransformersImageClassifier",
        weights="hub:facebook/convnextv2-tiny-1k-224",
        license="apache-2.0",
        parameters=28_635_496,
        references=(
            Reference(
                "Woo et al., “ConvNeXt V2: Co-designing and Scaling ConvNets with Masked "
                "Autoencoders”, CVPR 2023",
                "https://arxiv.org/abs/2301.00808",
            ),
        ),
        baseline="vision/kmeans-svm-cifar10",
        limits=_IMAGENET_LIMITS,
    ),
)

IMAGE_CLASSIFIERS = Adapter(
    "ForImageClassification", "zoo.vision.transformers:TransformersImageClassifier"
)

CATALOG = Catalog(
    models=OWN_MODELS + HUB_MODELS, data_sets=DATA_SETS, adapters=(IMAGE_CLASSIFIERS,)
)
