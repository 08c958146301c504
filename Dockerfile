# syntax=docker/dockerfile:1

# Everything that runs is one file, dist/main.js: the second stage needs neither npm nor node_modules.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="calendar-operator" \
      org.opencontainers.image.description="Connects people's Google calendars to what runs in a Kubernetes cluster" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
# package.json says that main.js is an ES module.
COPY --from=build /src/dist/main.js /src/dist/LICENCES.txt /src/package.json /src/LICENSE ./
USER 65532:65532
EXPOSE 8081
ENTRYPOINT ["node", "/app/main.js"]
CMD ["run"]
