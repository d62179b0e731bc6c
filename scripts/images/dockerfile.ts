/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile, without comments. */
const parseDockerfile = (text: string): Instruction[] =>
  text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, name, rest] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return name === undefined || rest === undefined ? [] : [{ name, rest }];
    });

/** What an image is, besides its files. */
export interface Image {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly user: string;
  readonly command: readonly string[];
}

/** How a step is carried out in the image's root. */
export interface Builder {
  copy(from: string, to: string): void;
  run(command: string, image: Image): void;
}

const expand = (text: string, values: Readonly<Record<string, string>>) =>
  text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

/**
 * Carries out the steps of a Dockerfile of one stage, as far as ours have them.
 * @throws Error for an instruction that is not among them
 */
export function buildImage(text: string, args: Readonly<Record<string, string>>, builder: Builder): Image {
  let image: Image = { env: {}, folder: '/', user: 'root', command: [] };
  for (const { name, rest } of parseDockerfile(text)) {
    const words = expand(rest, { ...args, ...image.env }).split(/\s+/);
    const [first = '', second = ''] = words;
    switch (name) {
      case 'FROM':
      case 'ARG':
        break; // the root is there, and so are the arguments
      case 'WORKDIR':
        image = { ...image, folder: first };
        break;
      case 'COPY':
        builder.copy(first, second.startsWith('/') ? second : `${image.folder}/${second}`);
        break;
      case 'ENV':
        image = { ...image, env: { ...image.env, ...Object.fromEntries(words.map((word) => word.split('='))) } };
        break;
      case 'RUN':
        builder.run(rest, image);
        break;
      case 'USER':
        image = { ...image, user: first };
        break;
      case 'CMD':
        image = { ...image, command: JSON.parse(rest) };
        break;
      default:
        throw new Error(`${name} is no instruction that is known here`);
    }
  }
  return image;
}
