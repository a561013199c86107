# syntax=docker/dockerfile:1

# Makes the site of the documentation, which the wheel carries: as `make docs` does.
FROM python:3.11-slim-bookworm AS guide

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src
COPY requirements.lock requirements-build.lock requirements-dev.lock ./
RUN pip install --require-hashes --no-deps -r requirements-build.lock \
    && pip install --require-hashes --no-deps -r requirements-dev.lock

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY roadstead roadstead
COPY docs docs
RUN pip install --no-deps --no-build-isolation . \
    && python -m sphinx --builder html --fail-on-warning --quiet --doctree-dir /tmp/doctrees docs app/guide


# Builds an environment with the locked dependencies and the project itself.
FROM python:3.11-slim-bookworm AS builder

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src
RUN python -m venv --without-pip /opt/roadstead

COPY requirements.lock requirements-build.lock ./
RUN pip --python /opt/roadstead/bin/python install --require-hashes --no-deps -r requirements.lock \
    && pip install --require-hashes --no-deps -r requirements-build.lock

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
COPY roadstead roadstead
COPY --from=guide /src/app/guide app/guide
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/roadstead/bin/python install --no-deps --no-index dist/*.whl


# What runs: no compiler, no build tools, no root.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/roadstead --shell /usr/sbin/nologin roadstead

COPY --from=builder /opt/roadstead /opt/roadstead

# Without a URL of a PostgreSQL server the data is an SQLite file in the volume.
ENV PATH=/opt/roadstead/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ROADSTEAD_DATABASE_URL=sqlite:////var/lib/roadstead/roadstead.db

USER 10001
WORKDIR /var/lib/roadstead
VOLUME /var/lib/roadstead
EXPOSE 8000

# urlopen raises, and the check fails, on any status of 400 or more.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=3)"]

ENTRYPOINT ["roadstead"]
CMD ["serve", "--host", "0.0.0.0"]
