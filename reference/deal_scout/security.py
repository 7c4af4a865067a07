"""Who may use the seller routes."""

import hmac
from typing import Annotated

import structlog
from fastapi import Header, HTTPException, Request


async def seller(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    """Let a request pass that brings the bearer token, and name its user in all further records.

    Raises:
        HTTPException: 401, with the challenge that RFC 6750 asks for.
    """
    scheme, _, token = authorization.partition(" ")
    expected: str = request.app.state.settings.api_token
    # Compared in constant time, so that the answer's delay does not tell how much of a guess was right.
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), expected.encode()):
        raise HTTPException(401, "A bearer token is needed.", headers={"WWW-Authenticate": "Bearer"})
    user_id = "user_seller"
    structlog.contextvars.bind_contextvars(user_id=user_id)
    return user_id
