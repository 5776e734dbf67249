"""An identity provider on this machine, for tests of whom we trust and of signing in."""

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import KeySet, RSAKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

KENT = "kent"
CLIENT = "roundtable-pages"
Asked = dict[str, str]


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


class Keycloak(Realm):
    """A realm that hands out codes and redeems them, as strictly as RFC 7636 asks."""

    def __init__(self, server: HTTPServer, force: str, secret: str = "") -> None:
        super().__init__(server, "police")
        self.force = force
        self.secret = secret
        self.codes: dict[str, Asked] = {}
        self.access: dict[str, Any] = {}
        self.identity: dict[str, Any] = {}
        server.expect_request(f"{self.path}/token", method="POST").respond_with_handler(self._redeem)

    def described(self, **more: Any) -> dict[str, Any]:
        roles = {"officer": [{"force": self.force, "roles": ["reader"]}]}
        return self.entry(forces=[self.force], roles=roles, sign_in={"label": "Kent Police", "client_id": CLIENT} | more)

    def allows(self, address: str) -> Asked:
        """Someone signs in there; what their browser comes back with."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer}

    def _redeem(self, request: Request) -> Response:
        form = request.form
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        known = (request.authorization.username, request.authorization.password) if request.authorization else (form.get("client_id"), "")
        good = asked is not None and challenge == asked["code_challenge"] and form["redirect_uri"] == asked["redirect_uri"]
        if asked is None or not good or known != (CLIENT, self.secret):
            return Response('{"error": "invalid_grant"}', 400)
        identity = {"aud": CLIENT, "nonce": asked["nonce"], "realm_access": None} | self.identity
        tokens = {"access_token": self.token("officer", **self.access), "id_token": self.token(**identity), "token_type": "Bearer"}
        return Response(json.dumps(tokens), content_type="application/json")
