"""The wheels that hold the catalogs of `software-strings`: literals only."""

from __future__ import annotations

from dataclasses import dataclass

from zoo.wheels import Wheel


@dataclass(frozen=True, slots=True)
class Program:
    """A program whose messages people translated.

    license: SPDX, as the wheels' metadata or licence file says.
    """

    name: str
    license: str
    wheels: tuple[Wheel, ...]


def _program(name: str, version: str, spdx: str, sha256: str, python: str = "py3") -> Program:
    file = f"{name.replace('-', '_')}-{version}-{python}-none-any.whl"
    wheel = Wheel(project=name, version=version, file=file, sha256=sha256)
    return Program(name, spdx, (wheel,))


PROGRAMS = (
    _program(
        "cinder",
        "10.0.8",
        "Apache-2.0",
        "0a59cef59a94746790084e1d71bd61ef16068a94e9588001c16b2fbadcb8d1b4",
    ),
    _program(
        "django-allauth",
        "65.21.1",
        "MIT",
        "7bdf018c9f3f0a32c80677f84e7777272d9c833b180bd6734314c4831c802a9e",
    ),
    _program(
        "django-blog-zinnia",
        "0.20",
        "BSD-3-Clause",
        "ff570fb21fad39e998f84a2700099067579e4ca435c1718366e109e31115dfff",
        python="py2.py3",
    ),
    _program(
        "django-cms",
        "5.1.3",
        "BSD-3-Clause",
        "acf31919aab389d2bea253efa97a901bf55e96046a252f23a7a742e495848a5e",
    ),
    _program(
        "django-countries",
        "9.1.0",
        "MIT",
        "18c9f6e1a8e32356656b1db5ee94121310cbc3b91dc78171052a9ef9d57d5318",
    ),
    _program(
        "django-filer",
        "3.6.0",
        "BSD-3-Clause",
        "b441e081f0f5688d234815bd0421a1bafa10217eac31bdfe7c3ef3b092430bb3",
    ),
    _program(
        "django-machina",
        "1.3.1",
        "BSD-3-Clause",
        "df1779b49480269e3fdcc888ac26a501ab4428fe4e62b0e40d63c7a91bb2a6e5",
    ),
    _program(
        "django-oscar",
        "4.2.1",
        "BSD-3-Clause",
        "adbb95ea0130859c204cc6fb221052d6d437ecbaa90800e8418a809f72645e9c",
    ),
    _program(
        "djangorestframework",
        "3.18.3",
        "BSD-3-Clause",
        "8544bb674846731b1e3c9b309236ee1dc412905a0aa725be2ec193ca950a7d12",
    ),
    _program(
        "feincms",
        "26.10.1",
        "BSD-3-Clause",
        "e4f19eba7b92643e836570bae3e23f4fbc54a7ef19f527aecd8b7cfc7c761fd3",
    ),
    _program(
        "glance",
        "33.0.0",
        "Apache-2.0",
        "680091845b2fb8e395926a6760f82b569facb6fd0521a0cfaa0fa2bc014d3701",
    ),
    _program(
        "home-assistant-frontend",
        "20230110.0",
        "Apache-2.0",
        "6b1b43b6422c4c5595f2ab55be960be1a0c4e636d3757e10a3957ef6d696b8da",
    ),
    _program(
        "homeassistant",
        "2026.11.0",
        "Apache-2.0",
        "7ca5fbde9dea879ac7723949fc84347aac5182e6309c357b2e4973fd391b00f7",
    ),
    _program(
        "horizon",
        "27.0.0",
        "Apache-2.0",
        "8a981dae4fb6626e71553aa185f6e429b0b1efb86b04b0a72c3b18ee04f1f990",
    ),
    _program(
        "indico",
        "3.3.14",
        "MIT",
        "d98e030e0f21d22b9d9423d7cb3f9fca472ac5c2c4f3d8c5d7026ed3ed6c9811",
    ),
    _program(
        "keystone",
        "30.0.0",
        "Apache-2.0",
        "d0fa097278b1c1eda5b2c727766322a6a8afac0ed848d3104253855d4d483515",
    ),
    _program(
        "manila-ui",
        "16.0.0",
        "Apache-2.0",
        "b05f56cc010900aa451412288d077f3a485132851999d41cb36209ed7eb5e738",
    ),
    _program(
        "mezzanine",
        "6.1.1",
        "BSD-2-Clause",
        "abb8a3d7ee91b724d8aa89fa971bad1cf8e368c21055da4913e20e1418a96d1b",
        python="py2.py3",
    ),
    _program(
        "murano-dashboard",
        "16.0.0",
        "Apache-2.0",
        "56739a2c57cedd50d83726ec517dd845b0cef2bb26efcc6c9a95a293c7ae3312",
    ),
    _program(
        "netbox",
        "4.7.3",
        "Apache-2.0",
        "bd7828fe28ba7773bf8666560562c16d64297b15adfa37b4c3d7a7569496123d",
    ),
    _program(
        "neutron",
        "10.0.7",
        "Apache-2.0",
        "62207276aa387aff5ee413644b786479df62a056270ccb923a8d149c6f14d511",
        python="py2.py3",
    ),
    _program(
        "nova",
        "15.1.5",
        "Apache-2.0",
        "5e45feb06e42d63cc0a6d544925c2086734a203ba09f68dc4eb4d4a3cc7cbc74",
        python="py2.py3",
    ),
    _program(
        "openstack-heat",
        "27.0.1",
        "Apache-2.0",
        "6eb3e0e15da4e86a3f3c21543efcf65c5848412eb1864423ce4cff56c435897f",
    ),
    _program(
        "sahara-dashboard",
        "19.0.0",
        "Apache-2.0",
        "8a9a5f234a9fa6d945d4f0408978e7d1917e2e64492d6b8df3f36ba14d37042a",
    ),
    _program(
        "sphinx",
        "9.2.0",
        "BSD-2-Clause",
        "4c3ec13b612712c0d3ce4cbdd9e3eb91e68577e07a8e31f32f21cf178453578c",
    ),
    _program(
        "spyder",
        "6.1.8",
        "MIT",
        "4da836742a7138c93392a8a0bd1a5ff40002cf92d217ef0e7bed11b522322f90",
    ),
    _program(
        "thonny",
        "5.0.1",
        "MIT",
        "94eb9fc3d9f45acffcda51c17e75f56bb4b14427fee0467e14fb4f6210c33041",
    ),
    _program(
        "Trac",
        "1.6",
        "BSD-3-Clause",
        "5ff2f3394ebee7cc5b8ee465871cfdecb78ee492a74215b47b6d9ddbcc93b5f7",
    ),
    _program(
        "trove-dashboard",
        "27.0.0",
        "Apache-2.0",
        "3e2ddb8138a0251da34c377f8283c6b8cac024d29a12976da04545a14ccdab09",
    ),
    _program(
        "wagtail",
        "8.0.1",
        "BSD-3-Clause",
        "1e6ad5c7891a54efce1400e168298b5a2cc343b642cee89c31bf5ec30c98b26c",
    ),
    Program(
        "jupyterlab-language-pack",
        "BSD-3-Clause",
        (
            Wheel(
                project="jupyterlab-language-pack-de-DE",
                version="4.5.post3",
                file="jupyterlab_language_pack_de_de-4.5.post3-py2.py3-none-any.whl",
                sha256="b716b56f7e0c884f42152d5e36c253ea0f32ca41f99097d842d3934f4a4bc7fb",
            ),
            Wheel(
                project="jupyterlab-language-pack-es-ES",
                version="4.5.post3",
                file="jupyterlab_language_pack_es_es-4.5.post3-py2.py3-none-any.whl",
                sha256="8b315de006bc48d5798988cff6141f00694e411265011ea21570b4f459070381",
            ),
            Wheel(
                project="jupyterlab-language-pack-fr-FR",
                version="4.5.post3",
                file="jupyterlab_language_pack_fr_fr-4.5.post3-py2.py3-none-any.whl",
                sha256="9f6ce9d4e64b367ff084a2313af29d6ad8a02d1d08000f3e6c53e2856fa9a11f",
            ),
        ),
    ),
)
