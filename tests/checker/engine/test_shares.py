"""The files of a run, cut into shares."""

from hypothesis import given
from hypothesis import strategies as st

from worker_lint.engine.shares import FEWEST, LARGEST, WORTH, shares_of

PATHS = st.text("abc/", min_size=1, max_size=8)


@given(st.dictionaries(PATHS, st.integers(0, WORTH)))
def test_every_file_is_in_one_share_and_neighbours_stay_together(sizes: dict[str, int]) -> None:
    shares = shares_of(sizes, sizes.__getitem__)
    assert [path for share in shares for path in share] == sorted(sizes)
    assert all(shares)
    if sum(sizes.values()) < WORTH:
        assert len(shares) <= 1


@given(st.dictionaries(PATHS, st.integers(0, WORTH)))
def test_the_order_of_the_files_does_not_matter(sizes: dict[str, int]) -> None:
    assert shares_of(reversed(sizes), sizes.__getitem__) == shares_of(sizes, sizes.__getitem__)


def test_shares_end_between_folders_and_are_much_alike() -> None:
    sizes = {f"pkg{folder}/part{number}.py": WORTH // 40 for folder in range(8) for number in range(10)}
    shares = shares_of(sizes, sizes.__getitem__)
    assert [len(share) for share in shares] == [20] * FEWEST
    assert all(len({path.partition("/")[0] for path in share}) == 2 for share in shares)


def test_a_large_folder_is_cut_inside() -> None:
    sizes = {f"pkg/part{number:02}.py": LARGEST // 4 for number in range(40)}
    assert [len(share) for share in shares_of(sizes, sizes.__getitem__)] == [4] * 10
