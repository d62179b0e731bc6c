// Before the screens: what a screen brings along comes after, and the order decides.
import './styles/base.css';
import './styles/frame.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/table.css';
import './styles/parts.css';
import './styles/chart.css';
import './styles/narrow.css';

import { showConsole } from './show-console.tsx';

const root = document.querySelector<HTMLElement>('#app');
if (root?.dataset['portal'] === 'true')
  void import('./portal/show-portal.tsx').then(({ showPortal }) => showPortal(root));
else if (root !== null) showConsole(root);
