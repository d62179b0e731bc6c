import fc from 'fast-check';

/**
 * With CI set every random property is played from the same seed, so that a change fails because of what it changed. Runs
 * at a desk draw another seed each time, and so find what nobody has thought of; a failure prints its seed.
 */
if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: 20_261_126 });
