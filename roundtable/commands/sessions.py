"""`roundtable sessions`: lists who is signed in to the pages, and ends their sessions."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from roundtable.commands.options import HomeOption
from roundtable.operator_desk import operator_desk

app = typer.Typer(no_args_is_help=True, help="Show who is signed in to the pages, and sign them out.")

_Subject = Annotated[str, typer.Argument(help="Whose sessions end.")]


@app.command("list")
def list_sessions(home: HomeOption = None) -> None:
    """Print of every session that is not over whose it is, when it began and when it ends by itself."""
    with operator_desk(home) as desk:
        sessions = desk.provisioning.database("signin")["sessions"]
        for session in sessions.find({"expires_at": {"$gt": datetime.now(UTC)}}).sort([("subject", 1), ("created_at", 1)]):
            typer.echo(f"{session['subject']}\t{session['created_at']:%Y-%m-%dT%H:%M:%SZ}\t{session['expires_at']:%Y-%m-%dT%H:%M:%SZ}")


@app.command()
def end(subject: _Subject, home: HomeOption = None) -> None:
    """Sign a subject out of every browser, from its next page on."""
    with operator_desk(home) as desk:
        ended = desk.provisioning.database("signin")["sessions"].delete_many({"subject": subject}).deleted_count
    typer.echo(f"{ended} sessions of {subject} ended")
