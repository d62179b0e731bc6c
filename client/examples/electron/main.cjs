// Electron's main process: the seat is held here, the licence key is kept by safeStorage, and windows only ask.
const { app, BrowserWindow, dialog, ipcMain, safeStorage } = require('electron');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { holdSeat, rootKey, SeatError } = require('countersign-client');

let seat;

const keyFile = () => join(app.getPath('userData'), 'license-key');

/** The key as the user typed it once; sealed by the operating system. */
function readKey() {
  try {
    return safeStorage.decryptString(readFileSync(keyFile()));
  } catch {
    return process.env.COUNTERSIGN_LICENSE_KEY;
  }
}

async function start(licenseKey) {
  seat = await holdSeat({
    url: process.env.COUNTERSIGN_URL,
    licenseKey,
    product: 'example-electron',
    keys: rootKey(readFileSync(join(__dirname, 'root-keys.pem'), 'utf8')),
    clientVersion: app.getVersion(),
    onEvent: (event) => {
      for (const window of BrowserWindow.getAllWindows()) window.webContents.send('seat', event.type, event.message);
    },
  });
  if (safeStorage.isEncryptionAvailable()) writeFileSync(keyFile(), safeStorage.encryptString(licenseKey));
  seat.signal.addEventListener('abort', () => app.quit());
}

ipcMain.handle('has-feature', (_event, name) => seat?.hasFeature(name) ?? false);

app.whenReady().then(async () => {
  try {
    await start(readKey());
    new BrowserWindow({ webPreferences: { preload: join(__dirname, 'preload.cjs') } }).loadFile('index.html');
  } catch (error) {
    if (!(error instanceof SeatError || error instanceof TypeError)) throw error;
    dialog.showErrorBox('No licence', error.message);
    app.quit();
  }
});

// Quitting waits for the answer of the server, once.
app.on('before-quit', (event) => {
  if (seat === undefined || seat.state === 'lost' || seat.state === 'released') return;
  event.preventDefault();
  seat.release().finally(() => app.quit());
});
