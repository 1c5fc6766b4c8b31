"""One thin file per port and library."""
