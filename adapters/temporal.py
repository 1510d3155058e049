"""The one factory of Temporal clients; no other module calls `Client.connect`."""

from pathlib import Path

from temporalio.client import Client
from temporalio.common import HeaderCodecBehavior
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import TLSConfig

from adapters.codec import data_converter
from adapters.keys import KeyRing, Origin
from adapters.settings import Settings, SettingsError

__all__ = ["connect", "data_converter", "metrics_runtime"]


async def connect(
    settings: Settings, keys: KeyRing, *, identity: str, lazy: bool = False, metrics: bool = False
) -> Client:
    """A client whose every payload is encrypted.

    `identity` is stored in clear with each event: name the process, never a person. `lazy` connects at the first
    call; `metrics` serves Prometheus figures on the metrics address, once per process.
    Raises SettingsError when production would talk in plaintext or with embedded keys.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(_fit_for_use(settings, keys), settings.temporal_namespace),
        header_codec_behavior=HeaderCodecBehavior.CODEC,
        identity=identity,
        lazy=lazy,
        runtime=metrics_runtime(settings) if metrics else None,
        tls=tls_of(settings),
    )


def metrics_runtime(settings: Settings) -> Runtime:
    """A runtime that serves the SDK's own figures; one per process, it binds the port."""
    metrics = PrometheusConfig(bind_address=f"{settings.metrics_host}:{settings.metrics_port}")
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))


def tls_of(settings: Settings) -> TLSConfig | bool:
    """Mutual TLS from the settings. Raises SettingsError in production when any part of it is missing."""
    if not settings.temporal_tls:
        if settings.production:
            raise SettingsError("PLACEMENT_TEMPORAL_TLS must be 'on' in production")
        return False
    parts = {
        "PLACEMENT_TEMPORAL_CA": settings.temporal_ca,
        "PLACEMENT_TEMPORAL_CLIENT_CERT": settings.temporal_client_cert,
        "PLACEMENT_TEMPORAL_CLIENT_KEY": settings.temporal_client_key,
    }
    ca, certificate, key = (_read(name, path) for name, path in parts.items())
    return TLSConfig(server_root_ca_cert=ca, client_cert=certificate, client_private_key=key)


def _read(name: str, path: Path | None) -> bytes:
    if path is None:
        raise SettingsError(f"{name} must name a PEM file when PLACEMENT_TEMPORAL_TLS is 'on'")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{name} cannot be read: {error.strerror}") from None


def _fit_for_use(settings: Settings, keys: KeyRing) -> KeyRing:
    if settings.production and keys.origin is Origin.EMBEDDED:
        raise SettingsError("Production refuses embedded keys; set PLACEMENT_KEYS_FILE")
    return keys
