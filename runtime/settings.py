"""Settings: an empty environment runs embedded, production refuses to."""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    """Where the process runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(_Group):
    """The relational database."""

    url: str = ""
    """`postgresql+psycopg://…`; empty is a SQLite file in the data folder."""


class QueueSettings(_Group):
    """Queue, leases, run events and shared tokens."""

    redis_url: str = ""
    """`redis://…`; empty is in process."""


class VectorSettings(_Group):
    """The passage index."""

    url: str = ""
    """Address of a Qdrant server or cluster; empty is Qdrant Edge in the data folder."""
    api_key: SecretStr | None = None


class ModelSettings(_Group):
    """The chat model and the embedder."""

    api_key: SecretStr | None = None
    """DashScope key; empty is the offline extractive model and the hashing embedder."""
    base_url: str = "https://dashscope.aliyuncs.com/api/v1"
    """Address of DashScope's native interface."""
    chat: str = "qwen-plus"
    embedding: str = "text-embedding-v4"
    filing_number: str = ""
    """备案号 or 上线编号 of the model, shown beside its name."""
    input_price: Decimal = Decimal(0)
    """CNY for a thousand tokens of the chat model's input, for the books."""
    output_price: Decimal = Decimal(0)
    """CNY for a thousand tokens of the chat model's output."""
    min_similarity: float | None = None
    """Cosine similarity of the embedder that counts as evidence; empty is words alone."""
    concurrency: int = Field(default=64, ge=1)
    """Calls at once, per process."""
    timeout: float = Field(default=90.0, gt=0)
    """Seconds one call may take, its retries included."""


class LabellingSettings(_Group):
    """Who answers for the labels."""

    producer_code: str = ""
    """27 characters of TC260-PG-20252A; empty is the dummy code, for development alone."""
    manifest_chain: Path | None = None
    """PEM file of the certificates that sign C2PA manifests, leaf first."""
    manifest_key: Path | None = None
    """PEM file of the leaf's private key."""
    manifest_algorithm: str = "ES256"
    timestamps: str = ""
    """Address of an RFC 3161 time-stamp authority; without one, manifests expire with the leaf."""
    evidence_key: Path | None = None
    """PEM file of the Ed25519 key that signs the heads of the audit log."""
    evidence_log: str = "zhanggui"
    """Name of this installation's audit log, as its signed heads carry it."""


class SecuritySettings(_Group):
    """Keys."""

    master_key: SecretStr | None = None
    """Base64 of 32 bytes, several by commas, newest first; empty is a file in the data folder."""


class WorkerSettings(_Group):
    """How much work a process takes on."""

    lanes: int = Field(default=512, ge=1)
    """Conversations served side by side."""
    turn_timeout: float = Field(default=120.0, gt=0)
    """Seconds."""
    tries: int = Field(default=8, ge=1)
    grace: float = Field(default=30.0, ge=0)
    """Seconds that a stop waits for turns under way."""
    staff_hold: float = Field(default=1800.0, gt=0)
    """Seconds without a word of staff after which the bot has a conversation again."""
    starting: int = Field(default=8, ge=1)
    """Turns that may be on their way to the model at once; those that wait for it do not count."""
    sweep_every: float = Field(default=30.0, gt=0)
    """Seconds between two looks for conversations that wait without a job."""


class HttpSettings(_Group):
    """The port we listen on."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=1_048_576, ge=1024)


class Settings(BaseSettings):
    """Everything that can be set; read once, by the command line."""

    model_config = SettingsConfigDict(
        env_prefix="ZHANGGUI_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
    )

    environment: Environment = Environment.DEVELOPMENT
    data: Path = Path("data")
    """Folder of everything embedded."""
    locale: str = "zh"
    database: DatabaseSettings = DatabaseSettings()
    queue: QueueSettings = QueueSettings()
    vectors: VectorSettings = VectorSettings()
    model: ModelSettings = ModelSettings()
    labelling: LabellingSettings = LabellingSettings()
    security: SecuritySettings = SecuritySettings()
    worker: WorkerSettings = WorkerSettings()
    http: HttpSettings = HttpSettings()

    @property
    def embedded(self) -> tuple[str, ...]:
        """Names of the parts that have no server and so belong to this one process."""
        servers = {
            "database": self.database.url,
            "queue": self.queue.redis_url,
            "vectors": self.vectors.url,
            "model": self.model.api_key,
        }
        return tuple(name for name, server in servers.items() if not server)

    @property
    def missing_in_production(self) -> tuple[str, ...]:
        """Names of the settings that production may not leave empty."""
        needed = {
            "ZHANGGUI_DATABASE__URL": self.database.url,
            "ZHANGGUI_QUEUE__REDIS_URL": self.queue.redis_url,
            "ZHANGGUI_VECTORS__URL": self.vectors.url,
            "ZHANGGUI_MODEL__API_KEY": self.model.api_key,
            "ZHANGGUI_LABELLING__PRODUCER_CODE": self.labelling.producer_code,
            "ZHANGGUI_SECURITY__MASTER_KEY": self.security.master_key,
        }
        return tuple(name for name, value in needed.items() if not value)
