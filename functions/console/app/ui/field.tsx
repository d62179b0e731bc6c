import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Failure } from '../api/request-error.ts';
import { T } from '../texts.ts';

/** The message about a member of the request, or of something within it; undefined when it is fine. */
export const errorAt = (failure: Failure | undefined, path: string): string | undefined =>
  failure?.errors?.find((one) => one.path === path || one.path.startsWith(`${path}.`))?.message;

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly children: (attributes: {
    id: string;
    'aria-describedby'?: string;
    'aria-invalid'?: 'true';
  }) => ComponentChildren;
}

/** A control with its label, a hint and an error, which belong to it for screen readers, too. */
function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described === '' ? {} : { 'aria-describedby': described }),
        ...(error ? { 'aria-invalid': 'true' as const } : {}),
      })}
      {hint ? (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p class="error" id={`${id}-error`}>
          {T.failure.field(error)}
        </p>
      ) : null}
    </div>
  );
}

interface InputProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly type?: 'text' | 'email' | 'password' | 'search' | 'number' | 'date' | 'url';
  readonly required?: boolean;
  readonly autocomplete?: 'off' | 'username' | 'current-password' | 'new-password' | 'one-time-code';
  readonly inputMode?: 'numeric';
  readonly placeholder?: string | undefined;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly min?: number | string;
  readonly max?: number | string;
}

export const TextField = ({ label, hint, error, value, onValue, type = 'text', ...rest }: InputProps) => (
  <Field label={label} hint={hint} error={error}>
    {(attributes) => (
      <input
        {...rest}
        {...attributes}
        type={type as 'text'}
        spellcheck={false}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    )}
  </Field>
);

export const TextArea = ({
  label,
  hint,
  error,
  value,
  onValue,
}: Pick<InputProps, 'label' | 'hint' | 'error' | 'value' | 'onValue'>) => (
  <Field label={label} hint={hint} error={error}>
    {(attributes) => <textarea {...attributes} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
  </Field>
);

interface SelectProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly options: readonly (readonly [value: string, text: string])[];
}

export const SelectField = ({ label, hint, error, value, onValue, options }: SelectProps) => (
  <Field label={label} hint={hint} error={error}>
    {(attributes) => (
      <select {...attributes} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option} selected={option === value}>
            {text}
          </option>
        ))}
      </select>
    )}
  </Field>
);

interface CheckProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChecked: (checked: boolean) => void;
}

export const Check = ({ label, checked, onChecked }: CheckProps) => (
  <label class="check">
    <input type="checkbox" checked={checked} onChange={(event) => onChecked(event.currentTarget.checked)} />
    <span>{label}</span>
  </label>
);
