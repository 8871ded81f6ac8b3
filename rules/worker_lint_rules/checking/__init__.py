"""The tool's own diagnostics (WKL): about files, comments and the baseline."""
