import { T } from '../../texts.ts';
import type { Difference } from './differences.ts';

export const DifferenceList = ({ differences }: { differences: readonly Difference[] }) => (
  <ul class="differences">
    {differences.map(({ name, before, after }) => (
      <li key={name}>
        {name === '' ? null : <span class="quiet">{name}: </span>}
        {before === undefined ? null : (
          <>
            <del>{before}</del> →{' '}
          </>
        )}
        <ins>{after ?? T.none}</ins>
      </li>
    ))}
  </ul>
);
