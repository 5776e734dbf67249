"""The concerns service with a transaction for each request: what group commit is compared with over HTTP."""

from unittest.mock import patch

from chassis import group_commit
from concerns.main import main

if __name__ == "__main__":
    with patch.multiple(group_commit, LARGEST_GROUP=1, COMMITTERS=64):
        main()
