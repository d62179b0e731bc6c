import { at, type Block, type Terraform } from './hcl.ts';

interface InUse {
  /** Arguments that cannot be changed in place: another value is another resource. */
  readonly forced: readonly (readonly string[])[];
  /** The argument that names it, within `scope`. */
  readonly name: string;
  /** Where the name must be unique, besides the project; a resource elsewhere may have the same. */
  readonly scope?: string;
  /** What refuses to let it go: `resourceInUseByAnotherResource`. */
  readonly usedBy: string;
}

/**
 * What Google does not let go while something uses it, by the documentation of the provider ("changing this forces a new
 * resource"). The new one must be there before the old one goes, and so it must have another name.
 */
const IN_USE: Readonly<Record<string, InUse>> = {
  google_certificate_manager_certificate: {
    forced: [
      ['managed', 'domains'],
      ['managed', 'dns_authorizations'],
    ],
    name: 'name',
    usedBy: 'the certificate map',
  },
  google_certificate_manager_dns_authorization: { forced: [['domain']], name: 'name', usedBy: 'its certificate' },
  google_cloud_run_v2_job: { forced: [['location']], name: 'name', scope: 'location', usedBy: 'task-payloads' },
  google_cloud_run_v2_service: { forced: [['location']], name: 'name', scope: 'location', usedBy: 'the load balancer' },
  google_compute_backend_service: { forced: [['load_balancing_scheme']], name: 'name', usedBy: 'the URL map' },
  google_compute_global_address: { forced: [], name: 'name', usedBy: 'the forwarding rules' },
  google_compute_managed_ssl_certificate: { forced: [['managed', 'domains']], name: 'name', usedBy: 'the proxy' },
  google_compute_region_network_endpoint_group: {
    forced: [['region'], ['cloud_run', 'service'], ['cloud_run', 'tag']],
    name: 'name',
    usedBy: 'its backend service',
  },
  google_compute_security_policy: { forced: [['type']], name: 'name', usedBy: 'the backend services' },
  google_compute_ssl_policy: { forced: [], name: 'name', usedBy: 'the proxy' },
};

/** Goes when a variable no longer names it, while the URL map still does, unless it is told to go last. */
const DROPPED_IN_USE = ['google_compute_backend_service', 'google_compute_region_network_endpoint_group'];

/** @returns a line for each resource that the second apply could not replace or drop */
export function checkReplacement({ resources }: Terraform): string[] {
  return resources.flatMap((resource) => {
    const rule = IN_USE[resource.type];
    return rule === undefined ? [] : checkResource(resource, rule);
  });
}

function checkResource({ file, type, name, body }: Block, { forced, name: named, scope, usedBy }: InUse): string[] {
  const where = `terraform/${file}: ${type}.${name}`;
  const nameText = JSON.stringify(at(body, named) ?? '');
  const changing = new Map<string, string[]>();
  for (const path of forced) {
    const references = referencesOf(at(body, ...path)).filter((one) => !isKeyed(one, body, nameText));
    if (references.length > 0) changing.set(path.join('.'), references);
  }
  const faults = [...changing].flatMap(([argument, references]) =>
    references
      .filter((one) => argument !== scope && !nameText.includes(one))
      .map(
        (one) => `${where}: ${usedBy} uses it, and another ${argument} needs another name: put ${one} into ${named}`,
      ),
  );
  const replaced = changing.size > 0 || DROPPED_IN_USE.includes(type);
  if (replaced && at(body, 'lifecycle', 'create_before_destroy') !== true) {
    faults.push(`${where}: ${usedBy} uses it while it is replaced or dropped: create_before_destroy = true`);
  }
  return faults;
}

const referencesOf = (value: unknown): string[] => [
  ...new Set(JSON.stringify(value ?? '').match(/\b(?:var|local|each|google_\w+)(?:\.\w+|\[[^\]]*\])+/g) ?? []),
];

/** By its key it is another instance beside this one, never a replacement; its name says the key, too. */
const isKeyed = (reference: string, body: unknown, nameText: string): boolean =>
  at(body, 'for_each') !== undefined && /\beach\./.test(reference) && /\beach\./.test(nameText);
