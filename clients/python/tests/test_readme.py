"""Every Python block and every command of the README runs, in order, and prints what the page says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from conftest import Server

from pg_wand.__main__ import main

CLIENT = Path(__file__).parents[1]
README = (CLIENT / "README.md").read_text()
BLOCKS = re.findall(r"^```(python|sh)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINE_OF_JSON = re.search(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page speaks of is here."""
    with server.connect("postgres") as conn:
        conn.execute("CREATE DATABASE readme")
    folder = tmp_path_factory.mktemp("readme")
    assert LINE_OF_JSON is not None
    (folder / "docs.jsonl").write_text(LINE_OF_JSON[1])
    (folder / "model").symlink_to(CLIENT.parents[1] / "demo" / "pgdocs")
    return folder


@pytest.fixture
def environment(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for name, value in {"HOST": str(server.folder), "PORT": "5777", "USER": "postgres", "DATABASE": "readme"}.items():
        monkeypatch.setenv(f"PG{name}", value)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("language", "block"), BLOCKS, ids=[f"block{i}" for i in range(len(BLOCKS))])
def test_block(language: str, block: str, capsys: pytest.CaptureFixture[str]) -> None:
    if language == "python":
        exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})
        assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.*)$", block, re.MULTILINE)
    else:
        commands = [shlex.split(line) for line in block.splitlines()]
        assert all(main(words[3:]) == 0 for words in commands if words[:3] == ["python", "-m", "pg_wand"])


def test_page_has_blocks() -> None:
    assert len(BLOCKS) >= 10
