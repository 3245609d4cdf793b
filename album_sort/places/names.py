"""Names of countries, regions and towns in the languages of the album titles."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

from album_sort.places._hanzi import simplified

MUNICIPALITIES = "市县区町村"
"""What stands behind the name of a municipality in Chinese and Japanese, in simplified characters."""

_IN_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}").fullmatch

# CLDR's full names are for forms and passports; people title an album with these.
SHORT_COUNTRIES: dict[str, dict[str, str]] = {
    "en": {"HK": "Hong Kong", "MO": "Macao", "MM": "Myanmar", "PS": "Palestine", "CD": "DR Congo", "CG": "Congo"},
    "zh": {"HK": "香港", "MO": "澳门", "PS": "巴勒斯坦"},
}

# Names for places that many travel to and that the data has without a Chinese name or with an unusual one
# (GeoNames id: name), each id checked against the data.
CHINESE_TOWNS: dict[int, str] = {
    11776771: "新雪谷",
    2129365: "俱知安",
    2130531: "美瑛",
    8630153: "白马",
    1848354: "横滨",
    5391959: "旧金山",
    5391811: "圣迭戈",
    3027301: "夏蒙尼",
    3028808: "戛纳",
    2969679: "凡尔赛",
    3166548: "锡耶纳",
    3182884: "阿雷佐",
    3176959: "佛罗伦萨",
    2766824: "萨尔茨堡",
    2775220: "因斯布鲁克",
    6180144: "惠斯勒",
    6354950: "托菲诺",
    2511730: "龙达",
    2516479: "伊维萨",
    256344: "伊亚",
    1622846: "乌布",
    3515040: "图卢姆",
    2193733: "奥克兰",
    6241325: "罗托鲁阿",
    2267226: "拉各斯",
    2735943: "波尔图",
    1151254: "普吉",
    1151601: "拜县",
    1154689: "苏梅岛",
    360502: "卢克索",
    1813171: "张家界",
    2035836: "满洲里",
    1792359: "黄山",
    1843564: "仁川",
    1835329: "大邱",
    1835235: "大田",
    2028462: "乌兰巴托",
    1566083: "胡志明市",
    1642911: "雅加达",
    1717512: "宿务",
    1734810: "芙蓉",
    1614295: "芭堤雅",
    1645528: "登巴萨",
    292223: "迪拜",
    745044: "伊斯坦布尔",
    616052: "埃里温",
    1248991: "科伦坡",
    1253405: "瓦拉纳西",
    2800866: "布鲁塞尔",
    2659811: "卢塞恩",
    2661552: "伯尔尼",
    2509954: "瓦伦西亚",
    2538475: "拉巴特",
    2530335: "丹吉尔",
    2548885: "非斯",
    360995: "吉萨",
    2314302: "金沙萨",
    2293538: "阿比让",
    909137: "卢萨卡",
    3489854: "金斯敦",
    3598132: "危地马拉城",
    4671654: "奥斯汀",
    5392171: "圣何塞",
    5133273: "皇后区",
    5879400: "安克雷奇",
    5913490: "卡尔加里",
    2174003: "布里斯班",
    2078025: "阿德莱德",
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
    """The best Chinese name among alternate names, in simplified characters; empty where there is none.

    Alternate names carry no language: a name in Chinese characters alone may be Japanese (Tokyo's is 東京), which is why
    those that fit GB 2312, the set of simplified characters, go first; then those that are also given as a municipality's
    (Chengdu is 天府, the land of plenty, too, but only 成都 has a 成都市), and short ones before long ones.
    """
    candidates = list(filter(_IN_CHINESE, names))
    if not candidates:
        return ""
    known = {simplified(name) for name in candidates}

    def rank(name: str) -> tuple[bool, bool, bool, int]:
        ours = simplified(name)
        is_official = any(ours + kind in known for kind in MUNICIPALITIES)
        return not _is_simplified(ours), not is_official, not _is_simplified(name), len(name)

    # The order of the data decides between equals; min() keeps the first.
    best = simplified(min(candidates, key=rank))
    # 罗马市 is the municipality; people say 罗马.
    return best[:-1] if len(best) > 2 and best.endswith("市") else best


def _is_simplified(name: str) -> bool:
    """Whether every character belongs to GB 2312."""
    try:
        name.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
