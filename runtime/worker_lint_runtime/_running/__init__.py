"""Running a worker from the command line: target, broker by URL, logs, health file, service manager, exit codes."""
