# The tags are exact, and the digests those that public Dockerfiles name for them; look a new pair up with
# `docker buildx imagetools inspect python:TAG`.
FROM python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb AS builder

# The same bytes from the same sources: one date in the wheel, and bytecode that does not hold its source's.
ENV SOURCE_DATE_EPOCH=1735689600 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_COMPILE=1
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]

# Dependencies first: they change less often than the code.
COPY requirements.lock requirements-build.lock /src/
RUN python -m venv /build \
    && /build/bin/pip install --require-hashes -r /src/requirements-build.lock \
    && python -m venv --without-pip /opt/gotracer-ci \
    && /build/bin/pip --python /opt/gotracer-ci/bin/python install --only-binary :all: \
        --require-hashes -r /src/requirements.lock

COPY . /src
# The kernel is optional for other installations. Here the build stops unless it is compiled.
RUN /build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels /src \
    && /build/bin/pip --python /opt/gotracer-ci/bin/python install --no-deps /wheels/*.whl \
    && /opt/gotracer-ci/bin/python -I -c 'from gotracer_ci.trace import kernel; assert kernel.is_compiled(), "not compiled"' \
    && find /opt/gotracer-ci -name __pycache__ -prune -exec rm -r {} + \
    && /opt/gotracer-ci/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/gotracer-ci/lib \
    && find /opt/gotracer-ci -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
# Neither USER nor WORKDIR: the runner needs root to reach the workspace, which it makes the working directory.
COPY --from=builder /opt/gotracer-ci /opt/gotracer-ci
RUN ["/opt/gotracer-ci/bin/gotracer-ci", "--version"]
ENTRYPOINT ["/opt/gotracer-ci/bin/gotracer-ci", "action"]
