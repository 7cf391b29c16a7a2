"""The synthesisers of speech that come from the Hub: literals only."""

from __future__ import annotations

from zoo.entries import Adapter, Generation, ModelInfo, Reference

VITS = Adapter("VitsModel", "zoo.tts.transformers:TransformersVitsSynthesizer", ("vits",))
SPEECHT5 = Adapter(
    "ForTextToSpeech", "zoo.tts.speecht5:TransformersSpeechT5Synthesizer", ("speecht5",)
)
ADAPTERS = (VITS, SPEECHT5)

# The class of no entry, for its weights are nowhere as safetensors: see there how to make them.
TACOTRON2 = "zoo.tts.tacotron:Tacotron2Synthesizer"

# Of these two the revisions are those at which the Hub's own converter has put safetensors beside
# the weights.
VOCODER = "hub:microsoft/speecht5_hifigan@6f01b211b404df2e0a0a20ca79628a757bb35854"
_SPEECHT5_WEIGHTS = "hub:microsoft/speecht5_tts@10abb8588a27521195b6c85b0121ac612546108e"

_MMS_REFERENCES = (
    Reference(
        "Pratap et al., “Scaling Speech Technology to 1,000+ Languages”, JMLR 25, 2024",
        "https://arxiv.org/abs/2305.13516",
    ),
    Reference(
        "Kim, Kong and Son, “Conditional Variational Autoencoder with Adversarial Learning for "
        "End-to-End Text-to-Speech”, ICML 2021",
        "https://arxiv.org/abs/2106.06103",
    ),
)
_SPEECHT5_REFERENCES = (
    Reference(
        "Ao et al., “SpeechT5: Unified-Modal Encoder-Decoder Pre-Training for Spoken Language "
        "Processing”, ACL 2022",
        "https://arxiv.org/abs/2110.07205",
    ),
    Reference(
        "Kong, Kim and Bae, “HiFi-GAN: Generative Adversarial Networks for Efficient and High "
        "Fidelity Speech Synthesis”, NeurIPS 2020",
        "https://arxiv.org/abs/2010.05646",
    ),
)
_FETCHED = " Its weights are fetched from the Hub when it is first loaded."


def _entry(
    name: str,
    summary: str,
    weights: str,
    adapter: Adapter,
    *,
    license: str,  # noqa: A002 - the field's name
    parameters: int,
    references: tuple[Reference, ...],
    limits: str,
) -> ModelInfo:
    return ModelInfo(
        name=name,
        summary=summary,
        task="text-to-speech",
        generation=Generation.SOFTWARE_2,
        entry=adapter.entry,
        weights=weights,
        license=license,
        parameters=parameters,
        references=references,
        baseline="tts/unit-selection-en",
        data=("asterisk-prompts",),
        languages=("en",),
        limits=limits + _FETCHED,
    )


HUB_MODELS = (
    _entry(
        "tts/mms-en",
        "One network from letters to samples (VITS), the English voice of the project MMS.",
        "hub:facebook/mms-tts-eng@c71de0fe7204c83f1c10820a7d696d0b450048ba",
        VITS,
        license="cc-by-nc-4.0",
        parameters=36_284_592,
        references=_MMS_REFERENCES,
        limits="Not for commercial use. Reads letters, and no marks: it guesses how a word is "
        "pronounced, and makes no pause at a comma. A voice of its own: its distances to the "
        "recordings of another say little; whether it is understood can be compared.",
    ),
    _entry(
        "tts/speecht5",
        "An attention network from letters to a spectrogram (SpeechT5), and a HiFi-GAN after it.",
        _SPEECHT5_WEIGHTS,
        SPEECHT5,
        license="mit",
        parameters=157_087_941,  # with those of the vocoder
        references=_SPEECHT5_REFERENCES,
        limits="Speaks in the voice that an x-vector tells, which it does not bring: without one "
        "it gets zeros, a voice that nobody has and that was not listened to here. May leave out "
        "or repeat words. Its vocoder, microsoft/speecht5_hifigan, is a repository of its own, "
        "under the same licence.",
    ),
)
