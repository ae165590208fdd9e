"""The only reader of `.env`, of the environment and of a project's configuration; other parts get values.

`load` reads `.env` and the environment; `read_configuration` reads `harness.toml` or `[tool.harness]`.
"""

from harness.config.configuration import KEYS as CONFIGURATION_KEYS
from harness.config.configuration import LEVELS, REFERENCE, Configuration, Origin, PipelineChoice
from harness.config.env_settings import (
    ACCESS_TOKEN,
    APP_ID,
    CREDENTIAL_NAME,
    HOSTS,
    KEYS,
    LIVE_APP_IDS,
    REGION,
    REHEARSAL_CA,
    REHEARSAL_PROXY,
    SHORTEST_SECRET,
    SIGNING_KEY,
    STATE,
    AppSettings,
    Secret,
    Settings,
    load,
)
from harness.config.project import read_configuration

__all__ = [
    "ACCESS_TOKEN",
    "APP_ID",
    "CONFIGURATION_KEYS",
    "CREDENTIAL_NAME",
    "HOSTS",
    "KEYS",
    "LEVELS",
    "LIVE_APP_IDS",
    "REFERENCE",
    "REGION",
    "REHEARSAL_CA",
    "REHEARSAL_PROXY",
    "SHORTEST_SECRET",
    "SIGNING_KEY",
    "STATE",
    "AppSettings",
    "Configuration",
    "Origin",
    "PipelineChoice",
    "Secret",
    "Settings",
    "load",
    "read_configuration",
]
