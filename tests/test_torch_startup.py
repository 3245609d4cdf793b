"""torch and torchvision start together, matched or not, silently, and only when asked to."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

from album_sort.classifier.torch_startup import silence


def run(code: str, *options: str) -> str:
    """Standard output and error of a fresh interpreter, joined; it must end well."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout


def test_the_installed_pair_works_whatever_its_builds_and_starts_without_the_compiler() -> None:
    """The compiler costs a second at every start; torchvision wants it for an operator that we do not use.

    A matched pair is left alone, and an unmatched one is helped: which of the two is installed here, a plain import tells;
    unmatched, it fails on an operator that nobody defined.
    """
    code = """
import sys
from album_sort.classifier import torch_startup
torchvision = torch_startup.import_torchvision()
assert "torch._dynamo" not in sys.modules
import torch
from torchvision.models import resnet18
from torchvision.models.quantization import resnet18 as quantizable
assert resnet18(weights=None).eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
assert torch_startup.import_torchvision() is torchvision, "a second call gives the same module"
print(len(torch_startup._kept))
"""
    helped = run(code, "-W", "error::UserWarning")
    plain = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", "import torchvision"], check=False, capture_output=True
    )
    needs_help = plain.returncode != 0
    if needs_help:
        assert b"operator torchvision::" in plain.stderr
    assert helped == f"{int(needs_help)}\n"


def test_the_compiler_can_be_imported_all_the_same() -> None:
    code = """
from album_sort.classifier.torch_startup import import_torchvision
import_torchvision()
import torch
assert torch.compile(lambda x: x + 1, backend="eager")(torch.zeros(1)) == 1
"""
    assert run(code, "-W", "ignore") == ""


def test_another_failure_of_torchvision_is_not_hidden() -> None:
    code = """
import sys, importlib.abc
class Failing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            raise RuntimeError("no such processor")
sys.meta_path.insert(0, Failing())
from album_sort.classifier.torch_startup import import_torchvision
try:
    import_torchvision()
except RuntimeError as error:
    print(error)
"""
    assert run(code) == "no such processor\n"


def test_the_module_itself_imports_neither() -> None:
    code = "import sys, album_sort.classifier.torch_startup; print({'torch', 'torchvision'} & set(sys.modules))"
    assert run(code) == "set()\n"


def test_silence_ends_with_its_block() -> None:
    with silence():
        warnings.warn("torch will change", UserWarning, stacklevel=1)
    with pytest.warns(UserWarning, match="ours"):
        warnings.warn("ours", UserWarning, stacklevel=1)
