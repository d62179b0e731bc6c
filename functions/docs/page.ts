/** An hour: a deployment replaces everything at once, and an older page with a newer script still works. */
export const CACHE_CONTROL = 'public, max-age=3600';

/**
 * What the page may load and do: its own scripts and styles, requests to its own origin, images of its own or within
 * its styles. Nothing inline: the renderer sets its styles through the object model, which needs no leave.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The documentation page: a shell in which the renderer draws the document; `#operations` is what it calls its list. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Countersign API</title>
<link rel="icon" href="/api/docs/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/api/docs/assets/swagger-ui.css">
<link rel="stylesheet" href="/api/docs/assets/docs.css">
<script src="/api/docs/assets/swagger-ui-bundle.js" defer></script>
<script src="/api/docs/assets/docs.js" defer></script>
</head>
<body>
<a class="skip" href="#operations">Skip to the operations</a>
<header class="bar">
<img src="/api/docs/assets/icon.svg" alt="" width="26" height="26">
<p class="brand">Countersign</p>
<nav aria-label="Documents"><a href="/console">Console</a> <a href="/api/openapi.json">OpenAPI document</a></nav>
</header>
<noscript><p class="note">A script draws this page. Without it: <a href="/api/openapi.json">the OpenAPI document</a>.</p></noscript>
<div id="swagger-ui"></div>
</body>
</html>
`;
