"""An identity provider that signs people in to the pages: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636)."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx2

from chassis.auth import Authenticator
from chassis.claims import Grants
from chassis.discovery import FETCH_SECONDS, endpoint, metadata
from chassis.issuers import Issuer, SignIn, read_issuers
from chassis.logs import told
from chassis.principal import Principal
from chassis.problems import Refusal
from chassis.runtime import Runtime
from readmodel.dashboard.flow import Flow
from readmodel.settings import Settings

_REDEEM_SECONDS: Final = 10.0
_LARGEST: Final = 256 * 1024


class NotSignedInThere(Exception):  # noqa: N818 - told to the visitor in a page
    """The provider did not answer, or what it answered signs nobody in. The message says why, to the log alone."""


class Provider:
    """One identity provider.

    Args:
        issuer: as the file of trusted issuers describes it.
        sign_in: how it signs people in.
        back: address under which people reach the pages.
    """

    def __init__(self, issuer: Issuer, sign_in: SignIn, back: str) -> None:
        self.name = issuer.name
        self.label = sign_in.label
        self.lifetime = timedelta(minutes=sign_in.minutes)
        self._sign_in = sign_in
        self._trusted = issuer.trusted()
        self._tokens = Authenticator([self._trusted])
        self._back = f"{back}/sign-in/return/{issuer.name}"

    async def address(self, flow: Flow) -> str:
        """Where the browser is sent to.

        Raises:
            NotSignedInThere: the provider does not say where that is.
        """
        found = await self._endpoint("authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self._sign_in.client_id,
            "redirect_uri": self._back,
            "scope": " ".join(self._sign_in.scopes),
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        return f"{found}{'&' if '?' in found else '?'}{urlencode(asked)}"

    def is_issuer(self, issuer: str | None) -> bool:
        """Whether an answer that names its issuer came from this one (RFC 9207)."""
        return issuer in {None, self._trusted.issuer}

    async def principal(self, code: str, flow: Flow) -> Principal:
        """Who comes back with a code: what the access token grants, and the ID token says that it is of this sign-in.

        Raises:
            NotSignedInThere: the code buys no tokens, or they are not good, or not of the same person.
        """
        tokens = await self._redeemed(code, flow)
        try:
            principal = await self._tokens.verify(str(tokens.get("access_token")))
            identity = await self._identities(flow).verify(str(tokens.get("id_token")))
        except Refusal as refusal:
            message = f"its tokens are not taken: {refusal}"
            raise NotSignedInThere(message) from refusal
        if identity.subject != principal.subject:
            message = "its two tokens are of different people"
            raise NotSignedInThere(message)
        return principal

    def _identities(self, flow: Flow) -> Authenticator:
        """Takes the ID token of this sign-in alone: for this client, with this nonce."""
        required = {"nonce": flow.nonce}
        return Authenticator([replace(self._trusted, audience=self._sign_in.client_id, required=required, granted=_nothing)])

    async def _redeemed(self, code: str, flow: Flow) -> Mapping[str, Any]:
        where, secret = await self._endpoint("token_endpoint"), self._secret()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._back, "code_verifier": flow.verifier}
        own = self._sign_in.client_id
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        auth = httpx2.BasicAuth(quote(own, safe=""), quote(secret, safe="")) if secret else None
        try:
            async with httpx2.AsyncClient(timeout=_REDEEM_SECONDS, auth=auth) as client:
                answer = await client.post(where, data=form | ({} if secret else {"client_id": own}))
            found = json.loads(answer.content) if len(answer.content) <= _LARGEST else None
        except (httpx2.HTTPError, ValueError) as error:
            message = f"its token endpoint: {told(error)}"
            raise NotSignedInThere(message) from error
        if answer.status_code != httpx2.codes.OK or not isinstance(found, dict):
            message = f"its token endpoint answered with status {answer.status_code}"
            raise NotSignedInThere(message)
        return found

    def _secret(self) -> str | None:
        file = self._sign_in.client_secret_file
        try:
            return None if file is None else file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            message = f"its client secret cannot be read: {told(error)}"
            raise NotSignedInThere(message) from error

    async def _endpoint(self, name: str) -> str:
        try:
            async with httpx2.AsyncClient(timeout=FETCH_SECONDS) as client:
                return endpoint(await metadata(client, self._trusted.issuer), name)
        except (httpx2.HTTPError, ValueError) as error:
            message = f"its discovery document: {told(error)}"
            raise NotSignedInThere(message) from error


class Providers(dict[str, Provider]):
    """The providers that sign people in, by name, in the order of the file."""


def providers(runtime: Runtime) -> Providers:
    """Those of the process that a runtime is of."""
    try:
        return runtime.kept(Providers)
    except KeyError:
        return runtime.keep(_listed(runtime.settings))


def _listed(settings: object) -> Providers:
    found = Providers()
    if isinstance(settings, Settings) and settings.issuers is not None:
        for issuer in read_issuers(settings.issuers):
            if issuer.sign_in is not None:
                found[issuer.name] = Provider(issuer, issuer.sign_in, settings.dashboard_url)
    return found


def _nothing(_: Mapping[str, Any]) -> Grants:
    return {}
