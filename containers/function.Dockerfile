# One function's bundle and nothing else: docker build --file containers/function.Dockerfile --build-arg FUNCTION=seats .
ARG NODE_IMAGE=node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
FROM ${NODE_IMAGE}
ARG FUNCTION
WORKDIR /app
COPY dist/${FUNCTION}/ ./
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache
# Without its settings it loads everything, says what is missing and ends with 78 (EX_CONFIG): all there is to compile
# is in the cache then, which Node writes at a clean exit.
RUN node main.cjs >/dev/null 2>&1; [ $? -eq 78 ]
USER node
CMD ["node", "main.cjs"]
