import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { SignedIn } from '../session/session.ts';
import { T } from '../texts.ts';
import { Account } from './account.tsx';
import { sections } from './sections.ts';
import { TenantChoice } from './tenant-choice.tsx';

/** What surrounds each screen: brand, choice of the customer, account, sections. */
export function Frame({ person, children }: { person: SignedIn; children: ComponentChildren }) {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  return (
    <>
      <a class="skip" href="#main">
        {T.shell.skip}
      </a>
      <header class="bar">
        <button
          type="button"
          class="menu-button"
          aria-expanded={open}
          aria-controls="sections"
          onClick={() => setOpen(!open)}
        >
          {T.shell.menu}
        </button>
        <a class="brand" href="/console" aria-label={T.shell.brand}>
          <Mark />
          <span>{T.shell.brand}</span>
        </a>
        <TenantChoice person={person} />
        <Account person={person} />
      </header>
      <div class="frame">
        <nav id="sections" class={open ? 'side open' : 'side'} aria-label={T.shell.sections}>
          <ul>
            {sections().map(({ href, text }) => (
              <li key={href}>
                <a href={href} aria-current={isCurrent(path, href) ? 'page' : undefined}>
                  {text}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <main id="main" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

const isCurrent = (path: string, href: string) => path === href || (href !== '/console' && path.startsWith(`${href}/`));

export const Mark = () => (
  <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
    <rect width="32" height="32" rx="7" fill="#1f5f4a" />
    <path d="M8 12.5h16M8 17h9" stroke="#fff" stroke-opacity=".55" stroke-width="2.4" stroke-linecap="round" />
    <path
      d="m13 21 4 4 8-9"
      fill="none"
      stroke="#fff"
      stroke-width="3"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>
);
