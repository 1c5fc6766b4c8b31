"""The simulated box's page: a picture of the button box with its lamp, to be pressed."""
