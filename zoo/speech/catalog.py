"""What the speech domain brings: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog, Generation, ModelInfo, Reference
from zoo.speech.data_sets import DATA_SETS
from zoo.speech.hub_models import ADAPTERS, HUB_MODELS

_TASK = "automatic-speech-recognition"

_POCKETSPHINX = (
    Reference(
        "Huggins-Daines et al., PocketSphinx: A Free, Real-Time Continuous Speech Recognition "
        "System for Hand-Held Devices, ICASSP 2006",
        "https://doi.org/10.1109/ICASSP.2006.1659988",
    ),
)

MODELS = (
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
        limits="Made for US English, spoken close to the microphone and recorded at 16 kHz or "
        "more: what comes over a telephone, from far away or through noise it mishears. It knows "
        "the 126,000 words of its dictionary and no other.",
    ),
)

CATALOG = Catalog(models=MODELS + HUB_MODELS, data_sets=DATA_SETS, adapters=ADAPTERS)
