"""The file of trusted issuers: who may sign people and systems in, for which forces, and what their own roles mean here."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chassis import claims as read
from chassis.claims import Grants
from chassis.discovery import is_confidential
from chassis.jwks import KeySource
from chassis.principal import EVERY_FORCE, READING, Role, grantable
from chassis.trust import Trusted, own_grants

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)


class Meaning(BaseModel):
    """Roles in a force."""

    model_config = _STRICT

    force: Text
    roles: Annotated[frozenset[Role], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_all_only_reading(self) -> Self:
        if grantable(self.force, self.roles) != self.roles:
            message = f"for {EVERY_FORCE} only {' and '.join(sorted(READING))} may be granted"
            raise ValueError(message)
        return self


class SignIn(BaseModel):
    """How people are signed in to the pages by an issuer: authorization code with PKCE."""

    model_config = _STRICT

    label: Text
    client_id: Text
    client_secret_file: Path | None = None
    scopes: tuple[Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,100}$")], ...] = ("openid",)
    minutes: Annotated[int, Field(ge=5, le=480)] = 60

    @model_validator(mode="after")
    def _asks_for_an_id_token(self) -> Self:
        if "openid" not in self.scopes:
            message = "scopes must name openid, or no ID token would come"
            raise ValueError(message)
        return self


class Issuer(BaseModel):
    """One trusted issuer."""

    model_config = _STRICT

    name: Name
    issuer: Text
    audience: Text
    algorithms: Annotated[tuple[Literal["ES256", "ES384", "PS256", "RS256"], ...], Field(min_length=1)]
    forces: Annotated[frozenset[Text], Field(min_length=1)]
    jwks: Text | None = None
    required: Mapping[str, Any] = Field(default_factory=dict)
    roles_claim: tuple[Text, ...] | Text | None = None
    roles: Mapping[str, tuple[Meaning, ...]] = Field(default_factory=dict)
    sign_in: SignIn | None = None

    @model_validator(mode="after")
    def _is_reached_safely(self) -> Self:
        if self.jwks and "://" in self.jwks and not is_confidential(self.jwks):
            message = "keys must come over https: jwks is another address"
            raise ValueError(message)
        if (self.jwks is None or self.sign_in is not None) and not is_confidential(self.issuer):
            message = (
                "what is discovered must come over https: issuer is another address (where nobody signs in there, jwks may name its keys)"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _says_what_roles_mean(self) -> Self:
        if (self.roles_claim is None) != (not self.roles):
            message = "roles_claim says where the issuer's roles stand, and roles what each of them means: give both or neither"
            raise ValueError(message)
        beyond = {meaning.force for meanings in self.roles.values() for meaning in meanings} - self.forces
        if beyond:
            message = f"roles grant in forces that the issuer may not speak for: {', '.join(sorted(beyond))}"
            raise ValueError(message)
        return self

    def trusted(self) -> Trusted:
        """The issuer as tokens are verified by it."""
        keys = KeySource(self.jwks or "", self.algorithms, self.issuer)
        return Trusted(
            self.issuer, self.audience, self.algorithms, keys, self.name, self.forces, required=self.required, granted=self._granted()
        )

    def _granted(self) -> Callable[[Mapping[str, Any]], Grants]:
        if self.roles_claim is None:
            return own_grants
        path = (self.roles_claim,) if isinstance(self.roles_claim, str) else self.roles_claim
        return partial(_mapped, path, {name: _by_force(meanings) for name, meanings in self.roles.items()})


class _File(BaseModel):
    model_config = _STRICT

    issuers: Annotated[tuple[Issuer, ...], Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for what in ("name", "issuer"):
            named = [getattr(each, what) for each in self.issuers]
            if twice := sorted({name for name in named if named.count(name) > 1}):
                message = f"two issuers have the same {what}: {', '.join(twice)}"
                raise ValueError(message)
        return self


def read_issuers(file: Path) -> Sequence[Issuer]:
    """The issuers of a file.

    Raises:
        ValueError: it cannot be read, or is not as it must be; the message says where and why, and holds no value of it.
    """
    try:
        return _File.model_validate(yaml.safe_load(file.read_text())).issuers
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
    except (yaml.YAMLError, UnicodeDecodeError):
        message = f"{file} is not YAML in UTF-8"
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        message = "; ".join(f"{file}: {'.'.join(map(str, each['loc'])) or 'issuers'}: {_why(each['msg'])}" for each in wrong[:3])
    raise ValueError(message)


def _why(message: str) -> str:
    return message.removeprefix("Value error, ")


def _by_force(meanings: Sequence[Meaning]) -> Grants:
    return {force: frozenset().union(*(each.roles for each in meanings if each.force == force)) for force in {m.force for m in meanings}}


def _mapped(path: Sequence[str], meaning: Mapping[str, Grants], claims: Mapping[str, Any]) -> Grants:
    return read.granted_by(read.at(claims, path), meaning)
