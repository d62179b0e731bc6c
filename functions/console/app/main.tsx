import { render } from 'preact';
// Before the screens: what a screen brings along comes after, and the order decides.
import './styles/base.css';
import './styles/frame.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/table.css';
import './styles/parts.css';
import './styles/chart.css';
import './styles/narrow.css';
import { App } from './app.tsx';
import { begin } from './session/session.ts';

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
void begin();
