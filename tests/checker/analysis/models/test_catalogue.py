from __future__ import annotations

from pathlib import Path

import pytest

from worker_lint.analysis.models import ModelError, Models, ReleaseSpan

ROOT = """
library = "python"
modules = ["builtins"]

[[class]]
name = "builtins.object"
complete = true

[[class]]
name = "builtins.type"
complete = true
"""
QUEUE = """
library = "queue-lib"
modules = ["queuelib"]
lowest = "1.0"
newest = "3.0"

[aliases]
"queuelib.compat" = "queuelib.core"
"queuelib.connect_now" = "queuelib.core.connect"

[[resource]]
name = "queuelib.core.Base"
role = "connection"
release = ["close"]

[[hooks]]
name = "queuelib.core.Base"
required = ["handle"]
optional = ["added"]
final = ["close"]

[[worker]]
name = "queuelib.core.Worker"
handler = ["handle"]

[[call]]
name = "queuelib.core.connect"
returns = "queuelib.core.Worker"

[[call]]
name = "queuelib.core.Base.close"
second_call = "raises"
blocking = true
until = "2.0"

[[call]]
name = "queuelib.core.Base.close"
second_call = "nothing"
blocking = true
since = "2.0"

[[class]]
name = "queuelib.core.Base"
also = ["queuelib.Base"]
complete = true
members = '''
stub def handle(self, message)
def close(self)
abstract def added(self) since 2.0
def flush(self) until 2.0
def flush(self, timeout=None) since 2.0
def changed(self) until 2.0
async def changed(self) since 2.0
'''

[[class]]
name = "queuelib.core.Mixin"
complete = true

[[class]]
name = "queuelib.core.Worker"
bases = ["queuelib.core.Mixin", "queuelib.core.Base"]
until = "2.0"
complete = true
members = '''
def only_old(self)
def both(self)
'''

[[class]]
name = "queuelib.core.Worker"
bases = ["queuelib.core.Base"]
since = "2.0"
complete = true
members = '''
def both(self)
'''

[[class]]
name = "queuelib.core.Orphan"
bases = ["elsewhere.Base"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "builtins.toml").write_text(ROOT)
    (tmp_path / "queuelib.toml").write_text(QUEUE)
    return tmp_path


def opened(folder: Path, *release: int) -> Models:
    versions = {"queue-lib": ReleaseSpan.exactly(release)} if release else {}
    return Models.open([folder], versions)


def test_a_class_is_one_object_under_all_its_names(folder: Path) -> None:
    models = opened(folder)
    found = models.find_class("queuelib.core.Base")
    assert found is not None
    assert found.name == "queuelib.core.Base"
    assert models.find_class("queuelib.Base") is found
    assert models.find_class("queuelib.compat.Base") is found
    assert models.find_class("queuelib.core.Unheard") is None
    assert models.find_class("unheard.Base") is None


def test_modules(folder: Path) -> None:
    models = opened(folder)
    assert models.modules == {"builtins", "queuelib"}
    assert models.knows_module("queuelib.core.deep")
    assert not models.knows_module("queue")


def test_a_file_is_not_read_before_a_module_of_it_is_asked_for(folder: Path) -> None:
    (folder / "broken.toml").write_text('modules = ["broken"]\nlibrary = 3\n')
    models = opened(folder)
    assert models.find_class("queuelib.Base") is not None
    assert models.knows_module("broken")
    with pytest.raises(ModelError, match=r"broken\.toml:2: `library`"):
        models.find_class("broken.Thing")


def test_a_file_without_modules_speaks_of_the_module_it_is_named_after(folder: Path) -> None:
    (folder / "plain.toml").write_text('library = "plain"\n[[class]]\nname = "plain.Thing"\n')
    assert opened(folder).find_class("plain.Thing") is not None


def test_facts_of_a_class(folder: Path) -> None:
    found = opened(folder, 2, 1).find_class("queuelib.Base")
    assert found is not None
    assert found.bases == ("builtins.object",)
    assert found.roles == ("connection",)
    assert found.members["handle"].required
    assert found.members["handle"].stub
    assert found.members["added"].optional
    assert found.members["close"].final
    assert found.abstract_names == ("added",)
    assert not found.worker


@pytest.mark.parametrize(
    ("release", "certain", "uncertain"),
    [
        ((1, 5), {"handle", "close", "flush", "changed"}, set()),
        ((2,), {"handle", "close", "flush", "changed", "added"}, set()),
        ((9,), {"handle", "close", "flush", "changed", "added"}, set()),
        ((), {"handle", "close", "flush"}, {"added", "changed"}),
        ((0, 5), {"handle", "close", "flush"}, {"added", "changed"}),
    ],
)
def test_members_by_version(folder: Path, release: tuple[int, ...], certain: set[str], uncertain: set[str]) -> None:
    found = opened(folder, *release).find_class("queuelib.core.Base")
    assert found is not None
    assert set(found.members) == certain
    assert found.uncertain == uncertain


def test_a_signature_that_changed_is_unknown_when_the_version_is(folder: Path) -> None:
    old = opened(folder, 1, 0).find_class("queuelib.core.Base")
    unknown = opened(folder).find_class("queuelib.core.Base")
    assert old is not None
    assert unknown is not None
    assert old.members["flush"].signature is not None
    assert unknown.members["flush"].signature is None


def test_bases_that_changed_are_not_known_when_the_version_is_not(folder: Path) -> None:
    old, new, unknown = (opened(folder, *release).find_class("queuelib.core.Worker") for release in ((1,), (2,), ()))
    assert old is not None
    assert new is not None
    assert unknown is not None
    assert (old.bases_known, old.bases) == (True, ("queuelib.core.Mixin", "queuelib.core.Base"))
    assert (new.bases_known, new.bases) == (True, ("queuelib.core.Base",))
    assert not unknown.bases_known
    assert set(unknown.members) == {"both"}
    assert unknown.uncertain == {"only_old"}


def test_resolution_order(folder: Path) -> None:
    models = opened(folder, 1)
    order = models.resolution_order("queuelib.core.Worker")
    assert order is not None
    assert [entry.name.rpartition(".")[2] for entry in order] == ["Worker", "Mixin", "Base", "object"]
    assert models.resolution_order("queuelib.core.Orphan") is None
    assert opened(folder).resolution_order("queuelib.core.Worker") is None


def test_calls(folder: Path) -> None:
    models = opened(folder, 2)
    connect = models.find_function("queuelib.connect_now")
    assert connect is not None
    assert (connect.name, connect.returns) == ("queuelib.core.connect", "queuelib.core.Worker")
    close = models.find_function("queuelib.core.Worker.close")
    assert close is not None
    assert (close.name, close.idempotent, close.blocking) == ("queuelib.core.Base.close", True, True)
    assert close.member is not None
    flush = models.find_function("queuelib.Base.flush")
    assert flush is not None
    assert (flush.blocking, flush.raises, flush.coroutine) == (None, None, False)
    constructor = models.find_function("queuelib.Base")
    assert constructor is not None
    assert constructor.name == "queuelib.core.Base"
    assert models.find_function("queuelib.nothing") is None


def test_a_fact_that_changed_is_unknown_when_the_version_is(folder: Path) -> None:
    close = opened(folder).find_function("queuelib.core.Base.close")
    assert close is not None
    assert close.idempotent is None
    assert close.blocking is True


def test_later_files_win(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.toml").write_text('library = "queue-lib"\nmodules = ["queuelib"]\n[[class]]\nname = "queuelib.Base"\n')
    models = Models.open([folder / "builtins.toml", folder / "queuelib.toml", own / "mine.toml"])
    found = models.find_class("queuelib.Base")
    assert found is not None
    assert found.name == "queuelib.Base"
    assert models.find_class("queuelib.core.Base") is not None


def test_the_fingerprint_follows_contents_and_versions_not_places(folder: Path, tmp_path: Path) -> None:
    before = opened(folder).fingerprint
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("builtins.toml", "queuelib.toml"):
        (moved / name).write_bytes((folder / name).read_bytes())
    assert Models.open([moved]).fingerprint == before
    assert opened(folder, 2).fingerprint != before
    (moved / "queuelib.toml").write_text(QUEUE + "\n# changed\n")
    assert Models.open([moved]).fingerprint != before


def test_a_path_that_does_not_exist() -> None:
    with pytest.raises(ModelError, match=r"nowhere\.toml: cannot be read"):
        Models.open([Path("nowhere.toml")])


def test_an_alias_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "loop.toml").write_text(
        'library = "loop"\n[aliases]\n"loop.A" = "loop.B"\n"loop.B" = "loop.A"\n'
        '[[class]]\nname = "loop.C"\nbases = ["loop.C"]\n'
    )
    models = Models.open([tmp_path])
    assert models.find_class("loop.A") is None
    assert models.find_function("loop.A") is None
    assert models.resolution_order("loop.C") is None


MOVED = """
library = "moved"
lowest = "1.0"
newest = "3.0"

[aliases]
"moved.Guessed" = "moved.old.Thing"

[[class]]
name = "moved.old.Thing"
until = "2.0"
also = ["moved.Thing", "moved.Guessed"]

[[class]]
name = "moved.new.Thing"
since = "2.0"
also = ["moved.Thing", "moved.Guessed"]
"""


@pytest.mark.parametrize(
    ("release", "thing", "guessed"),
    [
        ((1,), "moved.old.Thing", "moved.old.Thing"),
        ((3,), "moved.new.Thing", "moved.new.Thing"),
        ((), None, "moved.old.Thing"),
    ],
)
def test_a_name_that_stood_for_two_classes(
    tmp_path: Path, release: tuple[int, ...], thing: str | None, guessed: str
) -> None:
    (tmp_path / "moved.toml").write_text(MOVED)
    models = Models.open([tmp_path], {"moved": ReleaseSpan.exactly(release)} if release else {})
    found = models.find_class("moved.Thing")
    assert (found.name if found else None) == thing
    assert getattr(models.find_class("moved.Guessed"), "name", None) == guessed


def test_a_base_that_brings_no_members_may_come_and_go(tmp_path: Path) -> None:
    (tmp_path / "grown.toml").write_text(
        'library = "grown"\n'
        '[[class]]\nname = "grown.Thing"\nmetaclass = "abc.ABCMeta"\nuntil = "2.0"\n'
        '[[class]]\nname = "grown.Thing"\nmetaclass = "abc.ABCMeta"\nsince = "2.0"\n'
        'bases = ["typing.Generic", "abc.ABC"]\n'
    )
    found = Models.open([tmp_path]).find_class("grown.Thing")
    assert found is not None
    assert found.bases_known
    assert found.metaclass == "abc.ABCMeta"
