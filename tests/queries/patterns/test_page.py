"""What docs/patterns.md shows runs, and says the settings that are used."""

import re
from pathlib import Path
from typing import Any

import pytest

from queries.patterns import MDS_SETTINGS
from queries.patterns.projection import MAX_POINTS

PAGE = (Path(__file__).parents[3] / "docs" / "patterns.md").read_text(encoding="utf-8")


def test_the_python_runs(ordinary: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    assert code.count("connect(") == 3
    found: dict[str, Any] = {}
    exec(code.replace("study.warehouse", str(ordinary.study.layout.root)), found)
    assert len(found["scores"]) == 2
    assert found["points"]["x"].null_count() == 0
    assert found["clusters"]["cluster"].null_count() == 0
    assert "silhouette_2d" in capsys.readouterr().out


def test_the_sql_runs(ordinary: Any) -> None:
    (block,) = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for query in block.strip().rstrip(";").split(";\n"):
        assert ordinary.con.sql(query).fetchall(), query


def test_the_settings_are_said() -> None:
    said = dict(re.findall(r"^\| `(\w+)` \| `?([\w.-]+)", PAGE, re.MULTILINE))
    assert {name: said[name] for name in MDS_SETTINGS} == {
        name: str(value).replace("1e-06", "1e-6") for name, value in MDS_SETTINGS.items()
    }
    assert f"More than {MAX_POINTS} patterns" in PAGE
