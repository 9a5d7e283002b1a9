"""The page and the text of a report: complete, honest, and safe whatever visitors sent."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Final

import pytest

from serving.reports.periods import Every
from serving.reports.render import render
from tests.unit.serving.reports.made_up import LAST, VALUES, figures, measure

HOSTILE: Final = (
    '<script>alert("x")</script>',
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    '"><a href="http://evil.example">click</a>',
    "{{ 7 * 7 }}{% include 'page.txt.jinja' %}",
    "</td></table><style>*{display:none}</style>",
)
LOADING: Final = {"src", "href", "background", "action", "data", "srcset", "poster"}


class Tags(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def test_all_totals_stand_beside_those_before() -> None:
    text = render(figures()).text
    rows = {line.split("  ")[0]: line.split()[-3:] for line in text.splitlines() if "  " in line}
    assert rows["Visitors"] == ["1,234", "1,000", "+23%"]
    assert rows["Page views"] == ["4,000", "5,000", "−20%"]
    assert rows["Bounce rate"] == ["41.2%", "–", "–"]
    assert rows["Session duration"][-1] == "+100%"
    assert rows["Conversions"] == ["12", "1", ">+1,000%"]
    assert rows["Revenue"] == ["$1,299.50", "$0.00", "–"]


@pytest.mark.parametrize("every", Every)
def test_page_and_text_tell_the_same(every: Every) -> None:
    found = render(figures(every))
    page = " ".join(Tags(found.html).text)
    for told in ("1,234", "$1,299.50", "Mon 16 Mar", "290", "google", "(none)", "/pricing", "DE"):
        assert told in page
        assert told in found.text
    assert ("Week before" in page) == (every is Every.WEEKLY)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_visitors_sent_is_only_text(hostile: str) -> None:
    names = dict.fromkeys(("source", "page", "country", "event_name"), (hostile,))
    harmless, harmful = Tags(render(figures()).html), Tags(render(figures(lines=names)).html)
    assert harmful.names <= harmless.names
    assert harmful.attributes <= harmless.attributes
    shown = [text.replace("\u200b", "") for text in harmful.text]
    assert sum(hostile[:30] in text for text in shown) == 4


def test_a_hostile_name_of_a_site_is_only_text() -> None:
    found = render(figures(site_name="<b>x</b>\r\nBcc: a@example.com"))
    assert "b" not in Tags(found.html).names
    assert "\n" not in found.subject


def test_nothing_is_loaded_and_nothing_runs() -> None:
    tags = Tags(render(figures()).html)
    assert not tags.names & {"script", "img", "link", "iframe", "object", "form", "svg"}
    assert not tags.attributes & LOADING
    assert not any(name.startswith("on") for name in tags.attributes)
    assert not re.search(r"url\(|@import|expression\(", render(figures()).html)


def test_what_may_change_is_said() -> None:
    now = render(figures(may_change=(LAST,)))
    assert "Provisional: the figures of Sun 29 Mar may still change" in now.text
    assert "Provisional" in now.html
    assert "Sun 29 Mar*" in now.text
    assert "Provisional" not in render(figures()).text + render(figures()).html


def test_an_open_day_before_the_period_is_marked_only_in_the_chart() -> None:
    found = render(figures(may_change=(LAST - timedelta(days=1),)))
    assert "Provisional" not in found.text
    assert "Sat 28 Mar*" in found.text
    assert "* may still change" in found.text


def test_a_site_with_no_data_gets_a_report_too() -> None:
    none = tuple(measure(name, None if name == "bounce_rate" else 0, 0) for name in VALUES)
    days = tuple(type(day)(day.date, 0, day.is_in_period, False) for day in figures().days)
    lines: dict[str, tuple[str, ...]] = dict.fromkeys(
        ("source", "page", "country", "event_name"), ()
    )
    found = render(figures(totals=none, days=days, lines=lines))
    assert "Nothing was counted in this period." in found.text
    assert "Nothing was counted in this period." in found.html
    assert "Sources" not in found.html


def test_the_longest_bar_is_full_and_none_is_lost() -> None:
    days = figures().days
    odd = [type(d)(d.date, n, True, False) for d, n in zip(days, [0, 1, 1000], strict=False)]
    widths = re.findall(r'<td width="(\d+)%" height="14"', render(figures(days=tuple(odd))).html)
    assert widths == ["1", "100"]


def test_a_page_is_not_cut_off_by_mail_programs() -> None:
    long = tuple(f"/{n}" * 40 for n in range(8))
    names = dict.fromkeys(("source", "page", "country", "event_name"), long)
    assert len(render(figures(lines=names)).html.encode()) < 102_000
