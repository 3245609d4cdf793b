"""Dates that begin with the year: cameras, telephones, messengers, screenshots, and people who name by ISO 8601."""

from __future__ import annotations

import re

from album_sort.metadata.date_words import EAST_ASIAN_DAY, MONTH_NAME, Calendar, calendar_of, may_stand_alone
from album_sort.metadata.filename.shape import FIRST_YEAR, YEAR, Shape, whole_day
from album_sort.metadata.moment import gregorian, is_day


def _parted(match: re.Match[str]) -> Calendar | None:
    """Single figures only where no counter is written so; a month or day of zero is unknown."""
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    is_short = len(match["month"].strip()) + len(match["day"].strip()) < 4
    if is_short and match["sep"] in "_ /":
        return None
    if year >= FIRST_YEAR and match["day"] == "00" and (match["month"] == "00" or 1 <= month <= 12):
        return Calendar(year, month or None, None)
    return whole_day(match) if day else None


def _compact(match: re.Match[str]) -> Calendar | None:
    """Eight figures are a day of a year that people and cameras write so; others before a time or a word (archives)."""
    is_usual = _FIRST_COMPACT_YEAR <= int(match["year"]) <= _LAST_COMPACT_YEAR
    return whole_day(match) if is_usual or _TIME_OR_WORD.match(match.string, match.end()) else None


# Within these a number of eight figures is a day by chance once in a thousand.
_FIRST_COMPACT_YEAR, _LAST_COMPACT_YEAR = 1900, 2040
_TIME_OR_WORD = re.compile(r"[ _\-,]+[^\W\d_]{3}|[ _\-T]?\d{6}(?:\d{2,3})?(?!\d)")


def _east_asian(match: re.Match[str]) -> Calendar | None:
    found = calendar_of(match)
    if found.year < FIRST_YEAR or found.year > 2099:
        return None
    return whole_day(match) if found.day else found


def _buddhist(match: re.Match[str]) -> Calendar | None:
    year, month, day = gregorian(int(match["year"])), int(match["month"]), int(match["day"])
    return Calendar(year, month, day) if is_day(year, month, day) else None


def _zeros(match: re.Match[str]) -> Calendar | None:
    month = int(match["month"])
    return Calendar(int(match["year"]), month or None, None) if month <= 12 else None


def _named(match: re.Match[str]) -> Calendar | None:
    found = calendar_of(match)
    if found.year < FIRST_YEAR:
        return None
    if found.day is None or found.month is None:
        return found if may_stand_alone(match["name"]) else None
    return Calendar(found.year, found.month, found.day) if 1 <= found.day <= 31 else Calendar(*found[:2], None)


PARTED = Shape(
    "ISO 8601 and the like, by people and programs",
    re.compile(rf"(?<!\d){YEAR}(?P<sep>[-_.:/ ])(?P<month>[ \d]?\d)(?P=sep)(?P<day>[ \d]?\d)(?!\d)"),
    _parted,
    {
        "1965-07-03 Wedding.jpg": "1965-07-03 day",
        "Screen Shot 2023-01-02 at 1.11.12 PM.png": "2023-01-02 13:11:12 second",
        "Screenshot 2023-01-02 at 12.11.12\u202fAM.png": "2023-01-02 00:11:12 second",
        "Screenshot from 2023-01-02 10-11-12.png": "2023-01-02 10:11:12 second",
        "Screenshot_2023-01-02-10-11-12-123_com.android.chrome.jpg": "2023-01-02 10:11:12 second",
        "Bildschirmfoto 2023-01-02 um 10.11.12.png": "2023-01-02 10:11:12 second",
        "Schermata 2023-01-02 alle ore 10.11.12.png": "2023-01-02 10:11:12 second",
        "Captura de pantalla 2023-01-02 a la(s) 10.11.12.png": "2023-01-02 10:11:12 second",
        "Zrzut ekranu 2023-01-2 o 10.11.12.png": "2023-01-02 10:11:12 second",
        "Снимок экрана 2023-01-02 в 10.11.12.png": "2023-01-02 10:11:12 second",
        "צילום מסך 2023-01-02 ב-10.11.12.png": "2023-01-02 10:11:12 second",
        "スクリーンショット 2023-01-02 午後3.11.12.png": "2023-01-02 15:11:12 second",
        "스크린샷 2023-01-02 오후 3.11.12.png": "2023-01-02 15:11:12 second",
        "截屏2023-01-02 下午3.11.12.png": "2023-01-02 15:11:12 second",
        "WhatsApp Image 2023-01-02 at 10.11.12 (1).jpeg": "2023-01-02 10:11:12 second",
        "WhatsApp Image 2023-01-02 at 10.11.12_5ab123cd.jpg": "2023-01-02 10:11:12 second",
        "signal-2023-01-02-101112.jpg": "2023-01-02 10:11:12 second",
        "signal-2023-01-02-10-11-12-123-1.jpg": "2023-01-02 10:11:12 second",
        "viber_image_2023-01-02_10-11-12-123.jpg": "2023-01-02 10:11:12 second",
        "viber image 2023-01-02 , 10.11.12.jpg": "2023-01-02 10:11:12 second",
        "photo_2023-01-02_10-11-12 (2).jpg": "2023-01-02 10:11:12 second",
        "KakaoTalk_Photo_2023-01-02-10-11-12 001.jpeg": "2023-01-02 10:11:12 second",
        "C360_2014-01-02-10-11-12-123.jpg": "2014-01-02 10:11:12 second",
        "Game-2023_01_02-10-11-12.png": "2023-01-02 10:11:12 second",
        "2023-01-02 10.11.12 HDR-1.jpg": "2023-01-02 10:11:12 second",
        "2023-01-02T10_11_12Z.jpg": "2023-01-02 10:11:12 second UTC",
        "2023-01-02T10:11:12.345Z.jpg": "2023-01-02 10:11:12 second UTC",
        "2023-01-02 10.11.12 UTC.jpg": "2023-01-02 10:11:12 second UTC",
        "2023-01-02T10-11-12+0900.jpg": "2023-01-02 10:11:12 second",
        "2023-01-02_10h11m12s.jpg": "2023-01-02 10:11:12 second",
        "2023-01-02 24.08.12.jpg": "2023-01-02 00:08:12 second",
        "2023-01-02 10.65.12.jpg": "2023-01-02 day",
        "2023-01-02 10.11.jpg": "2023-01-02 10:11:00 minute",
        "2023-01-02 10h11.jpg": "2023-01-02 10:11:00 minute",
        "2023_01_02 10_11 Office Lens (1).jpg": "2023-01-02 10:11:00 minute",
        "Snímek obrazovky 2023-01-02 v 10.11.12.png": "2023-01-02 10:11:12 second",
        "Στιγμιότυπο 2023-01-02, 3.11.12 μ.μ..png": "2023-01-02 15:11:12 second",
        "لقطة الشاشة ٢٠٢٣-٠١-٠٢ في ٣.١١.١٢ م.png": "2023-01-02 15:11:12 second",
        "Ảnh màn hình 2023-01-02 lúc 12.11.12 SA.png": "2023-01-02 00:11:12 second",
        "2023 01 02 Rome.jpg": "2023-01-02 day",
        "2023.1.2 Rome.jpg": "2023-01-02 day",
        "2004- 1- 5 Rome.jpg": "2004-01-05 day",
        "1954-07-00 Grandmother.jpg": "1954-07 month",
        "1954-00-00 Grandmother.jpg": "1954 year",
        "2010_1_2.jpg": "",
        "2019-13-01.jpg": "",
    },
    folder_examples={
        "/photos/2019/07/03": "2019-07-03 day",
        "/photos/2023-01-02 Hiking/raw": "2023-01-02 day",
        "/p/2019-05-06 - 2019-05-10 Rome": "2019-05-06 day",
    },
)

# Also of the years before there were digital cameras: people name their scans so.
COMPACT = Shape(
    "cameras and telephones",
    re.compile(rf"(?<!\d){YEAR}(?P<month>\d\d)(?P<day>\d\d)"),
    _compact,
    {
        "IMG_20230102_101112.jpg": "2023-01-02 10:11:12 second",
        "IMG_20230102_101112_HDR~2.jpg": "2023-01-02 10:11:12 second",
        "IMG20230102101112.jpg": "2023-01-02 10:11:12 second",
        "20230102_101112(0).jpg": "2023-01-02 10:11:12 second",
        "20230102_101112A.MP4": "2023-01-02 10:11:12 second",
        "Screenshot_20230102-101112_Maps.png": "2023-01-02 10:11:12 second",
        "KakaoTalk_20230102_101112345_01.jpg": "2023-01-02 10:11:12.345000 second",
        "微信图片_20230102101112.jpg": "2023-01-02 10:11:12 second",
        "QQ图片20230102101112.jpg": "2023-01-02 10:11:12 second",
        "WP_20140102_10_11_12_Pro.jpg": "2014-01-02 10:11:12 second",
        "00100lPORTRAIT_00100_BURST20200101101010123_COVER.jpg": "2020-01-01 10:10:10.123000 second",
        "DJI_20230102101112_0001_D.JPG": "2023-01-02 10:11:12 second",
        "VID_20230102_101112_00_001.mp4": "2023-01-02 10:11:12 second",
        "img20230102_10111234.jpg": "2023-01-02 10:11:12.340000 second",
        "2023010210111200-0123456789ABCDEF0123456789ABCDEF.jpg": "2023-01-02 10:11:12 second",
        "20230102T101112.jpg": "2023-01-02 10:11:12 second",
        "20230102T101112Z.jpg": "2023-01-02 10:11:12 second UTC",
        "PXL_20230102_101112345.MP.jpg": "2023-01-02 10:11:12.345000 second UTC",
        "192.168.1.10_01_20230102101112123_TIMING.jpg": "2023-01-02 10:11:12.123000 second",
        "20210304_240102.jpg": "2021-03-04 00:01:02 second",
        "IMG_20230102_256199.jpg": "2023-01-02 day",
        "IMG-20230102-WA0001.jpg": "2023-01-02 day",
        "WP_20140102_001.jpg": "2014-01-02 day",
        "20230102_101112345_iOS.heic": "2023-01-02 10:11:12.345000 second UTC",
        "20230102_101112000_iOS 1.jpg": "2023-01-02 10:11:12 second UTC",
        "20130102001.jpg": "2013-01-02 day",
        "Scan_20230102 (2).png": "2023-01-02 day",
        "DSC_20230102_0001.jpg": "2023-01-02 day",
        "20230102.jpg": "2023-01-02 day",
        "19870615_001.jpg": "1987-06-15 day",
        "19650703.jpg": "1965-07-03 day",
        "18870327 Wedding.jpg": "1887-03-27 day",
        "18870327_001.jpg": "",
        "20461103.jpg": "",
        "IMG_٢٠٢٢٠١٠٤_١٦٢٨٠٥.jpg": "2022-01-04 16:28:05 second",
        "IMG_۲۰۲۲۰۱۰۴_۱۶۲۸۰۵.jpg": "2022-01-04 16:28:05 second",
        "IMG_२०२२०१०४_१६२८०५.jpg": "2022-01-04 16:28:05 second",
        "DSC_20231301.jpg": "",
        "IMG_20190229_101112.jpg": "",
        "20230102256199.jpg": "",
        "12345678901234567.jpg": "",
    },
    is_parted=False,
    folder_examples={"/photos/19680714 Wedding": "1968-07-14 day", "/photos/20230102": "2023-01-02 day"},
)

BUDDHIST = Shape(
    "telephones and programs in Thai, whose years are 543 ahead",
    re.compile(
        r"(?<!\d)(?P<year>25[3-9]\d)(?P<sep>[-_.]?)(?P<month>\d\d)(?P=sep)(?P<day>\d\d)"
        r"(?=\D{1,12}\d\d[-_.]?\d\d[-_.]?\d\d(?!\d))"
    ),
    _buddhist,
    {
        "ภาพถ่ายหน้าจอ 2562-05-06 เวลา 10.11.12.png": "2019-05-06 10:11:12 second",
        "IMG_๒๕๖๒๐๕๐๖_๑๐๑๑๑๒.jpg": "2019-05-06 10:11:12 second",
        "IMG_25630229_101112.jpg": "2020-02-29 10:11:12 second",
        "IMG_25620506.jpg": "",
        "IMG_25621306_101112.jpg": "",
    },
    needs_time=True,
)

HALF_PARTED = Shape(
    "cameras in cars",
    re.compile(rf"(?<!\d){YEAR}(?P<sep>[-_])(?P<month>\d\d)(?P<day>\d\d)(?=(?P=sep)\d{{6}}(?!\d))"),
    whole_day,
    {
        "2023_0102_101112_001A.JPG": "2023-01-02 10:11:12 second",
        "2023-0102-101112_001.MP4": "2023-01-02 10:11:12 second",
        "2023_0102.jpg": "",
        "2023-0102-99.jpg": "",
    },
    needs_time=True,
)

UNKNOWN_PARTS = Shape(
    "archives, that write unknown parts as zeros",
    re.compile(rf"{YEAR}(?P<month>\d\d)00(?=[ _\-,]+[^\W\d_]{{2}})"),
    _zeros,
    {"19540700 Grandmother.jpg": "1954-07 month", "19540000_Grandmother.jpg": "1954 year", "20000000.jpg": ""},
    may_have_time=False,
)

EAST_ASIAN = Shape(
    "people and programs in Chinese, Japanese and Korean",
    EAST_ASIAN_DAY,
    _east_asian,
    {
        "2021年3月4日 颐和园.jpg": "2021-03-04 day",
        "2021年03月04日 10时01分02秒.jpg": "2021-03-04 10:01:02 second",
        "2021年3月4日10時01分.jpg": "2021-03-04 10:01:00 minute",
        "2021年3月4日 下午3点05分.jpg": "2021-03-04 15:05:00 minute",
        "2021년 3월 4일 오후 3시 5분.jpg": "2021-03-04 15:05:00 minute",
        "２０２１年３月４日.jpg": "2021-03-04 day",
        "令和3年3月4日 京都.jpg": "2021-03-04 day",
        "二〇二一年三月四日.jpg": "2021-03-04 day",
        "2021年3月 北京.jpg": "2021-03 month",
        "2021年 旅行.jpg": "2021 year",
        "2021年13月4日.jpg": "",
        "1000年.jpg": "",
    },
    folder_examples={"/photos/2021年3月": "2021-03 month", "/photos/2021년 3월 4일": "2021-03-04 day"},
)

YEAR_FIRST_NAMED = Shape(
    "people who write the month in letters, after the year",
    re.compile(
        rf"(?<!\d){YEAR}[ _\-.,/]{{1,2}}{MONTH_NAME}(?:[ _\-.]{{1,2}}(?P<day>\d{{1,2}})(?![\d.\-]*\d))?", re.IGNORECASE
    ),
    _named,
    {
        "1968 July 14 Wedding.jpg": "1968-07-14 day",
        "2010-Dec-24 Tree.jpg": "2010-12-24 day",
        "1954 June Rome.jpg": "1954-06 month",
        "2019. január 2.jpg": "2019-01-02 day",
        "2000 Marsh.jpg": "2000 year",
        "2019 Maja.jpg": "2019 year",
    },
    names_month=True,
    may_have_time=False,
    folder_examples={
        "/photos/2019/07 July": "2019-07 month",
        "/photos/2019 März": "2019-03 month",
        "/p/2019/January": "2019-01 month",
    },
)


SHAPES = (PARTED, COMPACT, BUDDHIST, HALF_PARTED, UNKNOWN_PARTS, EAST_ASIAN, YEAR_FIRST_NAMED)
