import type { AppManifest } from './app-files.ts';

/** What the settings say about the page. */
export interface PageSettings {
  /** Ways to sign in: `google`, `github`, `password`. */
  readonly providers: readonly string[];
  readonly portal: PortalSettings;
}

/** How the portal looks, and where it may be shown. */
export interface PortalSettings {
  /** Origins of the pages that may show it in a frame. */
  readonly frameAncestors: readonly string[];
  /** `#rrggbb`; undefined for the console's own. */
  readonly accent: string | undefined;
  /** HTTPS address of an image. */
  readonly logo: string | undefined;
}

/**
 * What the page may load and do: scripts and styles of its own, requests to its own origin, images of its own. Nothing
 * inline, no HTML from a text (`require-trusted-types-for`), no form that is sent anywhere, no frame around it.
 */
export const PAGE_POLICY = policy({ frameAncestors: "'none'", images: '' });

export const portalPolicy = ({ frameAncestors, logo }: PortalSettings): string =>
  policy({
    frameAncestors: frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' '),
    images: logo === undefined ? '' : ` ${new URL(logo).origin}`,
  });

function policy({ frameAncestors, images }: { readonly frameAncestors: string; readonly images: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' data: blob:${images}`,
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

const ASSETS = '/console/assets';

/** The one page: a shell in which the script draws. What it is told, it reads from the attributes of `#app`. */
export function renderPage(files: AppManifest, attributes: Readonly<Record<string, string | undefined>>): string {
  const data = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => ` data-${name}="${escapeAttribute(value)}"`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Countersign</title>
<link rel="icon" href="/api/docs/assets/icon.svg" type="image/svg+xml">
${files.styles.map((name) => `<link rel="stylesheet" href="${ASSETS}/${name}">`).join('\n')}
${files.preload.map((name) => `<link rel="modulepreload" href="${ASSETS}/${name}">`).join('\n')}
<script type="module" src="${ASSETS}/${files.script}"></script>
</head>
<body>
<div id="app"${data.join('')}></div>
<noscript><p>A script draws this page. Everything that it does, <a href="/api/docs">the API</a> does as well.</p></noscript>
</body>
</html>
`;
}

/** At the installation's address: the way to the console, and to the documentation of the API. No script. */
export const FRONT_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Countersign</title>
<link rel="icon" href="/api/docs/assets/icon.svg" type="image/svg+xml">
</head>
<body>
<main>
<h1>Countersign</h1>
<ul>
<li><a href="/console">The console</a>: licences, seats and members.</li>
<li><a href="/api/docs">The API</a>, route by route, and as an <a href="/api/openapi.json">OpenAPI document</a>.</li>
</ul>
</main>
</body>
</html>
`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

const escapeAttribute = (text: string): string => text.replaceAll(/[&"<>]/g, (one) => ENTITIES[one] ?? one);
