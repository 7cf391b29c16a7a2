"""The translators that come from the Hub: literals only."""

from __future__ import annotations

from zoo.entries import Adapter, Generation, ModelInfo, Reference

_CLASS = "zoo.translate.transformers:TransformersTranslator"

# Networks of the Marian project, for one language or a group of them,
MARIAN = Adapter("MTModel", _CLASS, ("marian",))
# and those of many languages: M2M100 and NLLB, which are of the same type, and mBART-50.
MULTILINGUAL = Adapter("ForConditionalGeneration", _CLASS, ("m2m_100", "mbart"))
ADAPTERS = (MARIAN, MULTILINGUAL)

_OPUS_MT = (
    Reference(
        "Tiedemann and Thottingal, “OPUS-MT: Building open translation services for the World”, "
        "EAMT 2020",
        "https://aclanthology.org/2020.eamt-1.61",
    ),
    Reference(
        "Junczys-Dowmunt et al., “Marian: Fast Neural Machine Translation in C++”, ACL 2018",
        "https://aclanthology.org/P18-4020",
    ),
)
_M2M100 = (
    Reference(
        "Fan et al., “Beyond English-Centric Multilingual Machine Translation”, JMLR 2021",
        "https://arxiv.org/abs/2010.11125",
    ),
)
_NLLB = (
    Reference(
        "NLLB Team, “No Language Left Behind: Scaling Human-Centered Machine Translation”, 2022",
        "https://arxiv.org/abs/2207.04672",
    ),
)
_LIMITS = (
    "May leave out, invent or repeat words. What it learned from was gathered on the Web, which "
    "may hold the texts that it is measured on."
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
    targets: tuple[str, ...],
    limits: str = "",
) -> ModelInfo:
    """targets: the languages that it is measured on, from English; of one, it knows no other."""
    several = len(targets) > 1
    return ModelInfo(
        name=name,
        summary=summary,
        task="translation",
        generation=Generation.SOFTWARE_2,
        entry=adapter.entry,
        weights=f"hub:{weights}",
        license=license,
        parameters=parameters,
        references=references,
        baseline=f"translate/phrase-based-en-{targets[0]}",
        baselines={
            f"{data}-en-{target}": f"translate/phrase-based-en-{target}"
            for target in targets[1:]
            for data in ("multi30k", "django-messages")
        },
        data=tuple(
            f"{data}-en-{target}" for target in targets for data in ("multi30k", "django-messages")
        ),
        sample_options={"source": "en", "target": targets[0]} if several else {},
        languages=("multilingual",) if several else ("en", *targets),
        limits=f"{_LIMITS}{limits}{_FETCHED}",
    )


def _opus_mt(
    target: str,
    language: str,
    revision: str,
    *,
    license: str,  # noqa: A002 - the field's name
    parameters: int,
) -> ModelInfo:
    return _entry(
        f"translate/opus-mt-en-{target}",
        f"A small attention network that translates English into {language}.",
        f"Helsinki-NLP/opus-mt-en-{target}@{revision}",
        MARIAN,
        license=license,
        parameters=parameters,
        references=_OPUS_MT,
        targets=(target,),
    )


# The revisions are those at which the Hub's own converter has put safetensors beside the weights.
HUB_MODELS = (
    _opus_mt(
        "cs",
        "Czech",
        "cfeb086a3a864c78e3e32da25bcad89bcb4a0359",
        license="apache-2.0",
        parameters=76_667_392,
    ),
    _opus_mt(
        "de",
        "German",
        "0012d6d6ff4b4dd06bee042d3294295f0e587abd",
        license="cc-by-4.0",
        parameters=74_410_496,
    ),
    _opus_mt(
        "fr",
        "French",
        "c96fcd7f38a4c0d1ac9b61e255b47f3f7ff55e5e",
        license="apache-2.0",
        parameters=75_133_952,
    ),
    _entry(
        "translate/m2m100-418m",
        "An attention network that translates between any two of a hundred languages.",
        "facebook/m2m100_418M",
        MULTILINGUAL,
        license="mit",
        parameters=483_905_536,
        references=_M2M100,
        targets=("de", "fr", "cs"),
    ),
    _entry(
        "translate/nllb-200-600m",
        "An attention network that translates between any two of some two hundred languages.",
        "facebook/nllb-200-distilled-600M@refs/pr/45",
        MULTILINGUAL,
        license="cc-by-nc-4.0",
        parameters=615_073_792,
        references=_NLLB,
        targets=("de", "fr", "cs"),
        limits=" It was made for research, and not for documents of law or medicine.",
    ),
)
