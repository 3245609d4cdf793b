# album-sort in the browser: docs/guides/serve.md
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY . /source
# Without a graphics card the small build of torch is enough: --build-arg PIP_EXTRA_INDEX_URL=... names an index that has it.
ARG PIP_EXTRA_INDEX_URL
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir "/source[web]"

FROM python:3.13-slim
COPY --from=build /venv /venv
RUN useradd --system --no-create-home --uid 10001 album-sort && mkdir /cache /photos && chmod 1777 /cache
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 ALBUM_SORT_CACHE_DIR=/cache
USER 10001
VOLUME /cache
EXPOSE 8765
# The machine around the container is the network to it: who asks needs the token that is printed at the start.
ENTRYPOINT ["album-sort", "serve", "--host", "0.0.0.0", "--allow-network", "--offline"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8765/healthz', timeout=4)"]
