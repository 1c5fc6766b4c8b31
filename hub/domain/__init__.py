"""What the hub decides. Pure: rows and `now` come in, decisions go out."""
