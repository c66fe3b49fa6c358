import numpy as np

from pyk8s.scheduler.columns import FIRST_SIZE, Column, LabelColumn, Rows


def test_a_node_keeps_its_row():
    rows = Rows()
    assert [rows.take(name) for name in "abc"] == [0, 1, 2]
    assert (rows.find("b"), rows.find("z"), len(rows), rows.names[:3]) == (1, -1, 3, ["a", "b", "c"])


def test_a_row_that_is_given_back_is_used_again():
    rows = Rows()
    for name in "abc":
        rows.take(name)
    rows.give("b")
    assert (rows.find("b"), rows.names[1]) == (-1, "")
    assert rows.take("d") == 1


def test_rows_grow_and_so_do_their_columns():
    rows = Rows()
    numbers, flags = Column(rows, np.int64, 7), Column(rows, np.bool_, False)
    numbers.values[0] = 1
    taken = [rows.take(f"n{n}") for n in range(FIRST_SIZE + 1)]
    assert taken == list(range(FIRST_SIZE + 1))
    assert len(numbers.values) == len(flags.values) == rows.size == 2 * FIRST_SIZE
    assert (numbers.values[0], numbers.values[FIRST_SIZE], flags.values[-1]) == (1, 7, False)


def test_labels_are_asked_once_for_each_distinct_value():
    rows = Rows()
    zone = LabelColumn(rows)
    for row, text in enumerate(["a", "b", "a", None]):
        zone.set(row, text)
    asked = []

    def holds(text):
        asked.append(text)
        return text == "a"

    assert list(zone.where(holds)[:5]) == [True, False, True, False, False]
    assert asked == ["a", "b", None]


def test_rows_without_the_label_may_be_meant_too():
    zone = LabelColumn(Rows())
    zone.set(0, "a")
    assert list(zone.where(lambda text: text is None)[:3]) == [False, True, True]


def test_a_label_can_be_taken_away():
    zone = LabelColumn(Rows())
    zone.set(0, "a")
    zone.set(0, None)
    assert not zone.where(lambda text: text is not None).any()
