"""The generated pages hold everything, and a stale one is noticed."""

from pathlib import Path

import pytest

from queries.parameters import ALL_PARAMETERS
from queries.sql_files import FOLDERS, sql_files
from tui.docs import DOCS, main, pages
from warehouse.schema import TABLES


def test_the_committed_pages_are_up_to_date() -> None:
    assert main(["--check"]) == 0, "run python -m tui.docs"
    assert {path.name for path in DOCS.glob("*.md")} >= set(pages())


def test_every_table_column_macro_parameter_and_check_is_described() -> None:
    page = pages()["sql.md"]
    for table in TABLES.values():
        assert f"### `{table.name}`" in page
        for name, _, comment in table.columns:
            assert f"`{name}`" in page
            assert comment.replace("|", "\\|") in page
    for folder in FOLDERS:
        for file in sql_files(folder):
            assert f"### `{file.name}`" in page
            assert file.title.casefold() in page.casefold()
    for name, parameter in ALL_PARAMETERS.items():
        assert f"`{name}`" in page
        assert parameter.meaning.replace("|", "\\|") in page


def test_a_stale_page_is_noticed_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--to", str(tmp_path)]) == 0
    assert main(["--to", str(tmp_path), "--check"]) == 0
    (tmp_path / "cli.md").write_text("old")
    assert main(["--to", str(tmp_path), "--check"]) == 1
    assert "cli.md: stale; run python -m tui.docs" in capsys.readouterr().err
    assert (tmp_path / "cli.md").read_text() == "old"
