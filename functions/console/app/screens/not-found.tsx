import { T } from '../texts.ts';
import { Screen } from '../ui/screen.tsx';

export const NotFound = () => (
  <Screen title={T.notFound.title}>
    <p>{T.notFound.text}</p>
    <p>
      <a href="/console">{T.nav.overview}</a>
    </p>
  </Screen>
);
