# SPDX-License-Identifier: Apache-2.0
# The whole program in a container:  docker build -t emfbench . && docker run -v "$PWD/store:/store" emfbench run quick
# The first stage builds and packs; the second holds the bundle and LibTorch alone.
FROM debian:12-slim AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# The wrapper installs what the build needs; git names the commit in provenance.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git npm python3 python3-venv \
  && rm -rf /var/lib/apt/lists/*
COPY . /emfbench
WORKDIR /emfbench
RUN ./emfbench setup && ./emfbench bundle --out /opt/emfbench

FROM debian:12-slim
COPY --from=build /opt/emfbench /opt/emfbench
# The launcher looks for LibTorch in the bundle first.
COPY --from=build /emfbench/.deps/venv/lib/python3.11/site-packages/torch /opt/emfbench/torch
COPY --from=build /emfbench/.deps/weights /opt/emfbench/share/emfbench/.deps/weights
RUN useradd --create-home --uid 1000 user && install -d -o 1000 /store
ENV EMFBENCH_STORE=/store
USER 1000
WORKDIR /store
ENTRYPOINT ["/opt/emfbench/emfbench"]
CMD ["help"]
