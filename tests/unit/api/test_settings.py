"""Settings: what a variable means, what it may not be, and how everything wrong is told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, provider_keys

SECRET = "a secret of forty characters, long enough"


@pytest.fixture(autouse=True)
def _only_these_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"PARLANCE_{field.upper()}", raising=False)


def problems_with(**variables: str) -> dict[str, str]:
    """What is wrong with the variables, by the setting."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(f"PARLANCE_{name.upper()}", value)
        try:
            Settings()
        except ValidationError as error:
            return {str(one["loc"][0]): one["msg"] for one in error.errors()}
    return {}


def settings_from(**variables: str) -> Settings:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(f"PARLANCE_{name.upper()}", value)
        return Settings()


def test_nothing_needs_to_be_set() -> None:
    settings = Settings()
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.in_development
    assert settings.mail_server is None
    assert settings.data_dir == Path.cwd() / ".parlance"
    assert settings.demo


def test_an_empty_variable_is_not_set() -> None:
    """As `${NAME:-}` in a compose file gives it; an empty token would be everybody's."""
    names = [field for field in Settings.model_fields if field != "data_dir"]
    assert settings_from(**dict.fromkeys(names, "")) == Settings()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("port", "eighty"),
        ("port", "0"),
        ("port", "65536"),
        ("public_url", "chat.example.com"),
        ("public_url", "https://chat.example.com/path"),
        ("public_url", "ftp://chat.example.com"),
        ("environment", "staging"),
        ("mongodb_database", "a.b"),
        ("mongodb_database", "x" * 39),
        ("secret_key", "short"),
        ("admin_email", "anna"),
        ("admin_password", "elevenchars"),
        ("admin_password", "x" * 73),
        ("admin_password", "ä" * 37),
        ("dashboard_origins", "https://dashboard.example.com"),
        ("dashboard_origins", '{"a": 1}'),
        ("dashboard_origins", "[1]"),
        ("dashboard_origins", '["https://dashboard.example.com/path"]'),
        ("dashboard_origins", '["*"]'),
        ("allowed_addresses", "10.0.0.0/8"),
        ("allowed_addresses", '["10.0.0.0/99"]'),
        ("redis_url", "127.0.0.1:6379"),
        ("redis_url", "http://127.0.0.1"),
        ("redis_url", "redis://"),
        ("redis_url", "redis://127.0.0.1:99999"),
        ("unfollowed_seconds", "1"),
        ("smtp_url", "mail.example.com"),
        ("smtp_url", "https://mail.example.com"),
        ("smtp_url", "smtp://"),
        ("smtp_url", "smtp://mail.example.com:99999"),
        ("smtp_url", "smtp://mail.example.com:0"),
        ("smtp_sender", "Anna"),
        ("smtp_ca_file", "/nowhere/at/all.pem"),
        ("drain_seconds", "-1"),
        ("drain_seconds", "nan"),
        ("drain_seconds", "3601"),
        ("log_format", "xml"),
        ("log_level", "INFO!"),
        ("demo", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_is_told_by_its_name_and_not_shown(
    variable: str, value: str
) -> None:
    problems = problems_with(**{variable: value})
    assert list(problems) == [variable]
    if variable.endswith(("password", "key")):
        assert value not in problems[variable]


def test_a_database_of_ones_own_needs_a_secret_of_ones_own() -> None:
    url = "mongodb://mongo.example/?replicaSet=rs"
    problems = problems_with(mongodb_url=url, port="x")
    assert set(problems) == {"port", "secret_key"}
    assert "PARLANCE_MONGODB_URL" in problems["secret_key"]
    assert problems_with(mongodb_url=url, secret_key=SECRET) == {}


def test_a_public_url_elsewhere_is_production_unless_said_otherwise() -> None:
    public = settings_from(public_url="https://chat.example.com/")
    assert public.base_url == "https://chat.example.com"
    assert not public.in_development
    assert settings_from(public_url="http://localhost:9000").in_development
    assert settings_from(
        public_url="https://chat.example.com", environment="development"
    ).in_development
    assert not settings_from(environment="production").in_development
    assert not settings_from(host="192.0.2.1").in_development


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - what people set in containers
        ("::", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("chat.internal", "http://chat.internal:8000"),
    ],
)
def test_without_a_public_url_it_is_where_the_server_listens(host: str, url: str) -> None:
    assert settings_from(host=host).base_url == url


def test_lists_are_json_and_origins_get_their_one_form() -> None:
    settings = settings_from(
        dashboard_origins='["https://Dashboard.example.com:443/", "http://localhost:5173"]',
        allowed_addresses='["10.0.0.0/8", "models.internal"]',
    )
    assert settings.dashboard_origins == ["https://dashboard.example.com", "http://localhost:5173"]
    assert settings.allowed_addresses == ["10.0.0.0/8", "models.internal"]


@pytest.mark.parametrize(
    ("url", "place", "tls"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 25, None, None), "offered"),
        ("smtp://u:p%40@mail.example.com:587", ("mail.example.com", 587, "u", "p@"), "required"),
        ("smtps://u:p@mail.example.com", ("mail.example.com", 465, "u", "p"), "implicit"),
    ],
)
def test_a_mail_server_has_a_place_and_a_sign_in(
    url: str, place: tuple[str, int, str | None, str | None], tls: str
) -> None:
    server = settings_from(smtp_url=url).mail_server
    assert server is not None
    assert (server.host, server.port, server.username, server.password) == place
    assert server.tls == tls
    chosen = settings_from(smtp_url=url, smtp_tls="never").mail_server
    assert chosen is not None
    assert chosen.tls == ("implicit" if tls == "implicit" else "never")


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ({}, ("Parlance", "no-reply@localhost")),
        ({"public_url": "https://chat.example.com"}, ("Parlance", "no-reply@chat.example.com")),
        ({"smtp_sender": "Anna <anna@example.com>"}, ("Anna", "anna@example.com")),
    ],
)
def test_mails_come_from_somebody(given: dict[str, str], sender: tuple[str, str]) -> None:
    assert settings_from(**given).mail_sender == sender


def test_secrets_are_not_in_the_text_of_settings() -> None:
    settings = settings_from(
        mongodb_url="mongodb://user:s3cret@mongo.example",
        secret_key=f"s3cret {SECRET}",
        admin_password="s3cret password",
        metrics_token="s3cret token",
        smtp_url="smtp://user:s3cret@mail.example.com",
    )
    assert "s3cret" not in repr(settings) + str(settings)


def test_only_variables_with_the_prefix_are_keys_of_providers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PARLANCE_LLM_KEY_OPENAI", "sk-1")
    monkeypatch.setenv("PARLANCE_SECRET_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-2")
    keys = provider_keys()
    assert keys["PARLANCE_LLM_KEY_OPENAI"] == "sk-1"
    assert all(name.startswith("PARLANCE_LLM_KEY_") for name in keys)
