"""A month or a year without a day: how people name scans, and folders."""

from __future__ import annotations

import re

from album_sort.metadata.date_words import Calendar
from album_sort.metadata.filename.shape import FIRST_YEAR, YEAR, Shape

# Behind a year they say that the number was a counter: `1954 copy.jpg`, `2001-edited.jpg`, `2010_HDR.jpg`.
_NO_WORD_OF_A_PHOTO = frozenset(
    """
    copy copie copia kopie kopia edit edited edits bearbeitet editado modifié modificato bewerkt effects collage animation
    pano panorama hdr cover burst portrait night raw original originals small large medium thumb thumbnail preview print
    final cropped crop resized scaled web full new old bw jpg jpeg png heic tif tiff psd img dsc mov
    """.split()  # noqa: SIM905  # a word per line would hide that this is one short list
)
# What cameras, programs and people call any picture: the number behind it counts pictures.
_ANY_PICTURE = frozenset(
    """
    img imgp image images imag imagen immagine dsc dscn dscf dcim pict pic pics picture pictures photo photos foto fotos
    bild bilder mvi mov vid video film movie clip gopr gx gh dji pano screenshot screen capture file datei fichier untitled
    frame page slide no nr num number take version part vol volume item clipboard
    """.split()  # noqa: SIM905
)


def _month(match: re.Match[str]) -> Calendar | None:
    groups = match.groupdict()
    year, month = int(match["year"]), int(groups["month"] or groups["scan_month"])
    return Calendar(year, month, None) if year >= FIRST_YEAR and 1 <= month <= 12 else None


def _year(match: re.Match[str]) -> Calendar | None:
    return Calendar(int(match["year"]), None, None) if int(match["year"]) >= FIRST_YEAR else None


def _year_before_word(match: re.Match[str]) -> Calendar | None:
    word = match["word"]
    is_mark = word.lower() in _NO_WORD_OF_A_PHOTO or (word.isascii() and word.isupper() and len(word) < 5)
    return None if is_mark else _year(match)


def _year_before_counter(match: re.Match[str]) -> Calendar | None:
    return None if match["word"].lower() in _ANY_PICTURE or match["word"].isupper() else _year(match)


def _year_of_folder(match: re.Match[str]) -> Calendar | None:
    """Not the number of a model (`EOS 2000D`, `D2000`), of a camera's folder (`101_2015`) or of a code (`aacf2071`)."""
    before = re.search(r"[^\W\d_]*\Z", match.string[: match.start()])
    letters = before[0] if before else ""
    is_code = 0 < len(letters) < 3 or (letters and not letters.lower().strip("abcdef"))
    return None if letters.isascii() and is_code else _year(match)


MONTH_FIRST = Shape(
    "people: the month at the start of a name",
    # `IMG_2019-12` may be the twelfth of that year.
    re.compile(rf"^{YEAR}(?:[-.](?P<month>\d\d)(?![\d.\-]*\d)|_(?P<scan_month>\d\d)(?=_[^\W\d_]{{2}}))"),
    _month,
    {
        "1985-07 Rome 003.jpg": "1985-07 month",
        "1985.07 Rome.jpg": "1985-07 month",
        "1985_07_Rome_0003.jpg": "1985-07 month",
        "1985_07.jpg": "",
        "IMG_2019-12.jpg": "",
        "1985-13.jpg": "",
    },
    may_have_time=False,
)

YEAR_BEFORE_WORD = Shape(
    "scans: a year at the start, and what is to be seen",
    re.compile(rf"^[(\[]?{YEAR}(?:\?|\(\?\))?[)\]]?(?:[ _\-,]+|\. )(?:ca\.? )?(?P<word>[^\W\d_]{{2,}})"),
    _year_before_word,
    {
        "1954 Grandmother.jpg": "1954 year",
        "1954_Grandmother_2.jpg": "1954 year",
        "1954 - Anna und Karl.jpg": "1954 year",
        "(1954) Oma.jpg": "1954 year",
        "1954? Oma.jpg": "1954 year",
        "1954(?) Oma.jpg": "1954 year",
        "1954, Рим.jpg": "1954 year",
        "1954 颐和园.jpg": "1954 year",
        "1954 copy.jpg": "",
        "2010_HDR.jpg": "",
        "2001-edited.jpg": "",
        "1954.jpg": "",
        "1954 (2).jpg": "",
        "1950s Family.jpg": "",
        "1990-1999 Best of.jpg": "",
        "1920x1080 Beach.jpg": "",
    },
    may_have_time=False,
)

YEAR_BEFORE_COUNTER = Shape(
    "scans: words, a year, a number of the scan",
    re.compile(
        rf"^(?P<word>[^\W\d_]{{2,}})(?:[ _\-][^\W\d_]+){{0,4}}[ _\-]{YEAR}[ _\-](?:\d{{1,2}}|0\d{{2,4}}|\(\d{{1,3}}\))(?=\.[^.]*$|$)"
    ),
    _year_before_counter,
    {
        "Scan 1954 002.jpg": "1954 year",
        "Scan_1954_002.jpg": "1954 year",
        "FastFoto_1954_0001.jpg": "1954 year",
        "Tante Anna 1954 (2).jpg": "1954 year",
        "IMG_1954_002.jpg": "",
        "DSC 1954 2.jpg": "",
        "Scan 1954.jpg": "",
        "wallpaper-1920-1080.jpg": "",
        "banner-2000-600.jpg": "",
    },
    may_have_time=False,
)

YEAR_ABOUT = Shape(
    "scans: a year that somebody remembers, about, or names behind a comma",
    re.compile(
        rf"(?:(?<![^\W_])(?:ca|cca|circa|approx|about|around|etwa|vers|environ|hacia|около|ок|примерно)[. _]{{1,2}}"
        rf"|(?<![^\W_])c\. ?|^um |(?<![^\s_(])~ ?|[约約]|(?<=[^\W\d_]), ){YEAR}(?=[?)]*(?:[ _,]|\.[^.\d]*$|$))",
        re.IGNORECASE,
    ),
    _year,
    {
        "ca. 1954 Oma.jpg": "1954 year",
        "ca 1954.jpg": "1954 year",
        "Oma ca. 1954.jpg": "1954 year",
        "Oma (c. 1954).jpg": "1954 year",
        "circa_1954_Grandmother.jpg": "1954 year",
        "um 1954 Oma.jpg": "1954 year",
        "~1954 Oma.jpg": "1954 year",
        "vers 1954 Mamie.jpg": "1954 year",
        "Бабушка, около 1954.jpg": "1954 year",
        "Oma, 1954.jpg": "1954 year",
        "C1954.MP4": "",
        "IMG_1~1954.jpg": "",
        "ca. 2000 photos.jpg": "",
    },
    may_have_time=False,
    folder_examples={"/photos/ca. 1954": "1954 year"},
)

FOLDER_MONTH = Shape(
    "folders of a month",
    re.compile(rf"(?<!\d)(?<!\d[-_.]){YEAR}[-_./](?P<month>\d\d)(?![\d])"),
    _month,
    {},
    folder_examples={
        "/photos/2019-07 Italy": "2019-07 month",
        "/photos/2019/07": "2019-07 month",
        "/photos/2010-11 Rome": "2010-11 month",
        "/photos/School 2010-11": "2010 year",
    },
)

FOLDER_YEAR = Shape(
    "folders of a year",
    re.compile(rf"(?<!\d)(?<!\d[-_.,]){YEAR}(?![^\W_])(?![.,]\d)"),
    _year_of_folder,
    {},
    folder_examples={
        "Takeout/Google Photos/Photos from 2016": "2016 year",
        "/photos/2016": "2016 year",
        "/photos/Italien2016": "2016 year",
        "/photos/School 2012-13": "2012 year",
        "/photos/1990-1999": "",
        "/photos/1990-99": "",
        "/photos/1950s": "",
        "/photos/EOS 2000D": "",
        "/photos/D2000": "",
        "/photos/101_2015": "",
        "/photos/aacf2071": "",
        "/photos/Italy": "",
    },
)

NAME_SHAPES = (MONTH_FIRST, YEAR_BEFORE_WORD, YEAR_BEFORE_COUNTER, YEAR_ABOUT)
FOLDER_SHAPES = (FOLDER_MONTH, FOLDER_YEAR)
