"""The documentation names things that exist."""

import re
from pathlib import Path

import pytest

from api.settings import Settings
from api.settings_reference import PAGE, settings_page
from services.chatbots.llm_config_rules import KEY_ENV_PREFIX
from tests.architecture.tracked_files import REPOSITORY, text_of, tracked_files

PAGES = [path for path in tracked_files() if path.suffix == ".md"]
#: Pages about what does not exist yet.
PLANS = {Path("docs/roadmap.md")}

NAMED_BY_THE_OWNER = (
    "Strawberry GraphQL", "FastAPI", "uvicorn", "Motor", "Beanie", "PyJWT", "bcrypt", "LangChain",
    "RestrictedPython", "pytest-asyncio",
)  # fmt: skip


def settings_named_in(text: str) -> set[str]:
    return set(re.findall(r"\bPARLANCE_[A-Z0-9_]*[A-Z0-9]\b", text))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", text_of(page) or "", flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert not [name for name in local if not (REPOSITORY / page.parent / name).exists()]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in PLANS], ids=str)
def test_only_settings_that_exist_are_named(page: Path) -> None:
    known = {f"PARLANCE_{name.upper()}" for name in Settings.model_fields}
    unknown = settings_named_in(text_of(page) or "") - known
    assert not {name for name in unknown if not name.startswith(KEY_ENV_PREFIX.rstrip("_"))}


def test_the_settings_reference_is_current() -> None:
    assert PAGE.read_text() == settings_page(), "run `make schema`"


def test_the_settings_reference_leaves_no_setting_without_a_meaning() -> None:
    rows = [line for line in settings_page().splitlines() if line.startswith("| `PARLANCE_")]
    assert len(rows) == len(Settings.model_fields)
    assert not [row for row in rows if row.endswith("|  |")]


def test_the_readme_accounts_for_every_package_the_owner_named() -> None:
    rows = (REPOSITORY / "README.md").read_text().splitlines()
    table = "\n".join(row for row in rows if row.startswith("|"))
    assert not [name for name in NAMED_BY_THE_OWNER if name not in table]
