// What docs.long.test.ts asks of the page; it runs there, so it has no types of ours.

const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);

/** WCAG 2.2, relative luminance. */
function luminance(colour) {
  const [red, green, blue] = numbers(colour)
    .slice(0, 3)
    .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const isClear = (colour) => (numbers(colour)[3] ?? 1) === 0;

window.inspect = {
  style: (selector, property) => getComputedStyle(document.querySelector(selector))[property],

  /** The contrast ratio of an element's text and the nearest ground behind it. */
  contrast(selector) {
    const element = document.querySelector(selector);
    let ground = element;
    while (isClear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    const back = luminance(getComputedStyle(ground).backgroundColor);
    const front = luminance(getComputedStyle(element).color);
    return (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
  },

  /** Controls, links and images that a screen reader has no name for. */
  nameless: () =>
    [...document.querySelectorAll('button, select, input, textarea, a[href], img')]
      .filter((one) => {
        const named = one.getAttribute('aria-label') || one.getAttribute('title') || one.textContent.trim();
        return !(one.labels?.length > 0) && !named && !one.hasAttribute('alt');
      })
      .map((one) => one.outerHTML),

  /** Text of several letters in a column of less than three ems, or past the edge of the window. */
  squeezed: () =>
    [...document.querySelectorAll('.opblock :is(p, td, label, span, button, h4, h5), .opblock-tag :is(span, small)')]
      .filter((one) => one.checkVisibility() && one.textContent.trim().length > 8)
      .map((one) => [one, one.getBoundingClientRect(), Number.parseFloat(getComputedStyle(one).fontSize)])
      .filter(([, { width, right }, size]) => width > 0 && (width < 3 * size || right > innerWidth + 1))
      .filter(([one]) => one.closest('pre, .highlight-code, select') === null)
      .map(([one]) => one.outerHTML.slice(0, 120)),

  headings: () => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((one) => Number(one.tagName[1])),

  /** Method and path of every operation that is drawn. */
  operations: () =>
    [...document.querySelectorAll('.opblock')].map((one) => {
      const method = one.querySelector('.opblock-summary-method').textContent;
      return `${method} ${one.querySelector('[data-path]').dataset.path}`;
    }),
};
