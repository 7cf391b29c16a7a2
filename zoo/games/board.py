"""How a position looks on a terminal: discs in a frame, a grid, or the rules' own text.

Where there is no colour the two players' pieces have two shapes, and what is highlighted is in
brackets: round ones for the last move, square ones for a line that won.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.text import Text

from zoo.games.rules import Rules, State

_MARKS = "xo"  # OpenSpiel's text of the pieces of the first and the second player


class _Look(NamedTuple):
    """Styles of one board: of a piece of each player, of a hole, and of the three grounds."""

    pieces: tuple[str, str]
    hole: str
    ground: str
    last: str
    won: str


_BLUE = "#1d4fc4"
_CONNECT_FOUR = _Look(
    ("bold #ff4b3e", "bold #ffd83d"), "#0b2a6f", f"on {_BLUE}", "on #5f92ff", "on #050a18"
)
_TIC_TAC_TOE = _Look(("bold red", "bold bright_blue"), "dim", "", "on grey30", "reverse")


def draw(rules: Rules, state: State) -> Board | Panel:
    """The position, ready to print."""
    if rules.name in ("connect_four()", "tic_tac_toe()"):
        return Board.of(rules, state)
    return Panel.fit(
        Text(str(state).rstrip("\n")), title=rules.game.get_type().long_name, padding=(0, 2)
    )


def piece(rules: Rules, player: int, out: Console) -> str | None:
    """How a player's pieces look on that console; None where that differs from game to game."""
    if rules.name == "connect_four()":
        if _plain(out):
            return ("xo" if out.options.ascii_only else "●○")[player]
        return ("red", "yellow")[player]
    return "XO"[player] if rules.name == "tic_tac_toe()" else None


def _plain(out: Console) -> bool:
    return out.color_system is None or out.no_color


@dataclass(frozen=True, slots=True)
class Board:
    """A board of Connect Four or tic-tac-toe.

    cells: the player whose piece is there, by row from the top and column; None: nobody's.
    last: the cell of the last move. won: the cells of a complete line.
    """

    cells: tuple[tuple[int | None, ...], ...]
    last: tuple[int, int] | None
    won: frozenset[tuple[int, int]]
    squares: bool

    @classmethod
    def of(cls, rules: Rules, state: State) -> Board:
        """The board of a state of standard Connect Four or tic-tac-toe."""
        cells = tuple(
            tuple(_MARKS.index(mark) if mark in _MARKS else None for mark in line)
            for line in str(state).split("\n")
            if line and set(line) <= set(_MARKS + ".")
        )
        squares = rules.kind == "tic_tac_toe"
        last = None
        if state.history():
            action = state.history()[-1]
            if squares:
                last = divmod(action, 3)
            else:
                top = min(y for y, row in enumerate(cells) if row[action] is not None)
                last = top, action
        return cls(cells, last, _won(cells, 3 if squares else 4), squares)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plain = _plain(console)
        lines = self._grid(plain) if self.squares else self._frame(plain, options.ascii_only)
        yield from lines

    def _frame(self, plain: bool, ascii_only: bool) -> Iterator[Text]:
        width = len(self.cells[0])
        if ascii_only:
            top, side, bottom, pieces, hole = "+-+", "|", "+-+", "xo", "."
        elif plain:
            top, side, bottom, pieces, hole = "╭─╮", "│", "╰─╯", "●○", "·"
        else:
            top, side, bottom, pieces, hole = "▄▄▄", " ", "▀▀▀", "●●", "●"
        frame, wall = ("", "") if plain else (_BLUE, f"on {_BLUE}")
        yield Text("  " + "".join(f" {column + 1} " for column in range(width)), style="bold")
        yield Text(f" {top[0]}{top[1] * 3 * width}{top[2]}", style=frame)
        for y, row in enumerate(self.cells):
            line = Text(" ").append(side, wall)
            for x, player in enumerate(row):
                mark = hole if player is None else pieces[player]
                line.append_text(self._cell(y, x, mark, plain))
            yield line.append(side, wall)
        yield Text(f" {bottom[0]}{bottom[1] * 3 * width}{bottom[2]}", style=frame)

    def _grid(self, plain: bool) -> Iterator[Text]:
        for y, row in enumerate(self.cells):
            if y:
                yield Text(" ───┼───┼───", style="dim")
            line = Text(" ")
            for x, player in enumerate(row):
                if x:
                    line.append("│", "dim")
                mark = str(3 * y + x + 1) if player is None else "XO"[player]
                line.append_text(self._cell(y, x, mark, plain))
            yield line

    def _cell(self, y: int, x: int, mark: str, plain: bool) -> Text:
        """Three characters: the mark, with what is highlighted around it."""
        won, last = (y, x) in self.won, (y, x) == self.last
        if plain:
            return Text(f"[{mark}]" if won else f"({mark})" if last else f" {mark} ")
        look = _TIC_TAC_TOE if self.squares else _CONNECT_FOUR
        ground = look.won if won else look.last if last else look.ground
        player = self.cells[y][x]
        style = look.hole if player is None else look.pieces[player]
        return Text(f" {mark} ", style=f"{style} {ground}")


def _won(cells: tuple[tuple[int | None, ...], ...], length: int) -> frozenset[tuple[int, int]]:
    """The cells of every line of one player's pieces that is long enough to win."""
    height, width = len(cells), len(cells[0])
    found: set[tuple[int, int]] = set()
    for y in range(height):
        for x in range(width):
            for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
                line = [(y + i * dy, x + i * dx) for i in range(length)]
                end_y, end_x = line[-1]
                if not (end_y < height and 0 <= end_x < width):
                    continue
                owners = {cells[row][column] for row, column in line}
                if len(owners) == 1 and None not in owners:
                    found.update(line)
    return frozenset(found)
