"""An identity provider on this machine, for tests of whom we trust and of signing in."""

import json
from typing import Any

from joserfc import jws
from joserfc.jwk import KeySet, RSAKey
from pytest_httpserver import HTTPServer

KENT = "kent"


class Realm:
    """An identity provider on this machine, as Keycloak is one: RS256, a discovery document, roles of its own."""

    def __init__(self, server: HTTPServer, name: str) -> None:
        self.server = server
        self.path = f"/realms/{name}"
        self.issuer = server.url_for(self.path)
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        endpoints = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "certs"}
        self.discovered: dict[str, Any] = {"issuer": self.issuer} | {each: f"{self.issuer}/{path}" for each, path in endpoints.items()}
        self.publish()

    def publish(self) -> None:
        self.server.clear()
        self.server.expect_request(f"{self.path}/.well-known/openid-configuration").respond_with_json(self.discovered)
        self.server.expect_request(f"{self.path}/certs").respond_with_json(KeySet([self.key]).as_dict())

    def entry(self, **more: Any) -> dict[str, Any]:
        """How a file of issuers describes it."""
        roles = {"officer": [{"force": KENT, "roles": ["reader", "recorder"]}], "everywhere": [{"force": "*", "roles": ["reader"]}]}
        own = {"name": "kent", "issuer": self.issuer, "audience": "roundtable", "algorithms": ["RS256"], "forces": [KENT, "*"]}
        return own | {"roles_claim": ["realm_access", "roles"], "roles": roles} | more

    def token(self, *roles: str, alg: str = "RS256", **more: Any) -> str:
        own: dict[str, Any] = {"iss": self.issuer, "aud": ["account", "roundtable"], "sub": "ada", "exp": 4_000_000_000}
        claims = own | {"realm_access": {"roles": roles}} | more
        return jws.serialize_compact({"alg": alg, "kid": "one"}, json.dumps(claims), self.key, algorithms=[alg])
