"""What ERR108 says of coroutines that a server runs for each connection, whose tasks nobody holds."""

import pytest

from worker_lint.testing import built_in_packs, check_files, check_source

TELNET = """
import asyncio

class Telnet:
    async def run(self, reader, writer):
        await self.process(reader)

    async def process(self, reader):
        while True:
            data = await reader.read(1)
            try:
                await asyncio.wait_for(self.send(data), 10)
            except:
                print("left out")
{more}
"""
SERVE = """
import asyncio
{import_}

async def serve(host):
    telnet = make()
    await asyncio.{call}
"""


def _confidences(files: dict[str, str]) -> list[str]:
    rules = [rule for rule in built_in_packs().rules if rule.code == "ERR108"]
    return [one.confidence for one in check_files(files, rules).diagnostics]


@pytest.mark.parametrize(
    ("call", "import_", "more", "expected"),
    [
        ("start_server(telnet.run, host)", "from telnet import Telnet", "", "likely"),
        ("start_unix_server(\n        telnet.run, host)", "from telnet import Telnet", "", "likely"),
        ("start_server(telnet.process, host)", "from telnet import Telnet", "", "likely"),
        ("start_server(telnet.other, host)", "from telnet import Telnet", "", "certain"),
        ("create_task(telnet.run)", "from telnet import Telnet", "", "certain"),
        ("start_server(telnet.run, host)", "", "", "certain"),
        (
            "start_server(telnet.run, host)",
            "from telnet import Telnet",
            "    def start(self):\n        self.task = asyncio.create_task(self.process(1))",
            "certain",
        ),
    ],
)
def test_a_server_runs_it(call: str, import_: str, more: str, expected: str) -> None:
    files = {"telnet.py": TELNET.format(more=more), "serving.py": SERVE.format(call=call, import_=import_)}
    assert _confidences(files) == [expected]


def test_a_function_of_the_module() -> None:
    body = "async def handle(reader, writer):\n    while True:\n        try:\n            await reader.read(1)\n"
    body += "        except:\n            print('left out')\n"
    assert [one.confidence for one in check_source("ERR108", "import asyncio\n" + body)] == ["certain"]
    given = "async def main():\n    await asyncio.start_server(handle, 'here')\n"
    assert [one.confidence for one in check_source("ERR108", f"import asyncio\n{body}{given}")] == ["likely"]
