import { useEffect } from 'preact/hooks';
import { begin } from '../../session/session.ts';
import { T } from '../../texts.ts';

const PAUSE = 5_000;

export function Unreachable() {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) void begin();
    }, PAUSE);
    return () => clearInterval(timer);
  }, []);
  return (
    <main class="card stack">
      <div role="alert">
        <h1>{T.signIn.unreachable}</h1>
        <p>{T.signIn.unreachableText}</p>
      </div>
      <button type="button" onClick={() => void begin()}>
        {T.failure.retry}
      </button>
    </main>
  );
}
