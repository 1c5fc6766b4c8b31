"""Sealed segments: checked at the door, stored once, played back as one recording."""
