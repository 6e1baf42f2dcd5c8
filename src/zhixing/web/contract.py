"""What a served run takes and gives, for programs (OpenAPI 3.1) and for people (a page without outside files)."""

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from zhixing import data
from zhixing.comparison import Run
from zhixing.core import Language, Text

if TYPE_CHECKING:
    from zhixing.web.service import Limits

_TYPES: Mapping[str, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "truth": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "examples": ["2024-02-01"]},
    "words": {"type": ["string", "null"]},
    "file": {"type": ["string"], "contentEncoding": "base64"},
}
_EXAMPLES: Mapping[str, Any] = {
    "number": 1.5,
    "truth": True,
    "date": "2024-02-01",
    "words": "...",
    "picture": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==",
    "sound": "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQQAAAAAAAAA",
}
"""By kind, of a file by its column: a black point, and a quarter of a millisecond of silence."""


def contract(run: Run, limits: "Limits") -> dict[str, Any]:
    """The OpenAPI description of the service of this run."""
    kinds = data.later_kinds(run.card)
    columns = {name: _TYPES[kind] for name, kind in kinds.items()}
    example = {name: _EXAMPLES[name if kind == "file" else kind] for name, kind in kinds.items()}
    row = {"type": "object", "properties": columns, "required": list(columns)}
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": limits.rows}
    probabilities = {"type": "object", "properties": {name: {"type": "number"} for name in run.classes}}
    prediction = {"type": "string", "enum": list(run.classes)} if run.classes else {"type": "number"}
    told = {"prediction": prediction, **({"probabilities": probabilities} if run.classes else {})}
    if run.card["kind"] == "tags":  # one for each token, a blank between
        told = {"prediction": {"type": "string", "examples": [" ".join(run.classes)]}}
    elif run.card["kind"] == "labels":  # those that apply, a semicolon between
        told |= {"prediction": {"type": "string", "examples": [";".join(run.classes)]}}
    elif run.card.get("task") == "reduction":
        told = {"axis 1": {"type": "number"}, "axis 2": {"type": "number"}}
    asked = {"type": "object", "required": ["rows"], "properties": {"rows": rows}}
    given = _object({"predictions": {"type": "array", "items": _object(told)}})
    refusals = {
        "400": "no JSON", "401": "the token is missing or wrong", "408": "too slow", "413": "too large",
        "422": "a column is missing, a row is no object, or a file cannot be read", "503": "too many requests wait",
    }  # fmt: skip
    answers = {"200": {"description": "one prediction for each row, in their order", "content": _json(given)}}
    answers |= {
        code: {"description": why, "content": _json(_object({"error": {"type": "string"}}))}
        for code, why in refusals.items()
    }
    state = {"status": {"type": "string"}, "run": {"type": "string"}, "answered": {"type": "integer"}}
    healthy = {
        "200": {"description": "it answers", "content": _json(_object({**state, "waiting": {"type": "integer"}}))}
    }
    body = {"required": True, "content": {"application/json": {"schema": asked, "example": {"rows": [example]}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Zhixing run {run.name}", "version": run.result.digest, "description": run.result.study},
        "paths": {
            "/predict": {"post": {"summary": "Foretell rows", "requestBody": body, "responses": answers}},
            "/health": {"get": {"summary": "Does it answer?", "responses": healthy}},
        },
    }


def page(stated: Mapping[str, Any], lang: Language) -> str:
    """The contract as one HTML page."""
    asked = stated["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    columns = asked["schema"]["properties"]["rows"]["items"]["properties"]
    example = json.dumps(asked["example"], ensure_ascii=False, indent=1)
    words = {
        "lead": Text("Send rows, get predictions; no row is kept.", "发送若干行，得到预测；不保留任何数据。"),
        "columns": Text("Columns of a row", "每行的列"),
        "example": Text("An example", "示例"),
        "more": Text("The whole contract for programs:", "供程序使用的完整约定："),
    }
    listed = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(_kind(kind))}</td></tr>" for name, kind in columns.items()
    )
    command = f"curl -X POST http://127.0.0.1:8000/predict -H 'Content-Type: application/json' -d '{example}'"
    return f"""<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(stated["info"]["title"])}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 44rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow-x: auto; padding: 1rem; border: 1px solid #8884; border-radius: 6px }}
td {{ padding: 0.1rem 1.5rem 0.1rem 0 }}
</style></head><body>
<h1>{escape(stated["info"]["title"])}</h1>
<p>{words["lead"][lang]}</p>
<h2>POST /predict</h2>
<h3>{words["columns"][lang]}</h3><table>{listed}</table>
<h3>{words["example"][lang]}</h3><pre>{escape(command)}</pre>
<p>{words["more"][lang]} <a href="/openapi.json">/openapi.json</a></p>
</body></html>"""


def _kind(stated: Mapping[str, Any]) -> str:
    return " / ".join(stated["type"]) + (f" ({stated['contentEncoding']})" if "contentEncoding" in stated else "")


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties)}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": dict(schema)}}
