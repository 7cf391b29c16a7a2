"""Look at the report's page in a real browser: on a phone and a desktop, light and dark.

    pip install playwright axe-playwright-python; apt-get install chromium
    zoo report --page report.html
    python benchmarks/check_page.py report.html --screenshots shots

Prints what is wrong, one line each, and ends with exit code 1 if anything is: messages on the
console, requests to anywhere, overflow to the side, and violations that axe-core finds.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

WIDTHS = {"phone": 390, "desktop": 1280}
SCHEMES = ("light", "dark")
_HEIGHT = 900
_PATIENCE = 300_000  # milliseconds; a page that is photographed whole is some 30,000 pixels high
# What is wider than the page, if it is not within something that scrolls by itself.
_OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const apart = ".wide, .skip, svg";
  const wide = [...document.querySelectorAll("body *")].filter(
    (one) => one.getBoundingClientRect().right > width + 1 && !one.closest(apart));
  const named = wide.slice(0, 5).map(
    (one) => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`);
  return document.documentElement.scrollWidth > width
    ? [...named, "the page scrolls sideways"] : named;
}"""


def look(page: Path, screenshots: Path | None) -> list[str]:
    """Everything that is wrong with the page, as sentences."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )
        wrong = [
            f"{device}, {scheme}: {complaint}"
            for device in WIDTHS
            for scheme in SCHEMES
            for complaint in _view(browser, page, device, scheme, screenshots)
        ]
        browser.close()
    return wrong


def _view(
    browser: Any, page: Path, device: str, scheme: str, screenshots: Path | None
) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    wrong: list[str] = []
    tab = browser.new_page(
        viewport={"width": WIDTHS[device], "height": _HEIGHT}, color_scheme=scheme
    )
    tab.set_default_timeout(_PATIENCE)
    tab.on("console", lambda told: wrong.append(f"console: {told.text}"))
    tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    requests: list[str] = []
    tab.on("request", lambda asked: requests.append(asked.url))
    tab.goto(page.resolve().as_uri())
    wrong += [f"request: {url}" for url in requests if not url.startswith(("file:", "data:"))]
    wrong += [f"overflow: {one}" for one in tab.evaluate(_OVERFLOW)]
    if screenshots is not None:
        screenshots.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=screenshots / f"{device}-{scheme}.png", full_page=True)
    wrong += [
        f"axe: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}"
        for one in Axe().run(tab).response["violations"]
    ]
    tab.close()
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("page", type=Path)
    parser.add_argument("--screenshots", type=Path, help="folder for a picture of each view")
    arguments = parser.parse_args()
    wrong = look(arguments.page, arguments.screenshots)
    for line in wrong:
        print(line)
    print(f"{len(wrong)} complaints about {arguments.page}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
