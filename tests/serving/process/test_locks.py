"""TLS and API keys: who is let in."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from serving.app.keys import add_key
from tests.artifact.samples import boosted
from tests.registry_tools.backends import Backend
from tests.registry_tools.models import new_name, register_artifact
from tests.serving.process.servers import ask_on, outcome, serving


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")]), datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1).add_extension(address, critical=False)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    form = PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
    return cert_file, key_file


def test_one_version_over_tls_for_those_who_have_a_key(backend: Backend, tmp_path: Path) -> None:
    name, keys = new_name(), tmp_path / "keys.txt"
    register_artifact(backend, name, scorer=boosted())
    known = add_key(keys, "ada")
    cert, key = _certificate(tmp_path)
    options = ["-m", f"models:/{name}/1", "--api-keys", str(keys), "--tls-cert", str(cert)]
    with serving(backend, tmp_path, *options, "--tls-key", str(key)) as server:
        assert server.url.startswith("https://127.0.0.1:")
        assert "(fixed)" in server.wait_for("ready")["text"]
        connection = server.connect(ssl.create_default_context(cafile=str(cert)))
        assert ask_on(connection, "/invocations").status == 401
        good = ask_on(connection, "/invocations", Authorization=f"Bearer {known}")
        connection.close()
        assert (good.status, good.version, len(good.predictions)) == (200, "1", 1)


def test_a_certificate_without_its_key_is_refused_at_once(backend: Backend, tmp_path: Path) -> None:
    cert, _ = _certificate(tmp_path)
    code, said = outcome(backend, tmp_path, "anything", "--tls-cert", str(cert))
    assert (code, "cannot be used for TLS" in said) == (2, True)
