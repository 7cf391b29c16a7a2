"""The voice that was learned: a literal only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Generation, ModelInfo, Recipe, Reference

WAVENET = ModelInfo(
    name="tts/wavenet-en",
    summary="Networks for US English: an acoustic model, and a WaveNet that makes the samples.",
    task="text-to-speech",
    generation=Generation.SOFTWARE_2,
    entry="zoo.tts.wavenet:WaveNetSynthesizer",
    weights="zoo:pretrained/tts/wavenet-en",
    license="cc-by-sa-3.0",  # of the recordings, from which it learned
    parameters=2_772_388,
    references=(
        Reference(
            "van den Oord et al., “WaveNet: A Generative Model for Raw Audio”, 2016",
            "https://arxiv.org/abs/1609.03499",
        ),
        Reference(
            "Tamamori et al., “Speaker-Dependent WaveNet Vocoder”, Interspeech 2017",
            "https://doi.org/10.21437/Interspeech.2017-314",
        ),
        Reference(
            "Ren et al., “FastSpeech 2: Fast and High-Quality End-to-End Text to Speech”, ICLR "
            "2021",
            "https://arxiv.org/abs/2006.04558",
        ),
        Reference(
            "Paine et al., “Fast Wavenet Generation Algorithm”, 2016",
            "https://arxiv.org/abs/1611.09482",
        ),
    ),
    baseline="tts/unit-selection-en",
    data=("asterisk-prompts",),
    languages=("en",),
    recipe=Recipe(
        data="asterisk-prompts",
        validation="validation",
        options={
            "steps": 10_000,
            "learning_rate": 0.005,
            "table_rate": 0.002,
            "cooling": 0.9,
            "emphasis": 0.85,
        },
    ),
    limits="Learned from 21 minutes of one voice, telephone prompts, and speaks in their manner. "
    "Numbers, dates and the like are read as in the United States.",
)
