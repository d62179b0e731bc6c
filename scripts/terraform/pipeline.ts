const REGION = /(?<=^# From here to the substitutions: written by .*\nimages:\n)[\s\S]*?(?=\n# The trigger sets)/m;

/** cloudbuild.yaml with the images of these functions in it: Cloud Build wants them listed. */
export function renderPipeline(text: string, functions: readonly string[]): string {
  if (!REGION.test(text)) throw new Error('cloudbuild.yaml: the list of images is not where it was');
  return text.replace(REGION, functions.map((name) => `  - \${_REGISTRY}/${name}:\${BUILD_ID}\n`).join(''));
}
