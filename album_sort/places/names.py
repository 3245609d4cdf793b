"""Names of countries, regions and towns in the languages of the album titles."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

CJK_FIRST, CJK_LAST = "\u4e00", "\u9fff"

# CLDR's full names are for forms and passports; people title an album with these.
SHORT_COUNTRIES: dict[str, dict[str, str]] = {
    "en": {"HK": "Hong Kong", "MO": "Macao", "MM": "Myanmar", "PS": "Palestine", "CD": "DR Congo", "CG": "Congo"},
    "zh": {"HK": "香港", "MO": "澳门", "PS": "巴勒斯坦"},
}

# Holiday places whose entry in the data has no Chinese name (GeoNames id: name), checked by hand.
CHINESE_TOWNS: dict[int, str] = {
    11776771: "新雪谷",
    2129365: "俱知安",
    2657928: "采尔马特",
    3027301: "夏蒙尼",
    5892532: "班夫",
    6180144: "蒂卡波",
}


@lru_cache(maxsize=512)
def country_name(country_code: str, lang: str) -> str:
    """Name of a country (ISO 3166-1 alpha-2) as CLDR has it, shortened where that is stilted; the code if unknown."""
    short = SHORT_COUNTRIES.get(lang, {}).get(country_code)
    if short:
        return short
    from babel import Locale  # noqa: PLC0415 - a run without positions need not load CLDR

    return str(Locale.parse(lang).territories.get(country_code, country_code))


@lru_cache(maxsize=1)
def _regions() -> dict[tuple[str, str], tuple[str, str]]:
    """Country and region code to the English and the Chinese name."""
    text = resources.files("album_sort.places").joinpath("regions.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {(country, code): (english, chinese) for country, code, english, chinese in rows}


def region_name(country_code: str, region_code: str, lang: str) -> str:
    """Name of a first-level region by its GeoNames code; English where there is no other, empty where unknown."""
    english, chinese = _regions().get((country_code, region_code), ("", ""))
    return chinese if lang == "zh" and chinese else english


def chinese_name(names: list[str]) -> str:
    """The best Chinese name among alternate names: simplified characters before others, short before long; else empty.

    Alternate names carry no language: a name in Chinese characters alone may be Japanese (Tokyo's is 東京), which is
    why those that fit GB 2312, the set of simplified characters, go first.
    """
    candidates = [name for name in names if len(name) > 1 and all(CJK_FIRST <= char <= CJK_LAST for char in name)]
    if not candidates:
        return ""
    # The order of the data decides between equals; min() keeps the first.
    return min(candidates, key=lambda name: (not _is_simplified(name), len(name)))


def _is_simplified(name: str) -> bool:
    """Whether every character belongs to GB 2312."""
    try:
        name.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
