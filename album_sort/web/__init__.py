"""`album-sort serve`: the operations for programs and browsers. The only part that knows FastAPI, Starlette and uvicorn (extra `web`).

An adapter beside `cli/`: parse, call, answer. A server is reached by whatever a browser on this machine has open, so each request passes
`guard` before anything else looks at it (docs/concepts/serve-security.md).
"""
