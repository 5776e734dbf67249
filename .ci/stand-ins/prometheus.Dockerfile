# Debian's Prometheus under the official image's name, for an engine that reaches no registry of images.
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends prometheus wget && mkdir -m 0777 /prometheus
VOLUME ["/prometheus"]
ENTRYPOINT ["prometheus"]
