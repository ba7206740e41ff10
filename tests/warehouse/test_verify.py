"""Verification finds every kind of damage to a committed file."""

from pathlib import Path

import numpy as np
from drawn_study import Study, draw

from warehouse.verify import verify


def test_each_kind_of_damage_is_told_once_in_one_line(folder: Path) -> None:
    study = Study(folder / "w")
    study.ingest("c", draw(np.random.default_rng(0), 3))
    told: list[int] = []
    assert list(verify(study.state, told.append)) == []
    files = [file for manifest in study.state.manifests for file in manifest.files]
    assert sum(told) == sum(file.bytes for file in files)
    missing, short, changed = files[0], files[3], files[6]
    (study.layout.root / missing.path).unlink()
    (study.layout.root / short.path).write_bytes((study.layout.root / short.path).read_bytes()[:-1])
    content = bytearray((study.layout.root / changed.path).read_bytes())
    content[len(content) // 2] ^= 1
    (study.layout.root / changed.path).write_bytes(content)
    found = {damage.file: damage.problem for damage in verify(study.state)}
    assert set(found) == {missing.path, short.path, changed.path}
    assert found[missing.path].startswith("missing")
    assert f"instead of {short.bytes}" in found[short.path]
    assert "wrong digest" in found[changed.path]
    assert all("restore it" in problem and "\n" not in problem for problem in found.values())
