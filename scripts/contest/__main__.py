"""One contender as a process: `python -m contest MODULE publish COUNT` or `python -m contest MODULE work`."""

import sys
from importlib import import_module

if __name__ == "__main__":
    module = import_module(f"contest.{sys.argv[1]}")
    if sys.argv[2] == "publish":
        module.publish(int(sys.argv[3]))
    else:
        module.work()
