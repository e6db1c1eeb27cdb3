# The gateway alone: production packages and sources, started by node itself, so that SIGTERM reaches it. BASE has the Node
# that package.json names, and npm; the gateway needs neither a shell, nor root, nor a file system that it can write to.
ARG BASE=node:26.10.0-slim

FROM ${BASE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Where a registry or an authority of your own is needed, its .npmrc is given as a secret, and stays out of the image.
RUN --mount=type=secret,id=npmrc NPM_CONFIG_USERCONFIG=/run/secrets/npmrc npm ci --omit=dev --ignore-scripts
# Types, and maps for debuggers: Node reads none of them.
RUN node --eval "for (const file of fs.globSync('node_modules/**/*.{map,d.ts,d.cts,d.mts}')) fs.rmSync(file, { recursive: true })"

FROM ${BASE}
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 NODE_COMPILE_CACHE=node_modules/.cache/compiled
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY src src
RUN install -d -o 10001 -g 10001 node_modules/.cache
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
# What Node makes of the sources, once for all starts: it is found by the same user, and with the same flags.
RUN ["node", "--max-semi-space-size=16", "--heap-growing-percent=35", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "src/main.ts", "--compile"]
ENV NODE_COMPILE_CACHE_READONLY=1
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "--eval", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT || 4000, path: '/health' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=16", "--heap-growing-percent=35", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "src/main.ts"]
