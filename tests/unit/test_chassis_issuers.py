"""Issuers that are trusted: each by its own keys and algorithms, for its own forces, and by what its own roles mean here."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from joserfc.jwk import ECKey, KeySet, RSAKey
from pytest_httpserver import HTTPServer

from chassis.auth import Authenticator
from chassis.health import Unready
from chassis.issuers import Issuer, read_issuers
from chassis.jwks import keys_of
from chassis.principal import READING, Role
from tests.realm import KENT, Realm
from tests.unit.leaflets import Issuer as Signer
from tests.unit.leaflets import status_of

EXAMPLE = Path(__file__).parents[2] / "deploy" / "issuers" / "keycloak.example.yml"
ESSEX = "essex"
READS = {Role.READER}


@pytest.fixture
def realm(httpserver: HTTPServer) -> Realm:
    return Realm(httpserver, "police")


def listed(name: str, jwks: Path, *forces: str) -> dict[str, Any]:
    """How a file of issuers describes one whose keys stand in a file."""
    common = {"audience": "roundtable", "algorithms": ["ES256"]}
    return {"name": name, "issuer": f"urn:{name}", "forces": list(forces), "jwks": str(jwks)} | common


def trusting(*entries: dict[str, Any]) -> Authenticator:
    return Authenticator([Issuer.model_validate(entry).trusted() for entry in entries])


async def test_an_issuer_is_found_by_its_discovery_document_and_its_roles_mean_what_the_file_says(realm: Realm) -> None:
    principal = await trusting(realm.entry()).verify(realm.token("officer", "everywhere", "unheard-of"))

    assert principal.subject == "kent:ada"
    assert principal.grants == {KENT: {Role.READER, Role.RECORDER}, "*": READS}


async def test_a_machine_that_asked_for_its_token_itself_is_known_by_its_account(realm: Realm) -> None:
    """As Keycloak gives one for client credentials: without a person, a session or an ID token."""
    account = {"sub": "7f1c", "azp": "records-system", "client_id": "records-system"}

    principal = await trusting(realm.entry()).verify(realm.token("officer", **account))

    assert principal.subject == "kent:7f1c"
    assert principal.grants == {KENT: {Role.READER, Role.RECORDER}}


@pytest.mark.parametrize("roles", [None, [], ["unheard-of"]])
async def test_whoever_has_no_role_that_means_anything_is_known_and_granted_nothing(realm: Realm, roles: Any) -> None:
    principal = await trusting(realm.entry()).verify(realm.token(realm_access={"roles": roles}))

    assert principal.grants == {}


@pytest.mark.parametrize("roles", ["officer", [["officer"]], {"officer": 1}, [7]])
async def test_roles_that_are_no_list_of_names_are_refused(realm: Realm, roles: Any) -> None:
    assert await status_of(trusting(realm.entry()), realm.token(realm_access={"roles": roles})) == 401


async def test_an_issuer_speaks_for_its_own_forces_alone(realm: Realm) -> None:
    entry = realm.entry(forces=[KENT], roles_claim=None, roles={})
    claimed = [{"force": force, "roles": ["reader", "controller"]} for force in (KENT, ESSEX, "*")]

    principal = await trusting(entry).verify(realm.token(grants=claimed))

    assert principal.grants == {KENT: {Role.READER, Role.CONTROLLER}}


async def test_the_view_of_all_is_for_reading_whoever_grants_it(realm: Realm) -> None:
    entry = realm.entry(roles_claim=None, roles={})

    principal = await trusting(entry).verify(realm.token(grants=[{"force": "*", "roles": [role.value for role in Role]}]))

    assert principal.grants == {"*": READING}


async def test_each_issuer_is_verified_by_its_own_keys_and_its_subjects_are_its_own(realm: Realm, tmp_path: Path) -> None:
    other = Signer(tmp_path / "jwks.json")
    authenticator = trusting(realm.entry(), listed("essex", other.jwks, ESSEX))
    held = {ESSEX: ["reader"]}

    assert (await authenticator.verify(other.token(held, iss="urn:essex"))).subject == "essex:ada"
    assert (await authenticator.verify(realm.token("officer"))).subject == "kent:ada"
    assert await status_of(authenticator, other.token(held, iss=realm.issuer)) == 401
    assert await status_of(authenticator, realm.token("officer", iss="urn:essex")) == 401
    assert await status_of(authenticator, other.token(held, iss="urn:nobody")) == 401


@pytest.mark.parametrize("alg", ["PS256", "RS384", "RS512"])
async def test_an_algorithm_that_is_not_listed_is_refused_though_the_key_could_verify_it(realm: Realm, alg: str) -> None:
    assert await status_of(trusting(realm.entry()), realm.token("officer", alg=alg)) == 401


@pytest.mark.parametrize("claims", [{"typ": "ID"}, {"typ": None}, {}, {"typ": ["Bearer"]}])
async def test_a_required_claim_must_hold_exactly_that(realm: Realm, claims: dict[str, Any]) -> None:
    authenticator = trusting(realm.entry(required={"typ": "Bearer", "verified": True}))

    assert await status_of(authenticator, realm.token("officer", typ="Bearer", verified=True)) == 200
    assert await status_of(authenticator, realm.token("officer", verified=True, **claims)) == 401
    assert await status_of(authenticator, realm.token("officer", typ="Bearer", verified=1)) == 401


@pytest.mark.parametrize(
    "discovered",
    [{"issuer": "https://elsewhere.example"}, {"jwks_uri": "http://elsewhere.example/certs"}, {"jwks_uri": None}, {"jwks_uri": 7}],
)
async def test_a_discovery_document_that_leads_elsewhere_is_not_followed(realm: Realm, discovered: dict[str, Any]) -> None:
    realm.discovered |= discovered
    realm.publish()
    authenticator = trusting(realm.entry())

    assert await status_of(authenticator, realm.token("officer")) == 503
    with pytest.raises(Unready):
        await authenticator.probe()


async def test_a_key_set_that_redirects_is_not_followed(realm: Realm, httpserver: HTTPServer) -> None:
    httpserver.clear()
    httpserver.expect_request("/moved").respond_with_json(KeySet([realm.key]).as_dict())
    httpserver.expect_request("/certs").respond_with_data(status=302, headers={"Location": httpserver.url_for("/moved")})

    assert await status_of(trusting(realm.entry(jwks=httpserver.url_for("/certs"))), realm.token("officer")) == 503


async def test_an_issuer_that_is_away_shuts_out_nobody_of_another(realm: Realm, tmp_path: Path) -> None:
    other = Signer(tmp_path / "jwks.json")
    authenticator = trusting(listed("away", tmp_path / "absent.json", ESSEX), realm.entry())

    assert await status_of(authenticator, realm.token("officer")) == 200
    assert await status_of(authenticator, other.token({}, iss="urn:away")) == 503
    await authenticator.probe()


async def test_a_key_that_is_withdrawn_counts_no_more_from_the_next_reading_on(tmp_path: Path) -> None:
    one, two = Signer(tmp_path / "one.json"), Signer(tmp_path / "two.json")
    authenticator = trusting(listed("one", one.jwks, KENT), listed("two", two.jwks, KENT))
    before = two.token({}, iss="urn:two")
    assert await status_of(authenticator, before) == 200

    two.rotate("next")
    for each in authenticator._trusted.values():
        each.keys._due = 0.0

    assert await status_of(authenticator, before) == 401
    assert await status_of(authenticator, two.token({}, iss="urn:two")) == 200


@pytest.mark.filterwarnings("ignore:Key size")
def test_a_short_rsa_key_is_no_key() -> None:
    short = RSAKey.generate_key(1024, {"kid": "short"})

    with pytest.raises(ValueError, match="not the public key that it says it is"):
        keys_of(json.dumps(KeySet([short]).as_dict()).encode(), ["RS256"])


def test_of_a_mixed_set_only_keys_of_the_listed_algorithms_are_taken() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
    short, long = (ECKey.generate_key(curve, {"kid": curve}) for curve in ("P-256", "P-384"))
    text = json.dumps(KeySet([rsa, short, long]).as_dict()).encode()

    assert {kid for kid in keys_of(text, ["PS256"]) if kid} == {"rsa"}
    assert {kid for kid in keys_of(text, ["ES384"]) if kid} == {"P-384"}
    assert {kid for kid in keys_of(text, ["ES256", "RS256"]) if kid} == {"rsa", "P-256"}


def test_the_example_is_a_file_that_is_taken() -> None:
    assert [each.name for each in read_issuers(EXAMPLE)] == ["northants", "west-yorkshire"]


GOOD = listed("kent", Path("/keys.json"), KENT) | {"issuer": "https://sso.kent.example", "jwks": None}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"name": "K ent"}, "name"),
        ({"issuer": "http://sso.kent.example"}, "https"),
        ({"jwks": "http://sso.kent.example/certs"}, "https"),
        ({"issuer": "http://sso.kent.example", "jwks": "/keys.json", "sign_in": {"label": "Kent", "client_id": "pages"}}, "https"),
        ({"sign_in": {"label": "Kent", "client_id": "pages", "scopes": ["profile"]}}, "openid"),
        ({"sign_in": {"label": "Kent", "client_id": "pages", "minutes": 1440}}, "minutes"),
        ({"algorithms": []}, "algorithms"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"forces": []}, "forces"),
        ({"audience": ""}, "audience"),
        ({"colour": "blue"}, "colour"),
        ({"roles_claim": "roles"}, "both or neither"),
        ({"roles": {"officer": [{"force": KENT, "roles": ["reader"]}]}}, "both or neither"),
        ({"roles_claim": "roles", "roles": {"officer": [{"force": ESSEX, "roles": ["reader"]}]}}, "essex"),
        ({"roles_claim": "roles", "roles": {"officer": [{"force": KENT, "roles": ["ruler"]}]}}, "roles"),
        ({"forces": ["*"], "roles_claim": "roles", "roles": {"chief": [{"force": "*", "roles": ["recorder"]}]}}, "only reader"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_what_and_where(tmp_path: Path, entry: dict[str, Any], why: str) -> None:
    file = tmp_path / "issuers.yml"
    file.write_text(yaml.safe_dump({"issuers": [GOOD | entry]}))

    with pytest.raises(ValueError, match=why) as refused:
        read_issuers(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("text", ["issuers: [", "", "[]", "issuers: []", "\x00"])
def test_what_is_no_file_of_issuers_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "issuers.yml"
    file.write_text(text)

    with pytest.raises(ValueError, match=r"issuers\.yml"):
        read_issuers(file)


def test_a_file_that_is_not_there_and_issuers_named_twice_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "issuers.yml"
    twice.write_text(yaml.safe_dump({"issuers": [GOOD, GOOD | {"name": "other"}]}))

    with pytest.raises(ValueError, match="same issuer: https"):
        read_issuers(twice)
    with pytest.raises(ValueError, match="No such file"):
        read_issuers(tmp_path / "absent.yml")
