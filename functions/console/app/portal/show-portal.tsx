import { render } from 'preact';
import { accentValues } from './colours.ts';
import { Portal } from './portal.tsx';

/** Draws the portal in the vendor's colours, which the page's attributes name. */
export function showPortal(root: HTMLElement): void {
  const { accent, logo } = root.dataset;
  if (accent !== undefined) {
    const values = accentValues(accent);
    document.documentElement.style.setProperty('--accent', values.accent);
    document.documentElement.style.setProperty('--on-accent', values.onAccent);
  }
  render(<Portal logo={logo} />, root);
}
