# What the pipeline's steps run in: gcloud with the Firestore emulator and its Java, and Node with npm.
FROM node:24-slim AS node
FROM gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
  && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
