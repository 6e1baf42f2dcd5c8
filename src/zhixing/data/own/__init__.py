"""The user's own table: read from a file of any usual kind, understood, and made a data set."""
