from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.analysis.models import Models, check_model

HEAD = 'library = "lib"\nmodules = ["lib"]\n'


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('lowest = "soon"\n', ":3: `lowest`: 'soon' is no release"),
        ('[aliases]\n"other.X" = "lib.X"\n', ":4: alias `other.X` is in none of `modules`"),
        ('[[class]]\nname = "other.X"\n', ":4: `other.X` is in none of `modules`"),
        ('[[class]]\nname = "lib.X"\nbases = ["int"]\n', ":4: `int` is no qualified name"),
        ('[[class]]\nname = "lib.X"\nsince = "later"\n', ":4: 'later' is no release"),
        ('[[class]]\nname = "lib.X"\nmembers = "run()"\n', ":4: cannot read the member line 'run()'"),
        ('[[class]]\nname = "lib.X"\nmembers = "def run(self, =)"\n', ":4: the signature of `run` is no Python"),
        ('[[class]]\nname = "lib.X"\nmembers = "def run()"\n', ":4: `run` takes no receiver"),
        ('[[hooks]]\nname = "lib.X"\nrequired = ["run"]\n', ":4: no [[class]] table of the name `lib.X`"),
        (
            '[[worker]]\nname = "lib.X"\nstop = ["halt"]\n[[class]]\nname = "lib.X"\ncomplete = true\n',
            ":4: `halt` is no member of `lib.X`",
        ),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path: Path, body: str, complaint: str) -> None:
    path = tmp_path / "lib.toml"
    path.write_text(HEAD + body)
    errors = check_model(path)
    assert len(errors) == 1
    assert f"{path}{complaint}" in str(errors[0])


def test_inherited_methods_count(tmp_path: Path) -> None:
    path = tmp_path / "lib.toml"
    path.write_text(
        HEAD
        + '[[resource]]\nname = "lib.Y"\nrole = "file"\nrelease = ["close"]\n'
        + '[[class]]\nname = "lib.X"\ncomplete = true\nmembers = "def close(self)"\n'
        + '[[class]]\nname = "lib.Y"\ncomplete = true\nbases = ["lib.X"]\n'
    )
    assert check_model(path) == []


def test_bases_from_elsewhere_may_bring_the_method(tmp_path: Path) -> None:
    path = tmp_path / "lib.toml"
    path.write_text(
        HEAD
        + '[[resource]]\nname = "lib.Y"\nrole = "file"\nrelease = ["close"]\n'
        + '[[class]]\nname = "lib.Y"\ncomplete = true\nbases = ["io.IOBase"]\n'
    )
    assert check_model(path) == []


def test_a_class_below_itself_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "lib.toml"
    path.write_text(
        HEAD
        + '[[hooks]]\nname = "lib.X"\nrequired = ["run"]\n'
        + '[[class]]\nname = "lib.X"\ncomplete = true\nbases = ["lib.X"]\n'
    )
    assert check_model(path) == []


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b'library = "caf\xe9"\n')
    assert "cannot be read" in str(check_model(tmp_path / "latin.toml")[0])
    assert "cannot be read" in str(check_model(tmp_path / "absent.toml")[0])


def test_the_documented_model_is_right(tmp_path: Path) -> None:
    page = (Path(__file__).parents[4] / "docs" / "library-models.md").read_text(encoding="utf-8")
    example = page.partition("## A small model")[2].partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "our_queue.toml"
    path.write_text(example, encoding="utf-8")
    assert check_model(path) == []
    client = Models.open([path]).find_class("our_queue.Client")
    assert client is not None
    assert client.abstract_names == ("handle",)
    assert client.roles == ("connection",)
