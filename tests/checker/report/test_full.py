"""The looks of the `full` format, to the letter, and what narrow or old terminals get."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from worker_lint.diagnostic import Diagnostic, Related, Report, Span
from worker_lint.report import RenderContext, Terminal

Render = Callable[[str, Report, RenderContext], str]

DRAWN = """\
error ABS101 abstract-class-instantiated
`Mail` cannot be created: `stop` is abstract
    ╭─ orders/mail.py:16:12
 15 │ def main() -> None:
 16 │     mail = Mail(settings)
    │            ━━━━━━━━━━━━━━
 17 │     mail.run()
    ├─ orders/base.py:6:9
  6 │     def stop(self) -> None: ...
    │         ──── declared abstract here
    │
    ├ because The worker ends with a TypeError before its first message.
    ├ help    Give `Mail` a method `stop(self) -> None`.
    ├ fix     `worker-lint fix` (unsafe): insert the missing member `stop`
    ╰ more    `worker-lint explain abstract-class-instantiated`

1 error in 12 files (3 more in the baseline)
1 can be repaired by `worker-lint fix` (1 unsafe)
"""

STEPS = """\
warning STP102 release-skipped-on-error (likely)
`channel.close()` may raise and leaves the connection open
    --> orders/mail.py:6:9
  5 |     def release(self) -> None:
  6 |         self.channel.close()
    |         ^^^^^^^^^^^^^^^^^^^^
  7 |         self.thread.join()
    |         ------------------ 1. never reached
  8 |
  9 |         self.connection.close()
    |         ----------------------- 2. never reached
    |
    = because The broker keeps the connection until its heartbeat times out.
    = help    Close each in its own `try`/`finally`.
    = more    `worker-lint explain release-skipped-on-error`
"""


def test_error_in_two_files(abstract_call: Diagnostic, context: RenderContext, render: Render) -> None:
    report = Report((abstract_call,), files=12)
    assert render("full", report, replace(context, baselined=3)) == DRAWN


def test_path_through_code_on_an_ascii_terminal(
    skipped_release: Diagnostic, context: RenderContext, render: Render
) -> None:
    old = replace(context, terminal=Terminal(width=80, encoding="ascii", drawing=False))
    text = render("full", Report((skipped_release,)), old)
    assert text.startswith(STEPS)


def test_lines_of_a_long_span_carry_a_bar(late_pool: Diagnostic, context: RenderContext, render: Render) -> None:
    text = render("full", Report((late_pool,)), context)
    assert " 10 │         self.pool = Pool(\n    │         ━━━━━━━━━━━━━━━━━\n" in text
    assert " 11 ┃             size=3,\n 12 ┃         )\n" in text
    assert "because" not in text  # it has no consequence


def test_very_long_span_shows_its_first_line_only(
    late_pool: Diagnostic, context: RenderContext, render: Render
) -> None:
    whole = replace(late_pool, span=Span(1, 1, 12, 10))
    text = render("full", Report((whole,)), context)
    assert "class Mail(Worker):" in text
    assert "self.loop()" not in text


def test_unreadable_source_leaves_place_and_messages(
    abstract_call: Diagnostic, context: RenderContext, render: Render
) -> None:
    text = render("full", Report((abstract_call,)), replace(context, read_line=lambda *_: None))
    assert "orders/mail.py:16:12" in text
    assert "declared abstract here" in text
    assert "mail = Mail" not in text


def test_line_text_stands_in_for_an_unreadable_source(
    abstract_call: Diagnostic, context: RenderContext, render: Render
) -> None:
    remembered = replace(abstract_call, line_text="    mail = Mail(settings)")
    text = render("full", Report((remembered,)), replace(context, read_line=lambda *_: None))
    assert " 16 │     mail = Mail(settings)\n    │            ━━━━━━━━━━━━━━\n" in text


def test_long_label_goes_below_its_underline(abstract_call: Diagnostic, context: RenderContext, render: Render) -> None:
    words = "declared abstract in the base class of all workers of this very large project"
    related = (Related("orders/base.py", Span(6, 9, 6, 13), words),)
    text = render("full", Report((replace(abstract_call, related=related),)), context)
    assert "    │         ────\n    │         declared abstract in the base class" in text
    assert max(map(len, text.splitlines())) <= 80


def test_escape_sequences_in_source_never_reach_the_terminal(
    abstract_call: Diagnostic, context: RenderContext, render: Render
) -> None:
    hostile = replace(context, read_line=lambda *_: "\x1b[2J mail = Mail(\u202e'x')\r")
    text = render("full", Report((replace(abstract_call, path="a\x1b]0;b\x07.py"),)), hostile)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


def test_colours_only_where_the_terminal_has_them(report: Report, context: RenderContext, render: Render) -> None:
    coloured = replace(context, terminal=replace(context.terminal, colour=True))
    plain = render("full", report, context)
    painted = render("full", report, coloured)
    assert "\x1b[1;31merror\x1b[0m" in painted
    without = re.sub(r"\x1b\[[0-9;]*m", "", painted)
    assert [line.rstrip() for line in without.splitlines()] == plain.splitlines()


def test_clean_run_is_one_line(context: RenderContext, render: Render) -> None:
    assert render("full", Report((), files=1_234), context) == "no errors or warnings in 1,234 files\n"
