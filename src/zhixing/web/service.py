"""A fitted run as a web service: rows in as JSON, predictions out; it never waits for more than its limits allow.

    POST /predict       {"rows": [{"area": 80, "town": "Oslo"}, ...]} gives {"predictions": [{"prediction": ...}, ...]};
                        a row of a picture or a sound is {"picture": "iVBORw..."}, the file's bytes in base64
    GET /health         whether it answers, and how much it has answered
    GET /openapi.json   the contract, for programs
    GET /               the same for people, with an example

Requests that arrive together are answered together: one pass of the model for all of them.
"""

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zhixing import data
from zhixing.comparison import Run
from zhixing.core import BadData, Text, language
from zhixing.web.contract import contract, page

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READERS = 2
"""Requests that are read at once: a large picture takes much memory while it is decoded."""


@dataclass(frozen=True)
class Limits:
    """What one client may ask of the service."""

    bytes: int = 8_000_000
    """Of one request."""
    rows: int = 10_000
    """In one request."""
    waiting: int = 1_000
    """Requests that may wait; those above are told to come later."""
    seconds: float = 30.0
    """In which a request must have arrived."""

    @classmethod
    def of(cls, run: Run) -> "Limits":
        """Those that suit what a run takes: of files fewer, which are larger."""
        return cls(bytes=16_000_000, rows=256) if "file" in data.later_kinds(run.card).values() else cls()


class Refusal(Exception):
    """A request that is not answered, with the status and the one line that says why."""

    def __init__(self, status: int, text: Text):
        super().__init__(text.en)
        self.status, self.text = status, text


def service(
    run: Run, *, token: str | None = None, host: str = "127.0.0.1", limits: Limits | None = None
) -> "Starlette":
    """The service as an ASGI application.

    With a `token`, each request but for /health must carry it as `Authorization: Bearer TOKEN`. On a loopback `host`,
    only requests that name such a host are answered, so that no page in a browser can reach it by another name.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    bounds = limits or Limits.of(run)
    queue, readers = _Queue(run, bounds), asyncio.Semaphore(READERS)
    stated = contract(run, bounds)

    async def predict(request: "Request") -> "Response":
        rows = _rows(await _body(request, bounds), bounds)
        async with readers:
            features = await asyncio.to_thread(_features, run, rows)
        answers = await queue.ask(features)
        return JSONResponse({"predictions": _told(run, answers)})

    async def health(_: "Request") -> "Response":
        return JSONResponse({"status": "ok", "run": run.name, "answered": queue.answered, "waiting": queue.waiting})

    async def openapi(_: "Request") -> "Response":
        return JSONResponse(stated)

    async def people(_: "Request") -> "Response":
        return HTMLResponse(page(stated, language()))

    def guarded(handler: Callable[..., Any]) -> Callable[..., Any]:
        async def checked(request: "Request") -> "Response":
            try:
                if token is not None and not _carries(request, token):
                    raise Refusal(401, Text("the token is missing or wrong", "缺少令牌，或令牌不对"))
                found: Response = await handler(request)
            except Refusal as refusal:
                headers = {"Retry-After": "1"} if refusal.status == 503 else None
                return JSONResponse({"error": refusal.text[language()]}, refusal.status, headers)
            return found

        return checked

    @asynccontextmanager
    async def lifespan(_: "Starlette") -> AsyncIterator[None]:
        worker = asyncio.create_task(queue.work())
        yield
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker

    async def failed(_: "Request", error: Exception) -> "Response":
        status = getattr(error, "status_code", 500)
        return JSONResponse({"error": getattr(error, "detail", "the service failed at this request")}, status)

    return Starlette(
        routes=[
            Route("/predict", guarded(predict), methods=["POST"]),
            Route("/health", health),
            Route("/openapi.json", guarded(openapi)),
            Route("/", guarded(people)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))] if host in LOOPBACK else [],
        exception_handlers={404: failed, 405: failed, 500: failed},
        lifespan=lifespan,
    )


class _Queue:
    """Requests that wait, answered in their order, as many at once as the rows of one request may be."""

    def __init__(self, run: Run, limits: Limits):
        self._run, self._limits = run, limits
        self._waiting: asyncio.Queue[tuple[Any, asyncio.Future[np.ndarray]]] = asyncio.Queue()
        self.answered = 0
        """Rows so far."""

    @property
    def waiting(self) -> int:
        """Requests that are not yet begun."""
        return self._waiting.qsize()

    async def ask(self, features: Any) -> np.ndarray:
        """The answers to these rows; raises Refusal where too many wait, or the model fails on them."""
        if self.waiting >= self._limits.waiting:
            raise Refusal(503, Text("too many requests wait; ask again in a second", "排队的请求过多；请稍后再试"))
        answer: asyncio.Future[np.ndarray] = asyncio.get_running_loop().create_future()
        await self._waiting.put((features, answer))
        return await answer

    async def work(self) -> None:
        """Answers until it is cancelled."""
        while True:
            batch = [await self._waiting.get()]
            rows = len(batch[0][0])
            while not self._waiting.empty() and rows < self._limits.rows:
                batch.append(self._waiting.get_nowait())
                rows += len(batch[-1][0])
            asked = [(features, answer) for features, answer in batch if not answer.cancelled()]
            if asked:
                await self._answer(asked)

    async def _answer(self, asked: list[tuple[Any, "asyncio.Future[np.ndarray]"]]) -> None:
        try:
            together = await asyncio.to_thread(self._answers, [features for features, _ in asked])
        except Exception:  # whatever the model cannot do with these rows is theirs alone
            if len(asked) > 1:
                for one in asked:
                    await self._answer([one])
                return
            failure = Refusal(500, Text("the model failed on these rows", "模型处理这些行时出错"))
            asked[0][1].set_exception(failure)
            return
        for (features, answer), found in zip(asked, together, strict=True):
            self.answered += len(features)
            if not answer.cancelled():
                answer.set_result(found)

    def _answers(self, asked: list[Any]) -> list[np.ndarray]:
        import pandas

        if isinstance(asked[0], pandas.DataFrame):
            together: Any = pandas.concat(asked, ignore_index=True)
        elif isinstance(asked[0], np.ndarray):
            together = np.concatenate(asked)
        else:
            together = [item for some in asked for item in some]
        answers = self._run.answers_to(together)
        return np.split(answers, np.cumsum([len(features) for features in asked])[:-1])


def _carries(request: "Request", token: str) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())


async def _body(request: "Request", limits: Limits) -> bytes:
    too_large = Refusal(
        413, Text(f"a request has at most {limits.bytes:,} bytes", f"一次请求最多 {limits.bytes:,} 字节")
    )
    if (stated := request.headers.get("content-length", "0")).isdigit() and int(stated) > limits.bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.stream():
                body += part
                if len(body) > limits.bytes:
                    raise too_large
    except TimeoutError:
        raise Refusal(408, Text("the request took too long to arrive", "请求到达得太慢")) from None
    return bytes(body)


def _rows(body: bytes, limits: Limits) -> list[Mapping[str, Any]]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    try:
        found = json.loads(body.decode(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = str(error)[:80]
        raise Refusal(
            400, Text(f"the body is no JSON in UTF-8 ({reason})", f"请求体不是 UTF-8 的 JSON（{reason}）")
        ) from None
    rows = found.get("rows") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(
            422,
            Text('the body must look like {"rows": [{"column": value}]}', '请求体应形如 {"rows": [{"列名": 值}]}'),
        )
    if len(rows) > limits.rows:
        raise Refusal(413, Text(f"a request has at most {limits.rows:,} rows", f"一次请求最多 {limits.rows:,} 行"))
    if any(isinstance(value, list | dict) for row in rows for value in row.values()):
        raise Refusal(422, Text("a cell is one value, not a list or an object", "一个单元格是单个值，不能是列表或对象"))
    return rows


def _features(run: Run, rows: list[Mapping[str, Any]]) -> Any:
    """The rows as the run reads them; a column that only some rows have is missing in the others."""
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    for name, kind in data.later_kinds(run.card).items():
        if kind == "file" and name in columns:
            columns[name] = [_content(name, number, cell) for number, cell in enumerate(columns[name], start=1)]
    try:
        return data.later_values(run.card, columns)
    except BadData as error:
        raise Refusal(422, error.message) from None


def _content(column: str, number: int, cell: Any) -> bytes:
    """The bytes that a cell holds in base64."""
    try:
        return base64.b64decode(cell, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Refusal(
            422,
            Text(
                f"row {number}: {column!r} is no base64; send the bytes of the file written so",
                f"第 {number} 行：{column!r} 不是 base64；请把文件的字节编码成 base64 再发送",
            ),
        ) from None


def _told(run: Run, answers: np.ndarray) -> list[dict[str, Any]]:
    """What `zhixing predict` would write of each row."""
    told = run.told(answers)
    if "prediction" not in told:
        return [{str(name): cell for name, cell in row.items()} for row in told.to_dict("records")]
    predictions, shares = told.pop("prediction").tolist(), told.to_numpy().tolist()
    if told.empty:
        return [{"prediction": prediction} for prediction in predictions]
    return [
        {"prediction": prediction, "probabilities": dict(zip(run.classes, row, strict=True))}
        for prediction, row in zip(predictions, shares, strict=True)
    ]
