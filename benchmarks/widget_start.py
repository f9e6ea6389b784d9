"""What the widget costs a page's main thread before anybody acts, on a slow processor.

The demo's page is loaded with the widget and without it, in turns, while Chromium plays a processor
four times slower. What the browser spent on scripts, styles and layout is the difference.
"""

import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.server_process import ServerProcess

SLOWER = 4
METRICS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu")


class NoBrowserError(Exception):
    """There is no Chromium here."""


@dataclass(frozen=True)
class WidgetStart:
    """Milliseconds of the main thread for one load of the page, each round's."""

    without_ms: list[float]
    with_ms: list[float]

    @property
    def cost_ms(self) -> float:
        """What the widget adds, at the median."""
        return statistics.median(self.with_ms) - statistics.median(self.without_ms)

    @property
    def least_ms(self) -> float:
        """What it adds where nothing disturbs: between the quickest loads."""
        return min(self.with_ms) - min(self.without_ms)


def measure_widget_start(rounds: int) -> WidgetStart:
    """Load the page so many times with the widget and as often without.

    Raises:
        NoBrowserError: there is no Chromium here.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        raise NoBrowserError("there is no chromium here")
    found: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = ServerProcess(Path(folder))
        server.start()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            for _ in range(rounds + 1):
                for is_there, durations in found.items():
                    durations.append(_load(browser, server.url, is_there=is_there))
        finally:
            browser.close()
            server.stop()
    # The first load of each warms the browser's caches of code up.
    return WidgetStart(found[False][1:], found[True][1:])


def _load(browser: Browser, url: str, *, is_there: bool) -> float:
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    # Of the thread itself: what other programs take of the processor does not count.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    if not is_there:
        page.route("**/widget.js", lambda route: route.abort())
    page.goto(f"{url}/demo", wait_until="networkidle")
    metrics = session.send("Performance.getMetrics")["metrics"]
    context.close()
    return float(sum(one["value"] * 1000 for one in metrics if one["name"] in METRICS))
