"""One file for each command of `roundtable`."""
