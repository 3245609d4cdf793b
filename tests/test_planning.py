"""The plan as a value: who is filed where, under which name, whatever the order and however often it is asked."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from album_sort.classifier.labels import load_wording
from album_sort.core.file_names import fold
from album_sort.core.planning.check import PlanRefused, check_plan
from album_sort.core.planning.plan import plan_filings
from album_sort.core.planning.planfile import plan_from_lines, plan_to_lines
from album_sort.errors import UsageError
from album_sort.types import Action, AlbumRelPath, Filing, Kept, Mode, Plan, Reason, Role, RunId, Skipped, Stage
from album_sort.types.ledger import DestinationPicture, LedgerRow, PresentFile
from tests.destination_builders import NOW, content_id, filing, plan_on_paper, targets

REASONS = Path(__file__).parent.parent / "labels" / "reasons" / "plan.toml"


def after(plan: Plan, picture: DestinationPicture | None = None) -> DestinationPicture:
    """The picture of the destination once a plan has been carried out: a model, without a disk."""
    picture = picture or DestinationPicture()
    present, ledger = dict(picture.present), dict(picture.ledger)
    for op in plan.effects:
        if op.action in (Action.MOVE, Action.TRASH):
            taken, row = present.pop(op.origin), ledger.pop(op.origin)
            if op.action is Action.TRASH:
                continue
            present[op.target] = taken
            action = row.action
        else:
            action = ledger[op.target].action if op.action is Action.RELINK else op.action
            present.setdefault(op.target, PresentFile(op.size_bytes, op.mtime_ns, op.op_id))
        file = present[op.target]
        ledger[op.target] = LedgerRow(
            path=op.target,
            filed=op.filed,
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            inode=file.inode,
            action=action,
            origin=op.origin if op.role is Role.ALSO else AlbumRelPath(""),
            run_id=RunId("r"),
        )
    folders = {AlbumRelPath(path.rpartition("/")[0]) for path in present}
    return replace(picture, present=present, ledger=ledger, folders=frozenset(folders))


pictures = st.sampled_from(
    ["IMG_1.JPG", "img_1.jpg", "IMG_1.CR2", "IMG_E1.JPG", "é.jpg", "e\u0301.jpg", "?.jpg", "IMG_1"]
)
sidecars = st.sampled_from(["IMG_1.xmp", "IMG_1.JPG.xmp", "IMG_1.AAE"])
folders = st.sampled_from(["Pets/2024", "pets/2024", "Food/2023", "Trips/2024-01 Rome"])


@st.composite
def libraries(draw: st.DrawFn) -> list[Filing]:
    """Groups of files with clashing names, equal contents and members, some also in a second album."""
    filings: list[Filing] = []
    for number in range(draw(st.integers(1, 7))):
        group = draw(st.sampled_from([b"one", b"two", b"three", b"four%d" % number]))
        folder = draw(folders)
        path = f"/p/{number}/{draw(pictures)}"
        filings.append(filing(path, group, folder, album="a"))
        for member in range(draw(st.integers(0, 2))):
            data = draw(st.sampled_from([b"same in many groups", b"member of " + group, b"m%d" % member]))
            name = draw(pictures | sidecars)
            filings.append(
                filing(f"/p/{number}/{member}/{name}", data, folder, group=group, role=Role.MEMBER, album="a")
            )
        if draw(st.booleans()):
            filings.append(filing(path, group, draw(folders), role=Role.ALSO))
    return filings


@given(libraries(), st.randoms())
def test_the_order_of_the_files_does_not_matter(filings: list[Filing], chance: random.Random) -> None:
    shuffled = list(filings)
    chance.shuffle(shuffled)
    assert plan_on_paper(shuffled) == plan_on_paper(filings)


@given(libraries())
def test_no_two_files_get_the_same_name_and_every_file_has_a_row(filings: list[Filing]) -> None:
    plan = plan_on_paper(filings)
    check_plan(plan, DestinationPicture())
    made = [fold(op.target) for op in plan.effects]
    assert len(set(made)) == len(made)
    assert {op.source for op in plan.ops} >= {found.file.path for found in filings}
    stored = {op.content_id for op in plan.effects}
    assert stored == {found.content_id for found in filings}


@given(libraries(), st.randoms())
def test_planning_again_after_applying_finds_nothing_to_do(filings: list[Filing], chance: random.Random) -> None:
    plan = plan_on_paper(filings)
    again = list(filings)
    chance.shuffle(again)
    second = plan_on_paper(again, after(plan))
    assert second.effects == ()
    assert sorted((op.source, op.target) for op in second.ops if op.role is not Role.ALSO) == sorted(
        (op.source, op.target) for op in plan.ops if op.role is not Role.ALSO
    )


@given(libraries(), libraries())
def test_a_second_library_never_takes_the_names_of_the_first(first: list[Filing], second: list[Filing]) -> None:
    plan = plan_on_paper(first)
    picture = after(plan)
    both = plan_on_paper(second, picture)
    check_plan(both, picture)
    settled = after(both, picture)
    assert plan_on_paper(second, settled).effects == ()
    assert len(settled.present) >= len(picture.present) - sum(op.action is Action.TRASH for op in both.ops)


def test_two_photos_of_one_name_get_the_same_names_in_any_order_and_in_any_later_run() -> None:
    """sortphotos and elodie kept only one of two different IMG_0001.JPG."""
    first = filing("/p/a/IMG_0001.JPG", b"cat", "Pets/2024")
    second = filing("/p/b/IMG_0001.JPG", b"dog", "Pets/2024")
    plan = plan_on_paper([first, second])
    assert set(targets(plan).values()) == {"Pets/2024/IMG_0001.JPG", f"Pets/2024/IMG_0001~{_later(b'cat', b'dog')}.JPG"}
    third = filing("/p/0/IMG_0001.JPG", b"fox", "Pets/2024")
    later = plan_on_paper([third, second, first], after(plan))
    assert targets(later)["/p/a/IMG_0001.JPG"] == targets(plan)["/p/a/IMG_0001.JPG"]
    assert targets(later)["/p/b/IMG_0001.JPG"] == targets(plan)["/p/b/IMG_0001.JPG"]
    assert targets(later)["/p/0/IMG_0001.JPG"] == f"Pets/2024/IMG_0001~{content_id(b'fox')[:6]}.JPG"


def _later(*contents: bytes) -> str:
    return max(content_id(data) for data in contents)[:6]


def test_a_group_keeps_its_names_in_step() -> None:
    group = [
        filing("/p/IMG_1.JPG", b"dog", "Pets"),
        filing("/p/IMG_1.CR2", b"raw", "Pets", group=b"dog", role=Role.MEMBER),
        filing("/p/IMG_1.JPG.xmp", b"x", "Pets", group=b"dog", role=Role.MEMBER),
        filing("/p/IMG_1.xmp", b"y", "Pets", group=b"dog", role=Role.MEMBER),
    ]
    picture = DestinationPicture(present={AlbumRelPath("Pets/img_1.cr2"): PresentFile(1, 1, 1)})
    tag = f"~{content_id(b'dog')[:6]}"
    assert targets(plan_on_paper(group, picture)) == {
        "/p/IMG_1.JPG": f"Pets/IMG_1{tag}.JPG",
        "/p/IMG_1.CR2": f"Pets/IMG_1{tag}.CR2",
        "/p/IMG_1.JPG.xmp": f"Pets/IMG_1{tag}.JPG.xmp",
        "/p/IMG_1.xmp": f"Pets/IMG_1{tag}.xmp",
    }


def test_equal_content_in_one_folder_is_stored_once_and_the_copies_are_listed() -> None:
    plan = plan_on_paper([filing("/p/IMG_1 (1).JPG", b"dog", "Pets"), filing("/p/IMG_1.JPG", b"dog", "Pets")])
    assert [(op.action, op.source, op.target) for op in plan.ops] == [
        (Action.COPY, "/p/IMG_1.JPG", "Pets/IMG_1.JPG"),
        (Action.DUPLICATE, "/p/IMG_1 (1).JPG", "Pets/IMG_1.JPG"),
    ]
    assert plan.ops[1].why == (Reason.of("plan.duplicate", path="/p/IMG_1.JPG"),)


def test_equal_sidecars_of_different_photos_are_both_stored() -> None:
    filings = [
        filing("/p/IMG_1.JPG", b"cat", "Pets"),
        filing("/p/IMG_1.AAE", b"same", "Pets", group=b"cat", role=Role.MEMBER),
        filing("/p/IMG_2.JPG", b"dog", "Pets"),
        filing("/p/IMG_2.AAE", b"same", "Pets", group=b"dog", role=Role.MEMBER),
    ]
    plan = plan_on_paper(filings)
    assert len(plan.effects) == 4
    assert plan_on_paper(filings, after(plan)).effects == ()


def test_a_changed_album_moves_the_photo_and_makes_no_second_copy() -> None:
    plan = plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2024")])
    moved = plan_on_paper([filing("/p/a.jpg", b"dog", "Dogs/2024")], after(plan))
    assert [(op.action, op.origin, op.target) for op in moved.effects] == [
        (Action.MOVE, "Pets/2024/a.jpg", "Dogs/2024/a.jpg")
    ]


def test_photos_that_change_places_do_not_meet() -> None:
    filings = [filing("/p/1/a.jpg", b"dog", "X"), filing("/p/2/a.jpg", b"cat", "Y")]
    picture = after(plan_on_paper(filings))
    swapped = [filing("/p/1/a.jpg", b"dog", "Y"), filing("/p/2/a.jpg", b"cat", "X")]
    plan = plan_on_paper(swapped, picture)
    check_plan(plan, picture)
    assert plan_on_paper(swapped, after(plan, picture)).effects == ()


def test_a_photo_that_the_user_moved_by_hand_stays_where_it_is() -> None:
    picture = after(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2024")]))
    (row,) = picture.ledger.values()
    by_hand = replace(row, path=AlbumRelPath("Family/a.jpg"))
    picture = replace(picture, present={by_hand.path: picture.present[row.path]}, ledger={by_hand.path: by_hand})
    for folder in ("Pets/2024", "Dogs/2024"):
        assert plan_on_paper([filing("/p/a.jpg", b"dog", folder)], picture).effects == ()


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.SYMLINK])
def test_what_a_person_edited_or_pointed_elsewhere_stays_as_it_is(mode: Mode) -> None:
    """Whatever becomes of its album, or of the source of a link."""
    picture = after(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2024")], mode=mode))
    (row,) = picture.ledger.values()
    edited = {row.path: replace(picture.present[row.path], size_bytes=99, mtime_ns=5)}
    links = frozenset({row.path} if mode is Mode.SYMLINK else ())
    picture = replace(picture, present=edited, changed_links=links)
    for moved in (filing("/p/a.jpg", b"dog", "Dogs/2024"), filing("/elsewhere/a.jpg", b"dog", "Pets/2024")):
        assert plan_on_paper([moved], picture, mode).effects == ()


def test_an_entry_that_a_person_pointed_elsewhere_stays_as_it_is() -> None:
    wanted = [filing("/p/a.jpg", b"dog", "Pets"), filing("/p/a.jpg", b"dog", "City", role=Role.ALSO)]
    picture = after(plan_on_paper(wanted))
    moved = [filing("/p/a.jpg", b"dog", "Dogs"), wanted[1]]
    assert Action.RELINK in {op.action for op in plan_on_paper(moved, picture).effects}
    picture = replace(picture, changed_links=frozenset({AlbumRelPath("City/a.jpg")}))
    assert Action.RELINK not in {op.action for op in plan_on_paper(moved, picture).effects}


def test_a_deleted_output_comes_back_under_its_name() -> None:
    picture = after(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")]))
    plan = plan_on_paper(
        [filing("/p/0/A.jpg", b"cat", "Pets"), filing("/p/a.jpg", b"dog", "Pets")], replace(picture, present={})
    )
    assert targets(plan)["/p/a.jpg"] == "Pets/a.jpg"
    assert {op.action for op in plan.effects} == {Action.COPY}


@pytest.mark.parametrize("taken", [False, True])
def test_a_deleted_output_whose_place_is_no_longer_its_own_is_filed_as_a_new_one(taken: bool) -> None:
    """Its album has changed since, or another photo has got its name."""
    picture = after(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")]))
    there = {AlbumRelPath("Pets/A.jpg"): PresentFile(5, 1, 1)} if taken else {}
    (op,) = plan_on_paper(
        [filing("/p/a.jpg", b"dog", "Pets" if taken else "Dogs")], replace(picture, present=there)
    ).ops
    assert (op.action, op.target) == (Action.COPY, f"Pets/a~{content_id(b'dog')[:6]}.jpg" if taken else "Dogs/a.jpg")


def test_a_sidecar_of_the_same_bytes_under_another_name_belongs_to_another_photo() -> None:
    theirs = AlbumRelPath("Pets/theirs.xmp")
    picture = DestinationPicture(present={theirs: PresentFile(4, 1, 1)}, contents={theirs: content_id(b"same")})
    group = [
        filing("/p/a.jpg", b"dog", "Pets"),
        filing("/p/a.xmp", b"same", "Pets", group=b"dog", role=Role.MEMBER),
    ]
    assert targets(plan_on_paper(group, picture)) == {"/p/a.jpg": "Pets/a.jpg", "/p/a.xmp": "Pets/a.xmp"}


def test_a_latecomer_is_named_as_its_photo_not_as_a_sidecar_that_the_user_has_moved_away() -> None:
    group = [
        filing("/p/a.jpg", b"dog", "Pets"),
        filing("/p/a.xmp", b"xmp", "Pets", group=b"dog", role=Role.MEMBER),
    ]
    picture = after(plan_on_paper(group))
    row = picture.ledger[AlbumRelPath("Pets/a.xmp")]
    away = replace(row, path=AlbumRelPath("Elsewhere/notes.xmp"))
    picture = replace(
        picture,
        present={
            AlbumRelPath("Pets/a.jpg"): picture.present[AlbumRelPath("Pets/a.jpg")],
            away.path: picture.present[row.path],
        },
        ledger={AlbumRelPath("Pets/a.jpg"): picture.ledger[AlbumRelPath("Pets/a.jpg")], away.path: away},
    )
    plan = plan_on_paper([*group, filing("/p/a.CR2", b"raw", "Pets", group=b"dog", role=Role.MEMBER)], picture)
    assert [(op.action, op.target) for op in plan.effects] == [(Action.COPY, "Pets/a.CR2")]


def test_where_all_suffixes_are_taken_they_are_counted() -> None:
    """Nobody can keep a photo out of its album by taking names."""
    hash_ = content_id(b"dog")
    names = ["a.jpg", *(f"a~{hash_[:digits]}.jpg" for digits in (6, 8, 12, 16, 64)), f"a~{hash_}-2.jpg"]
    picture = DestinationPicture(present={AlbumRelPath(f"Pets/{name}"): PresentFile(1, 1, 1) for name in names})
    assert targets(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")], picture)) == {
        "/p/a.jpg": f"Pets/a~{hash_}-3.jpg"
    }


def test_the_same_photo_put_there_by_somebody_else_is_adopted_not_copied() -> None:
    path = AlbumRelPath("Pets/holiday.jpg")
    picture = DestinationPicture(present={path: PresentFile(3, 1, 1)}, contents={path: content_id(b"dog")})
    plan = plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")], picture)
    assert [(op.action, op.target) for op in plan.ops] == [(Action.ADOPT, path)]
    assert plan_on_paper([filing("/p/a.jpg", b"dog", "Dogs")], after(plan, picture)).effects == ()


def test_a_renamed_album_folder_takes_the_photos_to_come() -> None:
    picture = DestinationPicture(folder_aliases={AlbumRelPath("Pets"): AlbumRelPath("Our pets")})
    assert targets(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2025")], picture)) == {
        "/p/a.jpg": "Our pets/2025/a.jpg"
    }


def test_a_folder_is_never_made_beside_one_that_differs_in_case_only() -> None:
    picture = DestinationPicture(folders=frozenset({AlbumRelPath("PETS")}))
    assert targets(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2025")], picture)) == {"/p/a.jpg": "PETS/2025/a.jpg"}


def test_a_file_with_the_name_of_an_album_is_left_alone() -> None:
    picture = DestinationPicture(present={AlbumRelPath("Pets"): PresentFile(1, 1, 1)})
    assert targets(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets/2025")], picture)) == {
        "/p/a.jpg": "Pets~/2025/a.jpg"
    }


def test_a_hard_link_to_another_disk_is_planned_as_a_copy_and_says_so() -> None:
    plan = plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")], DestinationPicture(device=7), Mode.HARDLINK)
    assert [(op.action, op.why[0].code) for op in plan.ops] == [(Action.COPY, "plan.other-device")]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"target": "../a.jpg"}, "does not stay inside"),
        ({"target": "/etc/a.jpg"}, "does not stay inside"),
        ({"target": ".album-sort/a.jpg"}, "does not stay inside"),
        ({"target": "Pets/B.JPG"}, "would both be"),
        ({"target": "Pets/there.jpg"}, "exists already"),
        ({"filed": replace(filing("/p/a.jpg", b"dog", "Pets").filed, source="/albums/Pets/a.jpg")}, "over a source"),
        ({"action": Action.MOVE, "origin": "Pets/foreign.jpg"}, "was not made by album-sort"),
    ],
)
def test_a_plan_that_breaks_a_promise_is_refused_as_a_whole(change: dict[str, object], word: str) -> None:
    plan = plan_on_paper([filing("/p/a.jpg", b"dog", "Pets"), filing("/p/b.jpg", b"cat", "Pets")])
    broken = replace(plan, ops=(replace(plan.ops[0], **change), plan.ops[1]))  # type: ignore[arg-type]
    picture = DestinationPicture(present={AlbumRelPath("Pets/there.jpg"): PresentFile(1, 1, 1)})
    with pytest.raises(PlanRefused, match=word):
        check_plan(broken, picture)


@given(libraries(), st.binary(min_size=1, max_size=20))
def test_a_saved_plan_is_read_back_as_it_was(filings: list[Filing], raw: bytes) -> None:
    odd = filing("/p/" + raw.replace(b"\0", b"/").decode("utf-8", "surrogateescape").replace("/", "_"), b"odd", "Pets")
    skipped = [Skipped(odd.file.path, Stage.DECODE, Reason.of("skip.no-header", format="PNG"), is_problem=True)]
    plan = plan_filings(
        [*filings, odd],
        DestinationPicture(),
        mode=Mode.COPY,
        destination="/albums",
        created_utc=NOW,
        plan_id=RunId("p"),
        skipped=skipped,
    )
    kept = (Kept("layout", "{album}", "{year}"), Kept("albums", "", json.dumps(odd.file.path, ensure_ascii=False)))
    plan = replace(plan, keeps=kept)
    assert plan_from_lines(plan_to_lines(plan)) == plan


def test_a_plan_of_version_1_is_read_and_keeps_nothing() -> None:
    head, op, _ = plan_to_lines(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")]))
    head = head.replace('"schema_version": 3', '"schema_version": 1')
    plan = plan_from_lines([head, op, '{"type": "end", "ops": 1, "skipped": 0}'])
    assert (len(plan.ops), plan.keeps) == (1, ())


def test_a_plan_that_keeps_more_than_a_destination_can_is_refused() -> None:
    head, end = plan_to_lines(plan_on_paper([]))
    kept = json.dumps({"type": "keeps", "key": "layout", "before": "", "after": "x" * ((1 << 20) + 1)})
    with pytest.raises(UsageError, match="line 2"):
        plan_from_lines([head, kept, end.replace('"keeps": 0', '"keeps": 1')])


def test_a_plan_that_lost_what_is_kept_is_refused() -> None:
    head, end = plan_to_lines(plan_on_paper([]))
    with pytest.raises(UsageError, match="line 2"):
        plan_from_lines([head, end.replace('"keeps": 0', '"keeps": 1')])


def test_a_plan_whose_reasons_are_sentences_is_read_all_the_same() -> None:
    """Plans of before there were codes."""
    head, end = plan_to_lines(plan_on_paper([]))
    row = {"type": "skipped", "path": "/p/a.jpg", "stage": "decode", "reason": "damaged png", "is_problem": True}
    lines = [head, json.dumps(row), end.replace('"skipped": 0', '"skipped": 1')]
    (skipped,) = plan_from_lines(lines).skipped
    assert load_wording().say(skipped.reason, "zh") == "damaged png"


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_plan_that_was_cut_off_is_refused(cut: int) -> None:
    lines = list(plan_to_lines(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")])))[:cut]
    with pytest.raises(UsageError, match="cut off after line"):
        plan_from_lines(lines, name="plan.jsonl")


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"type": "op"}', '{"type": "end", "ops": 7, "skipped": 0}', "\x00"])
def test_a_line_that_is_no_row_of_a_plan_is_named(line: str) -> None:
    lines = list(plan_to_lines(plan_on_paper([])))
    with pytest.raises(UsageError, match="line 2"):
        plan_from_lines([lines[0], line], name="plan.jsonl")


@pytest.mark.parametrize(
    ("head", "row", "words"),
    [
        ({}, b"\xff\n", "line 2 is not text in UTF-8"),
        ({"destination": "albums"}, b"", "'albums' is not a whole path"),
        (
            {},
            next(line for line in plan_to_lines(plan_on_paper([filing("/p/a.jpg", b"dog", "Pets")])) if '"op"' in line)
            * 2,
            "two rows have one number",
        ),
    ],
)
def test_a_plan_that_could_be_meant_otherwise_is_refused(head: dict[str, str], row: str | bytes, words: str) -> None:
    """From another working folder a relative destination would be another place."""
    first, end = plan_to_lines(plan_on_paper([]))
    body = row if isinstance(row, bytes) else row.encode()
    count = body.count(b'"op"')
    lines: list[str | bytes] = [
        json.dumps({**json.loads(first), **head}).encode(),
        *body.splitlines(),
        end.replace('"ops": 0', f'"ops": {count}'),
    ]
    with pytest.raises(UsageError, match=words):
        plan_from_lines(lines)


def test_a_plan_of_another_schema_is_refused() -> None:
    head = next(plan_to_lines(plan_on_paper([]))).replace('"schema_version": 3', '"schema_version": 4')
    with pytest.raises(UsageError, match="version 4"):
        plan_from_lines([head])
