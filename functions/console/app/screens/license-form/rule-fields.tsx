import { duration, T } from '../../texts.ts';
import { Check, errorAt, SelectField, TextField } from '../../ui/field.tsx';
import type { LicenseDraft } from './draft.ts';
import type { FieldsProps } from './fields-props.ts';

const text = T.form;

/** Lengths of time in seconds to choose from, and the one that is set. */
function lengths(usual: readonly number[], current: string): (readonly [string, string])[] {
  const all = new Set([...usual, ...(current === '' ? [] : [Number(current)])]);
  return [...all]
    .sort((a, b) => a - b)
    .map((seconds) => [String(seconds), seconds === 0 ? text.strict : duration(seconds)]);
}

const DAY = 86_400;

/** What is seldom changed of what was sold. */
export const SoldDetails = ({ draft, set, failure, creating }: FieldsProps & { readonly creating: boolean }) => (
  <details class="more">
    <summary>{text.more}</summary>
    <div class="columns tight">
      <TextField
        label={text.product}
        hint={text.productHint}
        value={draft.product}
        onValue={(product) => set({ product })}
        error={errorAt(failure, 'product')}
      />
      <SelectField
        label={text.offline}
        value={draft.offline}
        onValue={(offline) => set({ offline })}
        options={[
          ...(creating ? [['', text.byTier] as const] : []),
          ...lengths([0, DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 366 * DAY], draft.offline),
        ]}
        error={errorAt(failure, 'offline_seconds')}
      />
      <SelectField
        label={text.lease}
        value={draft.lease}
        onValue={(lease) => set({ lease })}
        options={lengths([60, 180, 360, 900, 3600], draft.lease)}
        error={errorAt(failure, 'lease_seconds')}
      />
      <SelectField
        label={text.release}
        value={draft.release}
        onValue={(release) => set({ release })}
        options={Object.entries(text.releases)}
        error={errorAt(failure, 'release')}
      />
      <TextField
        label={text.updates}
        type="date"
        hint={text.updatesHint}
        value={draft.updates}
        onValue={(updates) => set({ updates })}
        error={errorAt(failure, 'updates_until')}
      />
      <SelectField
        label={text.leasePer}
        value={draft.leasePer}
        onValue={(leasePer) => set({ leasePer })}
        options={Object.entries(text.leaseUnits)}
        error={errorAt(failure, 'lease_per')}
      />
      <TextField
        label={text.machines}
        hint={text.machinesHint}
        type="number"
        min={1}
        value={draft.machines}
        onValue={(machines) => set({ machines })}
        error={errorAt(failure, 'machines_per_day')}
      />
      <SelectField
        label={text.grace}
        value={draft.grace}
        onValue={(grace) => set({ grace })}
        options={[['', text.noGrace], ...lengths([7 * DAY, 14 * DAY, 30 * DAY], draft.grace)]}
        error={errorAt(failure, 'grace_seconds')}
      />
    </div>
    {draft.leasePer === 'user' ? (
      <Check label={text.namedUsers} checked={draft.namedUsers} onChecked={(namedUsers) => set({ namedUsers })} />
    ) : null}
  </details>
);

/** Queue, kept seats, self-service: the customer's own decisions. */
export const CustomersFields = ({ draft, set, failure }: FieldsProps) => (
  <div class="columns tight">
    <TextField
      label={text.queue}
      hint={text.queueHint}
      type="number"
      min={1}
      max={10000}
      value={draft.queue}
      onValue={(queue) => set({ queue })}
      error={errorAt(failure, 'queue')}
    />
    <SelectField
      label={text.hold}
      value={draft.hold}
      onValue={(hold) => set({ hold })}
      options={[['', text.noHold], ...lengths([10, 60, 300, 900], draft.hold).filter(([seconds]) => seconds !== '0')]}
      error={errorAt(failure, 'hold_seconds')}
    />
    <SelectField
      label={text.holders}
      value={draft.holders}
      onValue={(holders) => set({ holders })}
      options={Object.entries(text.holdersShown)}
      error={errorAt(failure, 'self_service')}
    />
    <SelectField
      label={text.selfRelease}
      value={draft.selfRelease}
      onValue={(selfRelease) => set({ selfRelease })}
      options={Object.entries(text.selfReleases)}
      error={errorAt(failure, 'self_service.release')}
    />
    {draft.leasePer === 'user' ? (
      <SelectField
        label={text.onSecond}
        value={draft.onSecond}
        onValue={(onSecond) => set({ onSecond: onSecond as LicenseDraft['onSecond'] })}
        options={Object.entries(text.onSeconds)}
        error={errorAt(failure, 'on_second')}
      />
    ) : null}
  </div>
);
