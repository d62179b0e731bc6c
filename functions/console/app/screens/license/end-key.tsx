import { useState } from 'preact/hooks';
import { endKey } from '../../api/licenses.ts';
import type { License, LicenseKey } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Check } from '../../ui/field.tsx';
import { CameWith } from './came-with.tsx';

interface EndKeyProps {
  readonly license: License;
  readonly licenseKey: LicenseKey;
  /** The licence has no other key. */
  readonly last: boolean;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const text = T.keys;

export function EndKey({ license, licenseKey, last, onDone, onClose }: EndKeyProps) {
  const [endSessions, setEndSessions] = useState(false);
  const act = useAct(async () => {
    await endKey(license.license_id, licenseKey.key, endSessions);
    announce(text.ended);
    onDone();
  });
  return (
    <Confirm
      title={text.endTitle(licenseKey.label ?? licenseKey.key)}
      action={text.end}
      pending={act.pending}
      failure={act.failure}
      onConfirm={() => void act.perform()}
      onClose={onClose}
      wide
    >
      <p>{text.endText}</p>
      {last ? <p>{text.endLast}</p> : null}
      <Check label={text.endSessionsToo} checked={endSessions} onChecked={setEndSessions} />
      <CameWith license={license} keys={[licenseKey.key]} words={text.came} ends={endSessions} />
    </Confirm>
  );
}
