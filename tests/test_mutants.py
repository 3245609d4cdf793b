"""The list of kept faults: each still has its place in the code, and a fault that nothing notices is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants import __main__ as mutants

FEWEST = 60
QUICK = 12


def test_every_fault_has_its_place_in_the_code_and_its_tests() -> None:
    kept = mutants.read_lists()
    assert len(kept) >= FEWEST
    assert sum(mutant.is_quick for mutant in kept) >= QUICK
    for mutant in kept:
        text = (mutants.ROOT / mutant.file).read_text(encoding="utf-8")
        assert text.count(mutant.old) == 1, mutant.name
        assert mutant.old != mutant.new, mutant.name
        for test in mutant.tests:
            path, _, name = test.partition("::")
            assert f"def {name.partition('[')[0]}(" in (mutants.ROOT / path).read_text(encoding="utf-8"), mutant.name


def test_the_page_of_faults_is_fresh() -> None:
    assert mutants.TABLE.read_text(encoding="utf-8") == mutants.table(mutants.read_lists())


def test_a_fault_that_nothing_notices_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    unguarded = mutants.Mutant(
        "nothing looks at it",
        "album_sort/core/planning/naming.py",
        '"""Names that every file system takes',
        '"""Names which every file system takes',
        ("tests/test_naming.py::test_examples",),
        "words of a docstring",
    )
    assert mutants.survivors([unguarded], jobs=1) == ["nothing looks at it"]
    assert "SURVIVED" in capsys.readouterr().out


def test_a_fault_without_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"stands 0 times in a\.py"):
        mutants.Mutant("gone", "a.py", "y = 2", "y = 3", (), "").put_into(tmp_path)
