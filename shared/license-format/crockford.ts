/** Crockford's base 32: digits and letters that can be read aloud, without I, L, O and U. */
export const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
