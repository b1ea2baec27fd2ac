"""`frozen` against what it stands for: to whoever uses the class, nothing differs."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.frozen import _MANY, frozen

ORDINARY = dataclass(frozen=True, slots=True)
values = st.one_of(st.none(), st.integers(), st.text(), st.tuples(st.integers(), st.text()))


def declared(decorator: Callable[[type], type]) -> Any:
    """The same class twice: made by us, and by dataclasses."""

    class Thing:
        """What it is."""

        name: str
        size: Any = 1
        parts: list[Any] = field(default_factory=list)
        secret: str = field(default="", repr=False, compare=False)
        made: str = field(init=False, default="made")
        late: int = field(default=0, kw_only=True)

    return decorator(Thing)


@frozen
class Point:
    x: int
    y: int = 0


@frozen
class Checked:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"{self.low} is above {self.high}")


@frozen
class Named:  # noqa: PLW1641 - as with dataclasses, the hash is that of the fields
    """With an equality of its own, which dataclasses leave alone."""

    name: str
    age: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Named) and self.name == other.name

    def __repr__(self) -> str:
        return f"<{self.name}>"


@given(st.text(), values, st.lists(values), st.text(), st.integers())
def test_it_is_built_and_shown_and_compared_like_a_dataclass(
    name: str, size: object, parts: list[object], secret: str, late: int
) -> None:
    ours, theirs = declared(frozen), declared(ORDINARY)
    mine, its = (cls(name, size, parts=list(parts), secret=secret, late=late) for cls in (ours, theirs))
    assert repr(mine) == repr(its)
    assert dataclasses.asdict(mine) == dataclasses.asdict(its)
    assert mine == ours(name, size, list(parts), late=late)  # the secret is not compared
    assert mine != dataclasses.replace(mine, late=late + 1)
    assert mine != its
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__doc__ == theirs.__doc__


def test_the_methods_are_there_only_once_they_were_called() -> None:
    ours = declared(frozen)
    before = {name: ours.__dict__[name] for name in ("__init__", "__repr__", "__eq__")}
    ours("a")
    changed = [name for name, method in before.items() if ours.__dict__[name] is not method]
    assert changed == ["__init__"]


def test_each_has_a_list_of_its_own() -> None:
    ours = declared(frozen)
    first, second = ours("a"), ours("b")
    first.parts.append(1)
    assert second.parts == []


@pytest.mark.parametrize(
    "call",
    [
        lambda cls: cls(),
        lambda cls: cls("a", 1, [], "", 5),
        lambda cls: cls("a", name="b"),
        lambda cls: cls("a", unknown=1),
        lambda cls: cls("a", made="otherwise"),
    ],
)
def test_wrong_arguments_are_told_as_usual(call: Callable[[Any], object]) -> None:
    said = []
    for cls in (declared(frozen), declared(ORDINARY)):
        for _ in range(2):  # the first call makes the method, the second finds it
            with pytest.raises(TypeError) as error:
                call(cls)
            said.append(str(error.value))
    assert len(set(said)) == 1


def test_nothing_can_be_changed() -> None:
    point = Point(1, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 3  # type: ignore[misc]  # what the test is about
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.z = 1  # type: ignore[attr-defined]  # same
    assert point == Point(1, 2)


def test_it_is_a_key_and_equal_keys_are_one() -> None:
    assert {Point(1): "a"}[Point(1, 0)] == "a"
    with pytest.raises(TypeError, match="unhashable"):
        hash(declared(frozen)("a"))


def test_what_is_checked_after_building_is_checked() -> None:
    assert Checked(1, 2).high == 2
    for _ in range(2):
        with pytest.raises(ValueError, match="2 is above 1"):
            Checked(2, 1)


def test_methods_of_its_own_stay() -> None:
    assert Named("a", 1) == Named("a", 2)
    assert repr(Named("a")) == "<a>"
    assert hash(Named("a", 1)) != hash(Named("a", 2))


def test_copies_and_what_comes_out_of_a_pickle_are_equal() -> None:
    point = Point(3, 4)
    assert copy.copy(point) == copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_it_is_read_from_json_before_any_was_built() -> None:
    ours = declared(frozen)
    thing = msgspec.json.decode(b'{"name": "a", "size": 2, "parts": [1], "late": 3}', type=ours)
    assert (thing.name, thing.size, thing.parts, thing.late) == ("a", 2, [1], 3)
    assert msgspec.json.decode(msgspec.json.encode(thing))["name"] == "a"


# -- of many fields ---------------------------------------------------------------------------------------
_T = TypeVar("_T")


def _many(decorator: Callable[[type], type], *bases: Any) -> Any:
    """Of so many fields that they are set in another way."""
    hints = {f"f{n:02}": int for n in range(_MANY + 5)} | {"parts": list[int], "made": str, "late": int}
    body = {
        "f14": 14,
        "parts": field(default_factory=list),
        "made": field(init=False, default="made"),
        "late": field(default=0, kw_only=True),
        "__annotations__": hints,
        "__doc__": "Many.",
    }
    return decorator(types.new_class("Many", bases, exec_body=lambda space: space.update(body)))


@pytest.mark.parametrize("bases", [(), (Generic[_T],)])  # type: ignore[index]  # no alias to mypy
def test_many_fields_are_set_and_then_no_more(bases: tuple[Any, ...]) -> None:
    ours, theirs = _many(frozen, *bases), _many(ORDINARY, *bases)
    one, other = ours(*range(14), late=3), theirs(*range(14), late=3)
    assert type(one) is ours
    assert dataclasses.astuple(one) == dataclasses.astuple(other)
    assert repr(one) == repr(other)
    assert one == ours(*range(14), late=3)
    assert one != ours(*range(14), late=4)
    assert one.parts is not ours(*range(14)).parts
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.f00 = 5
    assert copy.copy(one) == one
    assert dataclasses.replace(one, f01=7).f01 == 7
    with pytest.raises(TypeError):
        ours(1, 2)


def test_a_check_of_many_fields_sees_what_cannot_be_set_any_more() -> None:
    seen: list[type] = []

    def check(self: Any) -> None:
        seen.append(type(self))
        with pytest.raises(dataclasses.FrozenInstanceError):
            self.f00 = 1
        raise ValueError("no")

    def decorated(cls: type) -> type:
        cls.__post_init__ = check  # type: ignore[attr-defined]  # made by hand
        return frozen(cls)

    ours = _many(decorated)
    with pytest.raises(ValueError, match="no"):
        ours(*range(14))
    assert seen == [ours]


def test_a_frozen_class_has_no_children() -> None:
    with pytest.raises(TypeError, match="Child inherits from a frozen class"):
        type("Child", (Point,), {})
