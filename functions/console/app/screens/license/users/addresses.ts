/** E-mail addresses in a text: one a line, or as mail programs and spreadsheets write them: `Anna <anna@example.com>; …`. */
export const addressesIn = (typed: string): string[] => [
  ...new Set(
    typed
      .split(/[\s,;]+/)
      .map((one) => one.replace(/^[<"']+|[>"']+$/g, ''))
      .filter((one) => one.includes('@')),
  ),
];
