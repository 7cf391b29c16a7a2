"""What the speech domain brings: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog, Generation, ModelInfo, Recipe, Reference
from zoo.speech.data_sets import DATA_SETS
from zoo.speech.hub_models import ADAPTERS, HUB_MODELS

_TASK = "automatic-speech-recognition"

_POCKETSPHINX = (
    Reference(
        "Huggins-Daines et al., “PocketSphinx: A Free, Real-Time Continuous Speech Recognition "
        "System for Hand-Held Devices”, ICASSP 2006",
        "https://doi.org/10.1109/ICASSP.2006.1659988",
    ),
)

_HMM = (
    Reference(
        "Rabiner, “A Tutorial on Hidden Markov Models and Selected Applications in Speech "
        "Recognition”, Proceedings of the IEEE 77, 1989",
        "https://doi.org/10.1109/5.18626",
    ),
    Reference(
        "Rabiner, Wilpon and Soong, “High Performance Connected Digit Recognition Using Hidden "
        "Markov Models”, IEEE Trans. ASSP 37, 1989",
        "https://doi.org/10.1109/29.31269",
    ),
)
_DTW = (
    Reference(
        "Sakoe and Chiba, “Dynamic Programming Algorithm Optimization for Spoken Word "
        "Recognition”, IEEE Trans. ASSP 26, 1978",
        "https://doi.org/10.1109/TASSP.1978.1163055",
    ),
    Reference(
        "Ney, “The Use of a One-Stage Dynamic Programming Algorithm for Connected Word "
        "Recognition”, IEEE Trans. ASSP 32, 1984",
        "https://doi.org/10.1109/TASSP.1984.1164320",
    ),
)
_CONFORMER = (
    Reference(
        "Gulati et al., “Conformer: Convolution-augmented Transformer for Speech Recognition”, "
        "Interspeech 2020",
        "https://arxiv.org/abs/2005.08100",
    ),
    Reference(
        "Graves, Fernández, Gomez and Schmidhuber, “Connectionist Temporal Classification: "
        "Labelling Unsegmented Sequence Data with Recurrent Neural Networks”, ICML 2006",
        "https://doi.org/10.1145/1143844.1143891",
    ),
    Reference(
        "Zhang et al., “Unified Streaming and Non-streaming Two-pass End-to-end Model for Speech "
        "Recognition”, 2020",
        "https://arxiv.org/abs/2012.05481",
    ),
)
_DIGITS = ("fsdd", "fsdd-strings", "asterisk-digits")
_FSDD_LICENSE = "cc-by-sa-4.0"
_DIGIT_LIMITS = (
    "Knows the English digits zero to nine and hears nothing else: any other word is left out or "
    "taken for a digit. Learned from six men, so it mishears many women and accents; figures for "
    "voices that it never heard are in studies/."
)

MODELS = (
    ModelInfo(
        name="speech/gmm-hmm-digits",
        summary="Hidden Markov models of the digits with Gaussian mixtures, for single ones and "
        "strings.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.speech.gmm_hmm:GmmHmmRecognizer",
        weights="zoo:pretrained/speech/gmm-hmm-digits",
        license=_FSDD_LICENSE,
        parameters=155_485,
        references=_HMM,
        data=_DIGITS,
        languages=("en",),
        recipe=Recipe(data="fsdd", validation=300),
        limits=_DIGIT_LIMITS,
    ),
    ModelInfo(
        name="speech/dtw-digits",
        summary="Recordings of the digits as templates, stretched in time until they fit.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.speech.dtw:DtwRecognizer",
        weights="zoo:pretrained/speech/dtw-digits",
        license=_FSDD_LICENSE,
        parameters=592_570,
        references=_DTW,
        data=_DIGITS,
        languages=("en",),
        recipe=Recipe(data="fsdd", validation=300),
        limits=_DIGIT_LIMITS,
    ),
    ModelInfo(
        name="speech/conformer-digits",
        summary="A small Conformer for strings of digits, in recordings or as they are spoken.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.speech.conformer:ConformerRecognizer",
        weights="zoo:pretrained/speech/conformer-digits",
        license=_FSDD_LICENSE,
        parameters=817_574,
        references=_CONFORMER,
        baseline="speech/gmm-hmm-digits",
        data=_DIGITS,
        languages=("en",),
        variants=({"chunk": 0.64}, {"beam": 8}),
        recipe=Recipe(
            data="fsdd",
            validation=300,
            options={
                "also": ("espeak-digits", "espeak-accents", "flite-digits"),
                "width": 112,
                "steps": 12_000,
            },
        ),
        limits="Knows the English digits zero to nine and hears nothing else: any other word is "
        "left out or taken for a digit. It learned strings of words that were spoken singly: of "
        "digits that run into each other it may leave some out. Learned from six men and from two "
        "speech synthesisers, so it mishears some voices that are like neither; figures for voices "
        "that it never heard are in studies/.",
    ),
    ModelInfo(
        name="speech/pocketsphinx-en",
        summary="CMU Sphinx for US English: general speech, the sentences of a grammar, or "
        "keywords to spot.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.speech.pocketsphinx:PocketSphinxRecognizer",
        weights=None,
        license="bsd-2-clause",
        # Means and variances of 42 x 3 x 128 Gaussians of 13 dimensions, 5,126 mixtures of 3 x 128,
        # 42 transition matrices of 3 x 4; and of 72,547 unigrams and 2,051,547 bigrams probability
        # and back-off, of 1,669,625 trigrams probability.
        parameters=8_306_029,
        references=_POCKETSPHINX,
        data=("asterisk-en",),
        languages=("en",),
        limits="Made for US English, spoken close to the microphone and recorded at 16 kHz or "
        "more: what comes over a telephone, from far away or through noise it mishears. It knows "
        "the 126,000 words of its dictionary and no other.",
    ),
)

CATALOG = Catalog(models=MODELS + HUB_MODELS, data_sets=DATA_SETS, adapters=ADAPTERS)
