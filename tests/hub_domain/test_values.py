"""What the rules read and decide are values: nobody changes a fact after it was read, or what was decided."""

import importlib
import pkgutil
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any

import pytest

import hub.domain

IN_THE_MAKING = {"LiveIncident", "Known", "_Bucket"}
"""What is worked on while a batch is heard, by the one thread that hears it. Whoever adds one says so here."""


def _values() -> list[type[Any]]:
    found = []
    for module in pkgutil.iter_modules(hub.domain.__path__, "hub.domain."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and is_dataclass(one) and one.__module__ == module.name:
                found.append(one)
    return found


@pytest.mark.parametrize("value", [pytest.param(one, id=one.__qualname__) for one in _values()])
def test_a_value_cannot_be_changed_and_takes_no_field_that_it_does_not_have(value: type[Any]) -> None:
    assert not hasattr(object.__new__(value), "__dict__"), "slots: a field that is spelled wrong is an error"
    if value.__name__ in IN_THE_MAKING:
        return
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(object.__new__(value), field.name, None)
