"""What the operator is told when something cannot be done: one sentence on what is wrong and what to do."""


class OperatorError(Exception):
    """A refusal that the command line prints as it stands, without a traceback."""
