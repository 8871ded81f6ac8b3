"""
Shows the linter at work: on examples/, then on a package that people really use.

The package is fetched once into an ignored folder and unpacked, never installed and never imported.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / ".corpus" / "demo"
PACKAGE = "buildbot"
VERSION = "4.3.0"


def run_linter(target: Path) -> int:
    """Checks `target` and gives the linter's exit code: 0 clean, 1 diagnostics, 2 could not do the work."""
    shown = target.relative_to(ROOT).as_posix()
    print(f"\n$ worker-lint check {shown}", flush=True)
    return subprocess.run([sys.executable, "-m", "worker_lint", "check", shown], cwd=ROOT, check=False).returncode


def fetch_package() -> Path | None:
    """The unpacked wheel of the demo package, or nothing where it cannot be fetched."""
    unpacked = CORPUS / f"{PACKAGE}-{VERSION}"
    if unpacked.is_dir():
        return unpacked
    CORPUS.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--retries", "1", "download", "--quiet"]
    download += ["--no-deps", "--only-binary=:all:", "--dest", str(CORPUS), f"{PACKAGE}=={VERSION}"]
    if subprocess.run(download, cwd=ROOT, check=False, stderr=subprocess.DEVNULL).returncode:
        return None
    wheel = next(CORPUS.glob(f"{PACKAGE}-{VERSION}-*.whl"))
    # Unpacked beside its place and then renamed, so that an interrupted demo leaves no half package.
    partial = CORPUS / f"{unpacked.name}.partial"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(partial)
    return partial.rename(unpacked)


def main() -> int:
    """Gives 0 when the linter did its work, whatever it found; 1 when an answer is not the expected one."""
    print("A small order system. Its mail worker never got a stop().")
    broken = run_linter(ROOT / "examples" / "broken")
    print("\nThe same system after the diagnostics were followed.")
    repaired = run_linter(ROOT / "examples" / "repaired")
    if (broken, repaired) != (1, 0):
        print(f"\nerror: exit codes 1 and 0 were expected, got {broken} and {repaired}", file=sys.stderr)
        return 1
    print(f"\nA real package: {PACKAGE} {VERSION}, fetched as a wheel, unpacked, not installed.")
    package = fetch_package()
    if package is None:
        print("It could not be fetched (no network?), so the demo ends with the examples.")
        return 0
    if run_linter(package) not in {0, 1}:
        return 1
    print("\nThe linter exits with 1 where it finds a defect; the demo itself succeeded, so make sees 0.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
