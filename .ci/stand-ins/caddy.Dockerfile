# Debian's Caddy under the official image's name, for an engine that reaches no registry of images. Its volumes and the right
# that its program is marked with are the official image's, because they decide whether it starts as nobody.
FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -q -y --no-install-recommends caddy libcap2-bin wget \
    && setcap cap_net_bind_service=+ep /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
VOLUME ["/config", "/data"]
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
