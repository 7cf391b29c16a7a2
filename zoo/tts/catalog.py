"""What the speech synthesis domain brings: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog, Generation, ModelInfo, Recipe, Reference
from zoo.tts.data_sets import DATA_SETS
from zoo.tts.hub_models import ADAPTERS, HUB_MODELS, TACOTRON2
from zoo.tts.wavenet_entry import WAVENET

_TASK = "text-to-speech"

_UNIT_SELECTION = (
    Reference(
        "Hunt and Black, “Unit Selection in a Concatenative Speech Synthesis System Using a Large "
        "Speech Database”, ICASSP 1996",
        "https://doi.org/10.1109/ICASSP.1996.541110",
    ),
    Reference(
        "Moulines and Charpentier, “Pitch-Synchronous Waveform Processing Techniques for "
        "Text-to-Speech Synthesis Using Diphones”, Speech Communication 9, 1990",
        "https://doi.org/10.1016/0167-6393%2890%2990021-Z",
    ),
)
_FORMANT = (
    Reference(
        "Klatt, “Software for a Cascade/Parallel Formant Synthesizer”, J. Acoust. Soc. Am. 67, "
        "1980",
        "https://doi.org/10.1121/1.383940",
    ),
    Reference(
        "Duddington, Dunn et al., “eSpeak NG”, 2015", "https://github.com/espeak-ng/espeak-ng"
    ),
)

MODELS = (
    ModelInfo(
        name="tts/unit-selection-en",
        summary="Concatenative synthesis of US English: recorded units, chosen and joined.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.tts.unit_selection:UnitSelectionSynthesizer",
        weights="zoo:pretrained/tts/unit-selection-en",
        license="cc-by-sa-3.0",  # of the recordings, which it is made of
        parameters=10_367_390,
        references=_UNIT_SELECTION,
        data=("asterisk-prompts",),
        languages=("en",),
        recipe=Recipe(data="asterisk-prompts", validation="validation"),
        limits="Has 21 minutes of one voice to cut from, telephone prompts: what is like them "
        "sounds like the speaker herself, other texts have joins that can be heard. Numbers, dates "
        "and the like are read as in the United States.",
    ),
    ModelInfo(
        name="tts/formant-en",
        summary="Formant synthesis of US English by rules (eSpeak NG), the generation before.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.tts.formant:FormantSynthesizer",
        weights=None,
        license="gpl-3.0",
        parameters=0,
        references=_FORMANT,
        data=("asterisk-prompts",),
        languages=("en",),
        limits="A voice that nobody has: its distances to the recordings of another say little; "
        "whether it is understood can be compared.",
    ),
)

CATALOG = Catalog(
    models=(*MODELS, WAVENET, *HUB_MODELS),
    data_sets=DATA_SETS,
    adapters=ADAPTERS,
    classes=(TACOTRON2,),
)
