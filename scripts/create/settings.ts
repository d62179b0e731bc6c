import * as z from 'zod';

const PROJECT = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const HOST = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;

/** What a deployment cannot be made without, and what differs seldom. */
export const settings = z
  .object({
    project: z.string().regex(PROJECT, 'must be a project id: 6 to 30 of a-z, 0-9 and hyphens'),
    region: z.string().regex(/^[a-z]+-[a-z]+[0-9]+$/, 'must be a region such as europe-west1'),
    domain: z.string().regex(HOST, 'must be a host name in lower case'),
    email: z.email('must be the email of the first member of staff, who is told of alerts, too'),
    environment: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be a name such as prod'),
    /** billingAccounts/… or its id; the only open one when not given. */
    billing: z.string().optional(),
    /** folders/N or organizations/N that the project is made in. */
    parent: z
      .string()
      .regex(/^(folders|organizations)\/[0-9]+$/, 'must be folders/NUMBER or organizations/NUMBER')
      .optional(),
    /** A managed zone of Cloud DNS in which the records are set. */
    zone: z.string().optional(),
  })
  .transform((all) => ({ ...all, candidateDomain: `candidate.${all.domain}`, state: `${all.project}-terraform` }));
export type Settings = z.output<typeof settings>;

/** The two files by which Terraform knows an environment. */
export const environmentFiles = ({ project, region, domain, candidateDomain, email, state }: Settings) => ({
  tfvars: `# Written by scripts/create.sh; from here on it is yours. All variables: terraform/variables.tf.
project_id       = "${project}"
region           = "${region}"
domain           = "${domain}"
candidate_domain = "${candidateDomain}"
alert_emails     = ["${email}"]
`,
  backend: `# The state holds secrets: a bucket that few may read, with versioning.
bucket = "${state}"
prefix = "countersign"
`,
});
