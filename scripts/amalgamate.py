#!/usr/bin/env python3
# The whole core as one file: plimsoll.c and plimsoll.h, from src/ and include/.
#   amalgamate.py DIR [--names]     --names: also say which names were in use twice, and what became of them
#
# Layers in order; each header once, before the first file that includes it (one without a guard each time). What the
# library hides from the linker is static here. A name that two files use at file scope is prefixed with the folder and
# the file; macros of a file end with it. Same input, same octets.
# Leaves out: C++ (only plimsoll.h is C++ too).

import pathlib
import re
import sys

LAYERS = "base mem wire net udp tcp sock stack".split()
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<directive>^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<name>[A-Za-z_]\w*)|(?P<space>\s+)
    |(?P<number>\.?\d[\w.]*)|(?P<other>->|\.\.\.|.)""",
    re.S | re.M | re.X,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<plim/plim\.h>)[^\n]*\n', re.M)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.M)
UNDEF = re.compile(r"^[ \t]*#[ \t]*undef[ \t]+(\w+)", re.M)
OPEN, CLOSE = "([{", ")]}"


def fail(text):
    sys.exit(f"amalgamate: {text}")


def drop_cpp(text):
    """Without what is for C++ only."""
    return re.sub(r"^#ifdef __cplusplus\n(?:(?!#endif|#else).*\n)*(?:#else\n((?:(?!#endif).*\n)*))?#endif\n",
                  lambda m: m.group(1) or "", text, flags=re.M)


def tokens(text):
    """[kind, text] of every token, in order."""
    return [[m.lastgroup, m.group()] for m in TOKEN.finditer(text)]


def declarations(toks):
    """
    Runs of indices at file scope, one for each declaration or definition. A group in brackets stands in the run as
    the index of its opening bracket; its inside is in groups[index].
    """
    runs, run, stack, groups = [], [], [], {}
    for i, (kind, text) in enumerate(toks):
        if kind in ("comment", "space", "directive"):
            continue
        if stack:
            groups[stack[0]].append(i)
        if kind == "other" and text in OPEN:
            if not stack:
                run.append(i)
                groups[i] = []
            stack.append(i)
        elif kind == "other" and text in CLOSE:
            if not stack or OPEN.index(toks[stack[-1]][1]) != CLOSE.index(text):
                fail("brackets do not match; is there an #if around half of a block?")
            stack.pop()
            if not stack and text == "}" and is_function(toks, run[:-1]):
                runs.append(run)
                run = []
        elif not stack:
            run.append(i)
            if text == ";":
                runs.append(run)
                run = []
    if run or stack:
        fail("a declaration does not end")
    return runs, groups


def without_attributes(toks, run):
    out, skip = [], False
    for i in run:
        if toks[i][1] in ("__attribute__", "_Static_assert"):
            skip = True
        elif skip and toks[i][1] == "(":
            skip = False
        else:
            out.append(i)
    return out


def is_function(toks, run):
    run = without_attributes(toks, run)
    texts = [toks[i][1] for i in run]
    return "(" in texts and "=" not in texts and "typedef" not in texts


def names_of(toks, run, groups):
    """What a declaration brings into the file's scope: [name, is it a function or an object?]."""
    found = []
    run = without_attributes(toks, run)
    texts = [toks[i][1] for i in run]
    for k in range(len(run) - 1):
        if texts[k] in ("struct", "union", "enum"):
            at = k + 1
            if toks[run[at]][0] == "name":
                if at + 1 < len(run) and texts[at + 1] == "{":
                    found.append([texts[at], False])
                at += 1
            if texts[k] == "enum" and at < len(run) and texts[at] == "{":
                found += [[n, False] for n in enumerators(toks, groups[run[at]])]
    if is_function(toks, run):
        found.append([texts[texts.index("(") - 1], True])
    elif "(" in texts and "typedef" in texts:
        inside = [toks[i][1] for i in groups[run[texts.index("(")]] if toks[i][0] == "name"]
        found.append([inside[0] if "*" in [toks[i][1] for i in groups[run[texts.index("(")]]] else
                      texts[texts.index("(") - 1], False])
    else:
        end = next((k for k, t in enumerate(texts) if t in ("=", "[", ";")), len(texts))
        if end > 0 and toks[run[end - 1]][0] == "name" and end > 1 and texts[end - 2] not in ("struct", "union", "enum"):
            found.append([texts[end - 1], "typedef" not in texts])
    return found


def enumerators(toks, inside):
    depth, fresh, out = 0, True, []
    for i in inside:
        kind, text = toks[i]
        if kind == "name" and fresh and depth == 0:
            out.append(text)
        depth += text in OPEN and kind == "other"
        depth -= text in CLOSE and kind == "other"
        fresh = depth == 0 and (text == "," or (fresh and kind == "directive"))
    return out


class Unit:
    """A file with its text, its names at file scope, and the headers it asks for."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.toks = tokens(text)
        self.runs, self.groups = declarations(self.toks)
        self.names = {}
        for run in self.runs:
            self.names.update(names_of(self.toks, run, self.groups))
        self.macros = sorted(set(DEFINE.findall(text)) - set(UNDEF.findall(text)))  # those that outlive the file

    def make_local(self):
        """What is ours (pl_...) becomes static: in prototypes, and in objects with their definitions."""
        for run in self.runs:
            texts = [self.toks[i][1] for i in run]
            mine = [n for n, thing in names_of(self.toks, run, self.groups) if thing and n.startswith("pl_")]
            if not mine:
                continue
            if "static" in texts:
                if self.path.endswith(".h"):
                    self.toks[run[0]][1] = "__attribute__((unused)) " + self.toks[run[0]][1]
                continue
            if is_function(self.toks, run) and texts[-1] != ";":
                continue  # the prototype said it
            if texts[0] == "extern":
                self.toks[run[0]][1] = "PL_LOCAL"
            else:
                self.toks[run[0]][1] = "PL_LOCAL " + self.toks[run[0]][1]

    def rename(self, names):
        before = ""
        for t in self.toks:
            if t[0] == "name" and t[1] in names and before not in (".", "->"):
                t[1] = names[t[1]]
            elif t[0] == "directive":
                t[1] = re.sub(r"(?<![.>\w])[A-Za-z_]\w*", lambda m: names.get(m.group(), m.group()), t[1])
            if t[0] not in ("space", "comment"):
                before = t[1]

    def emit(self):
        body = "".join(t[1] for t in self.toks)
        body = re.sub(r"\A/\* SPDX-[^\n]*\n", "", body)
        undefs = "".join(f"#undef {m}\n" for m in self.macros) if self.path.endswith(".c") else ""
        return f"\n/* ======== {self.path} ======== */\n{body}{undefs}"


class Amalgamation:
    def __init__(self, top):
        self.top = top
        self.units = []
        self.seen = set()
        for layer in LAYERS:
            for path in sorted((top / "src" / layer).glob("*.c")):
                self.add(path)

    def add(self, path):
        """The headers of a file, and then the file. Returns nothing; an unguarded header becomes part of the file."""
        text = drop_cpp(path.read_text())

        def include(m):
            if m.group(1) is None:
                return ""
            header = self.top / "src" / m.group(1)
            if not header.is_file():
                fail(f"{path}: \"{m.group(1)}\" is not in src/")
            body = header.read_text()
            if not re.search(r"^#ifndef PL_\w+_H$", body, re.M):
                return re.sub(r"\A/\* SPDX-[^\n]*\n", "", INCLUDE.sub(include, drop_cpp(body)))
            if header not in self.seen:
                self.seen.add(header)
                self.add(header)
            return ""

        text = INCLUDE.sub(include, text)
        self.units.append(Unit(str(path.relative_to(self.top)), text))

    def collisions(self):
        """name -> units that have it at file scope, where there are several."""
        where = {}
        for u in self.units:
            for n in u.names:
                if not n.startswith(("pl_", "plim_", "PL_", "PLIM_")):
                    where.setdefault(n, []).append(u)
        macros = {m for u in self.units if u.path.endswith(".h") for m in u.macros}
        for u in self.units:
            if u.path.endswith(".c"):
                bad = sorted(macros & (set(u.names) | set(u.macros)))
                if bad:
                    fail(f"{u.path}: {', '.join(bad)}: a header defines a macro of that name")
        return {n: us for n, us in sorted(where.items()) if len(us) > 1}

    def separate(self):
        """Rename what collides. Returns [path, old, new]."""
        plan = {}
        for n, us in self.collisions().items():
            for u in us:
                if u.path.endswith(".h"):
                    fail(f"{u.path}: '{n}' at file scope is also used by {us[0].path}")
                plan.setdefault(u.path, {})[n] = "_".join(u.path[len("src/"):-2].split("/")) + "_" + n
        for u in self.units:
            u.make_local()
            u.rename(plan.get(u.path, {}))
        return [[p, old, new] for p, names in sorted(plan.items()) for old, new in sorted(names.items())]


def preface(top, what):
    version = re.search(r"version: '([^']+)'", (top / "meson.build").read_text()).group(1)
    licence = "".join(f" *{' ' + line if line else ''}\n" for line in (top / "LICENSE").read_text().splitlines())
    return f"/* SPDX-License-Identifier: ISC */\n/*\n * Plimsoll {version}: {what}\n *\n{licence} */\n"


HOW = """/*
 * The whole core as one file, made by scripts/amalgamate.py: change the files it is made of instead.
 *
 *   cc -O2 -fno-strict-aliasing -c plimsoll.c      and include "plimsoll.h"
 *
 * It needs memcpy, memmove, memset and memcmp, nothing else, and exports plim_... only.
 */
#include "plimsoll.h"

/* Functions that share a signature do not all use every parameter; a member not named in an initializer is zero. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define PL_LOCAL static __attribute__((unused))
"""


def main():
    args = [a for a in sys.argv[1:] if a != "--names"]
    if len(args) != 1:
        print("usage: amalgamate.py DIR [--names]", file=sys.stderr)
        sys.exit(2)
    top = pathlib.Path(__file__).resolve().parent.parent
    out = pathlib.Path(args[0])
    out.mkdir(parents=True, exist_ok=True)
    a = Amalgamation(top)
    renamed = a.separate()
    if "--names" in sys.argv:
        for path, old, new in renamed:
            print(f"{path}: {old} -> {new}")
    header = (top / "include/plim/plim.h").read_text()
    header = re.sub(r"\A/\* SPDX-[^\n]*\n", "", header)
    (out / "plimsoll.h").write_text(preface(top, "what users see.") + header)
    body = "".join(u.emit() for u in a.units)
    (out / "plimsoll.c").write_text(preface(top, "a TCP/IP stack whose whole memory stays under one number.") + HOW +
                                    body + "\n#undef PL_LOCAL\n#pragma GCC diagnostic pop\n")


main()
