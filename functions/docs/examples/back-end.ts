import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const KEY = 'projects/example/locations/global/keyRings/countersign/cryptoKeys/task-payloads/cryptoKeyVersions/1';
const EXECUTION = 'projects/example/locations/europe-west1/jobs/task-worker/executions/task-worker-x7k2p';
const byId = { params: { task_id: SAMPLE.task_id } };

const upload = { filename: 'reports/2026-12.pdf', content_type: 'application/pdf', tenant_id: SAMPLE.tenant_id };
/** Who asked for the URL, signed into the object. */
const from = {
  'x-goog-meta-countersign-tenant': SAMPLE.tenant_id,
  'x-goog-meta-countersign-requested-by': 'service:backend%40example.iam.gserviceaccount.com',
};
const uploadUrl = {
  url: 'https://storage.googleapis.com/example-uploads/demo/reports/2026-12.pdf?X-Goog-Algorithm=GOOG4-RSA-SHA256&…',
  method: 'PUT',
  blob_name: 'demo/reports/2026-12.pdf',
  content_type: 'application/pdf',
  expires_at: '2026-12-01T09:45:00.000Z',
  headers: { 'Content-Type': 'application/pdf', 'x-goog-content-length-range': '0,5368709120', ...from },
};

/** What back ends do: seal the payloads of tasks, and issue URLs. */
export const backEndExamples: Readonly<Record<string, Exchanges>> = {
  createTask: {
    seal: {
      summary: 'Seal it, start nothing',
      body: { payload: { repository: 'https://git.example/app.git', deploy_key: 'secret' } },
      status: 201,
      answer: {
        task_id: SAMPLE.task_id,
        object: `encrypted-payloads/${SAMPLE.task_id}.bin`,
        key_version: KEY,
        size: 262,
        sealed_at: '2026-12-01T09:30:00.000Z',
      },
    },
  },
  getTask: {
    sealed: {
      ...byId,
      summary: 'It rests',
      status: 200,
      answer: {
        task_id: SAMPLE.task_id,
        sealed_at: '2026-12-01T09:30:00.000Z',
        size: 262,
        key_version: KEY,
        state: 'sealed',
      },
    },
  },
  runTask: {
    run: {
      ...byId,
      summary: 'Start its job',
      status: 202,
      answer: { task_id: SAMPLE.task_id, execution: EXECUTION },
    },
  },
  deleteTask: { shred: { ...byId, summary: 'Shred it', status: 204 } },
  signUrl: {
    upload: { summary: 'To upload one file', body: upload, status: 200, answer: uploadUrl },
    form: {
      summary: 'For the form of a web page, at most 5 MiB',
      body: { ...upload, method: 'POST', max_bytes: 5_242_880 },
      status: 200,
      answer: {
        ...uploadUrl,
        url: 'https://storage.googleapis.com/example-uploads/',
        method: 'POST',
        headers: {},
        fields: {
          'content-type': 'application/pdf',
          ...from,
          key: 'demo/reports/2026-12.pdf',
          'x-goog-date': '20261201T093000Z',
          'x-goog-credential': 'signed-urls@example.iam.gserviceaccount.com/20261201/auto/storage/goog4_request',
          'x-goog-algorithm': 'GOOG4-RSA-SHA256',
          policy: 'eyJjb25kaXRpb25zIjpb…',
          'x-goog-signature': '4b93fb02…',
        },
      },
    },
    download: {
      summary: 'To download it, for an hour, under another name',
      body: {
        filename: upload.filename,
        method: 'GET',
        expires_minutes: 60,
        download_as: 'Report December.pdf',
        tenant_id: SAMPLE.tenant_id,
      },
      status: 200,
      answer: {
        ...uploadUrl,
        method: 'GET',
        content_type: null,
        expires_at: '2026-12-01T10:30:00.000Z',
        headers: {},
      },
    },
  },
  signUrls: {
    batch: {
      summary: 'One that works and one that does not',
      body: { requests: [upload, { ...upload, filename: '../secrets' }] },
      status: 200,
      answer: {
        results: [
          uploadUrl,
          {
            type: 'urn:countersign:problem:invalid_request',
            title: 'The request is invalid',
            status: 400,
            detail: 'requests.1.filename: has a segment `.` or `..`',
            code: 'invalid_request',
            request_id: '0b9e7c1c-52a3-4b0e-9a37-2f5d8e6c4a10',
            errors: [{ path: 'requests.1.filename', message: 'has a segment `.` or `..`' }],
          },
        ],
      },
    },
  },
};
