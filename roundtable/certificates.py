"""An authority of the deployment's own: it signs the certificates that Kafka and MongoDB show to each other and to their clients."""

import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from roundtable.credentials import replace_private, write_once
from roundtable.home import Home

CERTIFICATE: Final = "tls.pem"
"""What a node shows: its private key, then its certificate."""
TRUSTED: Final = "ca.pem"
"""Whose signatures a node takes."""
VALID: Final = timedelta(days=730)
LEAST_LEFT: Final = timedelta(days=365)
"""A certificate that has less than this to live is made anew at a start: no deployment runs for a year without one."""
_AUTHORITY_VALID: Final = timedelta(days=3650)
_ANSWER_SECONDS: Final = 5.0
# The clocks of two machines never agree entirely.
_SKEW: Final = timedelta(hours=1)
# RFC 5280, section 4.2.1.9: an authority signs for nodes, and for the authority after it, which does so too.
_AUTHORITY: Final = x509.BasicConstraints(ca=True, path_length=None)
_SIGNS_ALONE: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def new_private_key() -> str:
    """A fresh private key of the curve P-256: PKCS #8, as PEM."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def is_private_key(pem: str) -> bool:
    """Whether a text is such a key."""
    try:
        return isinstance(serialization.load_pem_private_key(pem.encode(), password=None), ec.EllipticCurvePrivateKey)
    except (ValueError, TypeError):
        return False


class Authority:
    """Signs for the nodes of one data folder, with a key that it makes when there is none."""

    def __init__(self, home: Home) -> None:
        """Read or make the key; publish whose signatures are to be taken, unless that stands there already."""
        if not home.authority_key.exists():
            write_once(home.authority_key, new_private_key())
        self._home = home
        self._key = _load_key(home.authority_key.read_text(encoding="utf-8"))
        self.name = _name_of(self._key.public_key())
        if not self._is_published():
            publish(home, [self.certificate()])

    def certificate(self) -> str:
        """The authority's own certificate, as PEM, made anew: whatever the key has signed, it vouches for."""
        return _vouched(self._key, self._key.public_key())

    def is_beside_another(self) -> bool:
        """Whether this one succeeded another, which is trusted still."""
        published = x509.load_pem_x509_certificates(self._home.engines_ca.read_bytes())
        return len(published) > 1 and published[0].subject == self.name

    def succeed(self) -> "Authority":
        """Hand over to a new authority, for which this one vouches: whoever trusts only this one trusts what the new one signs, too."""
        pem = new_private_key()
        key = _load_key(pem)
        publish(self._home, [_vouched(key, key.public_key()), self.certificate()])
        replace_private(self._home.authority_vouched, _vouched(self._key, key.public_key()) + self._vouched_for())
        replace_private(self._home.authority_key, pem)
        return Authority(self._home)

    def hold(self, node: str, names: Sequence[str]) -> Path:
        """See to it that a node has a certificate for these names that is good for long; the folder where it stands."""
        folder = self._home.secrets / node
        if not self._is_good(folder / CERTIFICATE, names):
            self.issue(node, names)
        self._hand_out_trust(folder)
        return folder

    def issue(self, node: str, names: Sequence[str]) -> None:
        """Give a node a new key and a certificate for these names: host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        folder = self._home.secrets / node
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(folder / CERTIFICATE, _pem(key) + self._certify(key.public_key(), names) + self._vouched_for())
        self._hand_out_trust(folder)

    def _vouched_for(self) -> str:
        """What the authority before says of this one, the one before of that, and so on: a chain must hang together.

        A node shows it for good. Kafka's controllers trust each other by what they read at their start, however long ago that was.
        """
        file = self._home.authority_vouched
        said = x509.load_pem_x509_certificates(file.read_bytes()) if file.exists() else []
        of_this_one = dropwhile(lambda each: each.subject != self.name, said)
        unexpired = takewhile(lambda each: each.not_valid_after_utc > datetime.now(UTC), of_this_one)
        return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in unexpired)

    def _certify(self, key: ec.EllipticCurvePublicKey, names: Sequence[str]) -> str:
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        # Nodes call each other: each is a client of its neighbours too.
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        draft = _draft(_named(names[0]), key, VALID).issuer_name(self.name)
        return _signed(draft.add_extension(alternatives, critical=False).add_extension(usage, critical=False), self._key)

    def _is_good(self, file: Path, names: Sequence[str]) -> bool:
        if not file.exists():
            return False
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        stated = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ours = certificate.issuer == self.name
        lasts = certificate.not_valid_after_utc - datetime.now(UTC) > LEAST_LEFT
        return ours and lasts and list(stated) == [_alternative(name) for name in names]

    def _hand_out_trust(self, folder: Path) -> None:
        trusted = self._home.engines_ca.read_text(encoding="utf-8")
        if not (folder / TRUSTED).exists() or (folder / TRUSTED).read_text(encoding="utf-8") != trusted:
            replace_private(folder / TRUSTED, trusted)

    def _is_published(self) -> bool:
        if not self._home.engines_ca.exists():
            return False
        published = x509.load_pem_x509_certificates(self._home.engines_ca.read_bytes())
        return any(each.subject == self.name for each in published)


def shown_at(host: str, port: int, ca: Path) -> x509.Certificate:
    """The certificate that an engine shows to someone who takes the signatures of an authority.

    Raises:
        OSError: it does not answer, or shows one that is not to be taken.
    """
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection((host, port), _ANSWER_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def publish(home: Home, certificates: Sequence[str]) -> None:
    """Write whose signatures are to be taken, where every service and command reads it."""
    home.engines_ca.parent.mkdir(exist_ok=True)
    draft = home.engines_ca.with_suffix(".draft")
    draft.write_text("".join(certificates), encoding="utf-8")
    draft.replace(home.engines_ca)


def _load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = "an authority's key is one of the curve P-256"
        raise TypeError(message)
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return written.decode()


def _vouched(key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePublicKey) -> str:
    draft = _draft(_name_of(authority), authority, _AUTHORITY_VALID).issuer_name(_name_of(key.public_key()))
    return _signed(draft.add_extension(_AUTHORITY, critical=True).add_extension(_SIGNS_ALONE, critical=True), key)


def _draft(subject: x509.Name, key: ec.EllipticCurvePublicKey, valid: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    draft = x509.CertificateBuilder().subject_name(subject).public_key(key).serial_number(x509.random_serial_number())
    return draft.not_valid_before(now - _SKEW).not_valid_after(now + valid)


def _signed(draft: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> str:
    return draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name_of(authority: ec.EllipticCurvePublicKey) -> x509.Name:
    """A name of its own for each authority: chains are found by the name of who signed."""
    return _named(f"Roundtable {x509.SubjectKeyIdentifier.from_public_key(authority).digest.hex()[:16]}")


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
