"""Each suite's notation gives the files and the lines that its authors meant."""

from suite_cases import Case, read_mdtest, read_mypy, read_pylint, read_pyrefly, read_pyright, read_typing, unique


def one(cases: object) -> Case:
    assert hasattr(cases, "__iter__")
    (case,) = cases
    assert isinstance(case, Case)
    return case


def test_typing_marks_the_line_itself_and_brings_imported_neighbours() -> None:
    text = "from _other import B\nB()  # E: cannot\nB(1)  # E?\nB(2)  # Even this is fine\n"
    case = one(read_typing("t.py", text, {"_other.py": "from _third import B\n", "_third.pyi": "", "unused.py": ""}))
    assert case.expected == {("t.py", 2): ": cannot", ("t.py", 3): "error"}
    assert sorted(case.files) == ["_other.py", "_third.pyi", "t.py"]


def test_mypy_cases_are_cut_at_their_sections() -> None:
    text = (
        "-- a comment\n[case testOne]\n# flags: --strict\nimport m\nm.A()  # E: Cannot \\\n    # N: note\nx = 1\n"
        "[file m.py]\nclass A: ...\nA()  # E: Bad # E: Worse\n[builtins fixtures/list.pyi]\n"
        "[out]\nmain:4: error: Late\ntmp/m.py:1: error: There\n"
        "[case testTwo-skip]\nx\n[case testThree]\na\n[file b.py.2]\nb\n"
    )
    case = one(read_mypy("check.test", text, {}))
    assert case.name == "testOne"
    assert sorted(case.files) == ["m.py", "main.py"]
    assert case.files["main.py"].splitlines()[3] == "x = 1"
    assert case.expected == {
        ("main.py", 3): "Cannot",
        ("main.py", 4): "Late",
        ("m.py", 2): "Bad; Worse",
        ("m.py", 1): "There",
    }


def test_pylint_messages_come_from_the_file_beside() -> None:
    case = one(
        read_pylint("a.py", "class A: ...\n", {"a.txt": "abstract-method:1:0:1:7:A:words\n\n", "b.txt": "x:2:0"})
    )
    assert case.expected == {("a.py", 1): "abstract-method"}


def test_pyright_announces_the_next_line_of_code() -> None:
    text = (
        "# This should generate an error because\n# it is abstract.\n\nA()\n# This should not generate an error.\nB()\n"
    )
    case = one(read_pyright("s.py", text + "class C(A): # error\n    pass\n", {}))
    assert list(case.expected) == [("s.py", 4), ("s.py", 7)]


def test_pyrefly_programs_are_taken_out_of_their_macros() -> None:
    text = 'testcase!(\n    first,\n    TestEnv::new().enable_x(),\n    r#"\nA()  # E: Cannot\n"#,\n);\n'
    case = one(read_pyrefly("t.rs", text + 'testcase!(other, env(), r#"B()"#);', {}))
    assert (case.name, case.files, case.expected) == (
        "first",
        {"main.py": "\nA()  # E: Cannot\n"},
        {("main.py", 2): "Cannot"},
    )


def test_mdtest_joins_the_unnamed_blocks_of_a_heading() -> None:
    text = (
        "# Title\n\n```toml\n# not a heading\n```\n```py\nimport abc\n```\nwords\n```py\n# error: [x]\nA()\n```\n\n"
        "`mod.py`:\n\n```py\ny = 1  # error: [z]\n```\n## Next\n```py\nB()\n```\n"
    )
    first, second = read_mdtest("m.md", text, {})
    assert first.files == {"main.py": "import abc\n# error: [x]\nA()\n", "mod.py": "y = 1  # error: [z]\n"}
    assert first.expected == {("main.py", 3): "[x]", ("mod.py", 1): "[z]"}
    assert (second.name, second.files) == ("next", {"main.py": "B()\n"})


def test_equal_names_get_numbers() -> None:
    assert [case.name for case in unique([Case("a", {}), Case("a", {}), Case("b", {})])] == ["a", "a_2", "b"]
