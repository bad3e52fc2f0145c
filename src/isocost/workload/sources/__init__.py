"""Where items come from: one file a kind, one line each in `KINDS`."""
