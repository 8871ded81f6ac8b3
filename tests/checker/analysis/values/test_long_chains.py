"""Long chains of calls cost what their links cost, not a power of their number."""

import pytest

from worker_lint.testing import built_in_packs, check_files


@pytest.mark.parametrize(
    "chain",
    ["x" + ".a()" * 60, "x" + ".a().b" * 40 + "()", "f(" * 60 + "x" + ")" * 60, "x" + "[0].get()" * 40],
    ids=["calls", "attributes", "arguments", "items"],
)
def test_a_long_chain_is_followed_in_one_pass(chain: str) -> None:
    source = f"""
import threading

class Worker:
    def __init__(self, x):
        self.made = {chain}
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while True:
            message = self.made.receive()
            {chain.replace("x", "message", 1)}

    def stop(self):
        self.made.close()
        {chain.replace("x", "self.made", 1)}
        self.thread.join()
"""
    rules = [rule for rule in built_in_packs().rules if rule.is_root]
    assert not check_files({"worker.py": source}, rules).problems


def test_a_class_whose_body_asks_for_its_own_members_is_no_circle() -> None:
    source = """
from threading import Semaphore

try:
    from speedups import Lock
except ImportError:
    Lock = None

class Lock(Semaphore):
    release = Lock.release
    take = give = release

class Other(Lock):
    release = Lock.take

def stop(lock: Other):
    try:
        lock.release()
    except Exception as error:
        print(lock.take, error)
"""
    rules = [rule for rule in built_in_packs().rules if rule.is_root]
    assert not check_files({"locks.py": source}, rules).problems
