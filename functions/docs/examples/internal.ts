import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

/** What the scheduler calls, and the documentation itself. */
export const internalExamples: Readonly<Record<string, Exchanges>> = {
  reapSessions: {
    nothing: {
      summary: 'Nothing was due',
      status: 200,
      answer: { ended: 0, scanned: 0, remaining: 0, settled: 0, tickets: 0 },
    },
  },
  rotateKeys: {
    nothing: {
      summary: 'Nothing was due',
      status: 200,
      answer: { signing: SAMPLE.key_version, archived: [] },
    },
  },
  uploadCompleted: {
    other: {
      summary: 'Of an object that no URL of ours made',
      body: {
        message: {
          attributes: { eventType: 'OBJECT_FINALIZE', bucketId: 'example-uploads', objectId: 'by-hand.txt' },
          data: Buffer.from('{"bucket":"example-uploads","name":"by-hand.txt"}').toString('base64'),
          messageId: '9203774410018',
        },
        subscription: 'projects/example/subscriptions/countersign-upload-completed',
      },
      status: 200,
      answer: { outcome: 'ignored' },
    },
  },
  getOpenApi: { document: { summary: 'This document', status: 200 } },
  getDocs: { page: { summary: 'This page', status: 200 } },
  getDocsAsset: { style: { summary: 'Its style', params: { file: 'docs.css' }, status: 200 } },
};
