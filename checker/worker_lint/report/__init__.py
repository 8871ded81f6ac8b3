"""
Reports in every format: text for people, records for machines.

Each format is one module with a function `render`; nothing here decides what is reported.
"""

from worker_lint.report.context import ReadLine, RenderContext, Renderer, RuleMeta
from worker_lint.report.formats import FORMATS, load_renderer
from worker_lint.report.summary import problem_lines, summary_line
from worker_lint.report.terminal import ColourChoice, Terminal, terminal_of

__all__ = [
    "FORMATS",
    "ColourChoice",
    "ReadLine",
    "RenderContext",
    "Renderer",
    "RuleMeta",
    "Terminal",
    "load_renderer",
    "problem_lines",
    "summary_line",
    "terminal_of",
]
