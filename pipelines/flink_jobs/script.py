"""SQL text: fill its parameters, split it into statements. Knows nothing of jobs or Flink."""

import re
from collections.abc import Mapping
from string import Template
from typing import Final

from pipelines.flink_jobs.errors import BadJob

# In this order: a comment or a quoted text hides what follows in it.
_TOKENS: Final = re.compile(
    r"""--[^\n]*          # comment to the end of the line
      | /\*.*?\*/         # comment between marks
      | '(?:[^']|'')*'    # text; a quote inside is doubled
      | `(?:[^`]|``)*`    # quoted name
      | ;""",
    re.VERBOSE | re.DOTALL,
)


def fill(text: str, parameters: Mapping[str, str], where: str) -> str:
    """Return the text with every `${name}` replaced; a literal dollar is `$$`.

    Raises BadJob naming `where` when the text has a parameter that is not given.
    """
    try:
        return Template(text).substitute(parameters)
    except KeyError as error:
        known = ", ".join(sorted(parameters))
        raise BadJob(
            f"{where}: parameter ${{{error.args[0]}}} is not defined; known: {known}."
        ) from error
    except ValueError as error:
        raise BadJob(f"{where}: {error}; write $$ for a literal dollar.") from error


def parameter_names(text: str) -> frozenset[str]:
    """Return the names of the parameters that stand in the text."""
    return frozenset(Template(text).get_identifiers())


def split(text: str) -> list[str]:
    """Return the statements of a script without comments, empty ones left out.

    A semicolon inside a text, a quoted name or a comment ends nothing.
    """
    statements, current, position = [], [], 0
    for token in _TOKENS.finditer(text):
        current.append(text[position : token.start()])
        position = token.end()
        if token[0] == ";":
            statements.append("".join(current))
            current = []
        elif not token[0].startswith(("--", "/*")):
            current.append(token[0])
    statements.append("".join([*current, text[position:]]))
    return [tidy for statement in statements if (tidy := _tidy(statement))]


def _tidy(statement: str) -> str:
    lines = (line.rstrip() for line in statement.strip().splitlines())
    return "\n".join(line for line in lines if line)
