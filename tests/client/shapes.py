"""What a document looks like, in one form: of a schema of openapi.json and of a type of the client.

A form is a word (`str`, `int`, `bool`, `null`), or a tuple that says what it is made of.
"""

from collections.abc import Hashable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from tests.api_description import Schema, resolved

Shape = Hashable

_WORDS: Final[Mapping[object, str]] = {str: "str", int: "int", bool: "bool", bytes: "bytes", NoneType: "null"}
_JSON_WORDS: Final = {"string": "str", "integer": "int", "boolean": "bool", "null": "null"}


def _object(fields: Mapping[str, tuple[bool, Shape]]) -> Shape:
    return ("object", *((name, *fields[name]) for name in sorted(fields)))


def _either(shapes: Sequence[Shape]) -> Shape:
    """One of several, whichever order they stand in."""
    flat: set[Shape] = set()
    for shape in shapes:
        flat |= shape[1] if isinstance(shape, tuple) and shape[0] == "either" else {shape}
    return ("either", frozenset(flat)) if len(flat) > 1 else flat.pop()


# ------------------------------------------------------------------------------------- of a schema


def of_schema(schema: Schema) -> Shape:
    schema = resolved(schema)
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return _either([of_schema(each) for each in alternatives])
    if "enum" in schema:
        return ("words", frozenset(schema["enum"]))
    if schema["type"] == "array":
        return ("list", of_schema(schema["items"]))
    return _of_object(schema) if schema["type"] == "object" else _JSON_WORDS[schema["type"]]


def _of_object(schema: Schema) -> Shape:
    if "properties" not in schema:
        (values,) = schema.get("patternProperties", {"": schema.get("additionalProperties")}).values()
        keys = of_schema(names) if "$ref" in (names := schema.get("propertyNames", {})) else "str"
        return ("map", keys, of_schema(values))
    needed = schema.get("required", ())
    return _object({name: (name in needed, _of_property(each)) for name, each in schema["properties"].items()})


def _of_property(schema: Schema) -> Shape:
    """What the service leaves out where it would be null has that null as its default."""
    if "default" in schema and schema["default"] is None:
        return _either([of_schema(each) for each in schema["anyOf"] if each != {"type": "null"}])
    return of_schema(schema)


# --------------------------------------------------------------------------------------- of a type


def of_type(annotation: Any, bound: dict[Any, Any] | None = None) -> Shape:
    """The form of a type; `bound` says what its variables stand for."""
    bound = bound or {}
    if isinstance(annotation, TypeVar):
        return of_type(bound[annotation])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if is_typeddict(origin or annotation):
        return _of_typed_dict(origin or annotation, bound | _bindings(annotation))
    if origin is Literal:
        return ("words", frozenset(arguments))
    if origin in (Union, UnionType):
        return _either([of_type(each, bound) for each in arguments])
    if origin is None:
        return _WORDS[annotation]
    kind = {list: "list", Sequence: "list", dict: "map", Mapping: "map"}[origin]
    return (kind, *(of_type(each, bound) for each in arguments))


def _of_typed_dict(document: Any, bound: dict[Any, Any]) -> Shape:
    needed = document.__required_keys__
    return _object({name: (name in needed, of_type(each, bound)) for name, each in get_type_hints(document).items()})


def _bindings(annotation: Any) -> dict[Any, Any]:
    """What the variables of a generic document stand for, in it and in what it is derived from."""
    bases = [annotation, *getattr(annotation, "__orig_bases__", ())]
    return {
        variable: argument
        for base in bases
        for variable, argument in zip(getattr(get_origin(base), "__parameters__", ()), get_args(base), strict=True)
        if not isinstance(argument, TypeVar)
    }
