"""The checking hook, run by the real pre-commit on scratch repositories."""

from collections.abc import Callable
from typing import Any

import pytest

Scratch = Any  # the class is the conftest's, which test files do not import
pytestmark = pytest.mark.slow

DEFECT = "def stop():\n    raise NotImplemented\n"
BROKEN = "shop/main.py:5:5: ABS101"


def test_a_clean_commit_passes(scratch: Scratch) -> None:
    scratch.stage({"shop/more.py": "x = 1\n"})
    outcome = scratch.hook()
    assert outcome.code == 0, outcome.text
    assert scratch.try_commit().code == 0


def test_a_new_defect_fails_and_an_old_one_elsewhere_does_not(scratch: Scratch) -> None:
    scratch.commit({"shop/old.py": DEFECT})
    scratch.stage({"shop/more.py": "x = 1\n"})
    assert scratch.hook().code == 0
    scratch.stage({"shop/more.py": DEFECT})
    outcome = scratch.hook()
    assert outcome.code == 1
    assert [line.partition(":")[0] for line in outcome.lines()] == ["shop/more.py"]


def test_everything_in_the_files_given_is_reported(scratch: Scratch) -> None:
    scratch.commit({"shop/old.py": DEFECT})
    scratch.stage({"shop/old.py": "x = 1\n" + DEFECT})
    assert len(scratch.hook().lines()) == 1


def test_a_base_gains_an_abstract_member_and_unchanged_files_fail(
    scratch: Scratch, stricter: dict[str, str | None]
) -> None:
    scratch.stage(stricter)
    outcome = scratch.hook()
    assert outcome.code == 1
    assert [line.rpartition(" ABS101")[0] + " ABS101" for line in outcome.lines()] == [BROKEN]
    assert scratch.try_commit().code == 1


def test_a_mixin_is_deleted(scratch: Scratch) -> None:
    scratch.stage(
        {
            "shop/stopping.py": None,
            "shop/mail.py": (
                "from shop.base import Worker\n\n\nclass Mail(Worker):\n    def run(self):\n        return 1\n"
            ),
        }
    )
    outcome = scratch.hook()
    assert outcome.code == 1
    assert outcome.lines()[0].startswith(BROKEN)


def test_a_commit_that_only_deletes_is_looked_at(scratch: Scratch) -> None:
    # The package hides the module of its name; when it goes, another `Stops` comes to light.
    package = (scratch.root / "shop/stopping.py").read_text(encoding="utf-8")
    scratch.commit({"shop/stopping/__init__.py": package, "shop/stopping.py": "class Stops:\n    pass\n"})
    assert scratch.hook().code == 0
    scratch.stage({"shop/stopping/__init__.py": None})
    outcome = scratch.hook()
    assert outcome.code == 1
    assert [line.rpartition(" ABS101")[0] + " ABS101" for line in outcome.lines()] == [BROKEN]


def test_a_half_staged_file_is_checked_as_staged(scratch: Scratch) -> None:
    scratch.stage({"shop/half.py": "x = 1\n"})
    scratch.write({"shop/half.py": "x = 1\n" + DEFECT})
    assert scratch.hook().code == 0
    assert "NotImplemented" in (scratch.root / "shop/half.py").read_text(encoding="utf-8")
    scratch.stage({"shop/half.py": DEFECT})
    scratch.write({"shop/half.py": "x = 1\n"})
    assert scratch.hook().code == 1


def test_a_base_changed_but_not_staged_does_not_fail_the_commit(
    scratch: Scratch, stricter: dict[str, str | None]
) -> None:
    scratch.write(stricter)
    scratch.write({"shop/more.py": "x = 1\n"})
    scratch.git("add", "shop/more.py")
    assert scratch.hook().code == 0


def test_a_partial_commit_sees_the_index_that_git_builds_for_it(
    scratch: Scratch, stricter: dict[str, str | None]
) -> None:
    scratch.stage(stricter)
    scratch.write({"shop/main.py": "from shop.mail import Mail\n\n\ndef main():\n    return Mail().run()\n"})
    assert scratch.try_commit("shop/main.py").code in {0, 1}
    assert scratch.try_commit("-a").code == 1


def test_all_files_on_a_clean_tree_reports_everything(scratch: Scratch) -> None:
    scratch.commit({"shop/old.py": DEFECT, "shop/older.py": DEFECT})
    outcome = scratch.hook("--all-files")
    assert outcome.code == 1
    assert len(outcome.lines()) == 2


def test_all_files_with_5_000_long_paths(scratch: Scratch, stricter: dict[str, str | None]) -> None:
    folder = "a_folder_with_a_rather_long_name/" * 3
    files: dict[str, str | None] = {f"{folder}module_{number:04}.py": "x = 1\n" for number in range(5000)}
    files |= {f"{folder}module_0007.py": DEFECT, f"{folder}module_4999.py": DEFECT}
    scratch.commit(files)
    outcome = scratch.hook("--all-files")
    assert outcome.code == 1
    assert len(outcome.lines()) == 2
    scratch.stage(stricter)
    changed = scratch.hook("--all-files")
    assert len([line for line in changed.lines() if "ABS111" in line]) == 2
    broken = [line for line in changed.lines() if line.startswith(BROKEN)]
    assert 1 <= len(broken) <= 2  # by the call that holds the cause, and by the one that was given the file


def test_a_fresh_clone_answers_the_same(
    scratch: Scratch, stricter: dict[str, str | None], clone_of: Callable[[Scratch], Scratch]
) -> None:
    clone = clone_of(scratch)
    for repository in (scratch, clone):
        repository.stage(stricter)
    warm, cold = scratch.hook(), clone.hook()
    assert warm.lines() == scratch.hook().lines() == cold.lines() != []
    assert cold.code == 1


def test_no_dependency_of_the_project_is_needed(scratch: Scratch) -> None:
    scratch.stage(
        {
            "shop/queue.py": (
                "import nowhere_to_be_found\nfrom pika_of_nobody import Consumer\nfrom shop.base import Worker\n\n\n"
                "class Queue(Consumer, Worker):\n    pass\n\n\nQueue()\n"
            )
        }
    )
    assert scratch.hook().code == 0
    scratch.stage({"shop/queue.py": "import nowhere_to_be_found\nfrom shop.base import Worker\n\n\nWorker()\n"})
    assert "ABS101" in scratch.hook().text


def test_a_range_of_commits(scratch: Scratch, stricter: dict[str, str | None]) -> None:
    first = scratch.git("rev-parse", "HEAD")
    middle = scratch.commit({"shop/more.py": "x = 1\n"})
    last = scratch.commit(stricter)
    assert scratch.hook("--from-ref", first, "--to-ref", middle).code in {0, 1}
    outcome = scratch.hook("--from-ref", middle, "--to-ref", last)
    assert outcome.code == 1
    assert outcome.lines()[0].startswith(BROKEN)
    after = scratch.commit({"shop/more.py": "x = 2\n"})
    assert scratch.hook("--from-ref", last, "--to-ref", after).code == 0


def test_the_first_commit(empty: Scratch, sound: dict[str, str]) -> None:
    empty.stage(dict(sound))
    assert empty.hook().code == 0
    empty.stage({"shop/more.py": DEFECT})
    assert empty.hook().code == 1
    assert empty.try_commit().code == 1


def test_a_merge_reports_what_the_merge_brings(scratch: Scratch, stricter: dict[str, str | None]) -> None:
    scratch.git("checkout", "-q", "-b", "side")
    scratch.commit({**stricter, "shop/mail.py": with_report(scratch), "shop/known.py": DEFECT})
    scratch.git("checkout", "-q", "main")
    scratch.commit({"shop/print.py": PRINT})
    scratch.git("merge", "-q", "--no-commit", "--no-ff", "side")
    outcome = scratch.hook()
    # Both sides were sound; together `Print` lacks `report`.
    assert outcome.code == 1
    assert [line.partition(":")[0] for line in outcome.lines("ABS101")] == ["shop/print.py"]


def with_report(scratch: Scratch) -> str:
    text: str = (scratch.root / "shop/mail.py").read_text(encoding="utf-8")
    return text + "\n    def report(self):\n        return 2\n"


PRINT = (
    "from shop.base import Worker\nfrom shop.stopping import Stops\n\n\n"
    "class Print(Stops, Worker):\n    def run(self):\n        return 1\n\n\nPrint()\n"
)


def test_files_of_other_kinds_cost_nothing(scratch: Scratch) -> None:
    scratch.commit({"shop/old.py": DEFECT})
    scratch.stage({"README.md": "text\n"})
    assert scratch.hook().code == 0
