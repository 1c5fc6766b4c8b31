"""What is wrong with a box, all at once, each with what it means and what to do. Starts nothing, changes nothing."""
