"""The widget by what a visitor calls its parts."""

import re

from playwright.async_api import Locator, Page, expect


class Widget:
    """One widget of a page. Playwright looks into open shadow roots by itself."""

    def __init__(self, page: Page, within: str = "parlance-chat") -> None:
        self.page = page
        self.element = page.locator(within)
        self.launcher = self.element.locator("button.launcher")
        self.panel = self.element.locator(".panel")
        self.question = self.panel.get_by_label("Your message")
        self.log = self.panel.locator(".log")
        self.announced = self.panel.get_by_role("log")
        self.status = self.panel.get_by_role("status").first
        self.send = self.panel.get_by_role("button", name="Send")
        self.stop = self.panel.get_by_role("button", name="Stop")

    @property
    def questions(self) -> Locator:
        return self.log.locator("article.mine .bubble")

    @property
    def answers(self) -> Locator:
        return self.log.locator("article.theirs")

    @property
    def answer_text(self) -> Locator:
        return self.answers.last.locator(".bubble")

    def tool(self, name: str) -> Locator:
        return self.answers.last.get_by_role("button", name=name)

    def button(self, name: str) -> Locator:
        return self.panel.get_by_role("button", name=name, exact=True)

    async def open(self) -> None:
        await self.launcher.click()
        await expect(self.panel).to_be_visible()

    async def visit(self, url: str) -> None:
        """Go to a page and open the widget there."""
        await self.page.goto(url)
        await self.open()

    async def ask(self, text: str) -> None:
        await self.question.fill(text)
        await self.question.press("Enter")

    async def expect_finished(self, text: str | re.Pattern[str]) -> None:
        await expect(self.answer_text).to_have_text(text)
        await expect(self.send).to_be_visible()
        await expect(self.status).to_have_text("")
