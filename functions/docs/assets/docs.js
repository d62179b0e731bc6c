// The page follows the system's colours, also when they change while it is open.
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();

/** What only the scheduler calls: last in the document, and folded until somebody opens it. */
const INTERNAL = 'Internal';

/** Every word that was typed has to be in an operation's section, method, path, name or summary. */
function matches(operation, section, phrase) {
  const { summary = '', operationId = '' } = operation.get('operation').toJS();
  const text = [section, operation.get('method'), operation.get('path'), operationId, summary].join(' ').toLowerCase();
  return phrase
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const byWords = (sections, phrase) =>
  sections
    .map((section, name) =>
      section.update('operations', (operations) => operations.filter((one) => matches(one, name, phrase))),
    )
    .filter((section) => section.get('operations').size > 0);

/** A refusal is one line until it is opened: an operation has a dozen of them and one or two answers. */
const foldedRefusals = (Response, { React }) =>
  function FoldableResponse(properties) {
    const { code, response } = properties;
    const [open, setOpen] = React.useState(String(code).startsWith('2'));
    if (open) return React.createElement(Response, properties);
    const cell = (name, ...children) => React.createElement('td', { className: `response-col_${name}` }, ...children);
    const button = { type: 'button', className: 'unfold', onClick: () => setOpen(true), 'aria-label': `Show ${code}` };
    return React.createElement(
      'tr',
      { className: 'response folded', 'data-code': code },
      cell('status', code),
      cell(
        'description',
        React.createElement('span', null, response.get('description').replaceAll('`', '')),
        React.createElement('button', button, 'Show'),
      ),
    );
  };

/** The dialog takes the focus to the first field, keeps it, and gives it back to the button that opened it. */
const focusedDialog = (Popup, { React }) =>
  function FocusedDialog(properties) {
    const place = React.useRef(null);
    React.useEffect(() => {
      const dialog = place.current.querySelector('.modal-ux');
      const heading = dialog.querySelector('h3');
      heading.id = 'authorize-heading';
      dialog.setAttribute('role', 'dialog');
      dialog.setAttribute('aria-modal', 'true');
      dialog.setAttribute('aria-labelledby', heading.id);
      dialog.querySelector('.close-modal').setAttribute('aria-label', 'Close');
      const controls = () => [...dialog.querySelectorAll('input, select, button, a[href]')];
      const keepInside = (event) => {
        if (event.key !== 'Tab') return;
        const all = controls();
        const [first, last] = [all[0], all.at(-1)];
        const leaves = event.shiftKey ? first : last;
        if (document.activeElement !== leaves) return;
        event.preventDefault();
        (event.shiftKey ? last : first).focus();
      };
      dialog.addEventListener('keydown', keepInside);
      (dialog.querySelector('input') ?? controls()[0])?.focus();
      return () => setTimeout(() => document.querySelector('.btn.authorize')?.focus());
    }, []);
    return React.createElement('div', { ref: place }, React.createElement(Popup, properties));
  };

const ours = () => ({
  fn: { opsFilter: byWords },
  wrapComponents: { response: foldedRefusals, authorizationPopup: focusedDialog },
});

// Validation of the document happens in the tests: no address of another origin may be asked.
const page = window.SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: false,
  validatorUrl: null,
  layout: 'BaseLayout',
  plugins: [ours],
  onComplete() {
    page.getSystem().layoutActions.show(['operations-tag', INTERNAL], false);
    const filter = document.querySelector('.operation-filter-input');
    filter.setAttribute('aria-label', 'Filter the operations');
    filter.placeholder = 'Filter: acquire, DELETE, /tenants …';
  },
});
