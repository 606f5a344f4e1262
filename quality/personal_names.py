"""Recognition of personal names. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from marketplace.kernel.japanese import split_words

FAMILY, GIVEN = "姓", "名"
OTHER_WORDS_MAX = 3
"""Titles and honorifics (理事長, 様) that may accompany a name."""

NAME_CHARACTERS_MAX = 24

COMMON_GIVEN_NAMES = frozenset(
    """
    james mary john patricia robert jennifer michael linda william elizabeth david barbara richard susan joseph
    jessica thomas sarah charles karen christopher nancy daniel lisa matthew betty anthony margaret mark sandra
    donald ashley steven kimberly paul emily andrew donna joshua michelle kenneth dorothy kevin carol brian amanda
    george melissa edward deborah ronald stephanie timothy rebecca jason sharon jeffrey laura ryan cynthia jacob
    kathleen gary amy nicholas angela eric shirley jonathan anna stephen brenda larry pamela justin emma scott nicole
    brandon helen benjamin samantha samuel katherine frank christine gregory debra raymond rachel alexander carolyn
    patrick janet jack catherine dennis maria jerry heather hanako taro kenji yuki haruka satoshi takashi
    """.split()  # noqa: SIM905
)
LATIN_NAME = re.compile(r"(?:(?:Mr|Mrs|Ms|Dr)\.? )?[A-Z][a-z'’-]+,?(?: [A-Z]\.?)?(?: [A-Z][A-Za-z'’-]+){0,2}")
KANA_NAME = re.compile(r"[ァ-ヶー]{2,8}[ ・]?[ァ-ヶー]{2,8}|[ぁ-んー]{2,8}[ ・]?[ぁ-んー]{2,8}")
JAPANESE = re.compile(r"[぀-ヿ一-鿿々]")


def is_full_name(value: str) -> bool:
    """Whether ``value`` is a person's family and given name, with a title at most beside it."""
    text = unicodedata.normalize("NFKC", value).strip()
    if not text or len(text) > NAME_CHARACTERS_MAX:
        return False
    if JAPANESE.search(text):
        kinds = _kinds(text)
        paired = any(pair == (FAMILY, GIVEN) for pair in pairwise(kinds))
        return paired and len(kinds) - 2 <= OTHER_WORDS_MAX
    return bool(LATIN_NAME.fullmatch(text)) and _has_common_given_name(text)


def is_part_of_name(value: str) -> bool:
    """Whether ``value`` can be a name, or one part of a name, where its column says that it is."""
    text = unicodedata.normalize("NFKC", value).strip()
    if not text or len(text) > NAME_CHARACTERS_MAX:
        return False
    if not JAPANESE.search(text):
        return bool(LATIN_NAME.fullmatch(text))
    return bool(KANA_NAME.fullmatch(text)) or bool({FAMILY, GIVEN} & set(_kinds(text)))


def _kinds(text: str) -> list[str]:
    """What the words of ``text`` are: FAMILY or GIVEN for parts of names, their part of speech otherwise."""
    kinds = []
    for morpheme in split_words(text):
        speech = morpheme.part_of_speech()
        if speech[0] not in ("空白", "補助記号"):
            kinds.append(speech[3] if speech[2] == "人名" else speech[0])
    return kinds


def _has_common_given_name(text: str) -> bool:
    words = text.replace(",", " ").lower().split()
    return len(words) > 1 and any(word in COMMON_GIVEN_NAMES for word in words)
