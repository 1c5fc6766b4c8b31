"""A working box without hardware, one file per port. Product code: used by tests, demo and drills."""
