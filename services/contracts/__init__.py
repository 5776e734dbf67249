"""What the services say to each other: states, events, codes, and the form they have on the wire."""
