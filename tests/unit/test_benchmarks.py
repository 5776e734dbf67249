"""The harness of the benchmarks: contenders take turns, ratios are of the same round, and aims are judged."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.course import Course, usual
from benchmarks.figures import Aim, Figure, at_least, at_most
from benchmarks.measuring import Contender, Measured, Sample, percentile, rotated, take_turns
from benchmarks.plot import drawn
from benchmarks.report import Report, Run, missed, shown


def figure(ours: list[float], beside: list[float] | None, aim: Aim | None) -> Figure:
    other = None if beside is None else Sample("plain", beside)
    return Figure("relay", "a backlog", "/s", Sample("ours", ours), other, aim)


async def test_contenders_take_turns_in_an_order_that_rotates() -> None:
    order: list[str] = []

    def contender(name: str) -> Contender:
        async def measure() -> Measured:
            order.append(name)
            return {"per_second": len(order)}

        return Contender(name, measure)

    found = await take_turns([contender(name) for name in "abc"], 3, lambda _: None)

    assert "".join(order) == "abcbcacab"
    assert found.sample("b", "per_second").values == [2, 4, 9]


def test_a_ratio_compares_what_happened_in_the_same_round() -> None:
    judged = figure([10, 100, 30], [5, 100, 10], at_least(2))

    assert list(judged.ratios) == [2, 1, 3]
    assert judged.judged == 2
    assert judged.met


@pytest.mark.parametrize(
    ("aim", "met"), [(at_least(1.5), False), (at_least(1), True), (at_most(1), True), (at_most(0.9), False), (None, None)]
)
def test_an_aim_is_a_bound(aim: Aim | None, met: bool | None) -> None:  # noqa: FBT001 - an example
    judged = figure([10, 10, 10], [10, 10, 10], aim)

    assert judged.met is met
    assert bool(missed([judged])) == (met is False)


def test_a_figure_that_stands_alone_is_judged_in_its_unit() -> None:
    memory = Figure("memory", "readmodel", "MB", Sample("ours", [200e6]), None, at_most(250))

    assert (memory.judged, memory.met) == (200, True)


def test_the_report_shows_every_figure_and_its_plot_every_ratio() -> None:
    figures = [figure([2000, 1840, 1500], [1000, 1000, 1000], at_least(3)), figure([0.5], None, None)]

    text = Report({"relay": Run(figures, "A machine.", (0.5, 1.25))}).text()

    assert "| a backlog | 1,840 /s (ours) | 1,000 /s (plain) | 1.84 (1.50 to 2.00; 3) | ≥ 3 | no |" in text
    assert "| a backlog | 0.5 /s (ours) |  |  |  |  |" in text
    assert ET.fromstring(drawn(figures)).tag.endswith("svg")  # noqa: S314 - our own


def test_what_one_benchmark_found_is_kept_when_another_runs_again(tmp_path: Path) -> None:
    relay, forces = Run([figure([2], [1], at_least(3))], "A machine.", (0, 0)), Run([figure([5], None, None)], "A machine.", (1, 2))
    Report({"relay": relay}).write(tmp_path)

    Report(Report.kept(tmp_path).runs, ["forces", "relay"]).with_run("forces", forces).write(tmp_path)

    assert list(Report.kept(tmp_path).runs.items()) == [("forces", forces), ("relay", relay)]
    assert Report.kept(tmp_path / "elsewhere").runs == {}


def test_the_usual_memory_is_taken_early_and_late() -> None:
    assert usual([9, 1, 2, 2, 2, 2, 2, 2, 2, 4]) == (1, 4)
    assert usual([7]) == (7, 7)


def test_a_course_begins_with_the_first_that_is_done() -> None:
    course = Course([(10.0, 100), (20.0, 600), (40.0, 1100)])

    assert course.per_second == pytest.approx(1000 / 30)
    assert course.halves == (50, 25)


def test_numbers_are_of_three_digits() -> None:
    assert (shown(0.002314, "ms"), shown(123456.7, "/s"), shown(8.5e7, "MB")) == ("2.31 ms", "123,457 /s", "85 MB")


def test_an_order_rotates_and_a_percentile_is_between_its_neighbours() -> None:
    async def nothing() -> Measured:
        return {}

    contenders = [Contender(name, nothing) for name in "ab"]

    assert [each.name for each in rotated(contenders, 3)] == ["b", "a"]
    assert percentile([1, 2, 3, 4, 5], 50) == 3
    assert percentile([7], 99) == 7
