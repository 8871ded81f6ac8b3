"""A first command line (to be replaced)."""

from __future__ import annotations

import sys, os, time
from pathlib import Path

from worker_lint.analysis import Models
from worker_lint.config import KnownRules, Selection, load_settings
from worker_lint.diagnostic import Report
from worker_lint.diagnostic.address import rule_url
from worker_lint.engine.cache import Cache, cache_folder, digest_of
from worker_lint.engine.packs import load_packs
from worker_lint.engine.plan import Plan
from worker_lint.engine.session import Session
from worker_lint.engine.snapshot import of_files
from worker_lint.report import RenderContext, load_renderer, terminal_of
from worker_lint.source.discover import discover
from dataclasses import replace


def run(argv: list[str]) -> int:
    fmt = "concise"
    if "--format" in argv:
        i = argv.index("--format"); fmt = argv[i + 1]; del argv[i : i + 2]
    preview = "--preview" in argv
    if preview: argv.remove("--preview")
    nocache = "--no-cache" in argv
    if nocache: argv.remove("--no-cache")
    paths = [Path(a) for a in argv if a != "check"] or [Path(".")]
    t0 = t = time.perf_counter()
    packs = load_packs()
    known = KnownRules(packs.rules)
    loaded = load_settings(paths[0], known, working=Path.cwd())
    settings = replace(loaded.settings, preview=preview or loaded.settings.preview)
    selection = Selection(known, settings)
    root = loaded.project.root
    print("start", time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    found = discover([str(p) for p in paths], str(root))
    print("discover", len(found.files), time.perf_counter() - t, file=sys.stderr); t = time.perf_counter()
    plan = Plan(packs.rules, selection.codes, settings.rules, rule_url, enabled=selection.anywhere)
    models = Models.open([Path(p) for p in packs.models])
    digest = digest_of("0.1.0", settings.digest(), models.fingerprint, *(f"{p.name} {p.version}" for p in packs.packs))
    snapshot = of_files(found.files)
    with Cache(None if nocache else cache_folder(root, settings.cache_dir, os.environ)) as cache:
        session = Session(plan, models, digest, cache, settings.limits["file-bytes"])
        out = session.run(snapshot)
        print("total", time.perf_counter() - t0, "cpu", time.process_time(), session.seconds, out.rules, session.cached_reads, file=sys.stderr)
    report = Report(out.diagnostics, (*found.problems, *out.problems), out.files, out.unknown)
    ctx = RenderContext("0.1.0", terminal=terminal_of(sys.stdout, os.environ), read_line=lambda p, n: snapshot.read(p).decode("utf8", "replace").split("\n")[n-1])
    load_renderer(fmt)(report, ctx, sys.stdout)
    for p in report.problems: print(p, file=sys.stderr)
    return 1 if report.diagnostics else 0
