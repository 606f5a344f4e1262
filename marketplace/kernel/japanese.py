"""Morphological analysis of Japanese text by SudachiPy, safe for threads.

A tokenizer of SudachiPy serves one caller at a time and raises an error to a second one. Threads share the dictionary,
which is read only, and have a tokenizer each.
"""

from __future__ import annotations

import threading

from sudachipy import Dictionary, MorphemeList, SplitMode, Tokenizer


class _Tokenizers(threading.local):
    """The tokenizer of each thread, made at its first use."""

    tokenizer: Tokenizer | None = None


_tokenizers = _Tokenizers()
_dictionary: Dictionary | None = None
_loading = threading.Lock()


def split_words(text: str) -> MorphemeList:
    """The words of ``text`` in short units (mode A), each with its part of speech (UniDic) and its normalised form.

    ``text`` has at most 49,149 bytes in UTF-8: SudachiPy's limit.
    """
    if _tokenizers.tokenizer is None:
        _tokenizers.tokenizer = _make_tokenizer()
    return _tokenizers.tokenizer.tokenize(text)


def _make_tokenizer() -> Tokenizer:
    global _dictionary  # loaded once a process
    with _loading:
        if _dictionary is None:
            _dictionary = Dictionary(dict="small")
        return _dictionary.tokenizer(mode=SplitMode.A)
