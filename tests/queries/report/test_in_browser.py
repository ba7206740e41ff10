"""The page in Chromium: it is quiet, draws every chart, sorts, and shows its SQL."""

import re
from typing import Any


def test_it_says_nothing_and_asks_for_nothing(looked: Any) -> None:
    assert looked.said == []
    assert {url.partition(":")[0] for url in looked.requests} <= {"file", "data", "blob"}
    assert [url for url in looked.requests if url.startswith("file")] == [looked.page.url]


def test_no_name_of_the_warehouse_ran_as_a_script(looked: Any) -> None:
    assert looked.page.title().startswith("Which neurons answer to what: study")


def test_every_chart_is_drawn(looked: Any) -> None:
    charts = looked.page.eval_on_selector_all(
        ".chart",
        """all => all.map(place => ({
            state: place.dataset.state,
            size: place.querySelector('svg')?.getBoundingClientRect().width ?? 0,
            marks: place.querySelectorAll('svg [class*="mark-"] :is(path, text, line)').length,
        }))""",
    )
    assert len(charts) > 5
    for chart in charts:
        assert chart["state"] == "drawn"
        assert chart["size"] > 100
        assert chart["marks"] > 3


def column(page: Any, table: Any, name: str) -> tuple[Any, list[str]]:
    """Heading of a column, and what its cells hold, as the page has them."""
    headings = table.locator("th button")
    place = headings.all_text_contents().index(name)
    cells = table.evaluate(
        "(table, i) => [...table.tBodies[0].rows].map(row => row.cells[i].dataset.v ?? row.cells[i].textContent)", place
    )
    return headings.nth(place), cells


def test_a_click_sorts_numbers_as_numbers_and_another_turns_them_round(looked: Any) -> None:
    table = looked.page.locator("table.sortable", has=looked.page.locator("th button", has_text="reference")).first
    heading, before = column(looked.page, table, "frames")
    numbers = [float(value) for value in before]
    assert sorted(numbers) not in (numbers, [float(value) for value in sorted(before)])  # else nothing is shown
    heading.click()
    assert [float(value) for value in column(looked.page, table, "frames")[1]] == sorted(numbers)
    assert heading.locator("..").get_attribute("aria-sort") == "ascending"
    heading.click()
    assert [float(value) for value in column(looked.page, table, "frames")[1]] == sorted(numbers, reverse=True)
    assert heading.locator("..").get_attribute("aria-sort") == "descending"


def test_the_keyboard_sorts_words_and_one_column_at_a_time(looked: Any) -> None:
    table = looked.page.locator("table.sortable", has=looked.page.locator("th button", has_text="meaning")).first
    heading, before = column(looked.page, table, "meaning")
    heading.focus()
    looked.page.keyboard.press("Enter")
    after = column(looked.page, table, "meaning")[1]
    assert after == sorted(before, key=str.casefold)
    assert after != before
    looked.page.keyboard.press("Space")
    assert column(looked.page, table, "meaning")[1] == sorted(before, key=str.casefold, reverse=True)
    column(looked.page, table, "parameter")[0].click()
    assert table.locator("th[aria-sort=none]").count() == table.locator("th").count() - 1


def test_what_is_not_known_comes_last_both_ways(looked: Any) -> None:
    # The overlap of properties, not that of models, which is folded.
    table = looked.page.locator("table.sortable", has=looked.page.locator("th button", has_text="property_a")).first
    heading, before = column(looked.page, table, "jaccard")
    assert 0 < before.count("–") < len(before)
    for _ in range(2):
        heading.click()
        after = column(looked.page, table, "jaccard")[1]
        assert after[-before.count("–") :] == ["–"] * before.count("–")


def test_the_sql_opens_and_can_be_copied(looked: Any) -> None:
    details = looked.page.locator("details.source").first
    block = details.locator("pre").first
    assert not block.is_visible()
    details.locator("summary").click()
    assert block.is_visible()
    button = details.locator(".copy").first
    button.click()
    looked.page.locator("details.source .copy", has_text=re.compile("Copied|Selected")).first.wait_for()
    details.locator("summary").click()
    assert not block.is_visible()


def test_it_fits_narrow_screens_and_the_dark(looked: Any) -> None:
    page = looked.page
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert page.evaluate("getComputedStyle(document.querySelector('.chart')).backgroundColor") == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.set_viewport_size({"width": 1280, "height": 900})
