"""What all sections of a config are made of.

A part that is chosen by name (a head, a backbone, an optimiser, ...) is a `Member`: `{name: convnet, channels: [16,
32]}`, or just `convnet`. Which names and arguments exist is the business of that family's registry.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

# What `int` and its like hold in an entry of the space.
_BOUNDS = (tuple[float, float] | None, tuple[int, int] | None)


class ConfigModel(BaseModel):
    """Base of all sections: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic would read `epochs: true` as 1."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        if annotation in (int, float, float | None) and isinstance(value, bool):
            raise ValueError("a number is needed")
        if (
            annotation in _BOUNDS
            and isinstance(value, list | tuple)
            and any(isinstance(item, bool) for item in value)
        ):
            raise ValueError("two numbers are needed")
        return value


class Component(BaseModel):
    """A part chosen by name, with its own arguments beside the name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str = Field(description="name in the family's table, or 'module:attribute' for your own")

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    @model_serializer
    def _to_plain(self) -> dict[str, Any]:
        """Arguments that are None stay where `exclude_none` drops None elsewhere: it need not be their default."""
        return {"name": self.name, **self.arguments}

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything beside the name."""
        return dict(self.__pydantic_extra__ or {})


def as_tuple(value: object) -> object:
    """One name as a list of one."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
