# SPDX-License-Identifier: Apache-2.0
"""The code in docs/python.md, block after block in one module, as a reader would type it."""
import re

from conftest import ROOT


def test_the_page_works(lenet, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs/python.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.S)
    assert len(blocks) >= 5
    names = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)  # noqa: S102
    said = re.search(r"# (the input .*)", page).group(1)
    assert said in capsys.readouterr().out
