# Safe Placement, one image for every process of an installation: `placement worker`, `api`, `migrate`, `schedule`, `codec`.
# Build: docker build --tag safe-placement:0.1.0 .

FROM node:22.21.1-bookworm-slim AS pages
WORKDIR /pages
COPY package.json package-lock.json ./
# Style sheets and scripts are served as they come: nothing is built, and no package runs a script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
COPY requirements.lock ./
# What builds the package stays in this stage. The lock holds the exact versions of everything, tests' tools too;
# as a constraint it fixes the versions of what the package itself asks for, and of nothing more.
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --constraint requirements.lock hatchling editables \
    && python -m venv --without-pip /opt/placement
COPY pyproject.toml README.md LICENSE ./
COPY procedures procedures
COPY models models
COPY adapters adapters
COPY activities activities
COPY workflows workflows
COPY api api
COPY workers workers
COPY migrations migrations
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/placement/bin/python install --no-cache-dir --only-binary :all: \
        --constraint requirements.lock /wheels/*.whl

FROM python:3.11.14-slim-bookworm
# Nothing that builds or installs is left at run time, and nobody is root.
RUN pip uninstall --yes --root-user-action=ignore setuptools wheel pip \
    && groupadd --gid 10001 placement \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/placement --shell /usr/sbin/nologin placement \
    && install --directory --mode=0700 --owner=placement --group=placement /var/lib/placement
COPY --from=build /opt/placement /opt/placement
COPY --from=pages /pages/node_modules /opt/placement/node_modules
ENV PATH=/opt/placement/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PLACEMENT_MODE=production \
    PLACEMENT_HOME=/var/lib/placement
USER 10001:10001
WORKDIR /var/lib/placement
VOLUME /var/lib/placement
ENTRYPOINT ["placement"]
CMD ["--help"]
