import { render } from 'preact';
import { App } from './app.tsx';
import { begin } from './session/session.ts';

export function showConsole(root: HTMLElement): void {
  render(<App />, root);
  void begin();
}
