"""Runs a command that dies with its parent: `tether.py PARENT_PID COMMAND…`, as a script and without our packages.

A supervisor that is killed outright cannot stop its children, so each asks the kernel to be killed with it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the request was made; then nobody would ever send the signal.
    if os.getppid() != parent:
        sys.exit("the supervisor is gone")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - becoming the command without a shell is the point


if __name__ == "__main__":
    main()
