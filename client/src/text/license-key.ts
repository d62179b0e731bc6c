/**
 * One spelling for a licence key, however it was typed, dictated, printed or pasted: letters and digits in capitals, and
 * nothing else. What separates the groups carries no meaning, so every other character goes.
 * @returns an empty string when the text holds no letter and no digit
 */
export const normalizeLicenseKey = (text: string): string =>
  text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
