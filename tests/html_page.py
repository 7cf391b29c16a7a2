"""Reading a page as a browser would, as far as tests ask: elements, tables, references."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

_VOID = frozenset({"meta", "link", "img", "br", "input"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})


@dataclass
class Element:
    """One element with what is in it."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = field(default=None, repr=False)
    content: list[Element | str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        """All text within, with single spaces."""
        parts = (one if isinstance(one, str) else f" {one.text} " for one in self.content)
        return " ".join("".join(parts).split())

    def all(self, *tags: str) -> list[Element]:
        """Every element of these tags within, in order."""
        found = []
        for one in self.content:
            if isinstance(one, Element):
                found += [one] * (one.tag in tags) + one.all(*tags)
        return found

    def within(self, tag: str, **attributes: str) -> bool:
        """Whether an element around it has this tag and these attributes."""
        one = self.parent
        while one is not None:
            if one.tag == tag and attributes.items() <= one.attributes.items():
                return True
            one = one.parent
        return False

    def rows(self) -> list[list[str]]:
        """The cells of a table."""
        return [[cell.text for cell in row.all("th", "td")] for row in self.all("tr")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        one = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.content.append(one)
        if tag not in _VOID:
            self.here = one

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.content.append(
            Element(tag, {name: value or "" for name, value in attrs}, self.here)
        )

    def handle_endtag(self, tag: str) -> None:
        assert self.here.tag == tag, f"</{tag}> ends <{self.here.tag}>"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.content.append(data)


def read(html: str) -> Element:
    """The page. Fails if an element is not closed in its turn."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.here is reader.root, f"<{reader.here.tag}> is not closed"
    return reader.root


def complaints(page: Element, html: str) -> list[str]:
    """What keeps a page from standing alone, or from being read to somebody who cannot see it."""
    wrong = []
    elements = page.all(*{one.tag for one in _everything(page)})
    ids = [one.attributes["id"] for one in elements if "id" in one.attributes]
    wrong += [f"the id {one} is there twice" for one in set(ids) if ids.count(one) > 1]
    for one in elements:
        for name, value in one.attributes.items():
            if name in ("src", "href", "xlink:href", "action", "srcset", "poster"):
                if value.startswith("#"):
                    wrong += [] if value[1:] in ids else [f"{value} leads nowhere"]
                elif not value.startswith("data:"):
                    wrong.append(f"{one.tag} needs {value}")
            if name.startswith("on"):
                wrong.append(f"{one.tag} runs {name}")
            if name == "aria-labelledby" and value not in ids:
                wrong.append(f"nothing is called {value}")
        if one.tag in ("script", "iframe", "object", "embed"):
            wrong.append(f"there is a {one.tag}")
        if one.tag == "img" and not one.attributes.get("alt"):
            wrong.append("a picture has no alternative text")
        if one.tag == "audio" and not one.attributes.get("aria-label"):
            wrong.append("a sound has no name")
        if one.tag == "svg" and not one.within("div", role="img"):
            wrong.append("a plot has no alternative text")
    wrong += ["a style sheet fetches something"] * ("url(http" in html or "@import" in html)
    levels = [int(one.tag[1]) for one in elements if one.tag in _HEADINGS]
    wrong += ["there is not one h1"] * (levels.count(1) != 1)
    wrong += [f"an h{low} follows an h{high}" for high, low in pairwise(levels) if low > high + 1]
    return wrong


def _everything(element: Element) -> list[Element]:
    inner = [one for one in element.content if isinstance(one, Element)]
    return [*inner, *(deeper for one in inner for deeper in _everything(one))]
