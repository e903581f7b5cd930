# syntax=docker/dockerfile:1

FROM rust:1.94-slim-bookworm AS build
WORKDIR /source
COPY . .
# What Cargo downloads and compiles is kept between builds, and left out of the image; so the program is taken out of it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --release --package family-plan-server --bin family-plan \
    && install -D --mode=755 target/release/family-plan /image/usr/local/bin/family-plan \
    && install -d --mode=750 /image/var/lib/family-plan

# libc, certificates of authorities, and nothing else: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="family-plan" \
      org.opencontainers.image.description="Shares one subscription with a few people, through invites that a Zammad helpdesk mints" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/usr /usr
# The only place that is written to, and only where the database is a SQLite file: mount a volume there.
COPY --from=build --chown=65532:65532 /image/var/lib/family-plan /var/lib/family-plan
# A number: Kubernetes cannot tell of a name that it is not root.
USER 65532:65532
# Where SQLite sorts what is too large for memory, when there is no other place.
WORKDIR /var/lib/family-plan
ENV FAMILY_PLAN__SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
# Requests that came before are answered; give it 40 seconds before it is killed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/usr/local/bin/family-plan", "health"]
ENTRYPOINT ["/usr/local/bin/family-plan"]
CMD ["serve"]
