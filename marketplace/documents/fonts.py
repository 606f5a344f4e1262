"""The Japanese fonts of documents.

They come from the data-only package ``pylopdf-fonts-jp``: Noto Sans JP and Noto Serif JP as the Noto CJK
project publishes them, under the SIL Open Font License 1.1, which permits embedding and redistribution. System
fonts are never used, so a document is the same, byte for byte, on every machine.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from .errors import FontMissing

PACKAGE = "pylopdf_fonts_jp"
FONT_FILES = ("NotoSansJP-Regular.otf", "NotoSerifJP-Regular.otf")


def font_folder(package: str = PACKAGE) -> Path:
    """The folder of the font files. Raises FontMissing for the first one that is missing."""
    try:
        resources = files(package)
    except ModuleNotFoundError:
        raise FontMissing(font=FONT_FILES[0]) from None
    for name in FONT_FILES:
        if not resources.joinpath(name).is_file():
            raise FontMissing(font=name)
    with as_file(resources) as folder:
        return folder
