/**
 * Stands in for `@aws-sdk/credential-provider-node` in every bundle. A Lambda function has exactly one source of
 * credentials, the environment; the SDK's own chain (profiles, SSO, web identity, instance metadata, each with its
 * client) is 135 KB of code that is loaded at every cold start and never used.
 */

/** What the SDK calls for credentials where a client was given none. Rejects if the environment holds no key. */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error('No AWS credentials in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set.');
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
  };
};
