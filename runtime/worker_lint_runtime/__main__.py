"""`python -m worker_lint_runtime` is `worker-lint-runtime`."""

import sys

from worker_lint_runtime._running.command import main

sys.exit(main())
