/** Environment variables by name: whether the function starts without the variable. */
export type Variables = Readonly<Record<string, 'optional' | 'required'>>;
