"""The recognisers of speech that come from the Hub: literals only."""

from __future__ import annotations

from zoo.entries import Adapter, Generation, ModelInfo, Reference

_TASK = "automatic-speech-recognition"

# Both lists name what has been tried: networks that take the waveform and answer frame by frame,
CTC = Adapter(
    "ForCTC",
    "zoo.speech.transformers:TransformersCtcRecognizer",
    (
        *("data2vec-audio", "hubert", "sew", "sew-d", "unispeech", "unispeech-sat"),
        *("wav2vec2", "wav2vec2-conformer", "wavlm"),
    ),
)
# and networks that take sound and write text.
SEQ2SEQ = Adapter(
    "ForConditionalGeneration",
    "zoo.speech.transformers_seq2seq:TransformersSeq2SeqRecognizer",
    ("moonshine", "whisper"),
)

_WHISPER = (
    Reference(
        "Radford et al., “Robust Speech Recognition via Large-Scale Weak Supervision”, ICML 2023",
        "https://arxiv.org/abs/2212.04356",
    ),
)
_WAV2VEC2 = (
    Reference(
        "Baevski, Zhou, Mohamed and Auli, “wav2vec 2.0: A Framework for Self-Supervised Learning "
        "of Speech Representations”, NeurIPS 2020",
        "https://arxiv.org/abs/2006.11477",
    ),
    Reference(
        "Graves, Fernández, Gomez and Schmidhuber, “Connectionist Temporal Classification: "
        "Labelling Unsegmented Sequence Data with Recurrent Neural Networks”, ICML 2006",
        "https://doi.org/10.1145/1143844.1143891",
    ),
)
_WHISPER_LIMITS = (
    "May write fluent sentences where nothing was said, or repeat itself: it is decoded greedily, "
    "without the random second tries of its authors' own program."
)
_FETCHED = " Its weights are fetched from the Hub when it is first loaded."


def _entry(
    name: str,
    summary: str,
    repo: str,
    adapter: Adapter,
    *,
    license: str,  # noqa: A002 - the field's name
    parameters: int,
    references: tuple[Reference, ...],
    limits: str,
    language: str = "multilingual",
) -> ModelInfo:
    return ModelInfo(
        name=name,
        summary=summary,
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry=adapter.entry,
        weights=f"hub:{repo}",
        license=license,
        parameters=parameters,
        references=references,
        baseline="speech/pocketsphinx-en",
        data=("asterisk-en",),
        languages=(language,),
        limits=limits + _FETCHED,
    )


HUB_MODELS = (
    _entry(
        "speech/whisper-tiny-en",
        "A small attention network that writes down English, with punctuation.",
        "openai/whisper-tiny.en",
        SEQ2SEQ,
        license="apache-2.0",
        parameters=37_760_256,
        language="en",
        references=_WHISPER,
        limits=_WHISPER_LIMITS,
    ),
    _entry(
        "speech/whisper-base",
        "A small attention network that writes down, or translates, some hundred languages.",
        "openai/whisper-base",
        SEQ2SEQ,
        license="apache-2.0",
        parameters=72_593_920,
        references=_WHISPER,
        limits=_WHISPER_LIMITS,
    ),
    _entry(
        "speech/whisper-small",
        "An attention network that writes down, or translates, some hundred languages.",
        "openai/whisper-small",
        SEQ2SEQ,
        license="apache-2.0",
        parameters=241_734_912,
        references=_WHISPER,
        limits=_WHISPER_LIMITS,
    ),
    _entry(
        "speech/whisper-large-v3-turbo",
        "A large attention network with a short decoder that writes down some hundred languages.",
        "openai/whisper-large-v3-turbo",
        SEQ2SEQ,
        license="mit",
        parameters=808_878_080,
        references=_WHISPER,
        limits=_WHISPER_LIMITS + " It was not trained to translate.",
    ),
    _entry(
        "speech/wav2vec2-base-960h",
        "An attention network on the waveform that spells English letter by letter.",
        "facebook/wav2vec2-base-960h",
        CTC,
        license="apache-2.0",
        parameters=94_396_320,
        language="en",
        references=_WAV2VEC2,
        limits="Spells in capitals, without digits or punctuation, and what it has not heard "
        "spelt it spells by ear; it learned from audiobooks.",
    ),
)
ADAPTERS = (CTC, SEQ2SEQ)
