"""The pages: one file and one template folder per area, and what all of them share."""

from flask import Flask

from hub.web import login


def register(app: Flask) -> None:
    """Add every area."""
    app.register_blueprint(login.blueprint)
