"""The `roundtable` command: a table of contents of what an operator can do."""

import sys

import typer
from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from roundtable.commands import (
    archives,
    demo,
    doctor,
    events,
    forces,
    grants,
    init,
    load,
    parked,
    positions,
    provision,
    rebuild,
    republish,
    rotate,
    sessions,
    sign_in,
    status,
    token,
    verify,
)
from roundtable.errors import OperatorError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Roundtable carries what communities raise with the police, what was promised and what came of it.",
)
app.command()(demo.demo)
app.command()(init.init)
app.command()(status.status)
app.command()(doctor.doctor)
app.command()(rebuild.rebuild)
app.command("verify")(verify.verify_everything)
app.command("republish")(republish.republish)
app.command()(archives.backup)
app.command()(archives.restore)
app.command()(load.load)
app.command()(token.token)
app.command("sign-in")(sign_in.sign_in)
app.add_typer(forces.app, name="forces")
app.add_typer(grants.app, name="grants")
app.add_typer(sessions.app, name="sessions")
app.add_typer(parked.app, name="parked")
app.add_typer(positions.app, name="positions")
app.add_typer(provision.app, name="provision")
app.add_typer(rotate.app, name="rotate")
app.add_typer(events.app, name="events")


def main() -> None:
    """Run a command; what an operator can mend is said in a sentence, and the exit status is 1."""
    try:
        app()
    except OperatorError as refusal:
        sys.exit(f"roundtable: {refusal}")
    except KafkaException as failure:
        sys.exit(f"roundtable: Kafka refuses or does not answer: {failure.args[0].str()}")
    except PyMongoError as failure:
        sys.exit(f"roundtable: MongoDB refuses or does not answer: {failure}")


if __name__ == "__main__":
    main()
