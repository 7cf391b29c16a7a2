"""The SHA-256 of the content of each split of Multi30k, all directions and each."""

from __future__ import annotations

ALL = {
    "train": "303183b29dc14e350b8829feb64637d3734650d585e92e8e342fafc030576a8b",
    "validation": "e31413b92f791c033d0a32e5808c0a344678e41aa436217c9d91262263553d65",
    "test": "fde84744a2a4191101c0d2ff89d8334b439b1e9ed103ca181c6f19504368f42f",
}
DIRECTIONS = {
    "cs-de": {
        "train": "9297c55a43359eb6318ac41b746f5aae6ab6efbaea6522c781b8039642ff9e69",
        "validation": "f0522a4ce33866621ca575913bd6d3f593e544c578aaef1733793c9c46acc53e",
        "test": "31b071ad720589b288a2d93cf190146b020c437f5a856659b705b0ff271c56af",
    },
    "cs-en": {
        "train": "7042d9132d379bd762fd56378153d95cd4efd0df20ec96de7f6b7300f3e16cee",
        "validation": "abd9d094ecd9c3bf90c6ce8536b763e5e571408035ebb4c1d18a0ffc3417214d",
        "test": "ecf4ec0a229dca466a5966f93ea47342102e407d63d4e5761717096b6cd70952",
    },
    "cs-fr": {
        "train": "29a390206c61dde2da2f511ce386642fe6d7cf6a3f5ed615da364228ea331123",
        "validation": "65ead261444959074f81f257cd78e03ad50be162f9384eba45ee3ffc7bb8bd22",
        "test": "ad4b49dd4e08bff8df171e58f6e605cd9470facddb0bd37605631cd3ea21b8e8",
    },
    "de-cs": {
        "train": "31da02f8e95d6c8d35e9c7736c05d77efe85777ae41f753693c19659b54b5ba5",
        "validation": "45b86b241859f2015f3713d4b9d943cbd62a01734d71d0e25f2b9bf2a22e7b6e",
        "test": "3215edaba98927d9efd075aff5ad1b54d3249dec030150d224e59cc039a1f3e2",
    },
    "de-en": {
        "train": "d96d2d9606c760a0ad3065012369da6ca3d003cf7fec86b3baf1d264e9f84fca",
        "validation": "76fec0f9392c0a0335c77eaf923ab3605efafeb50fc84aafcbd84d55acd67f5c",
        "test": "51054a1bbb0cd8f2ed3440f521ba56d305d26c7f053ab864fb1a9f4c8148647c",
    },
    "de-fr": {
        "train": "368dc6bee6f6d9d91465fb7739869696531e547fbb26da24943f90596a4156ea",
        "validation": "cb54b65b1a7f2820b10a7829188ff8a083aeb2ac99ac9dbc6b164b790f721a55",
        "test": "76ae6a452876f5fdbf9386cf0eeadc0d7660d6f2a6827190201826cf4747de60",
    },
    "en-cs": {
        "train": "e46628f40da2a09ce3f159d9a8bc9b84eb0108890b2152d3e2050c4e645eba0c",
        "validation": "4240ae93148a3c14c97ab1bccc04f479fa9a25925615731e1d10d56ef1e107e6",
        "test": "673010a104f22f1a0d3eb2c0d43fa982e93d4fd14af1a6872e3333c48550a11a",
    },
    "en-de": {
        "train": "4215fd0d4a3e6ddc85956cc813c51058f4bed35b89292d55c378839745f6fa7c",
        "validation": "c194c1de3e89617167ce0f5a733557b87c7754e36ccbe62cbdce00024fb6e410",
        "test": "cbcc9aba4f0291dcab8658cd91e7468cbaa390f0c58d7e859879b61154d87b9c",
    },
    "en-fr": {
        "train": "d8d3757026e91004f791cb3a547cd5bb38d8515bae8488b9a339a2d9d24d1fa9",
        "validation": "8365f32544c6f0a614ad826ac3198489c403fdbd21a4df3c62c8e694c99e6c63",
        "test": "b7e2151415b345a2a685b210bb4450d8902c6924ee4fb69118b4a703b7e01a41",
    },
    "fr-cs": {
        "train": "84841b7bbf1b607ee076d8ec51f0b9e0aac7e3c2d096a391a5c51c94f84dfcff",
        "validation": "8153a2168210d546488bc1b44c468426d01c827b3245015fccd0013e9e2d821d",
        "test": "86825a1b04b64b354a82b48460f67b08bf08a501e0e49f126428e37f027b5ddd",
    },
    "fr-de": {
        "train": "ce3538af835b904dd48e5994c050596763f15a2a4dfd88ff1013dcd15db2d946",
        "validation": "62445f518d54ff99f75cb8013541405b1bd98c9db0a9d5cbc7ac65f7828467fc",
        "test": "d3735a20a44f075d69bc532dd9acad6090b35c3593cf009101ded387381b4523",
    },
    "fr-en": {
        "train": "f6532e7a539f82b9bc746720613aed5501ae969ef04b56df2cc611ef1fa61137",
        "validation": "fb4285111cb745a583b2367f11df407069062371440915fd6b3c076903d4d980",
        "test": "16dacdf29df685668f430f438c4849260f5efc5bdd1ac8891961ab7b9f1c69ed",
    },
}
