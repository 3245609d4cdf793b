"""Old reports do not grow without bound: the oldest keep their first and last line, and every run can be undone as before."""

from __future__ import annotations

import json
from pathlib import Path

from album_sort.operations.old_reports import KEPT_REPORTS, SUMMARY, thin_oldest_reports

PHOTOS = 200


def leave_report(albums: Path, number: int, *, is_interrupted: bool = False, is_killed: bool = False) -> Path:
    """As a run leaves it, with its table."""
    folder = albums / ".album-sort" / "runs" / f"202611{number:02}-120000-0000"
    folder.mkdir(parents=True)
    rows: list[dict[str, object]] = [{"type": "run", "schema_version": 1, "run_id": folder.name}]
    rows += [{"type": "photo", "source": f"/photos/IMG_{n:04}.jpg"} for n in range(PHOTOS)]
    if not is_killed:
        rows.append({"type": "summary", "interrupted": is_interrupted, "totals": {"photos": PHOTOS}})
    (folder / "report.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "report.csv").write_text("source\n")
    (folder / "plan.jsonl").write_text("{}\n")
    return folder


def is_thinned(folder: Path) -> bool:
    return not (folder / "report.jsonl").exists()


def test_the_oldest_reports_keep_what_was_asked_for_and_how_it_ended(tmp_path: Path) -> None:
    folders = [leave_report(tmp_path, number) for number in range(1, 7)]
    thin_oldest_reports(str(tmp_path), most_bytes=10_000)
    assert [is_thinned(folder) for folder in folders] == [True] * 3 + [False] * KEPT_REPORTS
    first, last = (folders[0] / SUMMARY).read_text().splitlines()
    assert json.loads(first)["run_id"] == folders[0].name
    assert json.loads(last)["totals"] == {"photos": PHOTOS}
    assert sorted(path.name for path in folders[0].iterdir()) == ["plan.jsonl", SUMMARY]


def test_as_long_as_they_take_little_all_stay(tmp_path: Path) -> None:
    folders = [leave_report(tmp_path, number) for number in range(1, 7)]
    thin_oldest_reports(str(tmp_path))
    assert not any(map(is_thinned, folders))


def test_reports_of_a_part_of_the_library_do_not_count_among_those_that_stay(tmp_path: Path) -> None:
    """The rows of the other photos are in those before them."""
    folders = [leave_report(tmp_path, number) for number in range(1, 5)]
    folders += [leave_report(tmp_path, 5, is_interrupted=True), leave_report(tmp_path, 6, is_killed=True)]
    thin_oldest_reports(str(tmp_path), most_bytes=10_000)
    assert [is_thinned(folder) for folder in folders] == [True] + [False] * 5


def test_a_report_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    folders = [leave_report(tmp_path, number) for number in range(1, 6)]
    elsewhere = tmp_path / "elsewhere.jsonl"
    (folders[0] / "report.jsonl").rename(elsewhere)
    (folders[0] / "report.jsonl").symlink_to(elsewhere)
    thin_oldest_reports(str(tmp_path), most_bytes=10_000)
    assert elsewhere.read_text().count("\n") == PHOTOS + 2
    assert (folders[0] / "report.jsonl").is_symlink()
