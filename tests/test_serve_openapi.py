"""What /openapi.json says of the server holds: schemathesis makes requests of it, good and bad, and looks at the answers."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from album_sort.operations.predict import Predictor
from album_sort.settings import Settings
from album_sort.web.limits import Limits
from tests.serve_server import running_server


@pytest.mark.long
@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None,
    reason="schemathesis asks what the document promises: pip install schemathesis",
)
def test_schemathesis_finds_nothing() -> None:
    predictor = Predictor.of(Settings(model="efficientnet-lite0", offline=True))
    predictor.warm()
    with running_server(predictor, Limits()) as server:
        words = [
            "run",
            f"{server.address}/openapi.json",
            "--checks",
            "all",
            "--max-examples",
            "60",
            "--request-timeout",
            "60",
        ]
        command = [sys.executable, "-m", "schemathesis.cli", *words, "--no-color", "--generation-database", "none"]
        found = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert found.returncode == 0, found.stdout
        assert "No issues found" in found.stdout
        with server.client() as client:
            assert client.get("/healthz").json()["status"] == "ok"
