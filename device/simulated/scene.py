"""The picture in front of the simulated camera: a counter, a visitor who walks about, a clock. Drawn without numpy."""

import random
from typing import Final

from device.simulated.glyphs import HEIGHT, WIDTH, glyph

_WALL: Final = (150, 120, 134)
_DESK: Final = (92, 108, 152)
_COAT: Final = (60, 146, 118)
_SKIN: Final = (176, 112, 150)
_BLACK: Final = (16, 128, 128)
_WHITE_LUMA: Final = 235
_SCALE: Final = 4
_GRAINS: Final = 4

Yuv = tuple[int, int, int]


class Scene:
    """Three planes of YUV 4:2:0, changed in place from one picture to the next.

    With `grain` every picture has its own noise, like a real sensor, and costs a real encoder's work; without, the
    still parts are still. `width` and `height` are in dots and must be even.
    """

    def __init__(self, width: int, height: int, name: str, grain: bool = False) -> None:
        self._width, self._height = width, height
        self._name = name.upper()
        self._backgrounds = [self._background(seed, grain) for seed in range(_GRAINS if grain else 1)]
        self._black = tuple(
            bytes([value]) * len(plane) for value, plane in zip(_BLACK, self._backgrounds[0], strict=True)
        )
        self._font = {
            character: glyph(character, _SCALE, _WHITE_LUMA, _BLACK[0])
            for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:.-#/ "
        }

    def picture(self, number: int, time_text: str) -> tuple[bytearray, bytearray, bytearray]:
        """Picture `number` with `time_text` (HH:MM:SS.mmm) burnt in: the Y, U and V planes without padding."""
        luma, blue, red = (bytearray(plane) for plane in self._backgrounds[number % len(self._backgrounds)])
        self._visitor((luma, blue, red), number)
        self._write(luma, 16, 16, time_text)
        self._write(luma, 16, 16 + (HEIGHT + 2) * _SCALE, f"#{number:07d} {self._name}"[: self._columns()])
        return luma, blue, red

    def blackness(self) -> tuple[bytes, bytes, bytes]:
        """What a covered lens gives."""
        return self._black[0], self._black[1], self._black[2]

    def _background(self, seed: int, grain: bool) -> tuple[bytes, bytes, bytes]:
        noise = random.Random(seed)  # noqa: S311 - grain of a picture, not a secret
        tables = {c: bytes(max(0, min(255, c - 3 + value * 7 // 256)) for value in range(256)) for c in range(256)}
        rows = []
        for row in range(self._height):
            colour = _DESK[0] if row >= self._height * 2 // 3 else _WALL[0] + row * 20 // self._height
            rows.append(
                noise.randbytes(self._width).translate(tables[colour]) if grain else bytes([colour]) * self._width
            )
        desk = self._height // 2 * 2 // 3
        half = self._width // 2
        chroma = [
            bytes([_WALL[i]]) * (half * desk) + bytes([_DESK[i]]) * (half * (self._height // 2 - desk)) for i in (1, 2)
        ]
        return b"".join(rows), chroma[0], chroma[1]

    def _visitor(self, planes: tuple[bytearray, bytearray, bytearray], number: int) -> None:
        width = self._width // 10 & ~1
        path = self._width - width - 32
        step = number * 4 % (2 * path)
        left = 16 + (step if step < path else 2 * path - step) & ~1
        top, desk = self._height // 3 & ~1, self._height * 2 // 3 & ~1
        self._box(planes, left, top, width, desk - top, _COAT)
        self._box(planes, left + (width // 4 & ~1), top - (width // 2 & ~1), width // 2 & ~1, width // 2 & ~1, _SKIN)

    def _box(
        self, planes: tuple[bytearray, bytearray, bytearray], left: int, top: int, width: int, height: int, colour: Yuv
    ) -> None:
        for plane, value, half in zip(planes, colour, (1, 2, 2), strict=True):
            stride, line = self._width // half, bytes([value]) * (width // half)
            for row in range(top // half, (top + height) // half):
                start = row * stride + left // half
                plane[start : start + len(line)] = line

    def _write(self, luma: bytearray, left: int, top: int, text: str) -> None:
        blank = self._font[" "]
        glyphs = [self._font.get(character, blank) for character in text]
        for row in range(HEIGHT):
            line = b"".join(drawn[row] for drawn in glyphs)
            for repeat in range(_SCALE):
                start = (top + row * _SCALE + repeat) * self._width + left
                luma[start : start + len(line)] = line

    def _columns(self) -> int:
        return (self._width - 32) // (WIDTH * _SCALE)
