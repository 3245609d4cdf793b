"""What speaks for and against a document or receipt: paper with lines of print, scanners, names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from album_sort.core.evidence.ramps import ramp, round_weight, shape_of, words_of
from album_sort.core.evidence.screenshots import DOCUMENTS, drawn_ground_degree
from album_sort.types.albums import Evidence, PhotoFacts
from album_sort.types.statistics import ImageStatistics

NAME_PATTERN = re.compile(
    r"\b(scan|scans|scanned|scanner|camscanner|receipts?|invoices?|rechnung(en)?|quittung(en)?|beleg|kassenbon|kassenzettel"
    r"|factures?|reçus?|ticket de caisse|facturas?|recibos?|fattur[ae]|scontrin[oi]|kvitto|kvittering|paragon|faktura"
    r"|bon de commande|nota fiscal|certificate|zeugnis|passport|reisepass|contract|vertrag)\b|\bscan\d|\bdoc ?scan"
    r"|扫描|掃描|发票|發票|收据|收據|小票|账单|合同|レシート|領収書|請求書|スキャン|영수증|스캔|чек\b|квитанция",
)

SCANNER_PATTERN = re.compile(
    r"camscanner|adobe scan|office lens|microsoft lens|genius ?scan|scanbot|swiftscan|turboscan|tiny ?scanner|vflat|notebloc"
    r"|clear ?scan|simple scan|vuescan|silverfast|naps2|scansnap|canoscan|perfection v|workforce|epson scan|ij scan|scangear"
    r"|paperport|image capture|hp scan|brother.{0,12}scan|twain|document scan|xsane|flatbed",
)


def document_evidence(facts: PhotoFacts) -> Iterator[Evidence]:
    """Evidence for and against the album of documents."""
    yield from _told(facts)
    pixels = facts.statistics
    if pixels is None:
        return
    degree = printed_paper_degree(pixels)
    if degree >= 0.08:
        percent = round(100 * pixels.paper_share)
        yield Evidence.of(DOCUMENTS, round_weight(5.0 * degree), "evidence.document.printed-paper", percent=percent)
        yield from _strip(pixels, degree)
    sheet = pixels.blank_paper_share + pixels.text_paper_share
    not_paper = max(ramp(sheet, 0.35, 0.1), ramp(pixels.balanced_chroma, 0.14, 0.24))
    if not_paper > 0.0:
        yield Evidence.of(DOCUMENTS, round_weight(-2.0 * not_paper), "evidence.document.no-paper")


def printed_paper_degree(pixels: ImageStatistics) -> float:
    """0 to 1: light grey ground, hardly a colour, thin strokes on it, in lines.

    Snow, plates and tiles have the ground but not the strokes; birds, people and trunks before them are thick where
    print is thin; leaves and gravel have strokes but no even ground.
    """
    sheet = ramp(pixels.blank_paper_share + pixels.text_paper_share, 0.35, 0.65)
    if sheet == 0.0:  # as with most photos
        degree = 0.7 * _large_print_degree(pixels)
        return degree * (1.0 - drawn_ground_degree(pixels)) if degree else 0.0
    grey = ramp(pixels.balanced_chroma, 0.16, 0.08)
    strokes = ramp(pixels.text_paper_share, 0.05, 0.15)
    thin = ramp(pixels.thick_ink_share, 0.30, 0.15)
    lines = max(ramp(pixels.row_periodicity, 0.05, 0.25), ramp(pixels.text_line_share, 0.10, 0.30))
    page = grey * sheet * strokes * thin * (0.5 + 0.5 * lines)
    return max(page, 0.7 * _large_print_degree(pixels)) * (1.0 - drawn_ground_degree(pixels))


def _large_print_degree(pixels: ImageStatistics) -> float:
    """0 to 1: a label or a heading from near by, at any angle: black on clean white, and no colour at all."""
    white = ramp(pixels.near_white_share, 0.30, 0.50) * ramp(pixels.balanced_chroma, 0.06, 0.03)
    if white == 0.0:
        return 0.0
    return white * ramp(pixels.text_paper_share, 0.08, 0.16) * ramp(pixels.thick_ink_share, 0.40, 0.25)


def _told(facts: PhotoFacts) -> Iterator[Evidence]:
    """Names and scanning software."""
    name = facts.group.primary.name
    if _is_papers_name(shape_of(name)):
        yield Evidence.of(DOCUMENTS, 3.0, "evidence.document.name", name=name)
    metadata = facts.metadata
    maker = _scanner(metadata.software, metadata.camera)
    if maker:
        yield Evidence.of(DOCUMENTS, 4.0, "evidence.document.scanner", software=maker)


@lru_cache(maxsize=4096)
def _is_papers_name(shape: str) -> bool:
    return NAME_PATTERN.search(words_of(shape)) is not None


@lru_cache(maxsize=4096)
def _scanner(software: str, camera: str) -> str:
    """Software and camera in one, if they are a scanner's; else empty."""
    maker = f"{software} {camera}".strip()
    return maker if SCANNER_PATTERN.search(maker.casefold()) else ""


def _strip(pixels: ImageStatistics, degree: float) -> Iterator[Evidence]:
    """A long strip of printed paper is a receipt."""
    if min(pixels.width_px, pixels.height_px) <= 0:
        return
    aspect = pixels.height_px / pixels.width_px
    long = ramp(aspect, 1.6, 2.2)
    if long > 0.1:
        weight = round_weight(1.5 * long * min(1.0, 2 * degree))
        yield Evidence.of(DOCUMENTS, weight, "evidence.document.long-strip", aspect=round(aspect, 1))
