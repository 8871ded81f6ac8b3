"""What models say of messages, and that users' own libraries are understood in the same way."""

import textwrap
from pathlib import Path

import pytest

from worker_lint.analysis import Models, Project
from worker_lint.analysis.deliveries import settlements_in
from worker_lint.analysis.models import check_model
from worker_lint.testing import tree_of

BUILTINS = Path(__file__).parents[4] / "rules" / "worker_lint_rules" / "models" / "stdlib" / "builtins.toml"

OURS = """
library = "our-queue"
modules = ["our_queue"]
lowest = "2.0"
newest = "2.7"

[[class]]
name = "our_queue.Client"
complete = true
members = '''
def listen(self, queue, handler, auto=False)
'''

[[class]]
name = "our_queue.Delivery"
complete = true
members = '''
def done(self)
def back(self, again=True)
'''

[[class]]
name = "our_queue.Special"
bases = ["our_queue.Delivery"]
complete = true
members = '''
def done(self)
'''

[[call]]
name = "our_queue.Client.listen"
gives = { handler = ["our_queue.Delivery", "payload"] }
auto_ack = "auto"
default_auto_ack = false

[[call]]
name = "our_queue.Delivery.done"
settles = "ack"

[[call]]
name = "our_queue.Delivery.back"
settles = "nack"
requeue = "again"
default_requeue = true

[[delivery]]
name = "our_queue.Delivery"
library = "our queue"
unsettled = "held"
"""

CODE = """
import our_queue

def on_message(delivery, text):
    delivery.back(again=False)

def main():
    our_queue.Client().listen("orders", on_message)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "our_queue.toml"
    path.write_text(OURS, encoding="utf-8")
    return path


def test_a_library_of_ones_own_is_followed(model: Path) -> None:
    assert check_model(model) == []
    project = Project(tree_of({"worker.py": textwrap.dedent(CODE)}), Models.open([model]))
    (delivery,) = project.deliveries.of("worker.py")
    (settlement,) = settlements_in(delivery)
    assert (delivery.facts.library, delivery.payload) == ("our queue", frozenset({"text"}))
    assert (settlement.verb, settlement.requeue, delivery.opening.auto) == ("nack", False, False)


def test_a_subclass_carries_deliveries_and_its_overrides_settle_them(model: Path) -> None:
    models = Models.open([BUILTINS, model])
    special = models.find_class("our_queue.Special")
    assert special is not None
    assert models.find_delivery("our_queue.Special") is not None
    plain, stated = models.find_method(special, "done"), models.find_stated(special, "done")
    assert plain is not None
    assert stated is not None
    assert (plain.settles, stated.settles) == (None, "ack")


def test_positions_come_from_the_signature_or_from_the_table(model: Path, tmp_path: Path) -> None:
    listen = Models.open([model]).find_function("our_queue.Client.listen")
    assert listen is not None
    client = Models.open([model]).find_class("our_queue.Client")
    method = Models.open([model]).find_method(client, "listen") if client is not None else None
    assert method is not None
    assert (method.position("handler"), method.position("missing")) == (1, None)
    table = tmp_path / "lists.toml"
    table.write_text(
        'library = "lists"\nmodules = ["lists"]\n[[call]]\nname = "lists.pop"\nparameters = ["key", "wait"]\n'
    )
    pop = Models.open([table]).find_function("lists.pop")
    assert pop is not None
    assert (pop.position("wait"), pop.position("missing")) == (1, None)


def test_a_wrong_key_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('library = "wrong"\n[[delivery]]\nname = "wrong.D"\nunsetled = "held"\n', encoding="utf-8")
    (error,) = check_model(path)
    assert (error.line, error.remedy) == (4, "did you mean `unsettled`?")
