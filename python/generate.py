# SPDX-License-Identifier: Apache-2.0
"""Makes the Python side of the C interface out of the public headers: generate.py INCLUDE abi|ops OUTPUT COMPILER...

abi: every enum, struct and function, for ctypes. ops: a method for each function that adds an operator to a graph, with its
parameters as keyword arguments and the header's comment as its docstring. So a new operator needs no line of Python."""
import keyword
import re
import subprocess
import sys

SCALARS = {"int": "c_int", "size_t": "c_size_t", "int32_t": "c_int32", "int64_t": "c_int64", "uint32_t": "c_uint32", "uint64_t": "c_uint64",
           "bool": "c_bool", "float": "c_float", "double": "c_double", "char": "c_char"}
BY_HAND = {"oc_graph_input", "oc_graph_constant", "oc_graph_scalar", "oc_graph_state", "oc_graph_state_tensor", "oc_graph_find",
           "oc_graph_custom"}
COMMENT = re.compile(r"/\*.*?\*/", re.S)


def preprocess(include, compiler):
    """The umbrella header, preprocessed, comments kept, without what comes from elsewhere."""
    text = subprocess.run(compiler + ["-E", "-C", "-std=c11", "-I", include, "-x", "c", "-"], input="#include <ocelli/ocelli.h>\n",
                          stdout=subprocess.PIPE, check=True, text=True).stdout
    ours, lines = False, []
    for line in text.split("\n"):
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            ours = "ocelli/" in marker.group(1) and marker.group(1).endswith(".h")
        elif ours:
            lines.append(line)
    return re.sub(r"__attribute__\s*\(\(.*?\)\)\s", "", re.sub(r"\s*\b_Bool\b\s*", " bool ", "\n".join(lines)))


def plain(comment):
    """A comment's text, without its stars."""
    text = re.sub(r"^/\*+<?|\*/$", "", comment.strip())
    return re.sub(r"[ \t]+", " ", re.sub(r"\n[ \t]*\*?[ \t]?", "\n", text)).strip()


class Parameter:
    """A C declaration of one name: `const int64_t size[3]`."""

    def __init__(self, text):
        text = " ".join(COMMENT.sub("", text).split())
        pointer = re.match(r"(.*?)\(\*(\w+)\)\((.*)\)$", text)
        self.function = None
        if pointer:
            self.function = [Parameter(pointer.group(1) + " result")] + [Parameter(one) for one in split(pointer.group(3))]
            self.name, self.base, self.stars, self.count, self.const = pointer.group(2), "", 0, None, False
            return
        match = re.match(r"(const )?(?:struct )?(\w+)([ *]|const)*?\b(\w+)(?:\[(\w*)\])?$", text)
        if not match:
            raise SystemExit(f"generate.py: cannot read \"{text}\"")
        self.const, self.base, self.name, self.count = bool(match.group(1)), match.group(2), match.group(4), match.group(5)
        self.stars = text.count("*")


def split(arguments):
    return [one for one in arguments.split(",") if one.strip() not in ("", "void")]


class Header:
    def __init__(self, text):
        self.enums, self.structs, self.callbacks, self.functions = {}, {}, {}, []
        self.handles = set(re.findall(r"typedef struct (\w+) \1;", text))
        for body, name in re.findall(r"typedef enum \w+ \{(.*?)\} (\w+);", text, re.S):
            self.enums[name] = self.members(COMMENT.sub("", body))
        for body, name in re.findall(r"typedef struct (?:\w+ )?\{((?:[^{}]|/\*.*?\*/)*?)\} (\w+);", text, re.S):
            self.structs[name] = list(self.fields(body))
        for result, name, arguments in re.findall(r"typedef ([\w ]+?) ?\(\*(\w+)\)\((.*?)\);", text, re.S):
            self.callbacks[name] = [Parameter(result + " result")] + [Parameter(one) for one in split(arguments)]
        found = re.finditer(r"((?:/\*\*(?:(?!\*/).)*?\*/\s*)?)([a-z][\w ]*?[ *]+)(oc_\w+)\(([^{};]*?)\);", text, re.S)
        for comment, result, name, arguments in (match.groups() for match in found):
            if "typedef" not in result and "return" not in result:
                self.functions.append((name, Parameter(result + " result"), [Parameter(one) for one in split(COMMENT.sub("", arguments))],
                                       plain(comment)))

    @staticmethod
    def members(body):
        value, members = -1, []
        for one in split(body):
            name, _, number = one.partition("=")
            value = int(number, 0) if number else value + 1
            members.append((name.strip(), value))
        return members

    @staticmethod
    def fields(body):
        """Each field and its comment; `/**<` belongs to the fields before it on its line, `/**` to the next."""
        comments = []

        def keep(match):
            comments.append(match.group(0))
            return f"@{len(comments) - 1}@"

        for declaration, behind in re.findall(r"([^;]*?);[ \t]*(@\d+@)?", COMMENT.sub(keep, body), re.S):
            tokens = re.findall(r"@(\d+)@", declaration) + re.findall(r"\d+", behind)
            text = plain(comments[int(tokens[-1])]) if tokens else ""
            declaration = re.sub(r"@\d+@", "", declaration)
            first, *others = [declaration] if "(*" in declaration else declaration.split(",")
            yield Parameter(first), text
            for name in others:
                more = Parameter(first)
                more.name = name.strip()
                yield more, text


def ctype(header, p, field=False):
    """The ctypes expression of a declaration."""
    if p.function:
        return "CFUNCTYPE(" + ", ".join(ctype(header, one) for one in p.function) + ")"
    if p.base in header.callbacks:
        return p.base
    if p.base == "char" and p.stars == 1:
        return "c_char_p"
    if p.base in ("void", *header.handles):
        inner, stars = "c_void_p", p.stars - 1
        if stars < 0:
            return "None"
    else:
        inner, stars = ("c_int" if p.base in header.enums else SCALARS.get(p.base, p.base)), p.stars
        if p.base == "char":
            inner, stars = "c_char_p", stars - 1 if stars else 0
            inner = "c_char" if not p.stars else inner
    for _ in range(stars):
        inner = f"POINTER({inner})"
    if p.count is not None:
        return f"{inner} * {p.count}" if field else f"POINTER({inner})"
    return inner


def enum_class(name):
    return "".join(part.capitalize() for part in name[3:].split("_"))


def member_name(members, name):
    """OC_RESIZE_LINEAR of an enum all of whose names begin with OC_RESIZE_: LINEAR."""
    names = [one for one, _ in members]
    prefix = names[0]
    while not all(one.startswith(prefix) for one in names) or not prefix.endswith("_"):
        prefix = prefix[:-1]
    short = name[len(prefix):]
    return short if short[:1].isalpha() else name[3:]


def write_abi(header, out):
    out.append('"""The C interface for ctypes, made from the headers by generate.py: do not edit."""')
    out.append("from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_float, c_int, c_int32, c_int64,")
    out.append("                    c_size_t, c_uint32, c_uint64, c_void_p)")
    out.append("from enum import IntEnum\n")
    for name, members in header.enums.items():
        out.append(f"\nclass {enum_class(name)}(IntEnum):")
        out.extend(f"    {member_name(members, one)} = {value}" for one, value in members)
        out.append("")
    for name, parameters in header.callbacks.items():
        if all(one.base not in header.structs for one in parameters):
            out.append(f"\n{name} = CFUNCTYPE({', '.join(ctype(header, one) for one in parameters)})")
    for name in header.structs:
        out.append(f"\n\nclass {name}(Structure):\n    pass\n")
    for name, parameters in header.callbacks.items():
        if any(one.base in header.structs for one in parameters):
            out.append(f"\n{name} = CFUNCTYPE({', '.join(ctype(header, one) for one in parameters)})")
    for name, fields in header.structs.items():
        listed = ", ".join(f'("{p.name}", {ctype(header, p, True)})' for p, _ in fields)
        out.append(f"\n{name}._fields_ = [{listed}]")
    out.append("\nFUNCTIONS = {")
    for name, result, arguments, _ in header.functions:
        listed = ", ".join(ctype(header, one) for one in arguments)
        out.append(f'    "{name}": ({ctype(header, result)}, [{listed}]),')
    out.append("}")


class Method:
    """A Python method for a C function that adds to a graph."""

    def __init__(self, header, name, arguments, text, formulas):
        self.header, self.c_name, self.text = header, name, text or formulas.get(name, "")
        self.name = re.sub(r"^oc_(graph_)?", "", name)
        self.arguments = arguments[1:-1]
        self.required, self.keywords, self.calls, self.docs, self.outs, self.setup = [], [], [], [], [], []
        i = 0
        while i < len(self.arguments):
            following = self.arguments[i + 1] if i + 1 < len(self.arguments) else None
            i += self.argument(self.arguments[i], following)

    def argument(self, p, following):
        """Takes one C argument, or two where a number follows an array; says how many."""
        counted = following is not None and following.base == "size_t" and following.name == "count"
        if p.base == "oc_value" and p.stars == 2 and counted:
            self.add(p.name, "Sequence[Operand]", f"*self._values({p.name})")
        elif p.base == "oc_value" and p.stars == 2:
            self.keywords.append((p.name, "bool", "False"))
            self.calls.append(f"outs.want({p.name})")
            self.outs.append(p.name)
        elif p.base == "oc_value":
            optional = re.search(rf"\b{p.name}\b[^.]*?(may be NULL|, or NULL|; NULL|NULL:)", self.text) is not None
            hint, default = ("Optional[Operand]", "None") if optional else ("Operand", None)
            self.add(p.name, hint, f"self._operand({p.name}, {optional})", default)
        elif p.base in self.header.structs and p.base != "oc_shape":
            self.params(p)
        elif p.base == "oc_shape":
            self.add(p.name, "ShapeLike", f"self._shape({p.name})")
        elif p.base == "char":
            self.add(p.name, "str", f"{p.name}.encode()")
        elif p.base == "oc_dtype":
            self.add(p.name, "DTypeLike", f"dtype_number({p.name})")
        elif p.base in self.header.enums:
            self.add(p.name, f"Union[str, {enum_class(p.base)}]", f"enum_number({enum_class(p.base)}, {p.name})")
        elif p.stars or p.count is not None:
            kind = SCALARS[p.base]
            optional = "NULL" in self.text and p.name in ("perm", "output_padding")
            call = f"*numbers({kind}, {p.name}, counted=True)" if counted else f"numbers({kind}, {p.name})"
            self.add(p.name, "Optional[Sequence[int]]" if optional else "Sequence[int]", call, "None" if optional else None)
        else:
            kind = {"bool": "bool", "float": "float", "double": "float"}.get(p.base, "int")
            self.add(p.name, kind, f"whole({p.name}, {SCALARS[p.base]})" if kind == "int" else p.name)
        return 2 if counted and (p.stars or p.count is not None) else 1

    def add(self, name, hint, call, default=None):
        self.required.append((name, hint, default))
        self.calls.append(call)

    def params(self, p):
        prefix = "" if p.name in ("params", "axes") else p.name + "_"
        names = []
        for field, text in self.header.structs[p.base]:
            if field.name.endswith("_count") and names:
                continue  # of the array before it
            hint = {"bool": "bool", "float": "float", "double": "float"}.get(field.base, "int")
            if field.base == "oc_dtype":
                hint = "DTypeLike"
            elif field.base in self.header.enums:
                hint = f"Union[str, {enum_class(field.base)}]"
            if field.count is not None:
                hint = f"Union[{hint}, Sequence[{hint}]]"
            name = prefix + field.name + ("_" if keyword.iskeyword(prefix + field.name) else "")
            self.keywords.append((name, f"Optional[{hint}]", "None"))
            names.append(f"{name}={name}")
            self.docs.append(f":param {name}: {text}" if text else "")
        self.calls.append(f"make_params(_abi.{p.base}, {', '.join(names)})")

    def write(self, out):
        # A required argument behind an optional one: all behind the first optional one are by keyword, or have a default.
        names, seen = [], False
        late = [one for one in self.required if one[2] is None]
        for index, (name, hint, default) in enumerate(self.required):
            if default is None and seen:
                self.keywords.insert(0, (name, hint, None))
                continue
            behind = any(one in late for one in self.required[index + 1:])
            seen = seen or (default is not None and not behind)
            names.append(f"{name}: {hint}" + (f" = {default}" if default and not behind else ""))
        keywords = [f"{name}: {hint}" + (f" = {default}" if default else "") for name, hint, default in self.keywords]
        signature = ", ".join(["self"] + names + (["*"] + keywords if keywords else []))
        result = "Value" if not self.outs else "Any"  # a tuple where further results are asked for
        out.append(f"\n    def {self.name}({signature}) -> {result}:")
        text = "\n".join([self.text or self.c_name] + [one for one in self.docs if one])
        text = re.sub(r"\s*@param (\w+(?:, \w+)*)", r"\n:param \1:", text).replace("@return", "\n:return:").replace("NULL", "None")
        text = re.sub(r"\n+", "\n        ", text.strip().replace("\\", "\\\\").replace('"""', "'''"))
        out.append(f'        """{text}\n\n        C: {self.c_name}()."""')
        calls = ", ".join(self.calls)
        if self.outs:
            out.append("        outs = Outs()")
            out.append(f"        return outs.result(self, self._add(\"{self.c_name}\", {calls}))")
        else:
            out.append(f"        return self._add(\"{self.c_name}\", {calls})" if calls else f"        return self._add(\"{self.c_name}\")")


def formulas_of(include):
    """What the lists of elementwise functions say of each."""
    with open(f"{include}/ocelli/op/eltwise.h", encoding="utf-8") as file:
        return {f"oc_{name}": f"{text}, element by element." for name, text in re.findall(r'X\((\w+), "(.*?)"\)', file.read())}


def write_ops(header, include, out):
    out.append('"""The operators, made from the headers by generate.py: do not edit."""')
    out.append("from __future__ import annotations\n")
    out.append("from ctypes import c_int, c_int32, c_int64")
    out.append("from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple, Union\n")
    out.append("from . import _abi")
    out.append("from ._convert import DTypeLike, Outs, ShapeLike, dtype_number, enum_number, make_params, numbers, whole")
    used = sorted(enum_class(name) for name in header.enums)
    out.append(f"from ._abi import {', '.join(used)}\n")
    out.append("if TYPE_CHECKING:\n    from ._graph import Operand, Value\n\n")
    out.append("class Operators:")
    out.append('    """One method for each operator that the library has; names, and what they do, are those of the C headers."""\n')
    out.append("    __slots__ = ()")
    out.append("    if TYPE_CHECKING:")
    out.append("        def _add(self, function: str, *arguments: Any) -> Value: ...")
    out.append("        def _operand(self, value: Any, optional: bool) -> Any: ...")
    out.append("        def _values(self, values: Sequence[Any]) -> Tuple[Any, int]: ...")
    out.append("        def _shape(self, shape: ShapeLike) -> Any: ...")
    formulas = formulas_of(include)
    for name, result, arguments, text in header.functions:
        if result.base == "oc_value" and result.stars == 1 and name not in BY_HAND and arguments and arguments[0].base == "oc_graph":
            Method(header, name, arguments, text, formulas).write(out)


def main():
    include, what, output, *compiler = sys.argv[1:]
    header = Header(preprocess(include, compiler))
    out = ["# SPDX-License-Identifier: Apache-2.0"]
    if what == "abi":
        write_abi(header, out)
    else:
        write_ops(header, include, out)
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


main()
