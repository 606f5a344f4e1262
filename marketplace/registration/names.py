"""Names and addresses in a form in which two spellings of the same are equal. Pure."""

from __future__ import annotations

import re
import unicodedata

from marketplace.kernel.japanese import split_words

_JAPANESE_FORMS = re.compile(
    "株式会社|有限会社|合同会社|合資会社|合名会社|相互会社|(?:一般|公益|特例)?(?:社団|財団)法人|独立行政法人"
    "|特定非営利活動法人|学校法人|医療法人|社会福祉法人|国立大学法人|協同組合|[(](?:株|有|同|資|名)[)]"
)
_LATIN_FORMS = frozenset(
    {
        "co",
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "company",
        "llc",
        "llp",
        "kk",
        "plc",
        "gmbh",
        "ag",
    }
)
# Variants of characters in names, which no dictionary joins, and hiragana for katakana.
_VARIANTS = str.maketrans(
    "髙﨑嵜碕邊邉齋齊斎濵濱德惠澤廣國櫻眞壽龍嶋嶌舘條瀨藏榮學會醫實彌萬與豐圓鐵靜關增黑緖渕淵柗檜槇",
    "高崎崎崎辺辺斉斉斉浜浜徳恵沢広国桜真寿竜島島館条瀬蔵栄学会医実弥万与豊円鉄静関増黒緒淵淵松桧槙",
)
_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_WORDS = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
_LATIN = re.compile(r"[\u0000-\u024f]*")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_BLOCK = re.compile("([一二三四五六七八九])丁目")
_NUMBERS = re.compile("(?<=[0-9])(?:丁目|番地の?|番|号|の)(?=[0-9]|$)")
_HYPHENS = re.compile("[‐‑‒–—―−ー－ｰ-](?=[0-9]|$)")


def normal_name(name: str) -> str:
    """The name of a person or an organisation without its legal form, in one spelling.

    Widths, cases, spaces, marks of Latin letters, the order of Latin words, hiragana or katakana, and old or new characters
    do not matter; Japanese words are replaced by their normalised forms (SudachiPy). It joins more than it should rather than less:
    a hit is read by people.
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold()))
    plain = unicodedata.normalize("NFC", plain)
    words = _WORDS.findall(_JAPANESE_FORMS.sub(" ", plain)) or _WORDS.findall(plain)
    if _LATIN.fullmatch("".join(words)):
        return " ".join(sorted(word for word in words if word not in _LATIN_FORMS) or sorted(words))
    joined = "".join(words).translate(_VARIANTS)
    return "".join(each.normalized_form() for each in split_words(joined)).casefold().translate(_KATAKANA)


def normal_address(address: str) -> str:
    """A Japanese address in one spelling: ``番町一丁目８番１５号`` and ``番町1-8-15`` are equal."""
    plain = "".join(unicodedata.normalize("NFKC", address).split())
    plain = _BLOCK.sub(lambda found: f"{found[1].translate(_DIGITS)}丁目", plain)
    return _HYPHENS.sub("-", _NUMBERS.sub("-", plain)).rstrip("-")
