"""Frozen dataclasses that cost little to declare.

`dataclasses.dataclass(frozen=True, slots=True)` writes six methods as text and has them compiled, for each
class when its module is loaded: 0.5 ms a class. The app declares 120 of them before its first paint, which
was a quarter of its CPU until then. Of most of them hardly a method is ever called: `frozen` makes each when
it is called first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")
Maker = Callable[[type, str], Callable[..., Any]]
_MANY = 10
"""Fields from which on a class of its own for setting them is worth its making."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """As `dataclass(frozen=True, slots=True)`, to whoever uses the class, and with fields of its own only."""
    told = cls.__doc__
    cls.__doc__ = (
        told or "-"
    )  # without one dataclasses would write the signature here, which takes as long again
    made = dataclass(slots=True, init=False, repr=False, eq=False)(cls)
    made.__doc__ = told
    for name, maker in _MAKERS.items():
        if (
            made.__dict__.get(name) is None
        ):  # Python itself puts None for a hash beside an __eq__ of the class's
            setattr(made, name, _later(made, name, maker))
    for name, method in _FROZEN.items():
        setattr(made, name, method)
    return made


def _later(cls: type, name: str, maker: Maker) -> Callable[..., Any]:
    """A method that puts the real one in its place."""

    def method(self: object, *args: Any, **kwargs: Any) -> Any:
        real = maker(cls, name)
        setattr(cls, name, real)
        return real(self, *args, **kwargs)

    method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
    return method


def _init(cls: type, name: str) -> Callable[..., Any]:
    """`__init__`, as dataclasses write it for a frozen class; theirs comes with more that is compiled."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING, "_frozen": cls}
    plain, body = ["self"], list[str]()
    keyword: list[str] = []
    known["_open"] = open_twin = _open(cls) if len(fields(cast("Any", cls))) >= _MANY else None
    for part in fields(cast("Any", cls)):
        parameter, value = _parameter(part, known)
        if part.init:
            (keyword if part.kw_only else plain).append(parameter)
        if value:
            told = f"self.{part.name} = {value}" if open_twin else f"_set(self, {part.name!r}, {value})"
            body.append(f" {told}")
    if open_twin:
        body = [" _set(self, '__class__', _open)", *body, " self.__class__ = _frozen"]
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    parameters = ", ".join([*plain, *(["*", *keyword] if keyword else [])])
    exec("\n".join([f"def {name}({parameters}):", *body, " return None"]), known)  # noqa: S102 - our own text, of names that Python has taken
    method: Callable[..., Any] = known[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    method.__module__ = cls.__module__
    return method


def _open(cls: type) -> type | None:
    """A class of the same layout whose fields can be set: while an object is of that class, setting its 24
    fields takes a quarter of the time. None: this class has another layout, or is generic.
    """
    slots: tuple[str, ...] = cls.__dict__.get("__slots__", ())
    probe: object = object.__new__(cls)
    try:
        twin: type = type(cls)(cls.__name__, cls.__bases__, {"__slots__": slots})
        object.__setattr__(probe, "__class__", twin)
    except TypeError:
        return None
    return twin


def _parameter(part: Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """The field as a parameter, and what is stored; its default goes into `known`."""
    name = part.name
    if part.default_factory is not MISSING:
        known[f"_make_{name}"] = part.default_factory
        made = f"_make_{name}()"
        return f"{name}=_missing", f"{made} if {name} is _missing else {name}" if part.init else made
    if part.default is not MISSING:
        known[f"_default_{name}"] = part.default
        return f"{name}=_default_{name}", name if part.init else f"_default_{name}"
    return name, name if part.init else ""


def _of_twin(cls: type, name: str) -> Callable[..., Any]:
    """The method that dataclasses makes for a class of the same fields."""
    own = fields(cast("Any", cls))
    body = {"__annotations__": {part.name: part.type for part in own}, **{part.name: part for part in own}}
    twin: type = dataclass(init=False, unsafe_hash=True)(type(cls.__name__, (), {**body, "__doc__": name}))
    method: Callable[..., Any] = twin.__dict__[name]
    return method


def _refuse_set(self: object, name: str, value: object) -> None:
    del self, value
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: object, name: str) -> None:
    del self
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _refuse_child(cls: type, /, **more: object) -> None:
    """Its `__init__` would make an object of this class of it."""
    del more
    raise TypeError(f"{cls.__qualname__} inherits from a frozen class: give it that one as a field")


def _state(self: Any) -> list[Any]:
    return [getattr(self, part.name) for part in fields(self)]


def _take_state(self: Any, state: list[Any]) -> None:
    for part, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, part.name, value)


_MAKERS: dict[str, Maker] = {
    "__init__": _init,
    "__repr__": _of_twin,
    "__eq__": _of_twin,
    "__hash__": _of_twin,
}
_FROZEN: dict[str, Any] = {
    "__init_subclass__": classmethod(_refuse_child),
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__getstate__": _state,
    "__setstate__": _take_state,
}
"""Copying and pickling would set the fields one by one."""
