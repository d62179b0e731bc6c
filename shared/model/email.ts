/** Addresses are compared without letter case, as mail servers deliver them in practice. */
export const normalEmail = (email: string): string => email.trim().toLowerCase();
