import { useState } from 'preact/hooks';
import { readRequestCode } from '#shared/license-format/read-request-code.ts';
import type { Failure } from '../../../api/request-error.ts';
import type { License } from '../../../api/types.ts';
import { duration, T } from '../../../texts.ts';
import { announce } from '../../../ui/announce.tsx';
import { errorAt, SelectField, TextArea, TextField } from '../../../ui/field.tsx';
import { localTime } from '../../../ui/local-time.ts';
import { FailureNotice } from '../../../ui/notice.tsx';
import { ScanCode } from './scan-code.tsx';

interface FileFormProps {
  readonly borrow: NonNullable<License['borrow']>;
  /** Of the licence; no file outlives it. */
  readonly end: string | null;
  readonly pending: boolean;
  readonly failure: Failure | undefined;
  readonly onAsk: (body: object) => void;
  readonly onClose: () => void;
}

const text = T.file;
const HOUR = 3_600;
const DAY = 86_400;
/** Seconds to choose from, as far as the licence lends for so long. */
const LENGTHS = [HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY];

export function FileForm({ borrow, end, pending, failure, onAsk, onClose }: FileFormProps) {
  const [code, setCode] = useState('');
  const [left, setLeft] = useState(false);
  const [label, setLabel] = useState('');
  const [seconds, setSeconds] = useState(String(borrow.max_seconds));
  const read = code.trim() === '' ? undefined : readRequestCode(code);
  // While it is being typed each code is incomplete, so its fault is told when the field is left.
  const problem = left && read !== undefined && 'problem' in read ? read.problem : undefined;
  const lengths = [...new Set([...LENGTHS.filter((one) => one < borrow.max_seconds), borrow.max_seconds])];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setLeft(true);
        if (read === undefined || 'problem' in read) return;
        onAsk({ request_code: code.trim(), borrow_seconds: Number(seconds), label: label.trim() || null });
      }}
    >
      <p>{text.lead}</p>
      <div onFocusOut={() => setLeft(true)}>
        <TextArea
          label={text.code}
          hint={
            <>
              {text.codeHint} <code>countersign hardware-id</code>
            </>
          }
          value={code}
          onValue={(value) => {
            setCode(value);
            setLeft(false);
          }}
          error={problem ?? errorAt(failure, 'request_code')}
        />
        <ScanCode
          onCode={(scanned) => {
            setCode(scanned);
            announce(text.scan.done);
          }}
        />
      </div>
      <TextField
        label={text.label}
        hint={text.labelHint}
        maxLength={200}
        value={label}
        onValue={setLabel}
        error={errorAt(failure, 'label')}
      />
      <SelectField
        label={text.length}
        hint={text.until(localTime(endOf(Number(seconds), end)))}
        value={seconds}
        onValue={setSeconds}
        options={lengths.map((one) => [String(one), duration(one)] as const)}
        error={errorAt(failure, 'borrow_seconds')}
      />
      <FailureNotice failure={failure} act />
      <div class="actions">
        <button type="submit" class="primary" aria-disabled={pending}>
          {pending ? T.working : text.make}
        </button>
        <button type="button" onClick={onClose}>
          {T.cancel}
        </button>
      </div>
    </form>
  );
}

/** Milliseconds. */
const endOf = (seconds: number, end: string | null): number =>
  Math.min(Date.now() + seconds * 1000, end === null ? Number.POSITIVE_INFINITY : Date.parse(end));
