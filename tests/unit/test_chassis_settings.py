"""Settings: a wrong one stops the service with a line that names it and never shows a value."""

import os
from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from chassis.secret_files import PREFIX
from chassis.settings import EX_CONFIG, Settings, load
from chassis.written import describe

GOOD = {
    "ROUNDTABLE_MONGO_URL": "mongodb://meetings:secret-words@127.0.0.1:1/",
    "ROUNDTABLE_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1,127.0.0.1:2",
    "ROUNDTABLE_KAFKA_USERNAME": "meetings",
    "ROUNDTABLE_KAFKA_PASSWORD": "secret-words",
    "ROUNDTABLE_JWKS": "/etc/roundtable/jwks.json",
    "ROUNDTABLE_ISSUER": "urn:issuer",
}


class Own(Settings):
    """A service's own settings."""

    port: int = Field(8001, ge=0, le=65535)
    patience: int = Field(7, description="How long it waits.")
    allowed: tuple[str, ...] = Field((), description="What it allows.")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    # Whoever runs the tests may have chosen their engines by such a variable, or hold a service's settings.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as stopped:
        load(Own, "meetings")
    assert stopped.value.code == EX_CONFIG
    said = capsys.readouterr()
    assert said.out == ""
    assert "secret-words" not in said.err
    return said.err.splitlines()


def test_settings_come_from_the_environment() -> None:
    settings = load(Own, "meetings")

    assert (settings.port, settings.mongo_driver, settings.audience, settings.registry_poll_seconds) == (8001, "motor", "roundtable", 5.0)
    assert settings.mongo_url.get_secret_value() == GOOD["ROUNDTABLE_MONGO_URL"]
    assert "secret-words" not in repr(settings)


def test_settings_do_not_change() -> None:
    settings = load(Own, "meetings")

    with pytest.raises(ValidationError):
        setattr(settings, "port", 1)  # noqa: B010 - a plain assignment is refused by the type checker already


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROUNDTABLE_PORT", "http"),
        ("ROUNDTABLE_PORT", "70000"),
        ("ROUNDTABLE_MONGO_DRIVER", "odbc"),
        ("ROUNDTABLE_KAFKA_BOOTSTRAP_SERVERS", "localhost"),
        ("ROUNDTABLE_KAFKA_SECURITY_PROTOCOL", "NONE"),
        ("ROUNDTABLE_KAFKA_PASSWORD", ""),
        ("ROUNDTABLE_REGISTRY_POLL_SECONDS", "60"),
        ("ROUNDTABLE_LOG_LEVEL", "loud"),
        ("ROUNDTABLE_DATABASE_PREFIX", "a.b$"),
        ("ROUNDTABLE_ALLOWED", "not json"),
        ("ROUNDTABLE_MONGO_URL", ""),
        ("ROUNDTABLE_JWKS", ""),
    ],
)
def test_a_wrong_setting_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str) -> None:
    environment.setenv(name, value)

    (line,) = lines_of(capsys)

    assert line.startswith(f"meetings: {name}: ")


def test_each_wrong_setting_has_its_line(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("ROUNDTABLE_PORT", "http")
    environment.delenv("ROUNDTABLE_MONGO_URL")
    environment.setenv("ROUNDTABLE_LOG_LEVEL", "loud")

    assert {line.split(": ")[1] for line in lines_of(capsys)} == {"ROUNDTABLE_PORT", "ROUNDTABLE_MONGO_URL", "ROUNDTABLE_LOG_LEVEL"}


def test_without_sasl_no_password_is_asked_for(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ROUNDTABLE_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    environment.delenv("ROUNDTABLE_KAFKA_PASSWORD")

    assert load(Own, "meetings").kafka_password.get_secret_value() == ""


def test_an_unknown_setting_is_warned_of(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("ROUNDTABLE_PROT", "8001")

    load(Own, "meetings")

    assert capsys.readouterr().err == "meetings: warning: not a setting of this service: ROUNDTABLE_PROT\n"


def test_every_setting_is_described_with_its_default_and_meaning() -> None:
    described = describe([Own]).split("\n\n")

    assert all(field.description for field in Settings.model_fields.values())
    assert "# MongoDB connection string of this service's own user, with the replica set's name.\nROUNDTABLE_MONGO_URL=" in described[0]
    assert "# ROUNDTABLE_AUDIENCE=roundtable" in described[0]
    assert "# Port to listen on; 0 takes a free one.\n# ROUNDTABLE_PORT=8001" in described[1]
    assert "# How long it waits.\n# ROUNDTABLE_PATIENCE=7" in described[1]
    assert "ROUNDTABLE_AUDIENCE" not in described[1]


@pytest.fixture
def secrets(environment: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of files for the passwords, which the variables do not hold."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "roundtable_kafka_password").write_text("secret-words\n")
    (folder / "roundtable_mongo_password").write_text("secret-words")
    environment.setenv("ROUNDTABLE_SECRETS_DIR", str(folder))
    environment.setenv("ROUNDTABLE_MONGO_URL", "mongodb://meetings@127.0.0.1:1/")
    environment.delenv("ROUNDTABLE_KAFKA_PASSWORD")
    return folder


def test_passwords_may_stand_in_files(secrets: Path) -> None:
    settings = load(Own, "meetings")

    assert settings.kafka_password.get_secret_value() == settings.mongo_password.get_secret_value() == "secret-words"
    assert settings.secret_of("mongo") == f"ROUNDTABLE_MONGO_PASSWORD ({secrets}/roundtable_mongo_password)"


@pytest.mark.parametrize("engine", ["kafka", "mongo"])
def test_a_missing_file_is_named(secrets: Path, capsys: pytest.CaptureFixture[str], engine: str) -> None:
    file = secrets / f"roundtable_{engine}_password"
    file.unlink()

    (line,) = lines_of(capsys)

    assert line.startswith(f"meetings: ROUNDTABLE_{engine.upper()}_PASSWORD ({file}): must be set")


def test_a_file_that_cannot_be_read_is_named(secrets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = secrets / "roundtable_kafka_password"
    file.write_bytes(b"\xff\xfe")

    (line,) = lines_of(capsys)

    assert line == f"meetings: ROUNDTABLE_KAFKA_PASSWORD ({file}): is not text in UTF-8"


def test_a_folder_of_secrets_that_is_not_there_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("ROUNDTABLE_SECRETS_DIR", "/not/there")

    (line,) = lines_of(capsys)

    assert line == "meetings: ROUNDTABLE_SECRETS_DIR: /not/there is not a folder that can be read"


def test_what_the_environment_says_wrong_is_not_blamed_on_a_file(
    secrets: Path, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del secrets
    environment.setenv("ROUNDTABLE_LOG_LEVEL", "loud")

    (line,) = lines_of(capsys)

    assert line.startswith("meetings: ROUNDTABLE_LOG_LEVEL: Input should be")


def test_a_connection_string_without_a_password_needs_one(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.setenv("ROUNDTABLE_MONGO_URL", "mongodb://meetings@127.0.0.1:1/")

    (line,) = lines_of(capsys)

    assert line.startswith("meetings: ROUNDTABLE_MONGO_PASSWORD: must be set, because ROUNDTABLE_MONGO_URL names a user")


def test_the_demonstrations_issuer_counts_only_where_it_is_asked_for(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("ROUNDTABLE_ISSUER", "urn:roundtable:demonstration")
    (line,) = lines_of(capsys)
    assert line.startswith("meetings: ROUNDTABLE_ISSUER: names urn:roundtable:demonstration")
    assert "ROUNDTABLE_DEMONSTRATION=true" in line

    environment.setenv("ROUNDTABLE_DEMONSTRATION", "true")
    assert [each.issuer for each in load(Own, "meetings").trusted()] == ["urn:roundtable:demonstration"]


def test_a_file_of_issuers_stands_in_the_place_of_one(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    entry = "{name: a, issuer: ISSUER, audience: roundtable, algorithms: [ES256], forces: [kent], jwks: /keys.json}"
    environment.setenv("ROUNDTABLE_ISSUERS", str(tmp_path / "issuers.yml"))
    (tmp_path / "issuers.yml").write_text("issuers: [" + entry.replace("ISSUER", "'urn:a'") + "]")
    assert [(each.name, each.issuer) for each in load(Own, "meetings").trusted()] == [("a", "urn:a")]

    (tmp_path / "issuers.yml").write_text("issuers: [" + entry.replace("ISSUER", "'urn:roundtable:demonstration'") + "]")
    assert lines_of(capsys)[0].startswith("meetings: ROUNDTABLE_ISSUERS: names urn:roundtable:demonstration")

    (tmp_path / "issuers.yml").write_text("issuers: none")
    assert "issuers.yml" in lines_of(capsys)[0]


def test_without_an_issuer_a_service_does_not_start(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.delenv("ROUNDTABLE_JWKS")
    environment.delenv("ROUNDTABLE_ISSUER")

    assert [line.split(": ")[1] for line in lines_of(capsys)] == ["ROUNDTABLE_JWKS", "ROUNDTABLE_ISSUER"]


@pytest.mark.parametrize(
    "written", ["often", "0 per second", "10 per fortnight", "10/second;100/minute", "-1 per second", "1.5 per second"]
)
def test_a_rate_that_is_none_is_named(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str) -> None:
    environment.setenv("ROUNDTABLE_PRINCIPAL_RATE", written)

    (line,) = lines_of(capsys)

    assert line == "meetings: ROUNDTABLE_PRINCIPAL_RATE: must be a rate such as: 10000 per 10 seconds"


def test_rates_and_trusted_gateways_are_an_operators_to_choose(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ROUNDTABLE_ATTEMPT_RATE", "5/30 seconds")
    environment.setenv("ROUNDTABLE_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8")

    settings = load(Own, "meetings")

    assert settings.attempt_rate == "5/30 seconds"
    assert [str(each) for each in settings.trusted_proxies] == ["10.0.0.0/8", "fd00::/8"]
