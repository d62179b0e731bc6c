import { execFile } from 'node:child_process';
import { access, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The arguments that start the emulator on this port of 127.0.0.1; the first is the program. */
export type EmulatorCommand = (port: number) => readonly string[];

/** The emulator of 2024 and later is built for Java 17. */
const JAVA_MAJOR = 17;
const JAR = join('platform', 'cloud-firestore-emulator', 'cloud-firestore-emulator.jar');
const EXE = process.platform === 'win32' ? '.exe' : '';

/**
 * Google's Firestore emulator as it is installed here: the gcloud component, else what the Firebase CLI keeps.
 *
 * @throws Error whose message names the one command that installs what is missing
 */
export async function findEmulator(env: NodeJS.ProcessEnv = process.env): Promise<EmulatorCommand> {
  const gcloud = await onPath(env, ['gcloud', 'gcloud.cmd']);
  const component = await firstExisting((await sdkRoots(env, gcloud)).map((root) => join(root, JAR)));
  const jar = component ?? (await newestOfFirebase(env));
  if (jar === undefined) throw new Error(`The Firestore emulator is not installed. Install it: ${installer(gcloud)}`);
  const java = await findJava(env);
  return component === undefined ? (port) => firebaseStyle(java, jar, port) : (port) => gcloudStyle(java, jar, port);
}

const installer = (gcloud: string | undefined) =>
  gcloud === undefined
    ? 'npx firebase-tools setup:emulators:firestore'
    : 'gcloud components install cloud-firestore-emulator';

/** As gcloud starts it; its messages are English whatever the machine speaks. */
const gcloudStyle = (java: string, jar: string, port: number) => [
  java,
  '-Duser.language=en',
  '-cp',
  jar,
  'com.google.cloud.datastore.emulator.firestore.CloudFirestore',
  'start',
  '--host=127.0.0.1',
  `--port=${port}`,
];

const firebaseStyle = (java: string, jar: string, port: number) => [
  java,
  '-jar',
  jar,
  '--host',
  '127.0.0.1',
  '--port',
  String(port),
];

/** Where the Cloud SDK may be: beside `gcloud`, then where packages, its own installer and Homebrew put it. */
async function sdkRoots(env: NodeJS.ProcessEnv, gcloud: string | undefined): Promise<string[]> {
  const home = homeOf(env);
  const configured = env['CLOUDSDK_ROOT_DIR'];
  return [
    ...(gcloud === undefined ? [] : [dirname(dirname(await realpath(gcloud)))]),
    '/usr/lib/google-cloud-sdk',
    '/usr/share/google-cloud-sdk',
    join(home, 'google-cloud-sdk'),
    ...(configured === undefined ? [] : [configured]),
    '/opt/homebrew/share/google-cloud-sdk',
    '/usr/local/share/google-cloud-sdk',
    '/opt/homebrew/Caskroom/google-cloud-sdk/latest/google-cloud-sdk',
    '/usr/local/Caskroom/google-cloud-sdk/latest/google-cloud-sdk',
  ];
}

async function newestOfFirebase(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const cache = env['FIREBASE_EMULATORS_PATH'] ?? join(homeOf(env), '.cache', 'firebase', 'emulators');
  const files = await readdir(cache).catch(() => []);
  const newest = files
    .filter((file) => /^cloud-firestore-emulator-v.+\.jar$/.test(file))
    .sort(new Intl.Collator('en', { numeric: true }).compare)
    .at(-1);
  return newest === undefined ? undefined : join(cache, newest);
}

const JAVA_INSTALLERS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'brew install openjdk',
  win32: 'winget install EclipseAdoptium.Temurin.21.JRE',
};

async function findJava(env: NodeJS.ProcessEnv): Promise<string> {
  const javaHome = env['JAVA_HOME'];
  const candidates = [javaHome && join(javaHome, 'bin', `java${EXE}`), await onPath(env, [`java${EXE}`])];
  for (const java of candidates) {
    if (java && (await javaMajor(java)) >= JAVA_MAJOR) return java;
  }
  const install = JAVA_INSTALLERS[process.platform] ?? 'sudo apt-get install default-jre-headless';
  throw new Error(`The Firestore emulator needs Java ${JAVA_MAJOR} or later. Install it: ${install}`);
}

/** 0 if it does not run. `java -version` writes `… version "17.0.15" …` to stderr; before Java 9 it was `"1.8.0_…"`. */
async function javaMajor(java: string): Promise<number> {
  try {
    const { stderr } = await promisify(execFile)(java, ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const homeOf = (env: NodeJS.ProcessEnv) => env['HOME'] ?? env['USERPROFILE'] ?? '/';

function onPath(env: NodeJS.ProcessEnv, names: readonly string[]): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return firstExisting(folders.flatMap((folder) => names.map((name) => join(folder, name))));
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}
