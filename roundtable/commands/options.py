"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", envvar="ROUNDTABLE_HOME", help="The data folder; .roundtable when not given."),
]
ForceOption = Annotated[str, typer.Option("--force", help="The force's police.uk slug.")]
GrantOption = Annotated[
    list[str],
    typer.Option("--grant", help="FORCE:ROLE[,ROLE]; again for each force. FORCE may be * for the reader roles."),
]
SubjectOption = Annotated[str, typer.Option("--subject", help="Whom the grants are for.")]
