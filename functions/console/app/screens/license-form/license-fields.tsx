import { T } from '../../texts.ts';
import { Check, errorAt, SelectField, TextArea, TextField } from '../../ui/field.tsx';
import type { LicenseDraft } from './draft.ts';
import type { FieldsProps } from './fields-props.ts';
import { CustomersFields, SoldDetails } from './rule-fields.tsx';

const text = T.form;

/** Everything about a licence that the vendor sets. */
export const VendorFields = (props: FieldsProps & { readonly creating: boolean }) => (
  <>
    <Names {...props} sold />
    <Sold {...props} />
    <SoldDetails {...props} />
    <details class="more">
      <summary>{text.customersPart}</summary>
      <CustomersFields {...props} />
    </details>
  </>
);

/** What the customer decides: how it uses what it has bought. */
export const CustomerFields = (props: FieldsProps) => (
  <>
    <Names {...props} sold={false} />
    <CustomersFields {...props} />
  </>
);

const Names = ({ draft, set, failure, sold }: FieldsProps & { readonly sold: boolean }) => (
  <div class="columns tight">
    <TextField
      label={text.label}
      hint={text.labelHint}
      maxLength={200}
      value={draft.label}
      onValue={(label) => set({ label })}
      error={errorAt(failure, 'label')}
    />
    {sold ? (
      <TextField
        label={text.reference}
        hint={text.referenceHint}
        maxLength={200}
        value={draft.reference}
        onValue={(reference) => set({ reference })}
        error={errorAt(failure, 'reference')}
      />
    ) : null}
  </div>
);

const Sold = ({ draft, set, failure, creating }: FieldsProps & { readonly creating: boolean }) => (
  <>
    <div class="columns tight">
      <TextField
        label={text.seats}
        type="number"
        min={1}
        max={100000}
        required
        value={draft.seats}
        onValue={(seats) => set({ seats })}
        error={errorAt(failure, 'max_seats')}
      />
      <SelectField
        label={text.tier}
        value={draft.tier}
        onValue={(tier) => set({ tier })}
        options={Object.entries(T.licenses.tiers)}
        error={errorAt(failure, 'tier')}
      />
      <SelectField
        label={text.ends}
        value={draft.ends}
        onValue={(ends) => set({ ends: ends as LicenseDraft['ends'] })}
        options={creating || draft.ends === 'year' || draft.ends === 'two-years' ? text.endings : text.endings.slice(0)}
        error={draft.ends === 'date' ? undefined : errorAt(failure, 'expires_at')}
      />
      {draft.ends === 'date' ? (
        <TextField
          label={text.date}
          type="date"
          required
          value={draft.date}
          onValue={(date) => set({ date })}
          error={errorAt(failure, 'expires_at')}
        />
      ) : null}
    </div>
    <TextArea
      label={text.features}
      hint={text.featuresHint}
      value={draft.features}
      onValue={(features) => set({ features })}
      error={errorAt(failure, 'features')}
    />
    <fieldset>
      <Check label={text.borrow} checked={draft.borrow} onChecked={(borrow) => set({ borrow })} />
      {draft.borrow ? (
        <div class="columns tight inset">
          <TextField
            label={text.borrowSeats}
            type="number"
            min={1}
            value={draft.borrowSeats}
            onValue={(borrowSeats) => set({ borrowSeats })}
            error={errorAt(failure, 'borrow.max_seats')}
          />
          <TextField
            label={text.borrowDays}
            type="number"
            min={1}
            max={366}
            value={draft.borrowDays}
            onValue={(borrowDays) => set({ borrowDays })}
            error={errorAt(failure, 'borrow.max_seconds')}
          />
          <TextField
            label={text.recalls}
            hint={text.recallsHint}
            type="number"
            min={0}
            value={draft.recalls}
            onValue={(recalls) => set({ recalls })}
            error={errorAt(failure, 'borrow.max_recalls')}
          />
          <Check
            label={text.earlyReturn}
            checked={draft.earlyReturn}
            onChecked={(earlyReturn) => set({ earlyReturn })}
          />
        </div>
      ) : null}
    </fieldset>
  </>
);
