"""The translators and their data sets: literals only, no torch, no work."""

from __future__ import annotations

from zoo.entries import Catalog, Generation, ModelInfo, Recipe, Reference
from zoo.translate.data_sets import DATA_SETS
from zoo.translate.hub_models import ADAPTERS, HUB_MODELS

_TASK = "translation"
_LICENSE = "cc-by-nc-sa-4.0"  # of the captions that all of them learned from
_NAMES = {"cs": "Czech", "de": "German", "en": "English", "es": "Spanish", "fr": "French"}
_LEARNED = "Learned from 29,000 captions of photographs and from messages of programs: "
# What a round that goes on from learned weights has in common with every other.
_GOING_ON = {
    "cooling": 0.8,
    "learning_rate": 0.006,
    "table_rate": 0.003,
    "into_favoured": 0.3,
    "others": 0.1,
}
# Directions in which phrases are counted, with how many numbers each model keeps.
_PHRASE_BASED = {
    "en-de": 2_479_107,
    "en-fr": 2_685_895,
    "en-cs": 2_815_147,
    "de-en": 2_798_679,
    "fr-en": 2_567_967,
    "cs-en": 2_667_631,
}
_SAMPLES = {
    "cs": "Pes běží po pláži.",
    "de": "Ein Hund läuft am Strand.",
    "en": "A dog runs on the beach.",
    "fr": "Un chien court sur la plage.",
}

_PHRASES = (
    Reference(
        "Koehn, Och and Marcu, “Statistical Phrase-Based Translation”, NAACL 2003",
        "https://aclanthology.org/N03-1017",
    ),
    Reference(
        "Och and Ney, “A Systematic Comparison of Various Statistical Alignment Models”, "
        "Computational Linguistics 29, 2003",
        "https://aclanthology.org/J03-1002",
    ),
    Reference(
        "Vogel, Ney and Tillmann, “HMM-Based Word Alignment in Statistical Translation”, COLING "
        "1996",
        "https://aclanthology.org/C96-2141",
    ),
    Reference(
        "Huang and Chiang, “Forest Rescoring: Faster Decoding with Integrated Language Models”, "
        "ACL 2007",
        "https://aclanthology.org/P07-1019",
    ),
    Reference(
        "Chen and Goodman, “An Empirical Study of Smoothing Techniques for Language Modeling”, "
        "Computer Speech and Language 13, 1999",
        "https://doi.org/10.1006/csla.1999.0128",
    ),
)
_WORDS = (
    Reference(
        "Brown, Della Pietra, Della Pietra and Mercer, “The Mathematics of Statistical Machine "
        "Translation: Parameter Estimation”, Computational Linguistics 19, 1993",
        "https://aclanthology.org/J93-2003",
    ),
)
_TRANSFORMER = (
    Reference(
        "Vaswani et al., “Attention Is All You Need”, NeurIPS 2017",
        "https://arxiv.org/abs/1706.03762",
    ),
    Reference(
        "Johnson et al., “Google's Multilingual Neural Machine Translation System: Enabling "
        "Zero-Shot Translation”, TACL 5, 2017",
        "https://aclanthology.org/Q17-1024",
    ),
    Reference(
        "Kudo and Richardson, “SentencePiece: A Simple and Language Independent Subword "
        "Tokenizer and Detokenizer for Neural Text Processing”, EMNLP 2018",
        "https://aclanthology.org/D18-2012",
    ),
)


def _measured_on(direction: str) -> tuple[str, ...]:
    captions = f"multi30k-{direction}"
    return (captions, f"django-messages-{direction}") if direction[:2] == "en" else (captions,)


def _phrase_based(direction: str, parameters: int) -> ModelInfo:
    source, _, target = direction.partition("-")
    return ModelInfo(
        name=f"translate/phrase-based-{direction}",
        summary=f"Phrases counted in parallel texts, a language model and a search: "
        f"{_NAMES[source]} to {_NAMES[target]}.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.translate.phrase_based:PhraseBasedTranslator",
        weights=f"zoo:pretrained/translate/phrase-based-{direction}",
        license=_LICENSE,
        parameters=parameters,
        references=_PHRASES,
        data=_measured_on(direction),
        recipe=Recipe(
            data=f"multi30k-{direction}",
            validation="validation",
            options={"also": ("software-strings",)},
        ),
        sample=_SAMPLES[source],
        languages=(source, target),
        limits=f"{_LEARNED}a word that is in neither stays as it is, and other kinds of text come "
        "out word by word.",
    )


MODELS = (
    *(_phrase_based(direction, count) for direction, count in _PHRASE_BASED.items()),
    ModelInfo(
        name="translate/word-based-en-de",
        summary="Words translated one by one, in order, and a language model: English to German.",
        task=_TASK,
        generation=Generation.SOFTWARE_1,
        entry="zoo.translate.word_based:WordBasedTranslator",
        weights="zoo:pretrained/translate/word-based-en-de",
        license=_LICENSE,
        parameters=2_812_547,
        references=_WORDS,
        data=_measured_on("en-de"),
        recipe=Recipe(
            data="multi30k-en-de",
            validation="validation",
            options={"also": ("software-strings",)},
        ),
        languages=("en", "de"),
        limits=f"{_LEARNED}it keeps the order of the words, which German does not.",
    ),
    ModelInfo(
        name="translate/transformer-multi",
        summary="One attention network that translates between Czech, German, English, French and "
        "Spanish.",
        task=_TASK,
        generation=Generation.SOFTWARE_2,
        entry="zoo.translate.transformer:TransformerTranslator",
        weights="zoo:pretrained/translate/transformer-multi",
        license=_LICENSE,
        parameters=8_368_384,
        references=_TRANSFORMER,
        baseline="translate/phrase-based-en-de",
        baselines={
            data: f"translate/phrase-based-{direction}"
            for direction in _PHRASE_BASED
            for data in _measured_on(direction)
            if direction != "en-de"
        },
        data=tuple(data for direction in _PHRASE_BASED for data in _measured_on(direction)),
        recipe=Recipe(
            data="multi30k",
            validation="validation",
            options={"also": ("software-strings",), "steps": 5000, "cooling": 0.35},
            further_rounds=(
                {"steps": 4400, "also_share": 0.2, **_GOING_ON},
                {"steps": 7000, "also_share": 0.4, **_GOING_ON},
            ),
        ),
        sample_options={"source": "en", "target": "de"},
        languages=tuple(_NAMES),
        limits=f"{_LEARNED}other kinds of text come out as if they were one of these. It leaves "
        "out and mistakes words, most of all in messages, of which it has seen too little. Spanish "
        "it knows from messages only.",
    ),
)

CATALOG = Catalog(models=MODELS + HUB_MODELS, data_sets=DATA_SETS, adapters=ADAPTERS)
