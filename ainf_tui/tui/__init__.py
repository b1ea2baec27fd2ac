"""The full-screen app: a front end on the client, as the command line is."""
