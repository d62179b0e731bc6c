import { Redis } from 'ioredis';
import { findProgram, type Server, startServer } from './server.ts';
import type { Contender } from './storm.ts';

/** A sorted set of holders by the end of their lease: drops the expired, counts, adds. */
const ACQUIRE = `
redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[1])
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('zadd', KEYS[1], ARGV[2], ARGV[4])
return 1`;

/** Redis that writes every command to disk before it answers. Undefined when it is not installed. */
export async function startRedis(): Promise<Server | undefined> {
  const program = await findProgram('redis-server');
  if (program === undefined) return undefined;
  return startServer({
    as: [],
    prepare: async () => undefined,
    command: (directory, port) => [
      ...[program, '--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
      ...['--save', '', '--appendonly', 'yes', '--appendfsync', 'always'],
    ],
    async probe(port) {
      const redis = connect(port);
      redis.on('error', () => undefined);
      try {
        await redis.connect();
        await redis.ping();
      } finally {
        redis.disconnect();
      }
    },
  });
}

const connect = (port: number) =>
  new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });

export const createLuaScript = (name: string, { port }: Server): Contender => ({
  name,
  async open(seats, taken) {
    const redis = connect(port);
    await redis.connect();
    const key = `licenses:${crypto.randomUUID()}`;
    const sha = String(await redis.script('LOAD', ACQUIRE));
    const claim = async (client: string) => {
      const now = Date.now();
      const granted = await redis.evalsha(sha, 1, key, now, now + 360_000, seats, client);
      return granted === 1 ? 'granted' : 'refused';
    };
    await Promise.all(Array.from({ length: taken }, (_, index) => claim(`resident-${index}`)));
    return {
      claim,
      holders: () => redis.zcard(key),
      costs: () => undefined,
      async close() {
        await redis.quit();
      },
    };
  },
});
