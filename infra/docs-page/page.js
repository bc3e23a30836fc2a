/** Starts Swagger UI with this deployment's own description. On a laptop the demo app's id and token are filled in. */
const LOCAL = ['127.0.0.1', 'localhost'];

const dark = matchMedia('(prefers-color-scheme: dark)');
const paint = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', paint);
paint();

/** The laptop stack alone has a demo app, and says so under this address. */
async function fillIn(ui) {
  if (!LOCAL.includes(location.hostname)) return;
  const response = await fetch('docs/demo.json');
  if (!response.ok) return;
  const { app_id, admin_token } = await response.json();
  ui.preauthorizeApiKey('app', app_id);
  ui.preauthorizeApiKey('token', admin_token);
  const note = document.getElementById('demo');
  note.textContent =
    'Laptop stack: the demo app and its admin token are filled in, so “Execute” works. ' +
    'To act as a user, put its id into the user_id header, or its token under “Authorize”.';
  note.hidden = false;
}

const ui = SwaggerUIBundle({
  url: 'openapi.json',
  domNode: document.getElementById('reference'),
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  requestSnippetsEnabled: true,
  validatorUrl: null,
  onComplete: () => fillIn(ui),
});
