import { render } from 'preact';
import { App } from './app.tsx';
import './console.css';
import { begin } from './session/session.ts';

const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
void begin();
