"""FastAPI with prometheus-fastapi-instrumentator, as its documentation begins."""

from fastapi import FastAPI, HTTPException
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()
Instrumentator().instrument(app).expose(app)


@app.get("/items/{item}")
def item(item: int) -> dict[str, int]:
    """An item, if its number is even."""
    if item % 2:
        raise HTTPException(404)
    return {"item": item}
