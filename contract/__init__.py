"""What the box and the hub say to each other, and the city's rules. Pure: no clock, file, network or thread."""
