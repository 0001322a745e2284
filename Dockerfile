# syntax=docker/dockerfile:1
# The image: leash alone, on a base without a shell, as a user without a name.
#
#   docker build -t leash .
#   docker run -p 11211:11211 leash --listen 0.0.0.0:11211 --server m0:11211
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
COPY docs/reference/configuration.md docs/reference/
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin leash && cp target/release/leash /leash

FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="leash" \
      org.opencontainers.image.description="A memcached sidecar" \
      org.opencontainers.image.source="https://github.com/leash-cache/leash" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /leash /usr/local/bin/leash
# By number: Kubernetes' runAsNonRoot cannot tell a name from root.
USER 65532:65532
# memcached's protocol, and metrics and admin pages
EXPOSE 11211 11291
# Asks /livez of the admin address. Kubernetes goes by its own probes instead.
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["/usr/local/bin/leash", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/leash"]
