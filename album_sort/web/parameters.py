"""The parameters that an address takes: one that it does not know is told, not passed over, since it was meant to do something."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute

from album_sort.web.refusals import Refused

EVERYWHERE = frozenset({"lang", "token"})
"""Read at the door, whatever the address."""

_MOST_LETTERS = 80


async def refuse_unknown(request: Request) -> None:
    """Raises `Refused` for a query parameter that the address does not take, with what it takes."""
    route = request.scope.get("route")
    taken = {field.alias for field in route.dependant.query_params} if isinstance(route, APIRoute) else set()
    for name, value in request.query_params.multi_items():
        if name not in taken | EVERYWHERE:
            said = f"{name}={value}" if value else name
            known = ", ".join(sorted(taken | (EVERYWHERE - {"token"})))
            raise Refused(400, "unknown", {"said": said[:_MOST_LETTERS], "known": known})
