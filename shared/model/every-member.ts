/**
 * `T` with every member named, the optional ones too: their value may be undefined, but leaving one out is a type
 * error. For what carries an object's members from one place to the next, so that a new member cannot be forgotten.
 */
export type EveryMember<T> = { [Name in keyof Required<T>]: T[Name] };

/**
 * Says that the rest of a destructured object has no member left. A member that was added to its type and is not named
 * in the destructuring is a type error here.
 */
export const nothingElse = (_rest: Readonly<Record<string, never>>): void => undefined;
