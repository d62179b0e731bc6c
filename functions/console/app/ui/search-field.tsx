import { useEffect, useRef, useState } from 'preact/hooks';
import { TextField } from './field.tsx';

interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly onSearch: (text: string) => void;
}

/** Milliseconds without a key press after which the search begins. */
const PAUSE = 300;

export function SearchField({ label, value, placeholder, onSearch }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const search = useRef(onSearch);
  search.current = onSearch;

  // The address has changed by another way, such as going back.
  useEffect(() => {
    if (value !== sent.current) setText(value);
    sent.current = value;
  }, [value]);

  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      search.current(sent.current);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <TextField label={label} type="search" maxLength={200} placeholder={placeholder} value={text} onValue={setText} />
  );
}
