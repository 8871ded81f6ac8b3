"""A first command line (to be replaced)."""

from __future__ import annotations

import sys, os, time
from pathlib import Path

from worker_lint.analysis import Models
from worker_lint.config import KnownRules, Selection, load_settings
from worker_lint.diagnostic import Report
from worker_lint.diagnostic.address import rule_url
from worker_lint.engine.packs import load_packs
from worker_lint.engine.plan import Plan
from worker_lint.engine.run import analyse
from worker_lint.engine.sources import FileSources, reader_of, skim_all
from worker_lint.engine.tree import Tree
from worker_lint.report import RenderContext, load_renderer, terminal_of
from worker_lint.source.discover import discover
from dataclasses import replace


def run(argv: list[str]) -> int:
    fmt = "concise"
    if "--format" in argv:
        i = argv.index("--format"); fmt = argv[i + 1]; del argv[i : i + 2]
    preview = "--preview" in argv
    if preview: argv.remove("--preview")
    paths = [Path(a) for a in argv if a != "check"] or [Path(".")]
    t = time.perf_counter()
    packs = load_packs()
    known = KnownRules(packs.rules)
    loaded = load_settings(paths[0], known, working=Path.cwd())
    settings = replace(loaded.settings, preview=preview or loaded.settings.preview)
    selection = Selection(known, settings)
    found = discover([str(p) for p in paths], str(loaded.project.root))
    print("discover", len(found.files), time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    plan = Plan(packs.rules, selection.codes, settings.rules, rule_url)
    absolute = {f.path: f.absolute for f in found.files}
    read = reader_of(absolute)
    skims, problems = skim_all(read, absolute, plan.words, 5_000_000)
    print("skim", time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    tree = Tree(FileSources(read, 5_000_000), skims, {f.path: f.role for f in found.files})
    print("index", time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    models = Models.open([Path(p) for p in packs.models])
    print("models", time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    out = analyse(tree, models, plan, [f.path for f in found.files])
    print("analyse", time.perf_counter() - t, out.stages, out.rules, "records", len(tree.records), file=sys.stderr)
    report = Report(out.diagnostics, (*problems, *out.problems), out.files, out.unknown)
    ctx = RenderContext("0.1.0", read_line=lambda p, n: tree.text(p).line(n), terminal=terminal_of(sys.stdout, os.environ))
    load_renderer(fmt)(report, ctx, sys.stdout)
    for p in report.problems: print(p, file=sys.stderr)
    return 1 if report.diagnostics else 0
