/**
 * The form in which addresses are stored, hashed and compared: without letter case, as mail servers deliver them in
 * practice, and in Unicode's composed form, since the same letter may be sent as one code point or as two.
 */
export const normalEmail = (email: string): string => email.trim().normalize('NFC').toLowerCase().normalize('NFC');
