# syntax=docker/dockerfile:1

# Both bases are named here and nowhere else. A release pins them: --build-arg BASE_IMAGE=…@sha256:… (docs/image.md).
ARG BUILD_IMAGE=node:24-trixie-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# What comes out of this stage is JavaScript and text, the same for every platform.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/npm-cache npm ci --cache /npm-cache --no-audit --no-fund
COPY . .
# Seconds since 1970, for the times of all files: two builds then make the same layer.
ARG SOURCE_DATE_EPOCH=0
RUN npm run build && node scripts/image-files.mjs /image

# Node and the libraries that it needs: no shell, no npm, no package manager.
FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="calendar-operator" \
      org.opencontainers.image.description="Connects people's Google calendars to what runs in a Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
# glibc gives every thread of V8 an arena of its own and returns little of them (docs/decisions/0283-one-arena-for-malloc.md).
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
COPY --from=build /image/ /
USER 65532:65532
# The sign-in pages; /metrics, /healthz and /readyz.
EXPOSE 8080 8081
# Without this, the young generation of Node 24 grows to several times its size (docs/decisions/0152-keeping-the-heap-small.md).
ENTRYPOINT ["/nodejs/bin/node", "--max-semi-space-size=8", "/app/main.js"]
CMD ["run"]
