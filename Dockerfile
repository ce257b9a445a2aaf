# Synaptoscope with its built-in datasets. The steps are the make targets that a checkout and the tests use.
#   docker build -t synaptoscope .
#   docker run --init -p 8050:8050 -v synaptoscope-data:/data synaptoscope
#   docker run --rm -v synaptoscope-data:/data -v "$PWD:/in:ro" synaptoscope \
#       python -m data_access import --id mine --synapses /in/synapses.parquet
FROM python:3.11-slim-bookworm

RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*

# The code belongs to root and is read only to the server; the server owns /data alone.
RUN useradd --create-home --uid 10001 synaptoscope \
    && install -d -o synaptoscope -g synaptoscope /data

WORKDIR /app
ENV PIP_NO_CACHE_DIR=1

# The packages are a layer of their own, kept until the pins change.
COPY Makefile requirements.txt ./
COPY scripts/ scripts/
RUN make venv

COPY . .

ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8050 \
    SYNAPTOSCOPE_DATA=/data

USER synaptoscope
RUN make data
VOLUME /data
EXPOSE 8050

# The first request of a worker compiles its numeric kernels.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-m", "scripts.healthcheck"]

# gunicorn.conf.py reads HOST, PORT and the settings; gunicorn itself receives the stop signal.
CMD ["python", "-m", "gunicorn", "app:server"]
