"""What the box decides. Pure: time, ids and randomness come in from outside."""
