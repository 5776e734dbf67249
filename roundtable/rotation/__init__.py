"""Gives new secrets to everyone who has one, while everything runs.

Whoever is refused looks again what stands in its files: so those are written first, and the engines are told a moment later.
"""

from roundtable.rotation.certificates import forget_authority, rotate_authority, rotate_certificates
from roundtable.rotation.issuer import forget_issuer_key, rotate_issuer_key
from roundtable.rotation.nodes import forget_keyfile, rotate_controller, rotate_keyfile
from roundtable.rotation.passwords import rotate_passwords

__all__ = [
    "forget_authority",
    "forget_issuer_key",
    "forget_keyfile",
    "rotate_authority",
    "rotate_certificates",
    "rotate_controller",
    "rotate_issuer_key",
    "rotate_keyfile",
    "rotate_passwords",
]
