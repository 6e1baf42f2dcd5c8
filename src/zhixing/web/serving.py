"""The server process: where it listens, and what it asks of those outside this machine."""

import secrets
import socket
from collections.abc import Callable

from zhixing.comparison import Run
from zhixing.core import BadSetting, MissingPackage, Text
from zhixing.web.service import LOOPBACK, service


def serve(
    run: Run,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    ready: Callable[[str, str | None], None] = lambda address, token: None,
) -> None:
    """Answers at http://HOST:PORT until Ctrl-C; calls `ready` with the address and the token that is asked for.

    Beyond loopback a token is asked for: the given one, or else a new one. Port 0 takes any that is free. Raises BadSetting
    where nobody can listen there, MissingPackage without the extra `serve`.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingPackage(
            Text(
                "serving takes two packages more: pip install 'zhixing[serve]'",
                "提供服务还需要两个包：pip install 'zhixing[serve]'",
            )
        ) from None
    if host not in LOOPBACK and token is None:
        token = secrets.token_urlsafe(24)
    _ = run.learner  # a damaged run is told before anybody waits for it
    if not 0 <= port <= 65_535:
        raise BadSetting(Text(f"a port is 0 to 65535, not {port}", f"端口应为 0 到 65535，而不是 {port}"))
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadSetting(
            Text(
                f"cannot listen at {host}:{port} ({reason}); --port 0 takes any that is free",
                f"无法在 {host}:{port} 监听（{reason}）；--port 0 会自动选一个空闲端口",
            )
        ) from None
    with listening:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            service(run, token=token, host=host), log_level="error", access_log=False, server_header=False,
            limit_concurrency=2048, timeout_keep_alive=5, h11_max_incomplete_event_size=32_768,
        )  # fmt: skip
        ready(address, token)
        uvicorn.Server(config).run(sockets=[listening])
