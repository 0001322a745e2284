# syntax=docker/dockerfile:1
# The image: leash alone, on a base without a shell, as a user without a name.
#
#   docker build -t leash .
#   docker run --rm -p 127.0.0.1:11211:11211 leash --server m0:11211 --server m1:11211
#   docker run --rm -p 127.0.0.1:11211:11211 -v "$PWD/conf:/etc/leash:ro" -e LEASH_CONFIG=/etc/leash/leash.yaml leash
#
# The builder and the base are of one Debian release, so that the binary finds the C library it was linked with.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# The allocator is built with it; which version of make does not matter.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY benches benches
COPY tests/support tests/support
COPY src src
COPY docs/reference/configuration.md docs/reference/configuration.md
# On ARM there are machines with pages of 64 KiB, which the allocator must know of when it is built.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    if [ "$(uname -m)" = aarch64 ]; then export JEMALLOC_SYS_WITH_LG_PAGE=16; fi && \
    cargo build --release --locked --bin leash && cp target/release/leash /leash

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="leash" \
      org.opencontainers.image.description="A memcached sidecar" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /leash /usr/local/bin/leash
# By number: Kubernetes' runAsNonRoot cannot tell a name from root.
USER 65532:65532
# In a container loopback is the container's own: nobody else would reach leash there. Which of the host's addresses leads here,
# if any, -p says. Set to nothing, it leaves that to `listen` of a file. Metrics and admin pages stay on loopback, where the
# HEALTHCHECK asks, until LEASH_ADMIN=0.0.0.0:11291 lets others in.
ENV LEASH_LISTEN=0.0.0.0:11211
# memcached's protocol, and metrics and admin pages
EXPOSE 11211 11291
# Asks /livez of the admin address. Kubernetes goes by its own probes instead.
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["/usr/local/bin/leash", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/leash"]
