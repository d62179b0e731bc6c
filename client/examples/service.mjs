// A service that works for as long as it holds a seat:
//   COUNTERSIGN_URL=http://127.0.0.1:8080 COUNTERSIGN_LICENSE_KEY=CS-… COUNTERSIGN_ROOT_KEY="$(cat root-keys.pem)" node service.mjs
import { createServer } from 'node:http';
import { holdSeat, rootKey, SeatError } from 'countersign-client';

try {
  const seat = await holdSeat({
    url: process.env.COUNTERSIGN_URL,
    licenseKey: process.env.COUNTERSIGN_LICENSE_KEY,
    // A program that ships has its root key and its product in its source.
    keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY),
    product: process.env.COUNTERSIGN_PRODUCT ?? 'default',
    application: 'example-service',
    onEvent: (event) => console.log(`seat: ${event.type}`),
  });

  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ seat: seat.state, export: seat.hasFeature('export') }));
  });
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });

  // Lost, or given back because the service was told to stop: either way there is nothing more to serve.
  seat.signal.addEventListener('abort', () => server.close());
} catch (error) {
  if (!(error instanceof SeatError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
