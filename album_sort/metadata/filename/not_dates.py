"""What looks like a date and is none, or is not that of the shot: it is taken out of a name before dates are looked for.

A false date is worse than none: it leads a photo away from its trip. Each kind shows names with what may be left of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

FILLER = "\0"
"""Stands for what was taken out, so that nothing on its sides grows together."""


class Kind(NamedTuple):
    """Digits that are not a date of the shot."""

    what: str
    pattern: re.Pattern[str]
    examples: Mapping[str, str]
    """Names with the date that may be found in them, as in `Shape.examples`."""
    is_one: Callable[[re.Match[str]], bool] = bool
    folder_examples: Mapping[str, str] = {}


# Alphanumeric runs that a camera or a program writes although letters part their digits.
_ORDINARY_RUN = re.compile(
    r"[A-Za-z]*\d{8}[Tt]\d{6,9}[A-Za-z]{0,4}|[A-Za-z]*\d{8}WA\d+|\d{1,2}h\d\d(?:m(?:\d\ds?)?)?|\d{1,2}T\d{1,2}"
)


def _is_code(match: re.Match[str]) -> bool:
    """Letters that part four digits and more from others: a code; or hexadecimal digits, many or letters at both ends."""
    run = match[0]
    groups = re.findall(r"\d+", run)
    if _ORDINARY_RUN.fullmatch(run):
        return False
    if len(groups) > 1:
        return max(map(len, groups)) >= 4
    is_hexadecimal = not run.isdigit() and run.lower().strip("0123456789abcdef") == ""
    return is_hexadecimal and (len(run) >= 16 or (run[0].isalpha() and run[-1].isalpha()))


def _is_conflict(match: re.Match[str]) -> bool:
    """At least a name must stand before: `copy-20230102_101112.jpg` bears the original's name behind the word."""
    return match.start() > 0


_SEP = r"[\s_\-.,~(]{1,3}"
_STAMP = r"(?:\d{1,2}[.\-]\d{1,2}[.\-]\d{4}|\d{4}[\-_.]?\d\d[\-_.]?\d\d(?:[\sT_\-.,]{0,3}(?:at )?\d{1,2}[\-_.:h]?\d\d(?:[\-_.:m]?\d\d)?)?)"
_CONFLICT = r"confli[ck]t|conflit|konfli[ck]t|conflitto|ristiriita|çakış|конфликт|конфлікт|冲突|衝突|競合|충돌"
_LATER = (
    r"edited|edit|edits|modified|retouched|corrected|bearbeitet|editado|modifié|modificato|bewerkt|copy|copie|copia|kopie|kopia|"
    r"backup|bak|sicherung|sauvegarde|exported|export|uploaded|upload|downloaded|download|restored|recovered|printed|saved|"
    r"scanned|gescannt|eingescannt|digitized|digitised|scanné|numérisé|escaneado|digitalizado|"
    r"old|副本|拷贝|备份|已编辑|编辑|コピー|編集済み|복사본|편집됨|копия|изменено"
)
_UNIT = (
    r"px|pixels?|dpi|ppi|lpi|mm|cm|km|kg|mb|kb|gb|mp|fps|hz|khz|mhz|kbps|mbps|iso|lm|mah|rpm|x\b|p\b|k\b|w\b|h\b|m\b|g\b|v\b|"
    r"pcs|stk|st[uü]ck|photos?|pictures?|images?|fotos?|bilder|files?|items?|views|times|people|steps|miles|days|tage|张|枚|米|克"
)
_MONEY = r"eur|euros?|usd|gbp|chf|jpy|cny|rmb|inr|rub|dollars?|bucks|yuan|元|円|원|руб"

KINDS: tuple[Kind, ...] = (
    Kind(
        "UUIDs",
        re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
        {"20190506-1954-4abc-9def-20190506abcd.jpg": "", "A0190506-2019-4070-8010-102030405060_1_105_c.jpeg": ""},
    ),
    Kind(
        "hexadecimal and other codes (Viber, MD5 of web downloads)",
        re.compile(r"[0-9A-Za-z]{8,}"),
        {
            "0-02-05-967ae5f964cddff3dcd43c279dab57d1494975527977cac3b05bbcb652605215.jpg": "",
            "f1c1592588411002af340cbaedd6fc33.jpg": "",
            "d1b20241109fd7c1113f2fafbd33ed21.jpg": "",
            "AF1QipN20230102xyz.jpg": "",
            "e19610212ccc.jpg": "",
            "IMG-5b1592588411002af340cbaedd6fc33a-V.jpg": "",
            "IMG20230102WA0001.jpg": "2023-01-02 day",
        },
        _is_code,
    ),
    Kind(
        "names of Facebook and Instagram",
        re.compile(r"(?<![0-9A-Za-z])\d{6,}_\d{14,}(?:_\d{9,})?_[a-z](?![0-9A-Za-z])"),
        {
            "20190506_1010203040506070_1234567890123456789_n.jpg": "",
            "20190506_101112_n.jpg": "2019-05-06 10:11:12 second",
        },
    ),
    Kind(
        "conflict copies (Dropbox, Nextcloud, ownCloud, Seafile, Synology): everything behind the word",
        re.compile(
            rf"[(（\[][^()（）]{{0,80}}?(?:{_CONFLICT}).*|[_\-.~ ](?:sync-|case)?(?:{_CONFLICT})"
            rf"(?:[_\- ]{{1,3}}(?:copy[_\- ])?\d|-[^\s()]{{1,40}}?-\d{{8}}-\d{{6}}).*",
            re.IGNORECASE,
        ),
        {
            "IMG_1 (John's conflicted copy 2013-05-06).jpg": "",
            "IMG_1 (Konflikt-Kopie von Anna 2013-05-06).jpg": "",
            "IMG_1 (copie en conflit de Anna 2013-05-06).jpg": "",
            "IMG_1（Anna 的冲突副本 2013-05-06）.jpg": "",
            "IMG_1 (conflicted copy 2023-01-02 101112).jpg": "",
            "IMG_1 (SFConflict a@b.org 2023-01-02-10-11-12).jpg": "",
            "IMG_2.sync-conflict-20230101-101112-ABCDEFG.jpg": "",
            "IMG_3_conflict-20170630-150311.jpg": "",
            "IMG_3_conflict-Anna-20170630-150311.jpg": "",
            "IMG_3 - Conflict - 20170630.jpg": "",
            "IMG_20190506_101112 (Anna's conflicted copy 2023-01-02).jpg": "2019-05-06 10:11:12 second",
            "IMG_20190506_101112.sync-conflict-20230101-101112-ABCDEFG.jpg": "2019-05-06 10:11:12 second",
        },
        _is_conflict,
    ),
    Kind(
        "versions that Syncthing keeps",
        re.compile(r"~\d{8}-\d{6}"),
        {"IMG_1~20230101-101112.jpg": "", "IMG_20190506_101112~20230101-101112.jpg": "2019-05-06 10:11:12 second"},
        _is_conflict,
    ),
    Kind(
        "names of computers (OneDrive's conflict copies)",
        re.compile(r"-(?:DESKTOP|LAPTOP|WIN|PC|SURFACE|MSI|HP|ASUS|LENOVO)-[0-9A-Z]{5,12}(?![0-9A-Za-z])"),
        {"IMG_1-DESKTOP-20190506.jpg": "", "20190506_101112-LAPTOP-2018ABC.jpg": "2019-05-06 10:11:12 second"},
        _is_conflict,
    ),
    Kind(
        "when a file was edited, copied or saved",
        re.compile(rf"(?<![^\W\d_])(?:{_LATER}){_SEP}(?:on |at |am |le |el |vom )?{_STAMP}", re.IGNORECASE),
        {
            "IMG_4 edited 2019-05-06.jpg": "",
            "IMG_4-edited-20190506_101112.jpg": "",
            "IMG_4 (edited 2019-05-06).jpg": "",
            "IMG_4 - Copy 2019-05-06.jpg": "",
            "IMG_4 副本 2019-05-06.jpg": "",
            "IMG_4 retouched 6.5.2019.jpg": "",
            "1954-06-05 Rome (scanned 2019-05-06).jpg": "1954-06-05 day",
            "IMG_20190506_101112-edited-20230101.jpg": "2019-05-06 10:11:12 second",
            "edited-20190506_101112.jpg": "2019-05-06 10:11:12 second",
            "Copy of 20190506_101112.jpg": "2019-05-06 10:11:12 second",
        },
        _is_conflict,
        {"/photos/Old backup 2019-05-06": "", "/photos/Backup 2019-05-06": ""},
    ),
    Kind(
        "when Takeout exported",
        re.compile(r"takeout[-_ ]\d{8}T\d{6}Z", re.IGNORECASE),
        {},
        folder_examples={"/photos/takeout-20240101T101112Z-001": ""},
    ),
    Kind(
        "sizes (of pictures, papers, screens)",
        re.compile(r"(?<!\d)\d{2,5}\s?[x×X*]\s?\d{2,5}(?!\d)"),
        {"1920x1080 Beach.jpg": "", "2000 × 1500 Beach.jpg": "", "Beach_20190506_1920x1080.jpg": "2019-05-06 day"},
        folder_examples={"/photos/Wallpapers 1920x1080": ""},
    ),
    Kind(
        "amounts, with their unit",
        re.compile(rf"(?<![\d\-.])\d{{4}}[\s_\-]?(?:{_UNIT}|{_MONEY})(?![^\W\d_])", re.IGNORECASE),
        {"2000 px Beach.jpg": "", "1954 photos of Rome.jpg": "", "2000-EUR Ticket.jpg": ""},
        folder_examples={"/photos/2000 dpi": "", "/photos/ISO/2000 photos": ""},
    ),
    Kind(
        "numbers of things, with their kind",
        re.compile(
            r"(?<![^\W_])(?:iso|top|nr|no|nº|n°|windows|room|zimmer|page|seite|lot)[ ._\-]{0,2}\d{4}(?![-_.]?\d)",
            re.IGNORECASE,
        ),
        {},
        folder_examples={
            "/photos/ISO 2000": "",
            "/photos/Top 2000": "",
            "/photos/Windows 2000": "",
            "/photos/Nr. 1954": "",
        },
    ),
    Kind(
        "prices",
        re.compile(r"[$€£¥₹₽₩]\s?\d[\d.,]*|(?<!\d)\d{1,5}[.,]\d\d\s?[$€£¥₹₽₩]|(?<!\d)\d{4}\s?[$€£¥₹₽₩]"),
        {"$1999.10 Camera.jpg": "", "1999.10€ Camera.jpg": "", "2000€ Camera.jpg": ""},
        folder_examples={"/photos/Deal 1999€": ""},
    ),
    Kind(
        "telephone numbers",
        re.compile(
            r"\+(?!(?:18|19|20)\d\d[-_.]\d\d)\d{1,3}[ \-.()]?\d[ \-.()\d]{5,}\d|"
            r"(?<!\d)(?<!\d\d[-_])(?:00[1-9]\d{1,2}[ \-]\d{2,4}[ \-]\d{4,}|0[1-9]\d{1,4}[ \-/]\d{6,8})(?!\d)"
        ),
        {
            "WhatsApp +49 170 20041213.jpg": "",
            "0151-20041213.jpg": "",
            "0049-170-20041213.jpg": "",
            "+49 170 20041213 IMG-20230102-WA0001.jpg": "2023-01-02 day",
            "photo+2019-05-06.jpg": "2019-05-06 day",
        },
    ),
    Kind(
        "versions of programs",
        # Czech screenshots have `v` between date and time.
        re.compile(r"(?<![^\W_])(?:v\.?|(?<!\d\s)v\.?\s)\d+(?:\.\d+)+", re.IGNORECASE),
        {"Firefox v2023.01.02.png": "", "App v2.10.2019.png": ""},
    ),
)

# `1990-1999` are not years of one photo; of `2012-13` the first is where a season begins.
_YEARS = re.compile(r"(?<!\d)((?:18|19|20)\d\d)(\s?[-/_+&]\s?)((?:18|19|2\d)\d\d)(?![\d]|[-_.]\d)")
_YEAR_AND_SHORT = re.compile(r"(?<!\d)(?<!\d[-_.])((?:18|19|20)\d\d)(-)(\d\d)(?![\d]|[-_.]\d)")


def without_false_dates(name: str) -> str:
    """The name with fillers for all that looks like a date of the shot and is none."""
    for kind in KINDS:
        name = kind.pattern.sub(lambda match, kind=kind: FILLER if kind.is_one(match) else match[0], name)  # type: ignore[misc]
    return name


def without_spans_of_years(name: str) -> str:
    """`1990-1999` and `1990-99` taken out; of a season (`2012-13`, and `School 2010-11`) only its second year."""
    name = _YEARS.sub(_first_of_season, name)
    return _YEAR_AND_SHORT.sub(_first_of_short_season, name)


def _first_of_season(match: re.Match[str]) -> str:
    gap = int(match[3]) - int(match[1])
    if gap == 1:
        return match[1] + FILLER
    # `2019/2020` are folders in each other; with the same year twice, or going back, it is not a span.
    return match[0] if gap <= 0 or match[2] == "/" else FILLER


def _first_of_short_season(match: re.Match[str]) -> str:
    first, second = int(match[1]) % 100, int(match[3])
    is_season = second == (first + 1) % 100
    if 1 <= second <= 12:
        # May be a month: where a word stands before, it is a season's name (`School 2010-11`).
        before = match.string[: match.start()].rpartition("/")[2]
        return match[1] + FILLER if is_season and before.strip(" _-") else match[0]
    return match[1] + FILLER if is_season else FILLER
