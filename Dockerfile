# Tags are exact and pinned by digest. To update, run `docker buildx imagetools inspect python:TAG`.
FROM python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb AS builder

# Reproducible build: a fixed date in the wheel, and bytecode without the source's modification time.
ENV SOURCE_DATE_EPOCH=1735689600 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_COMPILE=1
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# Install dependencies first: they change less often than the code.
COPY requirements.lock requirements-build.lock /src/
RUN python -m venv /build \
    && /build/bin/pip install --require-hashes -r /src/requirements-build.lock \
    && python -m venv --without-pip /opt/gotracer-ci \
    && /build/bin/pip --python /opt/gotracer-ci/bin/python install --only-binary :all: \
        --require-hashes -r /src/requirements.lock

COPY . /src
# Elsewhere the compiled kernel is optional. Here the build fails without it.
RUN /build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels /src \
    && /build/bin/pip --python /opt/gotracer-ci/bin/python install --no-deps /wheels/*.whl \
    && /opt/gotracer-ci/bin/python -I -c 'from gotracer_ci.trace import kernel; assert kernel.is_compiled(), "not compiled"' \
    && find /opt/gotracer-ci -name __pycache__ -prune -exec rm -r {} + \
    && /opt/gotracer-ci/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/gotracer-ci/lib \
    && /opt/gotracer-ci/bin/python -I -c "from gotracer_ci.report import templates; templates.compile_all()" \
    && find /opt/gotracer-ci -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
# No USER and no WORKDIR: the runner needs root to access the workspace, and sets the working directory.
COPY --from=builder /opt/gotracer-ci /opt/gotracer-ci
RUN ["/opt/gotracer-ci/bin/gotracer-ci", "--version"]
ENTRYPOINT ["/opt/gotracer-ci/bin/gotracer-ci", "action"]
