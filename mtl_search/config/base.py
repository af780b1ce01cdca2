"""Base classes of the sections of a config.

A part that is chosen by name (a head, a backbone, an optimiser, ...) is a `Component`:
`{name: convnet, channels: [16, 32]}`, or just `convnet`. Which names and arguments exist is up to
the registry of its family.
"""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

# The types of `float`, `log` and `int` in an entry of the search space.
_BOUNDS = (tuple[float, float] | None, tuple[int, int] | None)


def _kinds(annotation: Any) -> set[Any]:
    """Return what a value may be, such as int and None of `int | None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return set().union(*(_kinds(part) for part in get_args(annotation)))
    return {annotation}


class ConfigModel(BaseModel):
    """Base of all sections: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic would read `epochs: true` as 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and {int, float} & _kinds(annotation):
            raise ValueError("a number is needed")
        if (
            annotation in _BOUNDS
            and isinstance(value, list | tuple)
            and any(isinstance(item, bool) for item in value)
        ):
            raise ValueError("two numbers are needed")
        return value


class RememberingModel(ConfigModel):
    """Base of the whole config, which remembers what its file takes from the environment."""

    _written: dict[tuple[str | int, ...], str] = PrivateAttr(default_factory=dict)

    @property
    def written(self) -> dict[tuple[str | int, ...], str]:
        """Place → the text with `${NAME}` in it, of each text that comes from the environment."""
        return dict(self._written)

    def set_written(self, written: dict[tuple[str | int, ...], str]) -> None:
        """Remember these texts, in place; for `config.stored` alone."""
        self._written = dict(written)


class Component(BaseModel):
    """A part chosen by name, with its own arguments beside the name.

    Examples:
        >>> Component.model_validate({"name": "convnet", "channels": [16, 32]}).arguments
        {'channels': [16, 32]}
        >>> Component.model_validate("convnet").name
        'convnet'
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(description="name in the family's table, or 'module:attribute' for your own")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_serializer
    def _to_plain(self) -> dict[str, Any]:
        """Keep arguments that are None, which need not be their default, under `exclude_none`."""
        return {"name": self.name, **self.arguments}

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything beside the name."""
        return dict(self.__pydantic_extra__ or {})


def as_tuple(value: object) -> object:
    """Turn one name into a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
