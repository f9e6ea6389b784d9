"""All settings of Parlance. This is the only module that reads the environment.

Each setting is an environment variable with the prefix PARLANCE_. docs/reference/settings.md is
generated from the descriptions below.
"""

import json
import os
from collections.abc import Collection
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.accounts.passwords import check_new_password
from services.chatbots.llm_config_rules import KEY_ENV_PREFIX
from services.field_checks import is_email, is_web_address
from services.knowledge.embedding.embedder import LOCAL, EmbeddingModel
from services.mail.rendering import Sender
from services.mail.smtp_carrier import SmtpServer, TlsMode
from services.origins import is_loopback, normalized_origin
from services.outgoing.guard import GuardPolicy
from services.sealing.keys import MIN_SECRET_CHARACTERS

Environment = Literal["development", "production"]
SMTP_PORTS = {"smtp": 25, "smtps": 465}
REDIS_SCHEMES = ("redis", "rediss")
PRODUCT = "Parlance"


def _parsed_list(value: object) -> object:
    """The list in a JSON text. Ours and not pydantic's, whose own error says no variable's name."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError('must be a JSON list, such as ["one", "two"]') from error


TextList = Annotated[list[str], NoDecode, BeforeValidator(_parsed_list)]


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="PARLANCE_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. Put a reverse proxy with TLS in front before you listen"
        " on anything but this machine.",
    )
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    public_url: str = Field(
        "",
        description="Where visitors and people reach this installation, such as"
        " https://chat.example.com: for snippets, links and mails. Default: http://HOST:PORT.",
    )
    environment: Environment | None = Field(
        None,
        description="`development` lets pages on this machine (loopback origins) use every chatbot."
        " Default: production as soon as the public URL is not on this machine.",
    )
    data_dir: Path = Field(
        Path(".parlance"),
        description="Folder of the embedded database and of generated secrets. Back it up.",
    )
    mongodb_url: SecretStr | None = Field(
        None,
        description="Address of a MongoDB replica set or sharded cluster, 6.0 or newer. Without it"
        " a private MongoDB is started in the data folder.",
    )
    mongodb_database: str = Field(
        "parlance", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="Name of the MongoDB database."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="Address of a Redis, 7.0 or newer, such as redis://127.0.0.1:6379/0: with it"
        " several servers on one PARLANCE_MONGODB_URL show each other's answers as they grow, and"
        " count questions for their limits there.",
    )
    background_work: bool = Field(
        True,  # noqa: FBT003
        description="Whether `parlance serve` also reads sources, sends notices and mails, makes"
        " reports and clears up. Without it `parlance worker` must run; needs"
        " PARLANCE_MONGODB_URL.",
    )
    mongod: Path | None = Field(
        None, description="The mongod binary of the embedded database. Default: search for one."
    )
    secret_key: SecretStr | None = Field(
        None,
        validate_default=True,
        description="Seals stored secrets and signs tokens; at least 32 random characters, the same"
        " in every process. Generated in the data folder with the embedded database, required with"
        " PARLANCE_MONGODB_URL.",
    )
    admin_email: str = Field(
        "admin@example.com", description="E-mail address of the first platform admin."
    )
    admin_password: SecretStr | None = Field(
        None,
        description="Password of the first platform admin, 12 to 72 bytes. Default: generated;"
        " printed once in development, written to `first-admin-password` in the data folder in"
        " production.",
    )
    widget_dir: Path | None = Field(
        None,
        description="Folder of another build of the widget, such as your own of changed sources."
        " Default: the one that Parlance comes with.",
    )
    dashboard_dir: Path | None = Field(
        None,
        description="Folder of a built dashboard, such as your own of changed sources, served at"
        " /dashboard/. Default: the one of examples/react, once `make example` has built it.",
    )
    demo: bool = Field(
        default=True,
        description="Make the client `demo` with a chatbot and a small knowledge base at the first"
        " start.",
    )
    dashboard_url: str = Field(
        "",
        description="Where links in mails lead, such as https://dashboard.example.com/account. The"
        " code stands behind the #. Default: a small page of Parlance itself.",
    )
    dashboard_origins: TextList = Field(
        [],
        description="Origins of dashboards that use the API, as a JSON list such as"
        ' ["https://dashboard.example.com"].',
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of reverse proxies whose X-Forwarded-* headers are"
        " believed, separated by commas. Default: none.",
    )
    telegram_url: str = Field(
        "https://api.telegram.org",
        description="Where Telegram's Bot API is, if you run one of your own.",
    )
    allowed_addresses: TextList = Field(
        [],
        description="Private hosts and networks that clients' own configurations may reach, as a"
        ' JSON list such as ["10.0.0.0/8"]. Default: public addresses only.',
    )
    langchain_only: bool = Field(
        default=False,
        description="Read all providers' answers through LangChain. Default: the formats of OpenAI,"
        " Anthropic and Ollama are read directly, which takes a tenth of the processor time.",
    )
    questions_per_visitor: int = Field(
        20, ge=1, description="How many questions a visitor may ask within a minute."
    )
    questions_per_address: int = Field(
        60,
        ge=1,
        description="How many questions may come from one address (IPv6: one /64 network) within a"
        " minute.",
    )
    questions_per_chatbot: int = Field(
        600, ge=1, description="How many questions a chatbot takes within a minute."
    )
    answers_per_visitor: int = Field(
        5, ge=1, le=1000, description="How many answers may be on their way to a visitor at once."
    )
    answers_per_process: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="How many answers one server works on at once; then new questions are refused"
        " for some seconds.",
    )
    visits_per_address: int = Field(
        10, ge=1, description="How many visits may begin from one address within a minute."
    )
    refreshes_per_address: int = Field(
        30,
        ge=1,
        description="How many widget tokens may be refreshed from one address within a minute.",
    )
    sign_ins_per_account: int = Field(
        5,
        ge=1,
        description="How many sign-ins of one account may fail within 15 minutes.",
    )
    alert_server_errors: int = Field(
        10,
        ge=1,
        description="So many errors in the log within 5 minutes, of all servers together, are told"
        " (`server.errors`).",
    )
    alert_failed_sign_ins: int = Field(
        50,
        ge=1,
        description="So many failed sign-ins within 5 minutes, of all accounts together, are told"
        " (`auth.suspicious`).",
    )
    alert_throttled: int = Field(
        20,
        ge=1,
        description="So many attempts with a password, code or token that were refused within 5"
        " minutes because there were too many are told (`auth.suspicious`).",
    )
    offline_after_seconds: float = Field(
        60,
        ge=2,
        le=3600,
        description="When no server has given a sign of life for so many seconds, that is told as"
        " an outage (`service.recovered`). A restart should fit within.",
    )
    exports_per_visitor: int = Field(
        5, ge=1, description="How often the data of one visitor may be exported within an hour."
    )
    sign_in_threads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="How many passwords are checked at the same time, each on a core of its own."
        " Default: as many as there are cores.",
    )
    sign_ins_waiting: int = Field(
        50,
        ge=0,
        le=10_000,
        description="How many sign-ins may wait for the others; one more is refused and told when"
        " to come again.",
    )
    resets_per_account: int = Field(
        3,
        ge=1,
        description="How many mails for a new password, and how many invitations, one address gets"
        " within 15 minutes.",
    )
    resets_per_address: int = Field(
        20,
        ge=1,
        description="How many such mails may be asked for, and how many of their codes tried, from"
        " one network address within 15 minutes.",
    )
    invitations_per_client: int = Field(
        100, ge=1, description="How many invitations a client may send within an hour."
    )
    model_tests_per_person: int = Field(
        10,
        ge=1,
        description="How many test calls of language models a person may make within a minute.",
    )
    hook_checks_per_person: int = Field(
        30,
        ge=1,
        description="How often a person may check, save or try a hook's code within a minute.",
    )
    chatbots_per_client: int = Field(
        1000, ge=1, le=100_000, description="How many chatbots a client may have."
    )
    visits_per_chatbot: int = Field(
        1000, ge=1, le=100_000, description="How many visits a chatbot may have at once."
    )
    visit_idle_seconds: int = Field(
        1800,
        ge=60,
        le=86400,
        description="After how long without a sign of the visitor a visit ends, in seconds.",
    )
    identity_max_seconds: int = Field(
        3600,
        ge=60,
        le=86400,
        description="How far off the `exp` of a visitor's identity token may lie, in seconds.",
    )
    retention_look_seconds: float = Field(
        600,
        ge=1,
        le=86400,
        description="How often is looked for data that is older than its client's `retentionDays`,"
        " in seconds; by one process at a time.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Bearer token for /metrics and for the details of /readyz. Without it both stay"
        " closed.",
    )
    knowledge_search: Literal["text", "atlas"] = Field(
        "text",
        description="What collects passages for a question. `text`: the text index of any MongoDB,"
        " with vectors compared in Parlance. `atlas`: MongoDB's own `$search` and `$vectorSearch`,"
        " of Atlas or of MongoDB 8.2 with mongot; `parlance knowledge search-indexes` makes what"
        " it needs.",
    )
    embedding_provider: str = Field(
        "",
        description="Finds passages by their meaning too, with an embedding model: `openai`,"
        " `openai_compatible`, `ollama`, or what LangChain's `init_embeddings` knows. All clients'"
        " texts and questions are sent to it. `local` runs an ONNX model on this machine and sends"
        " nothing. Without it words alone are compared.",
    )
    embedding_model: str = Field(
        "",
        description="The provider's name of the embedding model. Another one embeds all anew. For"
        " `local` a name that fastembed knows, downloaded when it is first needed, or a folder.",
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="The key for the embedding model's provider."
    )
    embedding_api_url: str = Field(
        "", description="Address of the embedding model's provider. Default: its public one."
    )
    embedding_least_cosine: float | None = Field(
        None,
        gt=0,
        lt=0.9,
        description="From this cosine on a passage is evidence. It belongs to the model; without"
        " it the words of a question decide whether it is answered.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server, such as smtp://user:password@mail.example.com:587; smtps:// for"
        " TLS from the first byte. Write signs like @ and : in a password as %40 and %3A. Without a"
        " server mails are written to `mail/` in the data folder.",
    )
    smtp_tls: Literal["required", "offered", "never"] | None = Field(
        None,
        description="STARTTLS with smtp://: `required` with a good certificate; `offered` when the"
        " server has it, whatever its certificate; `never`. Default: required with a password, else"
        " offered.",
    )
    smtp_ca_file: Path | None = Field(
        None,
        description="Certificates to trust beside the system's, for a mail server of your own.",
    )
    smtp_sender: str = Field(
        "",
        description="From whom mails come, such as Parlance <no-reply@example.com>. Default:"
        " no-reply at the host of the public URL.",
    )
    smtp_timeout_seconds: float = Field(
        30, ge=1, le=600, description="How long the mail server may take for one mail, in seconds."
    )
    smtp_attempts: int = Field(
        10, ge=1, le=100, description="How often a mail is tried before it is given up."
    )
    smtp_max_bytes: int = Field(
        1_000_000, ge=10_000, le=50_000_000, description="The longest mail, in bytes."
    )
    hooks_at_once: int = Field(
        8,
        ge=1,
        le=64,
        description="How many hooks may run at a time in this process; as many processes of 2 MB"
        " wait for them.",
    )
    hooks_per_client: int = Field(
        4, ge=1, le=64, description="How many of them may be one client's."
    )
    drain_seconds: float = Field(
        25.0,
        ge=0,
        le=3600,
        description="How long running answers may go on after SIGTERM, in seconds.",
    )
    unfollowed_seconds: float | None = Field(
        None,
        ge=5,
        le=3600,
        description="After how long an answer that nobody follows is stopped, with the text so far,"
        " in seconds. Default: it is finished. With several servers it needs PARLANCE_REDIS_URL, or"
        " who follows at another server is nobody.",
    )
    log_format: Literal["console", "json"] | None = Field(
        None, description="Default: json in production, console in development."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important messages that are logged."
    )

    @field_validator("dashboard_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        origins = [normalized_origin(text) for text in value]
        if None in origins:
            raise ValueError("every entry must be an origin, such as https://dashboard.example.com")
        return [origin for origin in origins if origin]

    @field_validator("dashboard_url")
    @classmethod
    def _dashboard_url(cls, value: str) -> str:
        if value and (not is_web_address(value) or urlsplit(value).query or "#" in value):
            raise ValueError("must be a web address without ? and #")
        return value

    @field_validator("embedding_provider")
    @classmethod
    def _embedding_provider(cls, value: str) -> str:
        if value == LOCAL and find_spec("fastembed") is None:
            raise ValueError("needs `pip install 'parlance[local-embeddings]'` for `local`")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if value and normalized_origin(value) is None:
            raise ValueError("must be scheme and host only, such as https://chat.example.com")
        return value.rstrip("/")

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("allowed_addresses")
    @classmethod
    def _addresses(cls, value: list[str]) -> list[str]:
        GuardPolicy.public_only(value)
        return value

    # Checks of fields, also where two fields are compared: a check of the whole would only run
    # when all fields are right, and an operator wants to be told everything at once.
    @field_validator("secret_key")
    @classmethod
    def _secret_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        good = "`openssl rand -base64 48` makes a good one"
        if value is None and info.data.get("mongodb_url") is not None:
            raise ValueError(
                "is required with PARLANCE_MONGODB_URL: every process that shares the database must"
                f" seal with the same key. {good}"
            )
        if value is not None and len(value.get_secret_value()) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"needs at least {MIN_SECRET_CHARACTERS} characters; {good}")
        return value

    @field_validator("admin_email")
    @classmethod
    def _admin_email(cls, value: str) -> str:
        if not is_email(value.strip()):
            raise ValueError("is not an e-mail address, such as anna@example.com")
        return value.strip().lower()

    @field_validator("admin_password")
    @classmethod
    def _admin_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_new_password(value.get_secret_value())
        return value

    @field_validator("smtp_sender")
    @classmethod
    def _smtp_sender(cls, value: str) -> str:
        if value and not is_email(parseaddr(value)[1]):
            raise ValueError("must be an address, such as Parlance <no-reply@example.com>")
        return value

    @field_validator("smtp_ca_file")
    @classmethod
    def _smtp_ca_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("is no file")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_url_of(SMTP_PORTS, value.get_secret_value()):
            raise ValueError("must be smtp://host:port or smtps://host:port, also with user:pass@")
        return value

    @field_validator("background_work")
    @classmethod
    def _background_work(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001
        if not value and info.data.get("mongodb_url") is None:
            raise ValueError(
                "can be false only with PARLANCE_MONGODB_URL: the embedded database belongs to one"
                " process, which does everything"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_url_of(REDIS_SCHEMES, value.get_secret_value()):
            raise ValueError(
                "must be redis://host:port/number or rediss://..., also with user:pass@"
            )
        return value

    @property
    def embedding(self) -> EmbeddingModel | None:
        """The embedding model, if there is one."""
        if not (self.embedding_provider and self.embedding_model):
            return None
        key = self.embedding_api_key
        return EmbeddingModel(
            self.embedding_provider,
            self.embedding_model,
            api_key=key.get_secret_value() if key else None,
            api_url=self.embedding_api_url or None,
            least_cosine=self.embedding_least_cosine,
        )

    @property
    def base_url(self) -> str:
        """The public URL, or where this process listens."""
        return self.public_url or self.listening_url

    @property
    def listening_url(self) -> str:
        """Where this process listens."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def in_development(self) -> bool:
        """Whether loopback origins are welcome."""
        if self.environment is not None:
            return self.environment == "development"
        return is_loopback(normalized_origin(self.base_url) or "")

    @property
    def mail_folder(self) -> Path:
        """Where mails are written without PARLANCE_SMTP_URL."""
        return self.data_dir / "mail"

    @property
    def mail_sender(self) -> Sender:
        """From whom mails come."""
        name, address = parseaddr(self.smtp_sender)
        host = urlsplit(self.base_url).hostname or ""
        named = host if is_email(f"no-reply@{host}") else "localhost"
        return Sender(name or PRODUCT, address or f"no-reply@{named}")

    @property
    def mail_server(self) -> SmtpServer | None:
        """Where mail goes; None without PARLANCE_SMTP_URL."""
        if self.smtp_url is None:
            return None
        parts = urlsplit(self.smtp_url.get_secret_value())
        tls: TlsMode = self.smtp_tls or ("required" if parts.password else "offered")
        return SmtpServer(
            host=parts.hostname or "",
            port=parts.port or SMTP_PORTS[parts.scheme],
            tls="implicit" if parts.scheme == "smtps" else tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            hello=self.mail_sender.domain,
            authorities=self.smtp_ca_file,
            timeout_s=self.smtp_timeout_seconds,
            max_bytes=self.smtp_max_bytes,
        )


def _is_url_of(schemes: Collection[str], text: str) -> bool:
    """Whether it is the address of a server under one of these schemes."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


def provider_keys() -> dict[str, str]:
    """The providers' keys that the operator gave, by the names of their variables."""
    return {name: key for name, key in os.environ.items() if name.startswith(KEY_ENV_PREFIX)}
