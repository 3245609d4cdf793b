"""A private authority and one certificate for all machines of a cluster: who has them belongs to it, and nobody else.

The authority's own key is thrown away: nothing more can be signed with it. A machine that is not to belong any more is left out by making
new ones.
"""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from distributed import Security

from album_sort.cluster.addresses import Address
from album_sort.errors import UsageError, in_plain_words
from album_sort.sentences import sentence

AUTHORITY, CERTIFICATE, KEY = FILES = ("authority.pem", "machine.pem", "machine.key")

_DAYS = 3650
_EARLY = timedelta(days=1)
"""Clocks of small machines go wrong."""


def make_certificates(folder: Path) -> None:
    """Makes the folder with its three files, for its owner alone; raises `UsageError` where there are some already."""
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise UsageError(
            sentence("cluster.certificates-already", folder=str(folder), names=", ".join(there)),
            hint=sentence("cluster.copy-or-delete"),
        )
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("album-sort cluster", authority_key, None, authority_key)
    machine = _certificate("album-sort machine", key, authority, authority_key)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))
        _write(folder / CERTIFICATE, machine.public_bytes(serialization.Encoding.PEM))
        _write(
            folder / KEY,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
    except OSError as error:
        raise UsageError(
            sentence("cluster.cannot-write-certificates", folder=str(folder), why=in_plain_words(error)),
            hint=sentence("cluster.name-another-folder"),
        ) from error


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signing: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    is_authority = issuer is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if not is_authority:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
    return builder.sign(signing, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(content)


def security_for(address: Address, folder: Path) -> Security:
    """What connections to an address take; raises `UsageError` for certificates that are not there, or that others can read."""
    if address.scheme != "tls":
        return Security(require_encryption=False)
    for name in FILES:
        _check(folder, name)
    authority, certificate, key = (str(folder / name) for name in FILES)
    security = Security(
        require_encryption=True,
        tls_ca_file=authority,
        tls_client_cert=certificate,
        tls_client_key=key,
        tls_scheduler_cert=certificate,
        tls_scheduler_key=key,
        tls_worker_cert=certificate,
        tls_worker_key=key,
    )
    try:
        security.get_connection_args("client")
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        raise UsageError(
            sentence("cluster.cannot-use-certificates", folder=str(folder), why=str(error)),
            hint=sentence("cluster.copy-whole-folder"),
        ) from error
    return security


def _check(folder: Path, name: str) -> None:
    try:
        found = (folder / name).stat()
    except OSError as error:
        raise UsageError(
            sentence("cluster.no-certificates", folder=str(folder), name=name, why=in_plain_words(error)),
            hint=sentence("cluster.how-to-make-certificates", folder=str(folder)),
        ) from error
    if name == KEY and (found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)):
        raise UsageError(
            sentence("cluster.others-can-read", file=str(folder / name)), hint=f"chmod 600 {folder / name}"
        )
